"""Where Midtrans knocks: `POST /api/v1/midtrans/webhook`.

No log-in, no rate limit and no redirect stands before it. Replies are chosen for Midtrans's retry table:
200 for everything stored; 503 (four retries) only when it could not be stored.
"""

from http import HTTPStatus

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from tuntas.api.trace_budget import TraceBudget
from tuntas.http.caller import backend_of
from tuntas.http.errors import refusal
from tuntas.usecases.backend import Backend
from tuntas.usecases.ingest import Refusal, ingest, record_refusal

log = structlog.get_logger()

_traces = TraceBudget(burst=60, per_second=1)


async def webhook(request: Request) -> JSONResponse:
    backend = backend_of(request)
    body = await request.body()
    try:
        refused = await ingest(backend, body)
    except Exception:
        log.exception("webhook_not_stored")
        return refusal(request, "not_stored", HTTPStatus.SERVICE_UNAVAILABLE, {"Retry-After": "60"})
    if refused is not None:
        if not refused.kept:
            await _trace(backend, refused.reason, body)
        if refused.reason is Refusal.MALFORMED:
            return refusal(request, "malformed_notification", HTTPStatus.BAD_REQUEST)
        return JSONResponse({"message": "Invalid signature"}, HTTPStatus.FORBIDDEN)
    return JSONResponse({"message": "Webhook processed successfully"})


async def _trace(backend: Backend, reason: Refusal, body: bytes) -> None:
    """Anybody can send forgeries; they may fill neither our disk nor our log."""
    if not _traces.take():
        return
    try:
        await record_refusal(backend, reason, body)
    except Exception:
        log.exception("trace_not_stored")


ROUTES = [
    Route("/api/v1/midtrans/webhook", webhook, methods=["POST"]),
    Route("/api/v1/midtrans/webhook/", webhook, methods=["POST"]),
]
