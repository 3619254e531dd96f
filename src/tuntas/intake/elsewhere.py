"""Notifications that come to another address than the webhook's: a mistyped notification URL.

They are answered as anything else is at that address, and Midtrans gives up soon. But whoever signs with our
key is Midtrans, and every such payment waits for a question of ours: an alert tells, which `tuntas doctor`
shows. What nobody signed is noise, and makes none.
"""

import asyncio

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tuntas.intake.trace_budget import TraceBudget
from tuntas.midtrans.notification import MAX_BODY_BYTES
from tuntas.store.database import DatabaseUnusable
from tuntas.usecases.backend import Backend
from tuntas.usecases.ingest import Forged, tell_elsewhere, verify

log = structlog.get_logger()

_BODY_SECONDS = 2
"""How long the rest of a body is waited for."""
_TELL_SECONDS = 2
_SIGN = b'"signature_key"'
"""What every notification has (Midtrans, "HTTP notifications"), and hardly anything else."""


class Elsewhere:
    """ASGI middleware around everything but the webhook; it changes no answer."""

    def __init__(self, app: ASGIApp, backend: Backend) -> None:
        self._app = app
        self._backend = backend
        self._traces = TraceBudget(burst=10, per_second=1 / 60)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        body = _Read(receive)

        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start":
                await self._look_at(scope["path"], body)
            await send(message)

        await self._app(scope, body.receive, watched)

    async def _look_at(self, path: str, body: "_Read") -> None:
        """Nothing that goes wrong here may cost the caller their answer."""
        try:
            async with asyncio.timeout(_BODY_SECONDS):
                await body.to_its_end()
        except TimeoutError:
            return
        if body.is_too_long or _SIGN not in body.seen:
            return
        try:
            verify(self._backend, bytes(body.seen))
        except Forged:
            return
        if not self._traces.take():
            return
        try:
            async with asyncio.timeout(_TELL_SECONDS):
                await tell_elsewhere(self._backend, path)
        except (DatabaseUnusable, TimeoutError) as error:  # the next one is told of
            log.warning("alert_not_stored", error=type(error).__name__)
        except Exception:
            log.exception("alert_not_stored")


class _Read:
    """A request's body as it is read, remembered up to the length of a notification."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._ended = False
        self.seen = bytearray()

    @property
    def is_too_long(self) -> bool:
        return len(self.seen) > MAX_BODY_BYTES

    async def receive(self) -> Message:
        message = await self._receive()
        self._ended = not message.get("more_body", False)
        if not self.is_too_long:
            self.seen += message.get("body", b"")
        return message

    async def to_its_end(self) -> None:
        """Read what the application did not care to read."""
        while not (self._ended or self.is_too_long):
            await self.receive()
