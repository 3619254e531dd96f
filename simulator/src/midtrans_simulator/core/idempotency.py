"""`Idempotency-Key` (Midtrans, "Idempotent requests"): for five minutes one answer, whatever is asked."""

import hashlib
import json
from datetime import timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from midtrans_simulator.core.charge_method import charge_method
from midtrans_simulator.core.errors import CoreError
from midtrans_simulator.gateway import Gateway
from midtrans_simulator.http import auth, jsonbody
from midtrans_simulator.http.api_faults import Endpoint
from midtrans_simulator.protocol.model import KeptReply

LIFETIME = timedelta(minutes=5)
LONGEST_KEY = 46
CHARGE = "/v2/charge"
_RUNNING = {
    "status_code": "202",
    "status_message": "The first request with this Idempotency-Key is still running.",
}
_GOOD = frozenset({"200", "201", "407"})


def with_idempotency(gateway: Gateway, endpoint: Endpoint) -> Endpoint:
    """POSTs only. A key longer than 46 characters, or an empty one, counts as none."""
    running: set[str] = set()

    async def once(request: Request) -> Response:
        key = request.headers.get("idempotency-key", "")
        if request.method != "POST" or not 0 < len(key) <= LONGEST_KEY or await _keyless(request):
            return await endpoint(request)
        place = hashlib.sha256(f"{auth.server_key(request)}/{key}".encode()).hexdigest()
        kept = gateway.kept_replies.get(place)
        if kept is not None and gateway.now() < kept.kept_until:
            return Response(kept.body, kept.http_status, media_type="application/json")
        if place in running:
            return JSONResponse(_RUNNING, status_code=202)
        running.add(place)
        try:
            answer = await endpoint(request)
        finally:
            running.discard(place)
        text = bytes(answer.body).decode()
        if _successful(answer.status_code, text):
            until = gateway.now() + LIFETIME
            gateway.kept_replies.put(KeptReply(place, answer.status_code, text, until))
        return answer

    return once


async def _keyless(request: Request) -> bool:
    """A charge by a method that ignores the key altogether, whatever is kept under it."""
    if request.url.path != CHARGE:
        return False
    try:
        body = jsonbody.request(await request.body())
        return isinstance(body, dict) and charge_method(body).keyless
    except (ValueError, CoreError):
        return False


def _successful(http_status: int, text: str) -> bool:
    """Only successful answers are kept."""
    if not 200 <= http_status < 300:  # noqa: PLR2004 - the range of successes
        return False
    try:
        body: Any = json.loads(text)
    except ValueError:
        return False
    return body.get("status_code", "200") in _GOOD
