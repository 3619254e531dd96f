"""Snap: asking Midtrans for a payment page (`POST /snap/v1/transactions`)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx

from tuntas.domain.money import Rupiah
from tuntas.midtrans.errors import GatewayRejected, GatewayUnavailable, OrderIdTaken
from tuntas.midtrans.http import MidtransHttp, json_object
from tuntas.midtrans.wib import format_wib

_NAME_LIMIT = 50


@dataclass(frozen=True, slots=True)
class PaymentRequest:
    """One order as Midtrans is asked to collect it."""

    order_id: str
    gross_amount: Rupiah
    item_id: str
    item_name: str
    customer_name: str
    customer_email: str
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
    return {
        "transaction_details": {"order_id": request.order_id, "gross_amount": request.gross_amount},
        "item_details": [
            {
                "id": request.item_id,
                "name": request.item_name[:_NAME_LIMIT],
                "price": request.gross_amount,
                "quantity": 1,
            }
        ],
        "customer_details": {"first_name": request.customer_name, "email": request.customer_email},
        "credit_card": {"secure": True},
        "expiry": {
            "start_time": f"{format_wib(request.created_at)} +0700",
            "duration": request.lifetime_minutes,
            "unit": "minute",
        },
        "callbacks": {"finish": request.finish_url, "error": request.error_url},
    }


def _token(response: httpx.Response) -> SnapToken:
    document = json_object(response)
    if response.is_success:
        token, redirect_url = document.get("token"), document.get("redirect_url")
        if isinstance(token, str) and isinstance(redirect_url, str):
            return SnapToken(token, redirect_url)
    messages = document.get("error_messages")
    if response.is_client_error and isinstance(messages, list):
        texts = [str(message) for message in messages]
        taken = any("order_id" in text and "required" not in text for text in texts)
        raise OrderIdTaken(texts) if taken else GatewayRejected(texts)
    raise GatewayUnavailable(f"Midtrans answered HTTP {response.status_code} without a token")
