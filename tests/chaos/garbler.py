"""A bad line to Midtrans's Core: now and then an answer to GET status can be neither read nor stored.

Stands between us and the simulator. What is spoilt is what we keep or compute with; the status, the amount
and the paid moment stay true, so that Midtrans's truth remains what our books are held against.
"""

import json
import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tuntas.cli.server import Site, Sites, listen, port_of

Document = dict[str, Any]

_HALF_AN_EMOJI = "\ud83d"
_LATEST = "9999-12-31 23:59:59"
_PLACEHOLDER = '"number"'
_DIGITS = 5_000
_CONNECTIONS = 100
_KEPT_HEADERS = ("authorization", "content-type", "accept", "idempotency-key")


def _with_text(document: Document, text: str) -> bytes:
    """With this in every text that may be anybody's: names, remarks, reasons."""
    spoilt = document | dict.fromkeys(("status_message", "custom_field1", "acquirer"), f"x{text}")
    for name, field in (("refunds", "reason"), ("va_numbers", "bank")):
        if name in document:
            spoilt[name] = [entry | {field: f"x{text}"} for entry in document[name]]
    return json.dumps(spoilt).encode()


def _with_number(document: Document) -> bytes:
    spoilt = json.dumps(document | {"point_redeem_amount": "number"})
    return spoilt.replace(_PLACEHOLDER, "9" * _DIGITS).encode()


SPOILS: dict[str, Callable[[Document], bytes]] = {
    "half an emoji": lambda document: _with_text(document, _HALF_AN_EMOJI),
    "NUL": lambda document: _with_text(document, "\x00"),
    "HTML": lambda _: b"<html><body><h1>Bad Gateway</h1></body></html>",
    "5,000 digits": _with_number,
    "cut short": lambda document: json.dumps(document).encode()[: len(json.dumps(document)) // 2],
    "the year 9999": lambda document: json.dumps(document | {"expiry_time": _LATEST}).encode(),
}
"""What an answer may look like, by its name."""


class Garbler:
    """Passes everything on to `core_url`; while `share` is above zero, spoils so many of the answers."""

    def __init__(self, core_url: str, seed: int) -> None:
        self.share = 0.0
        self.done: Counter[str] = Counter()
        """How many answers were spoilt in which way."""
        self.about: set[str] = set()
        """The ids of orders and transactions that spoilt answers were about."""
        self._core_url = core_url
        self._draw = random.Random(seed)
        self._socket = listen("127.0.0.1", 0)
        # A kept connection may be closed just as it is used again: a failure of this line, not of Midtrans.
        limits = httpx.Limits(max_connections=_CONNECTIONS, max_keepalive_connections=0)
        self._http = httpx.AsyncClient(timeout=60, limits=limits)
        methods = ["GET", "POST", "PATCH"]
        self._sites = Sites(
            [Site(Starlette(routes=[Route("/{path:path}", self._answer, methods=methods)]), self._socket)]
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{port_of(self._socket)}"

    async def start(self) -> None:
        await self._sites.start()

    async def stop(self) -> None:
        await self._sites.stop()
        await self._http.aclose()

    async def _answer(self, request: Request) -> Response:
        reply = await self._http.request(
            request.method,
            f"{self._core_url}{request.url.path}",
            content=await request.body(),
            headers={name: request.headers[name] for name in _KEPT_HEADERS if name in request.headers},
        )
        content = reply.content
        if request.url.path.endswith("/status") and self._draw.random() < self.share:
            content = self._spoil(content)
        return Response(content, reply.status_code, media_type=reply.headers.get("content-type"))

    def _spoil(self, content: bytes) -> bytes:
        """Spoilt if it is an answer about a transaction; each way in turn."""
        try:
            document = json.loads(content)
        except ValueError:
            return content
        if "transaction_id" not in document:
            return content
        name = list(SPOILS)[self.done.total() % len(SPOILS)]
        self.done[name] += 1
        self.about |= {document["transaction_id"], document["order_id"]}
        return SPOILS[name](document)
