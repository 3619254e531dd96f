"""A notification as received: parsed leniently, believed narrowly."""

import json
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from tuntas.domain.facts import Fact, Source, VirtualAccount
from tuntas.domain.money import NotRupiah, Rupiah, parse_rupiah
from tuntas.midtrans.wib import parse_wib

MAX_BODY_BYTES = 64 * 1024
TEST_ORDER_PREFIX = "payment_notif_test_"
"""Order ids of the dashboard's "test notification" button begin so."""

_REQUIRED = (
    "order_id",
    "status_code",
    "gross_amount",
    "signature_key",
    "transaction_status",
    "transaction_id",
)
_MAX_LENGTH = {"order_id": 64, "transaction_id": 64, "status_code": 3, "gross_amount": 24}

STATUS_CODES: dict[str, tuple[str, ...]] = {
    "pending": ("201",),
    "challenge": ("201", "200"),
    "authorize": ("200",),
    "capture": ("200",),
    "settlement": ("200",),
    "deny": ("202",),
    "cancel": ("202",),
    "expire": ("202", "407"),
    "failure": ("202",),
    "refund": ("200",),
    "partial_refund": ("200",),
    "chargeback": ("200",),
    "partial_chargeback": ("200",),
}
"""The status codes a notification of each status may carry, the usual one first ("status_code per
notification"). `challenge` is a capture that the fraud desk holds."""


class MalformedNotification(ValueError):
    """The body is no JSON object with the fields a notification needs."""


@dataclass(frozen=True, slots=True)
class Notification:
    """The fields of a notification that we act on, as the exact strings of the body."""

    order_id: str
    transaction_id: str
    transaction_status: str
    status_code: str
    gross_amount: str
    signature_key: str
    fraud_status: str | None
    payment_type: str | None
    currency: str | None
    transaction_time: str | None
    settlement_time: str | None
    original_amount: str | None
    virtual_account: VirtualAccount | None

    @property
    def is_dashboard_test(self) -> bool:
        return self.order_id.startswith(TEST_ORDER_PREFIX)

    @property
    def is_coherent(self) -> bool:
        """Whether the signed status code can belong to the unsigned transaction status.

        The signature does not cover `transaction_status`; without this check a pending notification
        (201) edited to say "settlement" would still verify. A status nobody knows claims nothing.
        """
        status = self.transaction_status.lower()
        verdict = (self.fraud_status or "accept").lower()
        if status == "capture" and verdict != "accept":
            status = "deny" if verdict == "deny" else "challenge"
        return self.status_code in STATUS_CODES.get(status, (self.status_code,))

    def fact(self, received_at: datetime) -> Fact:
        """What this notification says; raises NotRupiah for an amount that cannot be read exactly."""
        return Fact(
            order_id=self.order_id,
            transaction_id=self.transaction_id,
            transaction_status=self.transaction_status,
            fraud_status=self.fraud_status,
            payment_type=self.payment_type,
            gross_amount=parse_rupiah(self.gross_amount),
            original_amount=_amount_or_none(self.original_amount),
            currency=self.currency or "IDR",
            transaction_time=parse_wib(self.transaction_time or ""),
            settlement_time=parse_wib(self.settlement_time or ""),
            received_at=received_at,
            virtual_account=self.virtual_account,
            source=Source.NOTIFICATION,
        )


def parse_notification(body: bytes) -> Notification:
    """Read a notification body. Unknown and missing optional fields are fine.

    Raises MalformedNotification when it is not a UTF-8 JSON object or a needed field is not a string.
    """
    document = _json_object(body)
    for name in _REQUIRED:
        value = document.get(name)
        if not isinstance(value, str) or not value:
            raise MalformedNotification(f"{name} must be a non-empty string")
        if len(value) > _MAX_LENGTH.get(name, 256) or "\x00" in value:
            raise MalformedNotification(f"{name} is too long or holds a NUL character")
    return Notification(
        **{name: document[name] for name in _REQUIRED},
        fraud_status=_text(document, "fraud_status"),
        payment_type=_text(document, "payment_type"),
        currency=_text(document, "currency"),
        transaction_time=_text(document, "transaction_time"),
        settlement_time=_text(document, "settlement_time"),
        original_amount=_original_amount(document),
        virtual_account=_virtual_account(document),
    )


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body, parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        raise MalformedNotification("the body is not JSON in UTF-8") from error
    if not isinstance(document, dict):
        raise MalformedNotification("the body is not a JSON object")
    return document


def _text(document: dict[str, Any], name: str) -> str | None:
    value = document.get(name)
    return value[:64] if isinstance(value, str) and value and "\x00" not in value else None


def _original_amount(document: dict[str, Any]) -> str | None:
    """`metadata.extra_info.gross_amount_info.original_amount`: the amount before a fee of the gateway."""
    node: Any = document
    for name in ("metadata", "extra_info", "gross_amount_info", "original_amount"):
        node = node.get(name) if isinstance(node, dict) else None
    return node if isinstance(node, str) else None


def _virtual_account(document: dict[str, Any]) -> VirtualAccount | None:
    """`va_numbers[0]`, or Permata's own field (fact sheet 7.3)."""
    if (number := _text(document, "permata_va_number")) is not None:
        return VirtualAccount("permata", number)
    listed = document.get("va_numbers")
    first = listed[0] if isinstance(listed, list) and listed else None
    if not isinstance(first, dict):
        return None
    bank, number = _text(first, "bank"), _text(first, "va_number")
    return VirtualAccount(bank, number) if bank and number else None


def _amount_or_none(text: str | None) -> Rupiah | None:
    try:
        return parse_rupiah(text) if text is not None else None
    except NotRupiah:
        return None
