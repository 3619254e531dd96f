"""The refunds of a transaction as Midtrans lists them, each under a key that is the same every time.

A row is told again in each later notification, so the key must follow from the row alone: Midtrans's
`refund_key`, else its number or uuid, else what the row says. Where no single refund is told but only the
sum so far, that is one row too, marked `is_total`.
"""

import hashlib
from collections import Counter

from tuntas.domain.money import Rupiah
from tuntas.domain.refunds import RefundRow, total_key
from tuntas.domain.texts import is_identifier
from tuntas.midtrans.fields import WORD_MAX, Fields

REFUNDS_MAX = 200
"""How many rows of one transaction are read; each is a write, and nobody gives back in so many parts."""
_REASON_MAX = 255
_TELLING = frozenset(
    {"refunds", "refund_amount", "refund_key", "refund_chargeback_id", "refund_chargeback_uuid"}
)
"""Without any of these nothing is told of refunds."""


def read_refunds(fields: Fields, transaction_id: str) -> tuple[RefundRow, ...]:
    """`refunds[]`, which repeats the whole history; else the flat form of one refund; else the bare sum.

    The same key twice in one list is the same refund, told last; two rows that say the same but have no
    key are two refunds.
    """
    if not fields.has_any(_TELLING):
        return ()
    listed = fields.objects("refunds", REFUNDS_MAX)
    if not listed:
        return _flat(fields, transaction_id)
    rows: dict[str, RefundRow] = {}
    seen: Counter[str] = Counter()
    for entry in listed:
        if not entry.has("refund_amount"):
            entry.cannot_read("refund_amount")
        amount = entry.amount("refund_amount")
        key = _own_key(entry)
        if key is None:
            content = _content(entry, transaction_id)
            seen[content] += 1
            key = _digest(content, str(seen[content]))
        if amount:
            rows[key] = _row(entry, key, amount)
    return tuple(rows.values())


def _flat(fields: Fields, transaction_id: str) -> tuple[RefundRow, ...]:
    """`refund_amount` beside `refund_key` is that refund's; alone, it is the sum of all so far."""
    amount, key = fields.amount("refund_amount"), _own_key(fields)
    if key is not None and not fields.has("refund_amount"):
        fields.cannot_read("refund_amount")
    if not amount:
        return ()
    if key is not None:
        return (_row(fields, key, amount),)
    return (RefundRow(total_key(transaction_id), amount, is_total=True),)


def _row(entry: Fields, key: str, amount: Rupiah) -> RefundRow:
    return RefundRow(key, amount, entry.prose("reason", _REASON_MAX), entry.time("bank_confirmed_at"))


def _own_key(entry: Fields) -> str | None:
    """The name that Midtrans or we gave this refund; one that cannot be stored stands as its digest."""
    key = _name(entry, "refund_key")
    if key is not None:
        return key if is_identifier(key, WORD_MAX) else _digest("key", key)
    for field in ("refund_chargeback_id", "refund_chargeback_uuid"):
        if (name := _name(entry, field)) is not None:
            key = f"midtrans-{name}"
            return key if is_identifier(key, WORD_MAX) else _digest(field, name)
    return None


def _name(entry: Fields, field: str) -> str | None:
    """A text or a whole number: 7 and "7" name the same."""
    value = entry.raw(field)
    if isinstance(value, bool) or not isinstance(value, int | str | None):
        entry.cannot_read(field)
        return None
    return str(value) if value not in (None, "") else None


def _content(entry: Fields, transaction_id: str) -> str:
    """What of a row stays the same from its first telling on: not when the bank confirms it, nor how."""
    made_at = entry.time("created_at") or entry.raw("created_at")
    parts = (transaction_id, entry.amount("refund_amount"), made_at, entry.prose("reason", _REASON_MAX))
    return "|".join(map(repr, map(str, parts)))


def _digest(*parts: str) -> str:
    digest = hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
    return f"midtrans-{digest[:32]}"
