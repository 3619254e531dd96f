"""One connection of a client, and the bounds of what it may take from us.

The parser under uvicorn has no bounds of its own: a head without end is kept in memory, a half request stays
open for as long as its sender likes. Here each part of a request has its time and its size, and the number
of connections is bounded; a newcomer is let in at the cost of a connection that has asked for nothing yet.
"""

import json
from http import HTTPStatus
from typing import Any

import structlog
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from tuntas.language import Language, text

log = structlog.get_logger()

CONNECTIONS_MAX = 1_000
HEAD_BYTES_MAX = 32 * 1024
"""The request line with all headers; browsers and proxies stay below 16 KiB."""
REQUEST_BYTES_MAX = 1024 * 1024
"""Everything a client sends for one request, with the frames around the pieces of its body. What of it may
be kept in memory is the application's limit, see `http.body_limit`."""
PIPELINED_MAX = 8
"""Requests sent ahead before the one under way is answered."""
HEAD_SECONDS = 10
"""From the first byte, or from the connection's beginning, to the end of the head."""
BODY_SECONDS = 20
"""From the end of the head to the end of the body."""
READ_ANSWER_SECONDS = 60
"""For the client to take off our hands what we have written: a slow phone needs some of it."""
FAREWELL_SECONDS = 5
"""For the client to take the last bytes of a connection that we have closed."""
LEAVE_SECONDS = 0.1
"""When the server ends: for a request that is already on its way on a connection that was quiet."""


class Connection(HttpToolsProtocol):
    """uvicorn's protocol with bounds; `check` is called for each connection about once a second."""

    reading_since: float | None = None
    """In the loop's time, while a request is arriving."""
    reading_body = False
    request_bytes = 0
    head_bytes = 0
    unread_since: float | None = None
    """Since when the client has left something unread."""
    leaving = False
    """The server ends: what is asked is answered, and the answer says that it was the last."""

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401  uvicorn and asyncio disagree about its type
        super().connection_made(transport)
        self.reading_since = self.loop.time()
        if len(self.connections) > CONNECTIONS_MAX and not self._make_room():
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE, "busy")

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        if self.reading_since is None and self._is_idle():
            self.reading_since = self.loop.time()
        super().data_received(data)
        self.request_bytes += len(data)
        if self.reading_since is None or self.transport.is_closing():
            return
        if not self.reading_body and self.request_bytes > HEAD_BYTES_MAX:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "head_too_large")
        elif self.request_bytes > REQUEST_BYTES_MAX:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "payload_too_large")

    def check(self, now: float) -> None:
        """Part with a client that takes longer than it may; `now` in the loop's time."""
        left = self.transport.get_write_buffer_size() > 0 or self.transport.is_closing()
        self.unread_since = (self.unread_since or now) if left else None
        patience = FAREWELL_SECONDS if self.transport.is_closing() else READ_ANSWER_SECONDS
        if self.unread_since is not None and now - self.unread_since > patience:
            log.warning("connection_refused", outcome="answer_unread")
            self.transport.abort()
        elif not self.transport.is_closing() and self._is_overdue(now):
            self._refuse(HTTPStatus.REQUEST_TIMEOUT, "request_too_slow")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.reading_since, self.reading_body = self.loop.time(), False
        self.request_bytes = self.head_bytes = 0

    def on_url(self, url: bytes) -> None:
        self.head_bytes += len(url)
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self.head_bytes += len(name) + len(value)
        if self.head_bytes <= HEAD_BYTES_MAX:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        if self.transport.is_closing():
            return
        if self.head_bytes > HEAD_BYTES_MAX:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "head_too_large")
            return
        if len(self.pipeline) >= PIPELINED_MAX:
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE, "busy")
            return
        self.reading_since, self.reading_body = self.loop.time(), True
        super().on_headers_complete()
        if self.leaving:
            self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        if not self.transport.is_closing():
            super().on_body(body)

    def on_message_complete(self) -> None:
        self.reading_since = None
        if not self.transport.is_closing():
            super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """What the parser cannot read, in the form of every other refusal."""
        del msg
        self._refuse(HTTPStatus.BAD_REQUEST, "invalid_http")

    def shutdown(self) -> None:
        """Part with the client after what it has asked, or is just asking: closed at once, it would not know
        whether that was done."""
        self.leaving = True
        if self._is_idle():
            self.loop.call_later(LEAVE_SECONDS, self._leave)
        else:
            self.cycle.keep_alive = False

    def _leave(self) -> None:
        if self._is_idle():
            self.transport.close()

    def asks_for_nothing(self) -> bool:
        """Whether it may be closed for a newcomer: its head is incomplete, or all it asked is answered."""
        return not self.transport.is_closing() and self._is_idle() and not self.pipeline

    def _is_overdue(self, now: float) -> bool:
        patience = BODY_SECONDS if self.reading_body else HEAD_SECONDS
        return self.reading_since is not None and now - self.reading_since > patience

    def _is_idle(self) -> bool:
        under_way: RequestResponseCycle | None = self.cycle
        return under_way is None or under_way.response_complete

    def _make_room(self) -> bool:
        """Close the connection that has been waited for longest; False when all are at work."""
        waiting = [one for one in self.connections if isinstance(one, Connection) and one is not self]
        silent = [one for one in waiting if one.asks_for_nothing()]
        if not silent:
            return False
        longest = min(silent, key=lambda one: one.reading_since or 0.0)
        log.warning("connection_refused", outcome="too_many_connections")
        longest.transport.close()
        return True

    def _refuse(self, status: HTTPStatus, code: str) -> None:
        """Say why, where an answer can still be given, and close."""
        log.warning("connection_refused", outcome=code)
        answered = self.reading_body or not self._is_idle()  # or the application is about to
        self.reading_since = None
        self._unset_keepalive_if_required()
        if not answered and not self.transport.is_closing():
            body = json.dumps({"message": text(f"error.{code}", Language.ID), "code": code}).encode()
            retry = b"retry-after: 10\r\n" if status is HTTPStatus.SERVICE_UNAVAILABLE else b""
            head = b"content-type: application/json\r\nconnection: close\r\n" + retry
            length = f"content-length: {len(body)}\r\n\r\n".encode()
            self.transport.write(STATUS_LINE[status] + head + length + body)
        self.transport.close()
