"""Core: asking Midtrans about a transaction and acting on it (`/v2/{id}/…`).

Replies are judged by the body's `status_code`, not by HTTP: 202, 404, 406, 412 and 414 come under HTTP 200
(docs/midtrans.md, "Replies under HTTP 200").
"""

from datetime import datetime
from typing import Any
from urllib.parse import quote

from tuntas.clock import Clock
from tuntas.domain.facts import Fact, Source
from tuntas.domain.money import NotRupiah, Rupiah
from tuntas.midtrans.body import read_fact
from tuntas.midtrans.errors import (
    DuplicateRefund,
    GatewayMisconfigured,
    GatewayRejected,
    GatewayUnavailable,
    TransactionNotFound,
)
from tuntas.midtrans.http import MidtransHttp, Reply

_UNAUTHORIZED, _NOT_FOUND, _DUPLICATE = "401", "404", "406"
_SERVER_ERROR = 500
_CODE_DIGITS = 3


class CoreClient:
    """`transaction_id` is preferred to `order_id` as an id wherever it is known: DANA takes nothing else."""

    def __init__(self, http: MidtransHttp, clock: Clock) -> None:
        self._http = http
        self._clock = clock

    async def status(self, any_id: str) -> Fact:
        """What Midtrans knows now.

        By order id it answers with one of the order's attempts. Raises TransactionNotFound (normal before
        a payment method is chosen) or another GatewayError.
        """
        reply = await self._call("GET", f"v2/{quote(any_id, safe='')}/status")
        if _code(reply) == _NOT_FOUND:
            raise TransactionNotFound(reply.sentences("status_message"))
        return _fact(reply, self._clock.now())

    async def cancel(self, transaction_id: str) -> None:
        """Void a captured card or a waiting attempt. Raises GatewayRejected when it is too late."""
        reply = await self._call("POST", f"v2/{quote(transaction_id, safe='')}/cancel")
        _expect(reply, "200")

    async def expire(self, transaction_id: str) -> None:
        """End a waiting attempt. Raises GatewayRejected when it does not wait any more."""
        document = await self._call("POST", f"v2/{quote(transaction_id, safe='')}/expire")
        _expect(document, "200", "407")

    async def refund(self, transaction_id: str, *, refund_key: str, amount: Rupiah, reason: str) -> None:
        """Give money back; safe to repeat with the same key for seven days.

        Raises DuplicateRefund when this key has already succeeded, GatewayRejected when Midtrans or the
        bank refuses: a refusal by the bank comes as HTTP 200 with the body code 202.
        """
        body = {"refund_key": refund_key, "amount": amount, "reason": reason}
        reply = await self._call("POST", f"v2/{quote(transaction_id, safe='')}/refund", body)
        if _code(reply) == _DUPLICATE:
            raise DuplicateRefund(reply.sentences("status_message"))
        _expect(reply, "200", "201")

    async def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Reply:
        reply = await self._http.send(method, path, body)
        code = _code(reply)
        if code is None or reply.status >= _SERVER_ERROR or code.startswith("5"):
            raise GatewayUnavailable(f"Midtrans answered HTTP {reply.status} without an answer")
        if code == _UNAUTHORIZED:
            raise GatewayMisconfigured("Midtrans refuses the server key: check the key and the environment")
        return reply


def _code(reply: Reply) -> str | None:
    """The body's own status code, which some answers write as a number."""
    code = reply.document.get("status_code")
    return str(code) if isinstance(code, str | int) and len(str(code)) == _CODE_DIGITS else None


def _fact(reply: Reply, received_at: datetime) -> Fact:
    try:
        return read_fact(reply.document, received_at=received_at, source=Source.STATUS)
    except (KeyError, NotRupiah) as error:
        raise GatewayUnavailable(f"Midtrans's answer cannot be read: {error}") from error


def _expect(reply: Reply, *codes: str) -> None:
    if (code := _code(reply)) not in codes:
        raise GatewayRejected([" ".join([code or "", *reply.sentences("status_message")])])
