"""Writing a notification as Midtrans would, for tests by hand. Never used with a production key."""

import uuid
from datetime import datetime

from tuntas.domain.ladder import rung_of
from tuntas.domain.money import Rupiah
from tuntas.midtrans.notification import STATUS_CODES
from tuntas.midtrans.signature import sign
from tuntas.midtrans.wib import format_wib

_AFTER_SETTLEMENT = {"settlement", "refund", "partial_refund", "chargeback", "partial_chargeback"}


def compose_notification(
    *,
    order_id: str,
    transaction_id: str | None,
    status: str,
    fraud_status: str | None,
    payment_type: str,
    gross_amount: Rupiah,
    transaction_time: datetime | None,
    now: datetime,
    server_key: str,
) -> dict[str, str]:
    """A signed body about one attempt; without a transaction id, always the same made-up one per order.

    `status` is a key of STATUS_CODES; "challenge" becomes the capture that it is.
    """
    if status == "challenge":
        status, fraud_status, payment_type = "capture", "challenge", "credit_card"
    rung = rung_of(status, fraud_status)
    status_code = STATUS_CODES[rung.status if rung else status][0]
    amount = f"{gross_amount}.00"
    body = {
        "transaction_time": format_wib(transaction_time or now),
        "transaction_status": status,
        "transaction_id": transaction_id or str(uuid.uuid5(uuid.NAMESPACE_URL, f"midtrans:{order_id}")),
        "status_message": "midtrans payment notification",
        "status_code": status_code,
        "signature_key": sign(order_id, status_code, amount, server_key),
        "payment_type": payment_type,
        "order_id": order_id,
        "merchant_id": "G000000000",
        "gross_amount": amount,
        "fraud_status": fraud_status or "accept",
        "currency": "IDR",
    }
    if status in _AFTER_SETTLEMENT:
        body["settlement_time"] = format_wib(now)
    return body
