"""Orders and the tokens asked for them."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import or_, select, text, tuple_, update

from tuntas.domain.money import Rupiah
from tuntas.domain.orders import OrderKind
from tuntas.store.database import UnitOfWork, storable
from tuntas.store.direct import Statements
from tuntas.store.locks import Lock, take
from tuntas.store.models import DomainGrant, Invitation, Order, Package, Transaction
from tuntas.store.seen import columns, seen

_OWNED = text(f"""
    select {columns(Order)}, {columns(Invitation)}, {columns(Package)}
    from orders join invitations on invitations.id = orders.invitation_id
    join packages on packages.id = invitations.package_id
    where orders.order_id = cast(:order_id as text)
        and invitations.owner_id = cast(:owner_id as bigint)""")  # noqa: S608  names of columns
_NEWEST_OF_EACH = text(f"""
    select {columns(Order)}, {columns(Invitation)}
    from invitations cross join lateral (
        select * from orders mine where mine.invitation_id = invitations.id
        order by mine.created_at desc, mine.order_id desc limit :limit
    ) orders
    where invitations.owner_id = cast(:owner_id as bigint) and invitations.id = any(cast(:ids as bigint[]))
    order by orders.created_at desc, orders.order_id desc""")  # noqa: S608  names of columns
_NEWEST_ORDER = text(f"""
    select {columns(Order)} from orders where invitation_id = cast(:invitation_id as bigint)
    order by created_at desc, order_id desc limit 1""")  # noqa: S608  names of columns
_MADE_WITH = (
    "order_id", "invitation_id", "kind", "gross_amount", "days", "status", "created_at", "expires_at",
    "asking_until", "next_check_at",
)  # fmt: skip
_ADD = text(f"""
    insert into orders ({", ".join(_MADE_WITH)}) values ({", ".join(f":{name}" for name in _MADE_WITH)})
    """)  # noqa: S608  names of columns
_BEGIN_LEASE = text("update orders set asking_until = :until where order_id = :order_id")
_KEEP_TOKEN = text("""
    update orders set snap_token = :token, redirect_url = :redirect_url, finish_url = :finish_url,
        asking_until = null
    where order_id = :order_id""")
_ATTEMPTS_TOLD = text("select transaction_status from transactions where order_id = :order_id")
_NEWEST = text("""
    select distinct on (invitation_id) invitation_id, order_id from orders
    where invitation_id = any(cast(:ids as bigint[]))
    order by invitation_id, created_at desc, order_id desc""")

ORDERS_LOOKED_AT = 50
"""Of one invitation, newest first, wherever its orders are looked at together."""


async def newest_order(session: Statements, invitation_id: int) -> Order | None:
    """For looking only."""
    found = await session.execute(_NEWEST_ORDER, {"invitation_id": invitation_id})
    return next((seen(Order, row) for row in found), None)


async def add(session: Statements, order: Order) -> None:
    """Store a new order, for which its maker asks Midtrans until `asking_until`."""
    await session.execute(_ADD, {name: getattr(order, name) for name in _MADE_WITH})


async def begin_lease(session: Statements, order_id: str, *, until: datetime) -> None:
    """From now on whoever calls asks for the token of this order, of an invitation that is locked."""
    await session.execute(_BEGIN_LEASE, {"order_id": order_id, "until": until})


async def keep_token(
    session: Statements, order_id: str, *, token: str, redirect_url: str, finish_url: str | None
) -> None:
    """Write down what Midtrans gave for this order, and end the lease."""
    take(session, Lock.ORDER)
    values = {"order_id": order_id, "token": token, "redirect_url": redirect_url, "finish_url": finish_url}
    await session.execute(_KEEP_TOKEN, values)


async def attempts_told(session: Statements, order_id: str) -> set[str]:
    """Midtrans's words for how the attempts to pay this order stand."""
    return set((await session.scalars(_ATTEMPTS_TOLD, {"order_id": order_id})).all())


async def newest_order_ids(session: Statements, invitation_ids: Iterable[int]) -> dict[int, str]:
    """The newest order id of each invitation that has one."""
    found = await session.execute(_NEWEST, {"ids": list(invitation_ids)})
    return {row.invitation_id: row.order_id for row in found}


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


async def owned_order(session: Statements, owner_id: int, order_id: str) -> tuple[Order, Invitation] | None:
    """The owner's order, for looking only."""
    if not storable(order_id):
        return None
    for row in await session.execute(_OWNED, {"owner_id": owner_id, "order_id": order_id}):
        return seen(Order, row), seen(Invitation, row, package=seen(Package, row))
    return None


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
    session: Statements, owner_id: int, invitation_ids: Collection[int]
) -> Sequence[tuple[Order, Invitation]]:
    """The newest orders of each of these invitations, as far as they are the owner's; newest first.

    For looking only.
    """
    values = {"owner_id": owner_id, "ids": list(invitation_ids), "limit": ORDERS_LOOKED_AT}
    return [
        (seen(Order, row), seen(Invitation, row)) for row in await session.execute(_NEWEST_OF_EACH, values)
    ]


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
