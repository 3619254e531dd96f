"""What is sold: choosing a package and a domain, and seeing one's own invitations."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from tuntas.store import invitations as table
from tuntas.store import orders as orders_table
from tuntas.store import refunds as refunds_table
from tuntas.store.database import UnitOfWork
from tuntas.store.models import Invitation, Package
from tuntas.usecases.backend import Backend
from tuntas.usecases.errors import DomainInvalid, DomainTaken, InvitationNotFound, PackageNotFound

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_MAX_DOMAIN_LENGTH = 200


@dataclass(frozen=True, slots=True)
class InvitationView:
    """An invitation with its newest order, as its owner sees it."""

    invitation: Invitation
    order_id: str | None
    live: bool
    """Whether paid time is running."""
    given_back: bool = False
    """Whether money of the newest order went back: a void leaves the invitation `failed`, yet it was paid."""


async def packages(backend: Backend) -> Sequence[Package]:
    async with backend.database.transaction() as session:
        return await table.packages(session)


async def add_invitation(
    backend: Backend,
    owner_id: int,
    *,
    package_id: int,
    domain: str,
    title: str | None = None,
    event_date: date | None = None,
    venue: str | None = None,
) -> InvitationView:
    """Raises PackageNotFound, DomainInvalid or DomainTaken."""
    domain = normalize_domain(domain)
    async with backend.database.transaction() as session:
        package = await table.active_package(session, package_id)
        if package is None:
            raise PackageNotFound
        invitation = await table.add_invitation(
            session,
            owner_id=owner_id,
            package=package,
            domain=domain,
            title=title,
            event_date=event_date,
            venue=venue,
        )
    if invitation is None:
        raise DomainTaken
    return InvitationView(invitation, None, live=False)


async def change_invitation(
    backend: Backend, owner_id: int, invitation_id: int, changes: dict[str, str | date | None]
) -> InvitationView:
    """Change title, event date or venue; what was bought stays. Raises InvitationNotFound."""
    async with backend.database.transaction() as session:
        invitation = await table.owned_invitation(session, owner_id, invitation_id, lock=True)
        if invitation is None:
            raise InvitationNotFound
        for name in changes.keys() & {"title", "event_date", "venue"}:
            setattr(invitation, name, changes[name])
        return (await _views(session, [invitation], backend.clock.now()))[0]


async def invitations_of(backend: Backend, owner_id: int) -> list[InvitationView]:
    """The owner's invitations, newest first."""
    async with backend.database.transaction() as session:
        found = await table.invitations_of(session, owner_id)
        return await _views(session, found, backend.clock.now())


async def invitation_of(backend: Backend, owner_id: int, invitation_id: int) -> InvitationView:
    """Raises InvitationNotFound, also for somebody else's."""
    async with backend.database.transaction() as session:
        invitation = await table.owned_invitation(session, owner_id, invitation_id)
        if invitation is None:
            raise InvitationNotFound
        return (await _views(session, [invitation], backend.clock.now()))[0]


async def public_invitation(backend: Backend, domain: str) -> InvitationView | None:
    """Whatever stands under this domain, live or not."""
    async with backend.database.transaction() as session:
        invitation = await table.invitation_by_domain(session, domain.lower())
    if invitation is None:
        return None
    return InvitationView(invitation, None, live=is_live(invitation, backend.clock.now()))


def is_live(invitation: Invitation, now: datetime) -> bool:
    """Paid time is running. A refund does not end it unless configured: then the grant is gone too."""
    return invitation.domain_expires_at is not None and now < invitation.domain_expires_at


def normalize_domain(domain: str) -> str:
    """Lower-case host name labels, such as `budi-ani` or `budi-ani.com`; no IP address, no `localhost`.

    Raises DomainInvalid.
    """
    domain = domain.strip().lower().rstrip(".")
    last_label = domain.rpartition(".")[2]
    if len(domain) > _MAX_DOMAIN_LENGTH or not _DOMAIN.fullmatch(domain):
        raise DomainInvalid
    if ("." in domain and last_label.isdigit()) or last_label == "localhost":
        raise DomainInvalid
    return domain


async def _views(
    session: UnitOfWork, invitations: Sequence[Invitation], now: datetime
) -> list[InvitationView]:
    order_ids = await orders_table.newest_order_ids(session, [found.id for found in invitations])
    returned = await refunds_table.given_back(session, order_ids.values())
    return [
        InvitationView(found, order_id, live=is_live(found, now), given_back=order_id in returned)
        for found in invitations
        for order_id in [order_ids.get(found.id)]
    ]
