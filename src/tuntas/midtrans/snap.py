"""Snap: asking Midtrans for a payment page (`POST /snap/v1/transactions`)."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx

from tuntas.domain.money import Rupiah
from tuntas.midtrans.errors import (
    GatewayMisconfigured,
    GatewayRejected,
    GatewayTimeout,
    GatewayUnavailable,
    OrderIdTaken,
)
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
    """Asks for Snap tokens. `transport` is the seam: the network, or an ASGI application in tests."""

    def __init__(
        self,
        *,
        base_url: str,
        server_key: str,
        notification_url: str | None,
        timeout_seconds: float,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        headers = {"Accept": "application/json"}
        if notification_url:
            headers["X-Override-Notification"] = notification_url
        self._timeout_seconds = timeout_seconds
        self._http = httpx.AsyncClient(
            base_url=base_url,
            auth=httpx.BasicAuth(server_key, ""),
            headers=headers,
            timeout=httpx.Timeout(timeout_seconds, connect=min(5, timeout_seconds)),
            transport=transport,
        )

    async def aclose(self) -> None:
        await self._http.aclose()

    async def create(self, request: PaymentRequest) -> SnapToken:
        """A token for this order. Safe to repeat while no payment method was chosen: the newest token wins.

        Raises a GatewayError, see `errors`.
        """
        try:
            async with asyncio.timeout(self._timeout_seconds):
                response = await self._http.post("transactions", json=_body(request))
        except (httpx.TimeoutException, TimeoutError) as error:
            raise GatewayTimeout("Midtrans did not answer in time") from error
        except httpx.HTTPError as error:
            raise GatewayUnavailable(f"Midtrans cannot be reached: {type(error).__name__}") from error
        return _token(response)


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
    document = _json_object(response)
    if response.status_code == httpx.codes.UNAUTHORIZED:
        raise GatewayMisconfigured("Midtrans refuses the server key: check the key and the environment")
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


def _json_object(response: httpx.Response) -> dict[str, Any]:
    """The reply as an object; a proxy or a wrong path answers in HTML, which is no reply of Midtrans."""
    try:
        document = response.json()
    except ValueError:
        document = None
    return document if isinstance(document, dict) else {}
