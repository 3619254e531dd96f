"""A notification as received: parsed leniently, believed narrowly."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tuntas.domain.facts import Fact, Source
from tuntas.domain.ladder import Rung, rung_of
from tuntas.domain.texts import is_identifier
from tuntas.midtrans.body import ORDER_ID_MAX, TRANSACTION_ID_MAX, identifier, read_fact
from tuntas.midtrans.fields import WORD_MAX, Fields
from tuntas.midtrans.jsontext import NotJson, read_json

MAX_BODY_BYTES = 64 * 1024
WEBHOOK_PATH = "/api/v1/midtrans/webhook"
"""Where Midtrans is told to post; printed, configured and served from here alone."""
WEBHOOK_PATHS_MEANT = ("/v1/midtrans/webhook", "/api/midtrans/webhook")
"""What people type instead: answered alike, for a 404 loses a notification after two retries."""
TEST_ORDER_PREFIX = "payment_notif_test_"
"""Order ids of the dashboard's "test notification" button begin so."""

_SIGNED = {"order_id": ORDER_ID_MAX, "status_code": 3, "gross_amount": 24}
"""What the signature is made of, and how long it may be."""
_SIGNATURE_MAX = 256
"""Anything but 128 hex digits is a wrong signature; beyond this it is no signature at all."""

_CODES: dict[Rung, tuple[str, ...]] = {
    Rung.PENDING: ("201",),
    Rung.CHALLENGE: ("201", "200"),
    Rung.AUTHORIZE: ("200",),
    Rung.CAPTURE: ("200",),
    Rung.SETTLEMENT: ("200",),
    Rung.DENY: ("202",),
    Rung.CANCEL: ("202",),
    Rung.EXPIRE: ("202", "407"),
    Rung.FAILURE: ("202",),
    Rung.REFUND: ("200",),
    Rung.PARTIAL_REFUND: ("200",),
    Rung.CHARGEBACK: ("200",),
    Rung.PARTIAL_CHARGEBACK: ("200",),
}

STATUS_CODES: dict[str, tuple[str, ...]] = {rung.status: _CODES[rung] for rung in Rung}
"""The status codes a notification of each status may carry, the usual one first (docs/midtrans.md,
"The code of each status"). `challenge` is a capture that the fraud desk holds. A rung without a row stops the
program at its start."""


class MalformedNotification(ValueError):
    """The body is no JSON object with the fields that the signature is about."""


@dataclass(frozen=True, slots=True)
class Notification:
    """The fields that decide whether to believe it. The signed ones are the exact strings of the body."""

    order_id: str
    status_code: str
    gross_amount: str
    signature_key: str
    transaction_id: str | None
    transaction_status: str | None
    """In small letters."""
    fraud_status: str | None
    problem: str | None
    """Why it cannot be applied although it may be rightly signed: it does not say which transaction stands
    how. None when all is well."""
    document: dict[str, Any]
    """The whole body as parsed and cleaned."""

    @property
    def is_dashboard_test(self) -> bool:
        return self.order_id.startswith(TEST_ORDER_PREFIX)

    @property
    def is_coherent(self) -> bool:
        """Whether the signed status code can belong to the unsigned transaction status.

        The signature does not cover `transaction_status`; without this check a pending notification
        (201) edited to say "settlement" would still verify. A status nobody knows claims nothing.
        """
        rung = rung_of(self.transaction_status or "", self.fraud_status)
        return rung is None or self.status_code in _CODES[rung]

    def fact(self, received_at: datetime) -> Fact:
        """What this notification says; only of one without a `problem`.

        Raises NotRupiah for an amount that cannot be read exactly.
        """
        return read_fact(self.document, received_at=received_at, source=Source.NOTIFICATION)


def parse_notification(body: bytes) -> Notification:
    """Read a notification body. Unknown and missing optional fields are fine.

    Raises MalformedNotification when it is not a UTF-8 JSON object, or a JSON text that holds one, with
    usable texts in all four fields of the signature.
    """
    document = _json_object(body)
    for name, longest in _SIGNED.items():
        value = document.get(name)
        if not isinstance(value, str) or not is_identifier(value, longest):
            raise MalformedNotification(f"{name} must be a text of 1 to {longest} plain characters")
    signature_key = document.get("signature_key")
    if not isinstance(signature_key, str) or not 0 < len(signature_key) <= _SIGNATURE_MAX:
        raise MalformedNotification(f"signature_key must be a text of 1 to {_SIGNATURE_MAX} characters")
    named = _what_it_is_about(document)
    unusable = [name for name, value in named.items() if value is None]
    return Notification(
        **{name: document[name] for name in _SIGNED},
        signature_key=signature_key,
        transaction_id=named["transaction_id"],
        transaction_status=named["transaction_status"],
        fraud_status=Fields(document).verdict("fraud_status"),
        problem=f"no usable {' and no usable '.join(unusable)}" if unusable else None,
        document=document,
    )


def readable_body(body: bytes) -> object:
    """A stored body for a person's eyes: without its signature, and as it is when it is no JSON."""
    try:
        document = _json_object(body)
    except MalformedNotification:
        return body.decode(errors="replace")
    return {name: value for name, value in document.items() if name != "signature_key"}


def _what_it_is_about(document: dict[str, Any]) -> dict[str, str | None]:
    """`transaction_id` and `transaction_status`; None for one that is missing or cannot be used."""
    found: dict[str, str | None] = {}
    for name, longest in (("transaction_id", TRANSACTION_ID_MAX), ("transaction_status", WORD_MAX)):
        try:
            found[name] = identifier(document, name, longest)
        except KeyError:
            found[name] = None
    status = found["transaction_status"]
    return found | {"transaction_status": status.lower() if status else None}


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        document = read_json(body)
        if isinstance(document, str):  # encoded twice by a proxy or by hand: once more, and no further
            document = read_json(document)
    except NotJson as error:
        raise MalformedNotification(str(error)) from error
    if not isinstance(document, dict):
        raise MalformedNotification("the body is not a JSON object")
    return document
