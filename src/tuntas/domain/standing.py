"""How a payment stands, in the words that the customer is told. Only two of them lead to paying."""

from collections.abc import Collection, Iterable
from datetime import datetime
from enum import StrEnum

from tuntas.domain.ladder import PaymentStatus, Rung
from tuntas.domain.money import Rupiah
from tuntas.domain.orders import Order
from tuntas.domain.unapplied import UnappliedPayment, Why

_IN_REVIEW = {Rung.AUTHORIZE, Rung.CHALLENGE}
"""The customer's bank has taken or held the money; whether it is accepted is not decided."""
_PARTLY_TAKEN = {Rung.PARTIAL_REFUND, Rung.PARTIAL_CHARGEBACK}


class PaymentState(StrEnum):
    """The order's status, and what became of its money."""

    PENDING = "pending"
    """Waits to be paid."""
    OVERDUE = "overdue"
    """Its deadline has passed; a payment made just before may still be told."""
    CONFIRMING = "confirming"
    """Said to be paid, and Midtrans is being asked whether it is."""
    IN_REVIEW = "in_review"
    """The money is held or in, and somebody decides: a bank's fraud desk, or we about another amount."""
    PAID = "paid"
    PAID_TWICE = "paid_twice"
    """Money came in again for what was paid already, and waits for a person."""
    GIVING_BACK = "giving_back"
    """Paid; we asked for the money to go back, and have no answer yet."""
    FAILED = "failed"
    GIVEN_BACK = "given_back"
    """All of it: refunded, charged back, or voided before it settled."""
    PARTLY_GIVEN_BACK = "partly_given_back"


PAYABLE = frozenset({PaymentState.PENDING, PaymentState.OVERDUE, PaymentState.FAILED})
"""In these nothing was paid that we know of: only here a customer is shown how to pay."""
HELD_UP = frozenset({PaymentState.IN_REVIEW, PaymentState.CONFIRMING, PaymentState.PAID_TWICE})
"""Money is on its way or in, and undecided: whoever pays once more now has paid twice."""


def standing(
    order: Order,
    *,
    unapplied: Iterable[UnappliedPayment],
    given_back: Rupiah,
    giving_back: bool,
    claimed: bool,
    deadline: datetime,
    now: datetime,
) -> PaymentState:
    """`unapplied` is this order's money that bought nothing; `giving_back`: a refund of it has no answer yet;
    `claimed`: a notification says paid, and waits to be confirmed.
    """
    waiting = {payment.why for payment in unapplied if payment.waits}
    rungs = {transaction.rung for transaction in order.transactions}
    if waiting & {Why.SECOND_ORDER, Why.SECOND_TRANSACTION}:
        return PaymentState.PAID_TWICE
    if waiting:
        return PaymentState.IN_REVIEW
    match order.status:
        case PaymentStatus.REFUNDED:
            return PaymentState.GIVEN_BACK
        case PaymentStatus.PAID if giving_back:
            return PaymentState.GIVING_BACK
        case PaymentStatus.PAID:
            partly = given_back or rungs & _PARTLY_TAKEN
            return PaymentState.PARTLY_GIVEN_BACK if partly else PaymentState.PAID
    return _not_paid(order, rungs, given_back, claimed=claimed, overdue=deadline <= now)


def _not_paid(
    order: Order, rungs: Collection[Rung], given_back: Rupiah, *, claimed: bool, overdue: bool
) -> PaymentState:
    if _IN_REVIEW & set(rungs):
        return PaymentState.IN_REVIEW
    if claimed:
        return PaymentState.CONFIRMING
    if order.status is PaymentStatus.PENDING:
        return PaymentState.OVERDUE if overdue else PaymentState.PENDING
    return PaymentState.GIVEN_BACK if given_back else PaymentState.FAILED
