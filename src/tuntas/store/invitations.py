"""Packages and the invitations bought with them."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from tuntas.store.database import UnitOfWork, storable
from tuntas.store.models import Invitation, Package


async def packages(session: UnitOfWork) -> Sequence[Package]:
    """What can be bought now, cheapest first."""
    query = select(Package).where(Package.active).order_by(Package.price, Package.id)
    return (await session.scalars(query)).all()


async def active_package(session: UnitOfWork, package_id: int) -> Package | None:
    query = select(Package).where(Package.id == package_id, Package.active)
    return (await session.scalars(query)).one_or_none()


async def add_invitation(
    session: UnitOfWork,
    *,
    owner_id: int,
    package: Package,
    domain: str,
    title: str | None,
    event_date: date | None,
    venue: str | None,
) -> Invitation | None:
    """The new invitation with the package's present price and days, or None when the domain is taken."""
    statement = (
        insert(Invitation)
        .values(
            owner_id=owner_id,
            package_id=package.id,
            price=package.price,
            days=package.days,
            domain=domain,
            title=title,
            event_date=event_date,
            venue=venue,
        )
        .on_conflict_do_nothing(index_elements=[Invitation.domain])
        .returning(Invitation.id)
    )
    invitation_id = (await session.scalars(statement)).one_or_none()
    return None if invitation_id is None else await session.get_one(Invitation, invitation_id)


async def invitations_of(session: UnitOfWork, owner_id: int) -> Sequence[Invitation]:
    """Newest first."""
    query = select(Invitation).where(Invitation.owner_id == owner_id).order_by(Invitation.id.desc())
    return (await session.scalars(query)).all()


async def owned_invitation(
    session: UnitOfWork, owner_id: int, invitation_id: int, *, lock: bool = False
) -> Invitation | None:
    """The owner's invitation; with `lock`, nobody else changes what it owns until the transaction ends."""
    if not storable(invitation_id):
        return None
    query = select(Invitation).where(Invitation.id == invitation_id, Invitation.owner_id == owner_id)
    if lock:
        query = query.with_for_update(of=Invitation)
    return (await session.scalars(query)).one_or_none()


async def invitation_by_domain(session: UnitOfWork, domain: str) -> Invitation | None:
    if not storable(domain):
        return None
    return (await session.scalars(select(Invitation).where(Invitation.domain == domain))).one_or_none()
