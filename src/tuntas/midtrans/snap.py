"""Snap: asking Midtrans for a payment page (`POST /snap/v1/transactions`)."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tuntas.domain.money import Rupiah
from tuntas.domain.texts import is_identifier
from tuntas.midtrans.errors import EmailRefused, GatewayRejected, GatewayUnavailable, OrderIdTaken
from tuntas.midtrans.http import MidtransHttp, Reply
from tuntas.midtrans.wib import format_wib

_ITEM_NAME_MAX = 50
_CUSTOMER_NAME_MAX = 255
_TOKEN_MAX, _URL_MAX = 64, 2048
_TAKEN = re.compile(
    r"\border_id\b.*"
    r"(already|has been (paid|taken|used)|utili[sz]ed|(sudah|telah)\b.*\b(digunakan|dipakai|dibayar))",
    re.IGNORECASE | re.DOTALL,
)
"""Midtrans's sentences about an order id that has an attempt already, in the two languages a merchant can
choose. Every other sentence about `order_id` is a complaint that a new order id will not mend."""
_EMAIL = re.compile(r"\bcustomer_details\.email\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PaymentRequest:
    """One order as Midtrans is asked to collect it."""

    order_id: str
    gross_amount: Rupiah
    item_id: str
    item_name: str
    customer_name: str
    customer_email: str | None
    """Optional: where the customer's receipt from Midtrans goes."""
    created_at: datetime
    lifetime_minutes: int
    finish_url: str
    error_url: str


@dataclass(frozen=True, slots=True)
class SnapToken:
    token: str
    redirect_url: str


class SnapClient:
    """Asks for Snap tokens."""

    def __init__(self, http: MidtransHttp) -> None:
        self._http = http

    async def create(self, request: PaymentRequest) -> SnapToken:
        """A token for this order. Safe to repeat while no payment method was chosen: the newest token wins.

        Raises a GatewayError, see `errors`.
        """
        return _token(await self._http.send("POST", "transactions", _body(request)))


def _body(request: PaymentRequest) -> dict[str, Any]:
    customer = {"first_name": request.customer_name[:_CUSTOMER_NAME_MAX]}
    if request.customer_email:  # an empty one is refused, a missing one is not
        customer["email"] = request.customer_email
    return {
        "transaction_details": {"order_id": request.order_id, "gross_amount": request.gross_amount},
        "item_details": [
            {
                "id": request.item_id,
                "name": request.item_name[:_ITEM_NAME_MAX],
                "price": request.gross_amount,
                "quantity": 1,
            }
        ],
        "customer_details": customer,
        "credit_card": {"secure": True},
        "expiry": {
            "start_time": f"{format_wib(request.created_at)} +0700",
            "duration": request.lifetime_minutes,
            "unit": "minute",
        },
        "callbacks": {"finish": request.finish_url, "error": request.error_url},
    }


def _token(reply: Reply) -> SnapToken:
    token, url = _text(reply, "token", _TOKEN_MAX), _text(reply, "redirect_url", _URL_MAX)
    if reply.is_success and token and url:
        return SnapToken(token, url)
    sentences = reply.sentences("error_messages")
    if reply.is_refusal and sentences:
        raise _refusal(sentences)
    raise GatewayUnavailable(f"Midtrans answered HTTP {reply.status} without a token")


def _text(reply: Reply, name: str, longest: int) -> str | None:
    value = reply.document.get(name)
    return value if isinstance(value, str) and is_identifier(value, longest) else None


def _refusal(sentences: list[str]) -> GatewayRejected:
    """Which one it is. Midtrans lists all it found; a used order id is mended first."""
    if any(_TAKEN.search(sentence) for sentence in sentences):
        return OrderIdTaken(sentences)
    if any(_EMAIL.search(sentence) for sentence in sentences):
        return EmailRefused(sentences)
    return GatewayRejected(sentences)
