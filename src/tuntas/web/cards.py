"""Invitations and payments as the templates show them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Self

from tuntas.domain.ladder import PaymentStatus
from tuntas.domain.standing import HELD_UP, PAYABLE, PaymentState
from tuntas.usecases.invitations import InvitationView
from tuntas.usecases.payments import Payment
from tuntas.usecases.standings import OrderStanding

_LOOKS = {
    PaymentState.OVERDUE: "pending",
    PaymentState.CONFIRMING: "pending",
    PaymentState.IN_REVIEW: "pending",
    PaymentState.PAID_TWICE: "paid",
    PaymentState.GIVEN_BACK: "refunded",
    PaymentState.PARTLY_GIVEN_BACK: "paid",
}
"""The colour and picture of a state that has no own."""
_TELLING = HELD_UP | {PaymentState.GIVEN_BACK, PaymentState.PARTLY_GIVEN_BACK}
"""What is told beside an invitation that is live or was: its own word says nothing about the money."""


def look_of(state: str) -> str:
    return next((look for known, look in _LOOKS.items() if known == state), state)


@dataclass(frozen=True, slots=True)
class InvitationCard:
    """An invitation, and what its owner should know of its payments."""

    id: int
    domain: str
    domain_state: str
    url: str
    title: str | None
    event_date: date | None
    venue: str | None
    package: str
    price: int
    days: int
    payment_status: str
    payment_confirmed_at: datetime | None
    domain_expires_at: datetime | None
    live: bool
    order_id: str | None
    state: str
    """`live`, `expired`, `unpaid`, or how its payment stands."""
    look: str
    deadline: datetime | None
    """Until when the newest order can be paid, while it waits."""
    telling: OrderStanding | None
    """The order whose money is held up, or went back."""
    asks_for_money: bool
    """Whether paying, or paying for more time, is the customer's to do: not while money is held up."""

    @classmethod
    def of(cls, view: InvitationView, orders: Sequence[OrderStanding] = ()) -> Self:
        """`orders` are the invitation's own, newest first."""
        found = view.invitation
        held_up = next((order for order in orders if order.state in HELD_UP), None)
        newest = orders[0] if orders else None
        state = _state(view, held_up or newest)
        return cls(
            id=found.id,
            domain=found.domain,
            domain_state=view.domain_state,
            url=f"/i/{found.domain}",
            title=found.title,
            event_date=found.event_date,
            venue=found.venue,
            package=found.package.name,
            price=found.price,
            days=found.days,
            payment_status=found.payment_status,
            payment_confirmed_at=found.payment_confirmed_at,
            domain_expires_at=found.domain_expires_at,
            live=view.live,
            order_id=view.order_id,
            state=state,
            look=look_of(state),
            deadline=newest.deadline if newest and newest.state is PaymentState.PENDING else None,
            telling=held_up or (newest if newest and newest.state in _TELLING else None),
            asks_for_money=held_up is None,
        )


def _state(view: InvitationView, order: OrderStanding | None) -> str:
    if view.live:
        return "live"
    if order is not None and order.state in HELD_UP:
        return order.state
    if view.invitation.payment_status == PaymentStatus.PAID:
        return "expired"
    return order.state if order is not None else view.invitation.payment_status


@dataclass(frozen=True, slots=True)
class PaymentCard:
    """A payment as its owner sees it."""

    order_id: str
    status: str
    state: str
    look: str
    payable: bool
    gross_amount: int
    refunded_amount: int
    deadline: datetime
    confirmed_at: datetime | None
    payment_type: str | None
    bank: str | None
    va_number: str | None
    invitation: InvitationCard

    @classmethod
    def of(cls, payment: Payment) -> Self:
        return cls(
            order_id=payment.order.order_id,
            status=payment.order.status,
            state=payment.state,
            look=look_of(payment.state),
            payable=payment.state in PAYABLE,
            gross_amount=payment.order.gross_amount,
            refunded_amount=payment.refunded_amount,
            deadline=payment.deadline,
            confirmed_at=payment.confirmed_at,
            payment_type=payment.payment_type,
            bank=payment.bank,
            va_number=payment.va_number,
            invitation=InvitationCard.of(payment.invitation),
        )
