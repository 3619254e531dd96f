"""The fields that a notification, a status reply and the replies to our acts have in common."""

from datetime import datetime
from typing import Any

from tuntas.domain.facts import Fact, Source, VirtualAccount
from tuntas.domain.money import NotRupiah, Rupiah, parse_rupiah
from tuntas.domain.refunds import RefundRow
from tuntas.midtrans.wib import parse_wib

_TEXT_LIMIT = 64
_REASON_LIMIT = 255


def read_fact(document: dict[str, Any], *, received_at: datetime, source: Source) -> Fact:
    """What Midtrans says about one transaction. Unknown and missing optional fields are fine.

    Raises KeyError without `order_id`, `transaction_id`, `transaction_status` or `gross_amount` as text,
    and NotRupiah for an amount that cannot be read exactly.
    """
    needed = {name: text_of(document, name) for name in ("order_id", "transaction_id", "transaction_status")}
    for name, value in needed.items():
        if value is None:
            raise KeyError(name)
    gross_amount = text_of(document, "gross_amount")
    if gross_amount is None:
        raise KeyError("gross_amount")
    return Fact(
        order_id=needed["order_id"] or "",
        transaction_id=needed["transaction_id"] or "",
        transaction_status=needed["transaction_status"] or "",
        fraud_status=text_of(document, "fraud_status"),
        payment_type=text_of(document, "payment_type"),
        gross_amount=parse_rupiah(gross_amount),
        original_amount=_original_amount(document),
        currency=text_of(document, "currency") or "IDR",
        transaction_time=_time(document, "transaction_time"),
        settlement_time=_time(document, "settlement_time"),
        received_at=received_at,
        source=source,
        virtual_account=_virtual_account(document),
        payable_until=_time(document, "expiry_time"),
        refunds=_refunds(document),
    )


def text_of(document: dict[str, Any], name: str, limit: int = _TEXT_LIMIT) -> str | None:
    """A non-empty text without NUL, cut to what is stored; None for anything else."""
    value = document.get(name)
    return value[:limit] if isinstance(value, str) and value and "\x00" not in value else None


def _time(document: dict[str, Any], name: str) -> datetime | None:
    return parse_wib(text_of(document, name) or "")


def _original_amount(document: dict[str, Any]) -> Rupiah | None:
    """`metadata.extra_info.gross_amount_info.original_amount`: the amount before a fee of the gateway."""
    node: Any = document
    for name in ("metadata", "extra_info", "gross_amount_info"):
        node = node.get(name) if isinstance(node, dict) else None
    return _amount(node.get("original_amount")) if isinstance(node, dict) else None


def _virtual_account(document: dict[str, Any]) -> VirtualAccount | None:
    """`va_numbers[0]`, or Permata's own field (fact sheet 7.3)."""
    if (number := text_of(document, "permata_va_number")) is not None:
        return VirtualAccount("permata", number)
    listed = document.get("va_numbers")
    first = listed[0] if isinstance(listed, list) and listed else None
    if not isinstance(first, dict):
        return None
    bank, number = text_of(first, "bank"), text_of(first, "va_number")
    return VirtualAccount(bank, number) if bank and number else None


def _refunds(document: dict[str, Any]) -> tuple[RefundRow, ...]:
    """`refunds[]`, which repeats the whole history; or the flat form of a single refund (7.5)."""
    listed = document.get("refunds")
    entries = listed if isinstance(listed, list) else [document]
    rows = {row.key: row for entry in entries if isinstance(entry, dict) and (row := _refund(entry))}
    return tuple(rows.values())


def _refund(entry: dict[str, Any]) -> RefundRow | None:
    number = entry.get("refund_chargeback_id")
    key = text_of(entry, "refund_key") or (f"midtrans-{number}" if isinstance(number, int) else None)
    amount = _amount(entry.get("refund_amount"))
    if key is None or not amount:
        return None
    return RefundRow(
        key, amount, text_of(entry, "reason", _REASON_LIMIT), parse_wib(str(entry.get("bank_confirmed_at")))
    )


def _amount(value: object) -> Rupiah | None:
    try:
        return parse_rupiah(value) if isinstance(value, str) else None
    except NotRupiah:
        return None
