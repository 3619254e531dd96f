"""Invitations and payments as the templates show them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Self

from tuntas.domain.how_to_pay import HowToPay
from tuntas.domain.ladder import PaymentStatus
from tuntas.domain.standing import HELD_UP, PAYABLE, PaymentState
from tuntas.language import Language
from tuntas.usecases.invitations import InvitationView
from tuntas.usecases.packages import offer_of
from tuntas.usecases.payments import Payment

_LOOKS = {
    PaymentState.OVERDUE: "pending",
    PaymentState.CONFIRMING: "pending",
    PaymentState.IN_REVIEW: "pending",
    PaymentState.PAID_TWICE: "paid",
    PaymentState.GIVING_BACK: "refunded",
    PaymentState.GIVEN_BACK: "refunded",
    PaymentState.PARTLY_GIVEN_BACK: "paid",
}
"""The colour and picture of a state that has no own."""
_GOES_BACK = frozenset({PaymentState.GIVING_BACK, PaymentState.GIVEN_BACK})
_TELLING = HELD_UP | _GOES_BACK | {PaymentState.PARTLY_GIVEN_BACK}
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
    telling: Payment | None
    """The one whose money is held up, or went back."""
    asks_for_money: bool
    """Whether paying, or paying for more time, is offered: not while money is held up, or goes back."""

    @classmethod
    def of(cls, view: InvitationView, language: Language, payments: Sequence[Payment] = ()) -> Self:
        """`payments` are the invitation's own, newest first."""
        found = view.invitation
        held_up = next((payment for payment in payments if payment.state in HELD_UP), None)
        newest = payments[0] if payments else None
        state = _state(view, held_up or newest)
        return cls(
            id=found.id,
            domain=found.domain,
            domain_state=view.domain_state,
            url=f"/i/{found.domain}",
            title=found.title,
            event_date=found.event_date,
            venue=found.venue,
            package=offer_of(found.package, language).name,
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
            asks_for_money=held_up is None and not (view.live and _goes_back(newest)),
        )


def _goes_back(newest: Payment | None) -> bool:
    return newest is not None and newest.state in _GOES_BACK


def _state(view: InvitationView, payment: Payment | None) -> str:
    if view.live:
        return "live"
    if payment is not None and payment.state in HELD_UP:
        return payment.state
    if view.invitation.payment_status == PaymentStatus.PAID:
        return "expired"
    return payment.state if payment is not None else view.invitation.payment_status


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
    store: str | None
    how: HowToPay
    """What is needed to pay now; nothing once nothing is due."""
    hosted_page: str | None
    """Midtrans's own page, while it takes a payment of this order."""
    invitation: InvitationCard

    @classmethod
    def of(cls, payment: Payment, language: Language) -> Self:
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
            store=payment.attempt.how_to_pay.store if payment.attempt else None,
            how=payment.how_to_pay,
            hosted_page=payment.hosted_page,
            invitation=InvitationCard.of(payment.invitation, language),
        )
