"""Orders and the tokens asked for them."""

from collections.abc import Iterable, Sequence

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on

from tuntas.store.database import UnitOfWork, storable
from tuntas.store.models import DomainGrant, Invitation, Order, Transaction


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
    return await session.get_one(Order, order_id, with_for_update=True)


async def owned_order(session: UnitOfWork, owner_id: int, order_id: str) -> tuple[Order, Invitation] | None:
    if not storable(order_id):
        return None
    query = (
        select(Order, Invitation)
        .join(Invitation, Invitation.id == Order.invitation_id)
        .where(Order.order_id == order_id, Invitation.owner_id == owner_id)
    )
    return (await session.execute(query)).one_or_none()


async def newest_owned_order_id(session: UnitOfWork, owner_id: int) -> str | None:
    query = (
        select(Order.order_id)
        .join(Invitation, Invitation.id == Order.invitation_id)
        .where(Invitation.owner_id == owner_id)
        .order_by(Order.created_at.desc(), Order.order_id.desc())
        .limit(1)
    )
    return (await session.scalars(query)).one_or_none()


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
