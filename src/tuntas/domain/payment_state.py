"""What the customer is told about a payment: one word for each state that their money can be in."""

from collections.abc import Iterable
from enum import StrEnum

from tuntas.domain.ladder import PaymentStatus, Rung
from tuntas.domain.money import Rupiah
from tuntas.domain.orders import Order
from tuntas.domain.unapplied import UnappliedPayment, Why


class PaymentState(StrEnum):
    PENDING = "pending"
    """Nothing came in yet. With `failed` the only state in which there is something to pay."""
    AWAITING_CONFIRMATION = "awaiting_confirmation"
    """A notification says that money came in; Midtrans is asked before it counts."""
    IN_REVIEW = "in_review"
    """The card is charged or reserved, and the bank or the fraud desk decides."""
    PAID = "paid"
    PAID_TWICE = "paid_twice"
    """This money bought nothing, because other money had paid for the same: a person gives it back."""
    OTHER_AMOUNT = "other_amount"
    """Money came in that is not the price: a person decides."""
    PARTLY_GIVEN_BACK = "partly_given_back"
    GIVEN_BACK = "given_back"
    """All of it: refunded, charged back, or voided before it settled."""
    FAILED = "failed"


_IN_REVIEW = {Rung.AUTHORIZE, Rung.CHALLENGE}
_PARTLY = {Rung.PARTIAL_REFUND, Rung.PARTIAL_CHARGEBACK}


def payment_state(
    order: Order, *, unapplied: Iterable[UnappliedPayment], given_back: Rupiah, claimed: bool
) -> PaymentState:
    """What waits for a person comes first, then what went back, then what is still open.

    `unapplied` is money of this order that bought nothing, `given_back` what the customer has got back, and
    `claimed` whether a notification that nobody has confirmed yet says that money is in.
    """
    waits = {payment.why for payment in unapplied if payment.waits}
    if waits:
        return PaymentState.OTHER_AMOUNT if waits == {Why.OTHER_AMOUNT} else PaymentState.PAID_TWICE
    rungs = {attempt.rung for attempt in order.transactions}
    if order.status is PaymentStatus.REFUNDED:
        return PaymentState.GIVEN_BACK
    if order.status is PaymentStatus.PAID:
        return PaymentState.PARTLY_GIVEN_BACK if given_back or rungs & _PARTLY else PaymentState.PAID
    if rungs & _IN_REVIEW or claimed:
        return PaymentState.IN_REVIEW if rungs & _IN_REVIEW else PaymentState.AWAITING_CONFIRMATION
    if order.status is PaymentStatus.FAILED:
        return PaymentState.GIVEN_BACK if given_back else PaymentState.FAILED
    return PaymentState.PENDING
