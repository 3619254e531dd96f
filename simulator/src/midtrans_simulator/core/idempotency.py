"""The `Idempotency-Key` header (4.7): the same answer again for five minutes, whatever the body says now."""

import hashlib
import json
from datetime import timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from midtrans_simulator.gateway import Gateway
from midtrans_simulator.http import auth
from midtrans_simulator.http.api_faults import Endpoint
from midtrans_simulator.protocol.model import KeptReply

LIFETIME = timedelta(minutes=5)
LONGEST_KEY = 46
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
        if request.method != "POST" or not 0 < len(key) <= LONGEST_KEY:
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


def _successful(http_status: int, text: str) -> bool:
    """Only successful answers are kept, and none of the four methods that do not support keys."""
    if not 200 <= http_status < 300:  # noqa: PLR2004 - the range of successes
        return False
    try:
        body: Any = json.loads(text)
    except ValueError:
        return False
    unsupported = (
        "permata_va_number" in body
        or body.get("payment_type") in {"cimb_clicks", "bca_klikbca"}
        or body.get("store") == "indomaret"
    )
    return body.get("status_code", "200") in _GOOD and not unsupported
