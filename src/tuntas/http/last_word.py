"""The outermost layer: no request ends without an answer, and what went wrong is told once."""

import asyncio
from http import HTTPStatus

import structlog
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tuntas.http.errors import COME_AGAIN, refusal

log = structlog.get_logger()


class LastWord:
    """ASGI middleware: 500 for an error nobody expected, 503 for a request that a shutdown breaks off."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        request = Request(scope)
        try:
            await self._app(scope, receive, watched)
        except asyncio.CancelledError:
            # The server cancels what is still under way at the end of its patience, and nothing else does.
            log.warning("request_broken_off", path=request.url.path)
            if started:
                raise
            headers = {**COME_AGAIN, "Connection": "close"}
            answer = refusal(request, "shutting_down", HTTPStatus.SERVICE_UNAVAILABLE, headers)
            await answer(scope, receive, send)
        except Exception:
            log.exception("request_failed", path=request.url.path)
            if not started:
                answer = refusal(request, "internal_error", HTTPStatus.INTERNAL_SERVER_ERROR)
                await answer(scope, receive, send)
