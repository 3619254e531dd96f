"""The invitations bought, and their names."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, or_, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from tuntas.store.database import UnitOfWork, storable
from tuntas.store.direct import Statements
from tuntas.store.locks import Lock, take
from tuntas.store.models import Invitation, Order, Package, Transaction, User
from tuntas.store.seen import columns, seen

_BEHIND_ALL = 2**63 - 1
_SEEN = f"""
    select {columns(Invitation)}, {columns(Package)}
    from invitations join packages on packages.id = invitations.package_id
    where invitations.owner_id = cast(:owner_id as bigint)"""  # noqa: S608  names of columns
_OWNED = text(f"{_SEEN} and invitations.id = cast(:id as bigint)")
_LOCK = text(f"{_OWNED.text} for update of invitations")
_OF_OWNER = text(f"""{_SEEN} and invitations.id < cast(:before as bigint)
    order by invitations.id desc limit cast(:number as bigint)""")


async def active_package(session: UnitOfWork, package_id: int) -> Package | None:
    query = select(Package).where(Package.id == package_id, Package.active)
    return (await session.scalars(query)).one_or_none()


async def add_invitation(
    session: UnitOfWork,
    *,
    owner_id: int,
    package: Package,
    domain: str,
    now: datetime,
    title: str | None,
    event_date: date | None,
    venue: str | None,
) -> Invitation | None:
    """The new invitation with the package's present price and days, or None when the domain is held."""
    statement = (
        insert(Invitation)
        .values(
            owner_id=owner_id,
            package_id=package.id,
            price=package.price,
            days=package.days,
            domain=domain,
            domain_chosen_at=now,
            title=title,
            event_date=event_date,
            venue=venue,
        )
        .on_conflict_do_nothing(index_elements=[Invitation.domain], index_where=text("holds_domain"))
        .returning(Invitation.id)
    )
    invitation_id = (await session.scalars(statement)).one_or_none()
    return None if invitation_id is None else await session.get_one(Invitation, invitation_id)


async def move_to(session: UnitOfWork, invitation: Invitation, domain: str, *, now: datetime) -> bool:
    """Give an invitation another name; False when somebody took it at the same moment."""
    try:
        async with session.begin_nested():
            invitation.domain, invitation.domain_chosen_at = domain, now
            invitation.holds_domain, invitation.domain_verified_at = True, None
            await session.flush()
    except IntegrityError:
        return False
    return True


async def invitations_of(
    session: Statements, owner_id: int, *, before: int | None, limit: int
) -> Sequence[Invitation]:
    """Newest first, of those older than the one with the id `before`; for looking only."""
    values = {"owner_id": owner_id, "before": _BEHIND_ALL if before is None else before, "number": limit}
    return [_seen(row) for row in await session.execute(_OF_OWNER, values)]


async def seen_invitation(
    session: Statements, owner_id: int, invitation_id: int, *, lock: bool = False
) -> Invitation | None:
    """The owner's invitation, for looking only; with `lock`, nobody else changes what it owns meanwhile."""
    if not storable(invitation_id):
        return None
    if lock:
        take(session, Lock.INVITATION)
    values = {"owner_id": owner_id, "id": invitation_id}
    return next((_seen(row) for row in await session.execute(_LOCK if lock else _OWNED, values)), None)


def _seen(row: Any) -> Invitation:  # noqa: ANN401  a row of _SEEN
    return seen(Invitation, row, package=seen(Package, row))


async def has_unpaid(session: UnitOfWork, owner_id: int, *, number: int) -> bool:
    """Whether that many invitations wait for their first payment; locks the owner meanwhile."""
    await session.execute(select(User.id).where(User.id == owner_id).with_for_update(key_share=True))
    query = (
        select(Invitation.id)
        .where(Invitation.owner_id == owner_id, Invitation.domain_expires_at.is_(None))
        .limit(number)
    )
    return len((await session.scalars(query)).all()) >= number


async def owned_invitation(
    session: UnitOfWork, owner_id: int, invitation_id: int, *, lock: bool = False
) -> Invitation | None:
    """The owner's invitation; with `lock`, nobody else changes what it owns until the transaction ends."""
    if not storable(invitation_id):
        return None
    query = select(Invitation).where(Invitation.id == invitation_id, Invitation.owner_id == owner_id)
    if lock:
        take(session, Lock.INVITATION)
        query = query.with_for_update(of=Invitation)
    return (await session.scalars(query)).one_or_none()


async def lock_for_name(session: UnitOfWork, domain: str, *, also: int | None = None) -> Invitation | None:
    """Whoever holds this name, locked together with the invitation `also`, lowest id first."""
    wanted = (Invitation.domain == domain) & Invitation.holds_domain
    query = select(Invitation).where(wanted if also is None else wanted | (Invitation.id == also))
    query = query.order_by(Invitation.id).with_for_update(of=Invitation)
    locked = await session.scalars(query, execution_options={"populate_existing": True})
    return next((found for found in locked.all() if found.holds_domain and found.domain == domain), None)


async def is_payable(session: UnitOfWork, invitation_id: int, *, now: datetime) -> bool:
    """Whether an order of this invitation can still be paid, or brought money that awaits a decision."""
    query = (
        select(Order.order_id)
        .outerjoin(Transaction, Transaction.order_id == Order.order_id)
        .where(
            Order.invitation_id == invitation_id,
            or_(
                Order.status.in_(["pending", "paid"]),
                func.greatest(Order.expires_at, Transaction.payable_until) > now,
                Transaction.stray & Transaction.kept_because.is_(None),
            ),
        )
        .limit(1)
    )
    return (await session.scalars(query)).one_or_none() is not None


async def invitation_by_domain(session: UnitOfWork, domain: str) -> Invitation | None:
    """The invitation that holds this name."""
    if not storable(domain):
        return None
    query = select(Invitation).where(Invitation.domain == domain, Invitation.holds_domain)
    return (await session.scalars(query)).one_or_none()


async def with_owner(session: UnitOfWork, invitation_id: int) -> tuple[Invitation, User]:
    """An invitation known to exist, and the customer it belongs to."""
    query = select(Invitation, User).join(User, User.id == Invitation.owner_id)
    found, owner = (await session.execute(query.where(Invitation.id == invitation_id))).one()
    return found, owner
