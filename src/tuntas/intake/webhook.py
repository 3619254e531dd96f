"""Where Midtrans knocks: `POST /api/v1/midtrans/webhook`.

No log-in, no rate limit, no redirect and no framework stands before it. Replies are chosen for Midtrans's
retry table: 200 for everything stored; 503 (four retries) only when it could not be stored.
"""

import asyncio
from http import HTTPStatus

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from tuntas.http.errors import code_of_status, refusal
from tuntas.intake.queue import Intake
from tuntas.intake.trace_budget import TraceBudget
from tuntas.midtrans.notification import MAX_BODY_BYTES, WEBHOOK_PATH, WEBHOOK_PATHS_MEANT
from tuntas.store.database import DatabaseUnusable
from tuntas.usecases.backend import Backend
from tuntas.usecases.errors import Busy, Overloaded
from tuntas.usecases.ingest import Forged, Refusal, record_refusal, verify

log = structlog.get_logger()

WEBHOOK_PATHS = frozenset(
    f"{path}{slash}" for path in (WEBHOOK_PATH, *WEBHOOK_PATHS_MEANT) for slash in ("", "/")
)
_TRACE_SECONDS = 2
_COME_AGAIN = {"Retry-After": "60"}
"""In seconds."""
_STORED = JSONResponse({"message": "Webhook processed successfully"})
_FORGED = JSONResponse({"message": "Invalid signature"}, HTTPStatus.FORBIDDEN)


class Webhook:
    """The ASGI application behind WEBHOOK_PATHS."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._intake = Intake(backend)
        self._traces = TraceBudget(burst=60, per_second=1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] != "POST":
            answer = _refused(scope, HTTPStatus.METHOD_NOT_ALLOWED, {"Allow": "POST"})
        else:
            body = await _body(receive)
            if body is None:
                log.warning("client_left")
                return
            if len(body) > MAX_BODY_BYTES:
                answer = _refused(scope, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            else:
                answer = await self._answer(scope, body)
        await answer(scope, receive, send)

    async def _answer(self, scope: Scope, body: bytes) -> Response:
        try:
            delivery = verify(self._backend, body)
        except Forged as forged:
            await self._trace(forged.reason, body)
            return _malformed(scope) if forged.reason is Refusal.MALFORMED else _FORGED
        try:
            await self._intake.put(delivery)
        except (Busy, Overloaded, DatabaseUnusable, TimeoutError) as error:
            log.warning("webhook_not_stored", error=type(error).__name__)
            return _not_stored(scope)
        except Exception:
            log.exception("webhook_not_stored")
            return _not_stored(scope)
        return _STORED if (refused := delivery.refusal) is None else _not_believed(scope, refused)

    async def _trace(self, reason: Refusal, body: bytes) -> None:
        """Anybody can send forgeries; they may fill neither our disk nor our log."""
        if not self._traces.take():
            return
        try:
            async with asyncio.timeout(_TRACE_SECONDS):
                await record_refusal(self._backend, reason, body)
        except (DatabaseUnusable, TimeoutError) as error:
            log.warning("trace_not_stored", error=type(error).__name__)
        except Exception:
            log.exception("trace_not_stored")


async def _body(receive: Receive) -> bytes | None:
    """The body, or so much of it that it is too long; None when the sender left before its end."""
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        if len(body) > MAX_BODY_BYTES or not message.get("more_body", False):
            return bytes(body)


def _refused(scope: Scope, status: HTTPStatus, headers: dict[str, str] | None = None) -> Response:
    return refusal(Request(scope), code_of_status(status), status, headers)


def _malformed(scope: Scope) -> Response:
    return refusal(Request(scope), "malformed_notification", HTTPStatus.BAD_REQUEST)


def _not_believed(scope: Scope, reason: Refusal) -> Response:
    """Kept, with an alert; another try would bring nothing new."""
    return _malformed(scope) if reason is Refusal.MALFORMED else _FORGED


def _not_stored(scope: Scope) -> Response:
    return refusal(Request(scope), "not_stored", HTTPStatus.SERVICE_UNAVAILABLE, _COME_AGAIN)
