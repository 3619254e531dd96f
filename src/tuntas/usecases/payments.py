"""How orders stand, for their owner and for the people who look after the shop."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from tuntas.domain.grants import Entitlement, entitle
from tuntas.domain.how_to_pay import NOTHING_TOLD, HowToPay
from tuntas.domain.ladder import PaymentStatus, Rung
from tuntas.domain.money import Rupiah
from tuntas.domain.refunds import GIVEN_BACK, RefundState, WayBack
from tuntas.domain.standing import HELD_UP, PAYABLE, PaymentState, standing
from tuntas.domain.transactions import Transaction as Attempt
from tuntas.domain.unapplied import unapplied_payments
from tuntas.store import inbox, orders, refunds
from tuntas.store.books import Book, read_books
from tuntas.store.direct import Statements
from tuntas.store.models import DomainGrant, Invitation, Order, Refund, Transaction
from tuntas.usecases.backend import Backend
from tuntas.usecases.errors import OrderNotFound
from tuntas.usecases.invitations import InvitationView, is_live

PAGE_MAX = 100
"""Payments handed out at once."""
_UNPAID = {PaymentStatus.PENDING, PaymentStatus.FAILED}
_PAGE_WORKS = {Rung.PENDING, Rung.DENY}
"""While no attempt has come further than this, Midtrans's page for the order takes another."""


@dataclass(frozen=True, slots=True)
class GivenBack:
    """Money of a payment that the customer has got back, or is about to."""

    amount: Rupiah
    way: WayBack
    at: datetime
    confirmed: bool
    """Whether the bank, or the person who transferred it, has said that it arrived."""


@dataclass(frozen=True, slots=True)
class Payment:
    """One order as its owner sees it."""

    order: Order
    invitation: InvitationView
    state: PaymentState
    attempt: Attempt | None
    """The attempt that decides how the order stands: what was paid with, or is to be paid; None before the
    customer chose a method."""
    hosted_page: str | None
    """Midtrans's own page for this order while it can be paid there: the way on where `how_to_pay` tells
    nothing."""
    deadline: datetime
    """The last moment of what the customer chose; while nothing waits, of the payment page."""
    confirmed_at: datetime | None
    """When this order was paid; None while it is not."""
    given_back: tuple[GivenBack, ...]
    """Oldest first."""

    @property
    def payment_type(self) -> str | None:
        return self.attempt.payment_type if self.attempt else None

    @property
    def bank(self) -> str | None:
        """Of a virtual account, in small letters; also after it was paid."""
        return self.attempt.how_to_pay.bank if self.attempt else None

    @property
    def va_number(self) -> str | None:
        return self.attempt.how_to_pay.va_number if self.attempt else None

    @property
    def how_to_pay(self) -> HowToPay:
        """What the customer needs to finish the attempt that waits for their money; else nothing."""
        if self.attempt is None or self.state is not PaymentState.PENDING:
            return NOTHING_TOLD
        return self.attempt.how_to_pay

    @property
    def refunded_amount(self) -> Rupiah:
        return Rupiah(sum(part.amount for part in self.given_back))


@dataclass(frozen=True, slots=True)
class PaymentPage:
    """Some of an owner's payments, newest first, and whether there are older ones."""

    payments: list[Payment]
    more: bool


async def payment(backend: Backend, owner_id: int, order_id: str) -> Payment:
    """Raises OrderNotFound, also for somebody else's."""
    async with backend.database.looking() as session:
        found = await orders.owned_order(session, owner_id, order_id)
        if found is None:
            raise OrderNotFound
        (seen,) = await _as_seen(session, backend, [found])
        return seen


async def payments_of(backend: Backend, owner_id: int, *, before: str | None, limit: int) -> PaymentPage:
    """The owner's payments older than the order `before`. Raises OrderNotFound when that is not theirs."""
    async with backend.database.reading() as session:
        last = None
        if before is not None:
            last = await orders.owned_order(session, owner_id, before)
            if last is None:
                raise OrderNotFound
        page = min(limit, PAGE_MAX)
        found = await orders.owned_orders(session, owner_id, after=last and last[0], limit=page + 1)
        return PaymentPage(await _as_seen(session, backend, found[:page]), more=len(found) > page)


async def payments_for(
    backend: Backend, owner_id: int, invitation_ids: Collection[int]
) -> Mapping[int, list[Payment]]:
    """The newest payments of each of these invitations, newest first; at most `ORDERS_LOOKED_AT` of each."""
    async with backend.database.transaction() as session:
        found = await orders.owned_orders_for(session, owner_id, invitation_ids)
        seen = await _as_seen(session, backend, found)
    told: dict[int, list[Payment]] = defaultdict(list)
    for payment in seen:
        told[payment.order.invitation_id].append(payment)
    return told


async def money_is_held_up(session: Statements, backend: Backend, invitation: Invitation) -> bool:
    """Whether money for it is on its way or in, and undecided: whoever pays once more now has paid twice."""
    found = await orders.owned_orders_for(session, invitation.owner_id, [invitation.id])
    if not found:
        return False
    return any(payment.state in HELD_UP for payment in await _as_seen(session, backend, found))


async def newest_payment(backend: Backend, owner_id: int) -> Payment | None:
    """The payment of the owner's newest order, or None before the first."""
    newest = await payments_of(backend, owner_id, before=None, limit=1)
    return newest.payments[0] if newest.payments else None


