"""Core: asking Midtrans about a transaction and acting on it (`/v2/{id}/…`).

Replies are judged by the body's `status_code`, not by HTTP: 202, 404, 406, 412 and 414 come under HTTP 200
(fact sheet 4.2).
"""

from datetime import datetime
from typing import Any
from urllib.parse import quote

from tuntas.clock import Clock
from tuntas.domain.facts import Fact, Source
from tuntas.domain.money import NotRupiah, Rupiah
from tuntas.midtrans.body import read_fact, text_of
from tuntas.midtrans.errors import (
    DuplicateRefund,
    GatewayRejected,
    GatewayUnavailable,
    TransactionNotFound,
)
from tuntas.midtrans.http import MidtransHttp, json_object

_NOT_FOUND, _DUPLICATE = "404", "406"
_SERVER_ERROR = 500


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
        document = await self._call("GET", f"v2/{quote(any_id, safe='')}/status")
        if document.get("status_code") == _NOT_FOUND:
            raise TransactionNotFound([str(document.get("status_message"))])
        return _fact(document, self._clock.now())

    async def cancel(self, transaction_id: str) -> None:
        """Void a captured card or a waiting attempt. Raises GatewayRejected when it is too late."""
        document = await self._call("POST", f"v2/{quote(transaction_id, safe='')}/cancel")
        _expect(document, "200")

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
        document = await self._call("POST", f"v2/{quote(transaction_id, safe='')}/refund", body)
        if document.get("status_code") == _DUPLICATE:
            raise DuplicateRefund([str(document.get("status_message"))])
        _expect(document, "200", "201")

    async def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        response = await self._http.send(method, path, body)
        document = json_object(response)
        code = text_of(document, "status_code")
        if code is None or response.status_code >= _SERVER_ERROR or code.startswith("5"):
            raise GatewayUnavailable(f"Midtrans answered HTTP {response.status_code} without an answer")
        return document


def _fact(document: dict[str, Any], received_at: datetime) -> Fact:
    try:
        return read_fact(document, received_at=received_at, source=Source.STATUS)
    except (KeyError, NotRupiah) as error:
        raise GatewayUnavailable(f"Midtrans's answer cannot be read: {error}") from error


def _expect(document: dict[str, Any], *codes: str) -> None:
    if document.get("status_code") not in codes:
        raise GatewayRejected([f"{document.get('status_code')} {document.get('status_message')}"])
