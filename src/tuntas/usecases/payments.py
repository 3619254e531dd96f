"""How one order stands, for its owner."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tuntas.domain.money import Rupiah
from tuntas.domain.standing import PaymentState
from tuntas.store import inbox, orders, refunds
from tuntas.store.models import DomainGrant, Order, Refund, Transaction
from tuntas.usecases.backend import Backend
from tuntas.usecases.errors import OrderNotFound
from tuntas.usecases.invitations import InvitationView, is_live
from tuntas.usecases.standings import deadline_of, state_of


@dataclass(frozen=True, slots=True)
class Payment:
    order: Order
    state: PaymentState
    deadline: datetime
    """The newest waiting attempt's own, else the payment page's."""
    invitation: InvitationView
    payment_type: str | None
    bank: str | None
    va_number: str | None
    """Where to transfer to, when the newest attempt is a virtual account."""
    confirmed_at: datetime | None
    """When this order was paid; None while it is not."""
    refunded_amount: Rupiah
    """What the customer has got back, or is about to."""


async def payment(backend: Backend, owner_id: int, order_id: str) -> Payment:
    """Raises OrderNotFound, also for somebody else's."""
    async with backend.database.transaction() as session:
        found = await orders.owned_order(session, owner_id, order_id)
        if found is None:
            raise OrderNotFound
        order, invitation = found
        attempts = await orders.transactions_of(session, order_id)
        grant = await orders.grant_of(session, order_id)
        returned = await refunds.given_back(session, [order_id])
        claimed = order_id in await inbox.claimed_paid(session, [order_id])
    now = backend.clock.now()
    newest = attempts[0] if attempts else None
    return Payment(
        order=order,
        state=state_of(
            order,
            attempts,
            granted=grant is not None,
            given_back=returned.get(order_id, Rupiah(0)),
            claimed=claimed,
            now=now,
        ),
        deadline=deadline_of(order, attempts),
        invitation=InvitationView(invitation, order_id, live=is_live(invitation, now)),
        payment_type=newest.payment_type if newest else None,
        bank=newest.bank if newest else None,
        va_number=newest.va_number if newest else None,
        confirmed_at=grant.paid_at if grant else None,
        refunded_amount=returned.get(order_id, Rupiah(0)),
    )


async def newest_payment(backend: Backend, owner_id: int) -> Payment | None:
    """The payment of the owner's newest order, or None before the first."""
    async with backend.database.transaction() as session:
        order_id = await orders.newest_owned_order_id(session, owner_id)
    return None if order_id is None else await payment(backend, owner_id, order_id)


@dataclass(frozen=True, slots=True)
class Attempt:
    """The newest attempt to pay an order; the order's own amount when there was none yet."""

    gross_amount: Rupiah
    transaction_id: str | None
    payment_type: str | None
    transaction_time: datetime | None


async def newest_attempt(backend: Backend, order_id: str) -> Attempt | None:
    """For tools on this machine; None for an unknown order."""
    async with backend.database.transaction() as session:
        order = await orders.order(session, order_id)
        if order is None:
            return None
        attempts = await orders.transactions_of(session, order_id)
    newest = attempts[0] if attempts else None
    return Attempt(
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
