"""The fields that a notification, a status reply and the replies to our acts have in common.

Read generously, because one sender has several spellings: a text or a number, WIB or ISO 8601, an object
or a text that holds it. But never silently: a field that is there and cannot be read is named in
`Fact.unreadable`.
"""

from datetime import datetime
from typing import Any

from tuntas.domain.facts import Fact, Source
from tuntas.domain.ladder import Rung
from tuntas.domain.money import Rupiah, read_rupiah
from tuntas.domain.refunds import RefundRow, total_key
from tuntas.domain.texts import is_identifier
from tuntas.midtrans.fields import WORD_MAX, Fields
from tuntas.midtrans.how_to_pay import read_how_to_pay
from tuntas.midtrans.refund_rows import read_refunds

ORDER_ID_MAX = 255
"""Ours have 40 characters and Snap takes 50; the dashboard's own test has 66, and other systems more."""
TRANSACTION_ID_MAX = 64
_FEES = frozenset({"extra_info", "metadata"})
"""Where the amount before a fee may stand."""


def read_fact(document: dict[str, Any], *, received_at: datetime, source: Source) -> Fact:
    """What Midtrans says about one transaction.

    Raises KeyError without a usable `order_id`, `transaction_id`, `transaction_status` or `gross_amount`,
    and NotRupiah for a gross amount that cannot be read exactly.
    """
    fields = Fields(document)
    transaction_id = identifier(document, "transaction_id", TRANSACTION_ID_MAX)
    status = identifier(document, "transaction_status", WORD_MAX).lower()
    gross_amount = read_rupiah(document["gross_amount"])
    return Fact(
        order_id=identifier(document, "order_id", ORDER_ID_MAX),
        transaction_id=transaction_id,
        transaction_status=status,
        fraud_status=fields.verdict("fraud_status"),
        payment_type=fields.word("payment_type"),
        gross_amount=gross_amount,
        original_amount=_original_amount(fields),
        currency=(fields.verdict("currency") or "idr").upper(),
        transaction_time=fields.time("transaction_time"),
        settlement_time=fields.time("settlement_time"),
        received_at=received_at,
        source=source,
        how_to_pay=read_how_to_pay(fields, source),
        payable_until=fields.time("expiry_time"),
        refunds=_refunds(fields, transaction_id, status, gross_amount),
        unreadable=tuple(fields.unreadable),
    )


def _refunds(fields: Fields, transaction_id: str, status: str, gross_amount: Rupiah) -> tuple[RefundRow, ...]:
    """What was given back. A refund that tells no amount is of the whole; of a part it cannot be read."""
    told = read_refunds(fields, transaction_id)
    says_how_much = fields.has("refund_amount") or fields.has("refunds")
    if says_how_much or status not in {Rung.REFUND.status, Rung.PARTIAL_REFUND.status}:
        return told
    if status == Rung.REFUND.status:
        return (RefundRow(total_key(transaction_id), gross_amount, is_total=True),)
    fields.cannot_read("refund_amount")
    return ()


def identifier(document: dict[str, Any], name: str, longest: int) -> str:
    """A field that names something, exactly as sent: never cut, never cleaned. Raises KeyError."""
    value = document.get(name)
    if not isinstance(value, str) or not is_identifier(value, longest):
        raise KeyError(name)
    return value


def _original_amount(fields: Fields) -> Rupiah | None:
    """`extra_info.gross_amount_info.original_amount`, at the top or under `metadata`: before a fee.

    `metadata` is free-form, ours and other people's, so anything may stand in it.
    """
    if not fields.has_any(_FEES):
        return None
    told: set[Rupiah] = set()
    for holder in (fields, fields.object("metadata", free=True)):
        extra = holder.object("extra_info") if holder else None
        info = extra.object("gross_amount_info") if extra else None
        amount = info.amount("original_amount") if info else None
        told |= {amount} if amount is not None else set()
    if len(told) > 1:
        fields.cannot_read("original_amount")
        return None
    return next(iter(told), None)
