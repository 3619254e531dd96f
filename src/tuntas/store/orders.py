"""Orders and the tokens asked for them."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import or_, select, true, tuple_, update
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import aliased

from tuntas.domain.money import Rupiah
from tuntas.domain.orders import OrderKind
from tuntas.store.database import UnitOfWork, storable
from tuntas.store.locks import Lock, take
from tuntas.store.models import DomainGrant, Invitation, Order, Transaction

ORDERS_LOOKED_AT = 50
"""Of one invitation, newest first, wherever its orders are looked at together."""


async def newest_order(session: UnitOfWork, invitation_id: int) -> Order | None:
    query = (
        select(Order)
        .where(Order.invitation_id == invitation_id)
        .order_by(Order.created_at.desc(), Order.order_id.desc())
        .limit(1)
    )
    return (await session.scalars(query)).one_or_none()


async def newest_order_ids(session: UnitOfWork, invitation_ids: Iterable[int]) -> dict[int, str]:
    """The newest order id of each invitation that has one."""
    query = (
        select(Order.invitation_id, Order.order_id)
        .where(Order.invitation_id.in_(list(invitation_ids)))
        .ext(distinct_on(Order.invitation_id))
        .order_by(Order.invitation_id, Order.created_at.desc(), Order.order_id.desc())
    )
    return dict((await session.execute(query)).all())


async def order(session: UnitOfWork, order_id: str) -> Order | None:
    return await session.get(Order, order_id)


async def locked_order(session: UnitOfWork, order_id: str) -> Order:
    """An order known to exist, locked until the transaction ends."""
    take(session, Lock.ORDER)
    return await session.get_one(Order, order_id, with_for_update=True)


async def end_lease(session: UnitOfWork, invitation_id: int, *, until: datetime) -> None:
    """Let somebody else ask for the token of this invitation's order; only the lease that ends then."""
    await session.execute(
        update(Order)
        .where(Order.invitation_id == invitation_id, Order.asking_until == until)
        .values(asking_until=None)
    )


async def owned_order(session: UnitOfWork, owner_id: int, order_id: str) -> tuple[Order, Invitation] | None:
    if not storable(order_id):
        return None
    query = (
        select(Order, Invitation)
        .join(Invitation, Invitation.id == Order.invitation_id)
        .where(Order.order_id == order_id, Invitation.owner_id == owner_id)
    )
    return (await session.execute(query)).one_or_none()


async def owned_orders(
    session: UnitOfWork, owner_id: int, *, after: Order | None, limit: int
) -> Sequence[tuple[Order, Invitation]]:
    """Newest first, continuing behind the order `after`."""
    query = (
        select(Order, Invitation)
        .join(Invitation, Invitation.id == Order.invitation_id)
        .where(Invitation.owner_id == owner_id)
        .order_by(Order.created_at.desc(), Order.order_id.desc())
        .limit(limit)
    )
    if after is not None:
        query = query.where(tuple_(Order.created_at, Order.order_id) < (after.created_at, after.order_id))
    return [(order, invitation) for order, invitation in await session.execute(query)]


async def owned_orders_for(
    session: UnitOfWork, owner_id: int, invitation_ids: Collection[int]
) -> Sequence[tuple[Order, Invitation]]:
    """The newest orders of each of these invitations, as far as they are the owner's; newest first."""
    newest = (
        select(Order)
        .where(Order.invitation_id == Invitation.id)
        .order_by(Order.created_at.desc(), Order.order_id.desc())
        .limit(ORDERS_LOOKED_AT)
        .lateral()
    )
    looked_at = aliased(Order, newest)
    query = (
        select(looked_at, Invitation)
        .select_from(Invitation)
        .join(newest, true())
        .where(Invitation.owner_id == owner_id, Invitation.id.in_(invitation_ids))
        .order_by(looked_at.created_at.desc(), looked_at.order_id.desc())
    )
    return [(order, invitation) for order, invitation in await session.execute(query)]


async def owned_order_named(session: UnitOfWork, owner_id: int, name: str) -> str | None:
    """The owner's order that has this id, or that this transaction pays."""
    if not storable(name):
        return None
    paid_by = select(Transaction.order_id).where(Transaction.transaction_id == name)
    query = (
        select(Order.order_id)
        .join(Invitation, Invitation.id == Order.invitation_id)
        .where(
            or_(Order.order_id == name, Order.order_id.in_(paid_by)),
            Invitation.owner_id == owner_id,
        )
        .order_by(Order.order_id)
        .limit(1)
    )
    return (await session.scalars(query)).one_or_none()


async def order_with_invitation(session: UnitOfWork, order_id: str) -> tuple[Order, Invitation] | None:
    """For who may see it without being the owner."""
    query = (
        select(Order, Invitation)
        .join(Invitation, Invitation.id == Order.invitation_id)
        .where(Order.order_id == order_id)
    )
    return (await session.execute(query)).one_or_none()


