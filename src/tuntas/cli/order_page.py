"""One order in words that people read: who bought what, what was paid, what went back, what it bought."""

from collections.abc import Iterator
from typing import Any

from tuntas.cli.words import moment
from tuntas.domain.refunds import WayBack
from tuntas.language import rupiah
from tuntas.observability.printable import printable
from tuntas.store.models import Refund, Transaction
from tuntas.usecases.buyer import Buyer
from tuntas.usecases.payments import OrderBook

_NUMBERS = ("bank", "va_number", "biller_code", "bill_key", "store", "payment_code")
"""Of what is kept about how to pay, what fits into a line."""


def order_page(book: OrderBook, buyer: Buyer) -> Iterator[str]:
    order = book.order
    gone = f"; {rupiah(book.refunded_amount)} given back" if book.refunded_amount else ""
    lost = "" if buyer.holds_domain else " (lost to somebody else)"
    facts = {
        "Order": f"{order.order_id}  ({order.kind})",
        "Status": f"{order.status}, {rupiah(order.gross_amount)}{gone}",
        "Made": moment(order.created_at),
        "Payable until": moment(order.expires_at),
        "Customer": f"{buyer.name} <{buyer.email}>",
        "Invitation": f"{buyer.invitation_id}, {buyer.payment_status}: {buyer.package}, {order.days} days",
        "Domain": f"{buyer.domain}{lost}",
        "Paid time": _paid_time(book),
        "Domain lives to": moment(buyer.domain_expires_at),
        "Asked next": moment(order.next_check_at) if order.next_check_at else "never: all is settled",
    }
    for name, value in facts.items():
        yield f"{name:<16}  {printable(value)}"
    yield from _listed("Payment", [_attempt(attempt) for attempt in book.attempts], none="none yet")
    yield from _listed("Refund", [_refund(entry) for entry in book.refunds], none="none")


def _listed(name: str, lines: list[list[str]], *, none: str) -> Iterator[str]:
    if not lines:
        yield f"{name + 's':<16}  {none}"
    for first, *rest in lines:
        yield f"{name:<16}  {printable(first)}"
        for line in rest:
            yield f"{'':<16}  {printable(line)}"


def _paid_time(book: OrderBook) -> str:
    if book.grant is not None:
        return f"{moment(book.grant.starts_at)} to {moment(book.grant.ends_at)}"
    ended = book.order.paid_time_ended_because
    return f"ended by hand: {ended}" if ended else "none"


def _attempt(attempt: Transaction) -> list[str]:
    numbers = [value for name, value in (attempt.how_to_pay or {}).items() if name in _NUMBERS]
    account = f" to {' '.join(numbers)}" if numbers else ""
    when = moment(attempt.settlement_time or attempt.transaction_time or attempt.first_heard_at)
    paid = f"{rupiah(attempt.gross_amount)} by {attempt.payment_type or 'an unknown method'}{account}"
    lines = [f"{attempt.transaction_status}, {paid}, {when}", f"transaction {attempt.transaction_id}"]
    if attempt.stray:
        lines.append("does not count: it is not the order's amount")
    if attempt.kept_because:
        lines.append(f"kept because: {attempt.kept_because}")
    return lines


def _refund(entry: Refund) -> list[str]:
    way = {WayBack.BY_HAND: "by hand", WayBack.CANCEL: "by voiding the payment"}.get(
        WayBack(entry.way), "through Midtrans"
    )
    lines = [
        f"{entry.state}, {rupiah(entry.amount)} {way}, {moment(entry.bank_confirmed_at or entry.created_at)}",
        f"key {entry.refund_key}, transaction {entry.transaction_id}",
    ]
    told: dict[str, Any] = {
        "to": entry.paid_to,
        "reference": entry.reference,
        "by": entry.actor,
        "reason": entry.reason,
        "refused": entry.refusal,
    }
    known = "; ".join(f"{name} {value}" for name, value in told.items() if value)
    return [*lines, known] if known else lines
