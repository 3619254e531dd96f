"""HTTP POSTs as Midtrans sends them: kept-alive connections, TLS up to 1.2, no redirects followed.

Midtrans, "HTTP notifications".

Thousands of small POSTs to a few endpoints are all this is for, which is why it is no general client.
"""

import asyncio
import ssl
from collections import defaultdict
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import SplitResult, urljoin, urlsplit

import httptools

_LARGEST_REPLY = 64 * 1024
_IDLE_PER_ENDPOINT = 32
_PORTS = {"http": 80, "https": 443}


class Unreachable(Exception):
    """Nothing came back; the text says why."""


@dataclass(slots=True)
class Answer:
    http_status: int = 0
    location: str | None = None
    body: bytearray = field(default_factory=bytearray)

    @property
    def text(self) -> str:
        return self.body.decode(errors="replace")


class Poster:
    """Posts bodies; connections stay open between posts. Close it in the end."""

    def __init__(self, headers: dict[str, str]) -> None:
        self._headers = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self._idle: dict[tuple[str, str, int], list[_Connection]] = defaultdict(list)
        self._tls: ssl.SSLContext | None = None

    async def post(self, url: str, body: bytes) -> Answer:
        """Raises Unreachable. Sets no time limit of its own; cancelling it drops the connection."""
        target = _target(url)
        endpoint = (target.scheme, str(target.hostname), target.port or _PORTS[target.scheme])
        head = (
            f"POST {target.path or '/'}{'?' + target.query if target.query else ''} HTTP/1.1\r\n"
            f"Host: {target.netloc.rpartition('@')[2]}\r\n{self._headers}Content-Length: {len(body)}\r\n\r\n"
        )
        while True:
            connection, fresh = await self._connection(endpoint)
            try:
                answer = await connection.exchange(head.encode() + body)
            except ConnectionError as problem:
                if fresh:
                    raise Unreachable(_reason(problem)) from None
                continue  # the endpoint had closed it meanwhile; nothing was lost
            if connection.reusable and len(self._idle[endpoint]) < _IDLE_PER_ENDPOINT:
                self._idle[endpoint].append(connection)
            else:
                connection.close()
            return answer

    def close(self) -> None:
        for connections in self._idle.values():
            for connection in connections:
                connection.close()
        self._idle.clear()

    def _context(self) -> ssl.SSLContext:
        """Made when first needed: reading the certificates of the system takes a while."""
        if self._tls is None:
            self._tls = ssl.create_default_context()
            self._tls.maximum_version = ssl.TLSVersion.TLSv1_2
        return self._tls

    async def _connection(self, endpoint: tuple[str, str, int]) -> "tuple[_Connection, bool]":
        """A connection, and whether it is a fresh one."""
        idle = self._idle[endpoint]
        while idle:
            kept = idle.pop()
            if kept.reusable:
                return kept, False
        scheme, host, port = endpoint
        try:
            _, connection = await asyncio.get_running_loop().create_connection(
                _Connection, host, port, ssl=self._context() if scheme == "https" else None
            )
        except (OSError, ssl.SSLError, UnicodeError) as problem:
            raise Unreachable(_reason(problem)) from None
        return connection, True


def resolved(url: str, location: str) -> str:
    """Where a redirect from `url` leads. Raises Unreachable for a `Location` that is no address."""
    try:
        return urljoin(url, location)
    except ValueError as problem:
        raise Unreachable(f"the Location {location!r} is no URL: {problem}") from None


class _Connection(asyncio.Protocol):
    """One exchange after another on one socket."""

    def __init__(self) -> None:
        self.reusable = True
        self._transport: asyncio.Transport | None = None
        self._waiting: asyncio.Future[Answer] | None = None
        self._answer = Answer()
        self._parser = httptools.HttpResponseParser(self)

    async def exchange(self, request: bytes) -> Answer:
        """Raises ConnectionError when the endpoint hangs up, or answers what is no HTTP."""
        if self._transport is None or self._transport.is_closing():
            raise ConnectionResetError("the connection was closed")
        self._answer = Answer()
        self._parser = httptools.HttpResponseParser(self)
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        try:
            return await self._waiting
        except asyncio.CancelledError:
            self.close()
            raise
        finally:
            self._waiting = None

    def close(self) -> None:
        self.reusable = False
        if self._transport is not None:
            self._transport.close()

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # other loops have classes of their own

    def data_received(self, data: bytes) -> None:
        if self._waiting is None:
            self.close()  # an answer nobody asked for
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as problem:
            self._fail(ConnectionError(f"no HTTP: {problem}"))

    def connection_lost(self, problem: Exception | None) -> None:
        self.reusable = False
        if self._answer.http_status and self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(self._answer)  # the end of the connection is the end of the body
        else:
            self._fail(problem or ConnectionResetError("the endpoint closed the connection"))

    # What the parser calls.

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"location":
            self._answer.location = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        self._answer.http_status = self._parser.get_status_code()

    def on_body(self, body: bytes) -> None:
        if len(self._answer.body) < _LARGEST_REPLY:
            self._answer.body += body

    def on_message_complete(self) -> None:
        self.reusable = self.reusable and self._parser.should_keep_alive()
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(self._answer)

    def _fail(self, problem: Exception) -> None:
        self.close()
        if self._waiting is not None and not self._waiting.done():
            wrapped = problem if isinstance(problem, ConnectionError) else ConnectionError(str(problem))
            self._waiting.set_exception(wrapped)


def _target(url: str) -> SplitResult:
    try:
        target = urlsplit(url)
        _ = target.port  # raises for what is no number
    except ValueError as problem:
        raise Unreachable(f"{url!r} is no URL: {problem}") from None
    if target.scheme not in _PORTS or not target.hostname or not url.isascii() or " " in url:
        raise Unreachable(f"{url!r} is no http or https URL")
    return target


def _reason(problem: Exception) -> str:
    text = str(problem) or problem.__class__.__name__
    return f"{type(problem).__name__}: {text}"