async def own_order(backend: Backend, owner_id: int, name: str) -> str | None:
    """The id of the owner's order of this id, or that the transaction of this id pays; None for others'."""
    async with backend.database.reading() as session:
        return await orders.owned_order_named(session, owner_id, name)


async def payment_by_pass(backend: Backend, order_id: str) -> Payment | None:
    """For whoever holds the order's return pass: show nothing personal of it."""
    async with backend.database.reading() as session:
        found = await orders.order_with_invitation(session, order_id)
        return (await _as_seen(session, backend, [found]))[0] if found else None


async def _as_seen(
    session: Statements, backend: Backend, found: Sequence[tuple[Order, Invitation]]
) -> list[Payment]:
    """The same number of queries, however many there are."""
    now = backend.clock.now()
    books = await read_books(session, [invitation.id for _, invitation in found])
    order_ids = [order.order_id for order, _ in found]
    go_back = await refunds.that_go_back(session, order_ids)
    unpaid = [order.order_id for order, _ in found if order.status in _UNPAID]
    claimed = await inbox.claimed_paid(session, unpaid) if unpaid else set()
    revokes = backend.settings.tuntas_refund_revokes_domain
    entitled = {book.invitation_id: entitle(book.orders, refund_revokes=revokes) for book in books}
    of = {book.invitation_id: book for book in books}
    return [
        _seen(
            order,
            invitation,
            of[invitation.id],
            entitled[invitation.id],
            go_back=go_back[order.order_id],
            claimed=order.order_id in claimed,
            now=now,
        )
        for order, invitation in found
    ]


def _seen(
    row: Order,
    invitation: Invitation,
    book: Book,
    entitlement: Entitlement,
    *,
    go_back: Sequence[Refund],
    claimed: bool,
    now: datetime,
) -> Payment:
    order = book.order(row.order_id)
    given_back = tuple(
        GivenBack(
            amount=Rupiah(part.amount),
            way=WayBack(part.way),
            at=part.bank_confirmed_at or part.created_at,
            confirmed=part.state == RefundState.CONFIRMED,
        )
        for part in go_back
        if part.state in GIVEN_BACK
    )
    attempt = order.deciding_attempt
    waits = attempt is not None and attempt.rung is Rung.PENDING
    deadline = (attempt.payable_until if attempt and waits else None) or row.expires_at
    state = standing(
        order,
        unapplied=[
            each
            for each in unapplied_payments(book.orders, entitlement)
            if each.transaction.order_id == order.order_id
        ],
        given_back=Rupiah(sum(part.amount for part in given_back)),
        giving_back=any(part.state == RefundState.REQUESTED for part in go_back),
        claimed=claimed,
        deadline=deadline,
        now=now,
    )
    payable = (
        state in PAYABLE
        and {attempt.rung for attempt in order.transactions} <= _PAGE_WORKS
        and not order.closed
        and now < row.expires_at
    )
    return Payment(
        order=row,
        invitation=InvitationView(invitation, row.order_id, live=is_live(invitation, now)),
        state=state,
        attempt=attempt,
        hosted_page=row.redirect_url if payable else None,
        deadline=deadline,
        confirmed_at=next(
            (grant.paid_at for grant in entitlement.grants if grant.order_id == order.order_id), None
        ),
        given_back=given_back,
    )


@dataclass(frozen=True, slots=True)
class NewestAttempt:
    """The newest attempt to pay an order; the order's own amount when there was none yet."""

    gross_amount: Rupiah
    transaction_id: str | None
    payment_type: str | None
    transaction_time: datetime | None


async def newest_attempt(backend: Backend, order_id: str) -> NewestAttempt | None:
    """For tools on this machine; None for an unknown order."""
    async with backend.database.transaction() as session:
        order = await orders.order(session, order_id)
        if order is None:
            return None
        attempts = await orders.transactions_of(session, order_id)
    newest = attempts[0] if attempts else None
    return NewestAttempt(
        gross_amount=Rupiah(order.gross_amount),
        transaction_id=newest.transaction_id if newest else None,
        payment_type=newest.payment_type if newest else None,
        transaction_time=newest.transaction_time if newest else None,
    )


@dataclass(frozen=True, slots=True)
class OrderBook:
    """One order with everything that hangs on it, for people who look after the shop."""

    order: Order
    attempts: Sequence[Transaction]
    refunds: Sequence[Refund]
    refunded_amount: Rupiah
    grant: DomainGrant | None


async def order_book(backend: Backend, order_id: str) -> OrderBook | None:
    """None for an unknown order."""
    async with backend.database.transaction() as session:
        order = await orders.order(session, order_id)
        if order is None:
            return None
        returned = await refunds.given_back(session, [order_id])
        return OrderBook(
            order,
            await orders.transactions_of(session, order_id),
            await refunds.of_order(session, order_id),
            returned.get(order_id, Rupiah(0)),
            await orders.grant_of(session, order_id),
        )


@dataclass(frozen=True, slots=True)
class OrderLine:
    order: Order
    refunded_amount: Rupiah


async def recent_orders(backend: Backend, *, status: str | None, limit: int) -> list[OrderLine]:
    """Newest first."""
    async with backend.database.transaction() as session:
        found = await orders.recent(session, status=status, limit=limit)
        returned = await refunds.given_back(session, [order.order_id for order in found])
    return [OrderLine(order, returned.get(order.order_id, Rupiah(0))) for order in found]
