"""Money that came in and bought nothing: it waits for a person, who keeps it or gives it back."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from tuntas.domain.grants import Entitlement
from tuntas.domain.ladder import PaymentStatus
from tuntas.domain.orders import Order
from tuntas.domain.transactions import Transaction


class Why(StrEnum):
    """Why a payment bought nothing."""

    OTHER_AMOUNT = "other_amount"
    """Not the order's amount: a promotion of the gateway, a mistake, a fee nobody told of."""
    SECOND_TRANSACTION = "second_transaction"
    """The same order was paid twice, for example by a VA and a QR."""
    SECOND_ORDER = "second_order"
    """Another order had already paid for the same thing."""


@dataclass(frozen=True, slots=True)
class UnappliedPayment:
    transaction: Transaction
    why: Why

    @property
    def waits(self) -> bool:
        """Whether nobody has decided about it yet."""
        return not self.transaction.kept


def unapplied_payments(orders: Iterable[Order], entitlement: Entitlement) -> Iterator[UnappliedPayment]:
    """Every payment that is in and is not the one its order's paid time was bought with."""
    for order in orders:
        counted = {transaction.transaction_id for transaction in order.transactions if transaction.was_paid}
        for stray in order.strays:
            if stray.status is PaymentStatus.PAID and stray.transaction_id not in counted:
                is_paid = order.status is PaymentStatus.PAID
                yield UnappliedPayment(stray, Why.SECOND_TRANSACTION if is_paid else Why.OTHER_AMOUNT)
        paid = sorted(
            (transaction for transaction in order.transactions if transaction.status is PaymentStatus.PAID),
            key=lambda transaction: (transaction.paid_at, transaction.transaction_id),
        )
        for transaction in paid[:1] if order.order_id in entitlement.duplicates else ():
            yield UnappliedPayment(transaction, Why.SECOND_ORDER)
        for transaction in paid[1:]:
            yield UnappliedPayment(transaction, Why.SECOND_TRANSACTION)
