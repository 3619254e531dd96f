"""From transactions to an order, and from orders to what they pay for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tuntas.domain.facts import Fact
from tuntas.domain.ladder import PaymentStatus
from tuntas.domain.money import Rupiah
from tuntas.domain.transactions import Transaction

STRONGEST_FIRST = (PaymentStatus.PAID, PaymentStatus.REFUNDED, PaymentStatus.PENDING)


class OrderKind(StrEnum):
    INITIAL = "initial"
    RENEWAL = "renewal"


@dataclass(frozen=True, slots=True)
class Order:
    """An order and everything known about the attempts to pay it."""

    order_id: str
    kind: OrderKind
    days: int
    created_at: datetime
    price: Rupiah
    transactions: tuple[Transaction, ...]
    strays: tuple[Transaction, ...] = ()
    """Attempts told with another amount: they count for nothing, and their money waits for a person."""
    accepted_amount: Rupiah | None = None
    """Another amount that a person accepted in place of the price."""
    closed: bool = False
    """Its last possible payment moment passed without any attempt that could still pay it."""
    ended: bool = False
    """A person ended the paid time that it bought."""

    def takes(self, fact: Fact) -> bool:
        """Whether the fact is about an amount that pays this order."""
        accepted = fact.currency == "IDR" and fact.gross_amount == self.accepted_amount
        return accepted or fact.pays_exactly(self.price)

    @property
    def status(self) -> PaymentStatus:
        """Paid if any attempt is; else refunded if any; else pending if any, or if none yet; else failed.

        `failed` is not the end: the customer may still pay in the same Snap page. A closed order has
        failed too, whatever still waits, and is paid all the same should a payment turn up.
        """
        seen = {transaction.status for transaction in self.transactions}
        for status in STRONGEST_FIRST:
            if status in seen and not (status is PaymentStatus.PENDING and self.closed):
                return status
        return PaymentStatus.FAILED if seen or self.closed else PaymentStatus.PENDING

    @property
    def deciding_attempt(self) -> Transaction | None:
        """The newest attempt that stands as the order does, else the newest; None before the first."""
        newest_first = sorted(self.transactions, key=_newness, reverse=True)
        alike = (attempt for attempt in newest_first if attempt.status is self.status)
        return next(alike, newest_first[0] if newest_first else None)

    def paid_at(self, *, refund_revokes: bool) -> datetime | None:
        """The earliest paid moment that still counts, or None.

        A refund leaves the paid time as it was unless `refund_revokes`: giving money back and taking the
        invitation down are two decisions.
        """
        if self.ended:
            return None
        moments = [
            transaction.paid_at
            for transaction in self.transactions
            if transaction.status is PaymentStatus.PAID or (transaction.was_paid and not refund_revokes)
        ]
        return min(moments, default=None)


def _newness(attempt: Transaction) -> tuple[datetime, str]:
    return attempt.transaction_time or attempt.first_heard_at, attempt.transaction_id


def invitation_status(orders: Sequence[Order]) -> PaymentStatus:
    """Paid if any order is paid, else what the newest order says; unpaid before the first order."""
    if not orders:
        return PaymentStatus.UNPAID
    if any(order.status is PaymentStatus.PAID for order in orders):
        return PaymentStatus.PAID
    return max(orders, key=lambda order: (order.created_at, order.order_id)).status
