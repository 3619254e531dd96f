"""A notification as received: parsed leniently, believed narrowly."""

import json
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from tuntas.domain.facts import Fact, Source
from tuntas.midtrans.body import read_fact, text_of

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
    """The fields that decide whether to believe it, as the exact strings of the body."""

    order_id: str
    transaction_id: str | None
    transaction_status: str | None
    status_code: str
    gross_amount: str
    signature_key: str
    fraud_status: str | None
    document: dict[str, Any]
    """The whole body as parsed."""
    problem: str | None = None
    """Why it cannot be understood although it can be verified."""

    @property
    def is_dashboard_test(self) -> bool:
        return self.order_id.startswith(TEST_ORDER_PREFIX)

    @property
    def is_coherent(self) -> bool:
        """Whether the signed status code can belong to the unsigned transaction status.

        The signature does not cover `transaction_status`; without this check a pending notification
        (201) edited to say "settlement" would still verify. A status nobody knows claims nothing.
        """
        status = (self.transaction_status or "").lower()
        verdict = (self.fraud_status or "accept").lower()
        if status == "capture" and verdict != "accept":
            status = "deny" if verdict == "deny" else "challenge"
        return self.status_code in STATUS_CODES.get(status, (self.status_code,))

    def fact(self, received_at: datetime) -> Fact:
        """What this notification says; raises NotRupiah for an amount that cannot be read exactly."""
        return read_fact(self.document, received_at=received_at, source=Source.NOTIFICATION)


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
        fraud_status=text_of(document, "fraud_status"),
        document=document,
    )


def readable_body(body: bytes) -> object:
    """A stored body for a person's eyes: without its signature, and as it is when it is no JSON."""
    try:
        document = _json_object(body)
    except MalformedNotification:
        return body.decode(errors="replace")
    return {name: value for name, value in document.items() if name != "signature_key"}


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body, parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        raise MalformedNotification("the body is not JSON in UTF-8") from error
    if not isinstance(document, dict):
        raise MalformedNotification("the body is not a JSON object")
    return document
