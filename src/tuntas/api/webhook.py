"""Where Midtrans knocks: `POST /api/v1/midtrans/webhook`.

No log-in, no rate limit and no redirect stands before it. Replies are chosen for Midtrans's retry table:
200 for everything stored; 503 (four retries) only when it could not be stored.
"""

import asyncio
from http import HTTPStatus

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from tuntas.api.trace_budget import TraceBudget
from tuntas.http.caller import backend_of
from tuntas.http.errors import refusal
from tuntas.midtrans.notification import WEBHOOK_PATH, WEBHOOK_PATHS_MEANT
from tuntas.store.database import DatabaseUnusable
from tuntas.usecases.backend import Backend
from tuntas.usecases.errors import Busy
from tuntas.usecases.ingest import Refusal, ingest, record_refusal

log = structlog.get_logger()

ANSWER_SECONDS = 8
"""Midtrans gives up after 15 s (docs/midtrans.md, "Transport"); our 503 must be there well before."""
_TRACE_SECONDS = 2
_COME_AGAIN = {"Retry-After": "60"}
"""In seconds."""


async def webhook(request: Request) -> JSONResponse:
    backend = backend_of(request)
    body = await request.body()
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            refused = await ingest(backend, body)
    except (Busy, DatabaseUnusable, TimeoutError) as error:
        log.warning("webhook_not_stored", error=type(error).__name__)
        return _not_stored(request)
    except Exception:
        log.exception("webhook_not_stored")
        return _not_stored(request)
    if refused is not None:
        if not refused.kept:
            await _trace(request, backend, refused.reason, body)
        if refused.reason is Refusal.MALFORMED:
            return refusal(request, "malformed_notification", HTTPStatus.BAD_REQUEST)
        return JSONResponse({"message": "Invalid signature"}, HTTPStatus.FORBIDDEN)
    return JSONResponse({"message": "Webhook processed successfully"})


def _not_stored(request: Request) -> JSONResponse:
    return refusal(request, "not_stored", HTTPStatus.SERVICE_UNAVAILABLE, _COME_AGAIN)


async def _trace(request: Request, backend: Backend, reason: Refusal, body: bytes) -> None:
    """Anybody can send forgeries; they may fill neither our disk nor our log."""
    traces: TraceBudget = request.app.state.traces
    if not traces.take():
        return
    try:
        async with asyncio.timeout(_TRACE_SECONDS):
            await record_refusal(backend, reason, body)
    except (DatabaseUnusable, TimeoutError) as error:
        log.warning("trace_not_stored", error=type(error).__name__)
    except Exception:
        log.exception("trace_not_stored")


ROUTES = [
    Route(f"{path}{slash}", webhook, methods=["POST"])
    for path in (WEBHOOK_PATH, *WEBHOOK_PATHS_MEANT)
    for slash in ("", "/")
]