async def existing(session: UnitOfWork, order_id: str) -> Order:
    """An order known to exist, as it stands now."""
    return await session.get_one(Order, order_id, populate_existing=True)


async def lock_with_invitation(session: UnitOfWork, order_id: str) -> Order | None:
    """An order under its invitation's lock, the one that `apply_facts` takes first too."""
    take(session, Lock.INVITATION)
    owner = select(Order.invitation_id).where(Order.order_id == order_id).scalar_subquery()
    await session.execute(select(Invitation.id).where(Invitation.id == owner).with_for_update())
    return await session.get(Order, order_id, populate_existing=True)


async def may_ask(session: UnitOfWork, order_id: str, *, now: datetime, pause: timedelta) -> bool:
    """Whether the last question asked by the customer is long enough ago; if so, this one counts."""
    statement = (
        update(Order)
        .where(
            Order.order_id == order_id,
            or_(Order.asked_by_customer_at.is_(None), Order.asked_by_customer_at <= now - pause),
        )
        .values(asked_by_customer_at=now)
        .returning(Order.order_id)
    )
    return (await session.scalars(statement)).one_or_none() is not None


async def take_due(session: UnitOfWork, *, now: datetime, lease_until: datetime, limit: int) -> Sequence[str]:
    """Order ids whose time to be asked about has come, longest waiting first; nobody else gets them now."""
    due = (
        select(Order.order_id)
        .where(Order.next_check_at <= now)
        .order_by(Order.next_check_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    order_ids = (await session.scalars(due)).all()
    await session.execute(
        update(Order).where(Order.order_id.in_(order_ids)).values(next_check_at=lease_until)
    )
    return order_ids


async def give_back(session: UnitOfWork, order_ids: Iterable[str], *, at: datetime) -> None:
    """End the lease of orders that were taken and not asked about."""
    await session.execute(update(Order).where(Order.order_id.in_(list(order_ids))).values(next_check_at=at))


async def count_failure(session: UnitOfWork, order_id: str) -> int:
    """How often in a row asking about this order has gone wrong, this time included."""
    statement = (
        update(Order)
        .where(Order.order_id == order_id)
        .values(check_failures=Order.check_failures + 1)
        .returning(Order.check_failures)
    )
    return (await session.scalars(statement)).one()


async def check_soon(session: UnitOfWork, order_id: str, *, at: datetime) -> None:
    """Have reconciliation ask about this order next."""
    await session.execute(update(Order).where(Order.order_id == order_id).values(next_check_at=at))


async def older_than(
    session: UnitOfWork, before: datetime, *, after: tuple[datetime, str] | None, limit: int
) -> Sequence[Order]:
    """Orders made before a moment, oldest first, continuing behind `after`."""
    query = select(Order).where(Order.created_at <= before)
    if after is not None:
        query = query.where(tuple_(Order.created_at, Order.order_id) > after)
    return (await session.scalars(query.order_by(Order.created_at, Order.order_id).limit(limit))).all()


async def recent(session: UnitOfWork, *, status: str | None, limit: int) -> Sequence[Order]:
    """Newest first."""
    query = select(Order)
    if status is not None:
        query = query.where(Order.status == status)
    query = query.order_by(Order.created_at.desc(), Order.order_id.desc()).limit(limit)
    return (await session.scalars(query)).all()


async def close(session: UnitOfWork, order_id: str) -> None:
    """It can no longer be paid; what follows for its status is recounted by the caller."""
    await session.execute(update(Order).where(Order.order_id == order_id).values(closed=True))


async def accept_amount(session: UnitOfWork, order_id: str, amount: Rupiah) -> None:
    """A person accepted this amount in place of the price: strays of it become ordinary attempts."""
    await session.execute(update(Order).where(Order.order_id == order_id).values(accepted_amount=amount))


async def make_renewal(session: UnitOfWork, order_id: str) -> None:
    """A person decided that this second payment buys more time."""
    await session.execute(update(Order).where(Order.order_id == order_id).values(kind=OrderKind.RENEWAL))


async def end_paid_time(session: UnitOfWork, order_id: str, *, because: str) -> None:
    """From now on this order buys no time; the caller recomputes what follows."""
    await session.execute(
        update(Order).where(Order.order_id == order_id).values(paid_time_ended_because=because)
    )


async def transactions_of(session: UnitOfWork, order_id: str) -> Sequence[Transaction]:
    """The attempts to pay this order, newest first."""
    query = (
        select(Transaction)
        .where(Transaction.order_id == order_id)
        .order_by(Transaction.first_heard_at.desc(), Transaction.transaction_id)
    )
    return (await session.scalars(query)).all()


async def grant_of(session: UnitOfWork, order_id: str) -> DomainGrant | None:
    """The paid time this order bought, if it stands."""
    return await session.get(DomainGrant, order_id)
