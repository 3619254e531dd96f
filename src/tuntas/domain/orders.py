"""From transactions to an order, and from orders to what they pay for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tuntas.domain.ladder import PaymentStatus
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
    transactions: tuple[Transaction, ...]
    closed: bool = False
    """Its last possible payment moment passed without any attempt known to Midtrans."""
    ended: bool = False
    """A person ended the paid time that it bought."""

    @property
    def status(self) -> PaymentStatus:
        """Paid if any attempt is; else refunded if any; else pending if any, or if none yet; else failed.

        `failed` is not the end: the customer may still pay in the same Snap page. An order closed
        without an attempt has failed too, and is paid all the same should a payment turn up.
        """
        seen = {transaction.status for transaction in self.transactions}
        for status in STRONGEST_FIRST:
            if status in seen:
                return status
        return PaymentStatus.FAILED if seen or self.closed else PaymentStatus.PENDING

    def paid_at(self, *, refund_revokes: bool) -> datetime | None:
        """The earliest paid moment that still counts, or None.

        A refund leaves the paid time as it was (the seed: "no action") unless `refund_revokes`.
        """
        if self.ended:
            return None
        moments = [
            transaction.paid_at
            for transaction in self.transactions
            if transaction.status is PaymentStatus.PAID or (transaction.was_paid and not refund_revokes)
        ]
        return min(moments, default=None)


def invitation_status(orders: Sequence[Order]) -> PaymentStatus:
    """Paid if any order is paid, else what the newest order says; unpaid before the first order."""
    if not orders:
        return PaymentStatus.UNPAID
    if any(order.status is PaymentStatus.PAID for order in orders):
        return PaymentStatus.PAID
    return max(orders, key=lambda order: (order.created_at, order.order_id)).status
