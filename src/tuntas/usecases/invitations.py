"""What is sold: choosing a package and a domain, and seeing one's own invitations."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import urlsplit

from tuntas.domain.names import (
    DomainState,
    Names,
    NotAName,
    ReservedName,
    domain_state,
    is_held,
)
from tuntas.settings import Settings
from tuntas.store import alerts
from tuntas.store import invitations as table
from tuntas.store import orders as orders_table
from tuntas.store import refunds as refunds_table
from tuntas.store.database import UnitOfWork
from tuntas.store.direct import Statements
from tuntas.store.models import Invitation
from tuntas.usecases.backend import Backend
from tuntas.usecases.errors import (
    DomainFixed,
    DomainInvalid,
    DomainReserved,
    DomainTaken,
    InvitationNotFound,
    PackageNotFound,
    TooManyUnpaid,
)

UNPAID_MAX = 50
"""Invitations of one customer that wait for their first payment."""
PAGE_MAX = 100
"""Invitations handed out at once."""


@dataclass(frozen=True, slots=True)
class InvitationView:
    """An invitation with its newest order, as its owner sees it."""

    invitation: Invitation
    order_id: str | None
    live: bool
    """Whether paid time is running."""
    given_back: bool = False
    """Whether money of the newest order went back: a void leaves the invitation `failed`, yet it was paid."""

    @property
    def domain_state(self) -> DomainState:
        found = self.invitation
        verified = found.domain_verified_at is not None
        return domain_state(found.domain, holds=found.holds_domain, verified=verified)

    @property
    def domain_changeable(self) -> bool:
        """Guests know an address that is paid for and works: that one stays."""
        return self.invitation.domain_expires_at is None or self.domain_state is not DomainState.READY


@dataclass(frozen=True, slots=True)
class Shelf:
    """Some of an owner's invitations, newest first, and whether there are older ones."""

    views: list[InvitationView]
    more: bool


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
    """Raises PackageNotFound, DomainInvalid, DomainReserved, DomainTaken or TooManyUnpaid."""
    domain = read_domain(backend.settings, domain)

    async def add(session: UnitOfWork) -> Invitation | None:
        now = backend.clock.now()
        package = await table.active_package(session, package_id)
        if package is None:
            raise PackageNotFound
        if await table.has_unpaid(session, owner_id, number=UNPAID_MAX):
            raise TooManyUnpaid
        await _take_name(session, domain, now)
        return await table.add_invitation(
            session,
            owner_id=owner_id,
            package=package,
            domain=domain,
            now=now,
            title=title,
            event_date=event_date,
            venue=venue,
        )

    invitation = await backend.database.commit(add)
    if invitation is None:
        raise DomainTaken
    return InvitationView(invitation, None, live=False)


async def change_invitation(
    backend: Backend, owner_id: int, invitation_id: int, changes: dict[str, str | date | None]
) -> InvitationView:
    """Change title, event date or venue, and the domain while no time was bought for it.

    Raises InvitationNotFound, and for a domain DomainInvalid, DomainReserved, DomainTaken or DomainFixed.
    """
    wanted = changes.get("domain")
    domain = read_domain(backend.settings, wanted) if isinstance(wanted, str) else None

    async def change(session: UnitOfWork) -> InvitationView:
        now = backend.clock.now()
        if domain is not None:
            await _rename(session, owner_id, invitation_id, domain, now)
        invitation = await table.owned_invitation(session, owner_id, invitation_id, lock=True)
        if invitation is None:
            raise InvitationNotFound
        for name in changes.keys() & {"title", "event_date", "venue"}:
            setattr(invitation, name, changes[name])
        return (await _views(session, [invitation], now))[0]

    return await backend.database.commit(change)


async def invitations_of(
    backend: Backend, owner_id: int, *, before: int | None = None, limit: int = PAGE_MAX
) -> Shelf:
    """At most `limit` of the owner's invitations, newest first, of those older than `before`."""
    limit = min(limit, PAGE_MAX)
    async with backend.database.looking() as session:
        found = await table.invitations_of(session, owner_id, before=before, limit=limit + 1)
        views = await _views(session, found[:limit], backend.clock.now())
    return Shelf(views, more=len(found) > limit)


async def invitation_of(backend: Backend, owner_id: int, invitation_id: int) -> InvitationView:
    """Raises InvitationNotFound, also for somebody else's."""
    async with backend.database.looking() as session:
        invitation = await table.seen_invitation(session, owner_id, invitation_id)
        if invitation is None:
            raise InvitationNotFound
        return (await _views(session, [invitation], backend.clock.now()))[0]


async def public_invitation(backend: Backend, domain: str) -> InvitationView | None:
    """Whatever stands under this domain, live or not."""
    try:
        name = names_of(backend.settings).spelling(domain)
    except NotAName:
        return None
    async with backend.database.reading() as session:
        invitation = await table.invitation_by_domain(session, name)
    if invitation is None:
        return None
    return InvitationView(invitation, None, live=is_live(invitation, backend.clock.now()))


def is_live(invitation: Invitation, now: datetime) -> bool:
    """Paid time is running. A refund does not end it unless configured: then the grant is gone too."""
    return invitation.domain_expires_at is not None and now < invitation.domain_expires_at


def names_of(settings: Settings) -> Names:
    reserved = settings.tuntas_reserved_names.replace(",", " ").split()
    return Names.around(urlsplit(settings.base_url).hostname or "", reserved)


def read_domain(settings: Settings, domain: str) -> str:
    """The one spelling of a name that somebody wants. Raises DomainInvalid or DomainReserved."""
    try:
        return names_of(settings).read(domain)
    except NotAName as error:
        raise DomainInvalid from error
    except ReservedName as error:
        raise DomainReserved from error


async def _rename(session: UnitOfWork, owner_id: int, invitation_id: int, domain: str, now: datetime) -> None:
    """The former name is free at once. Locks the invitation, and whoever holds the wanted name."""
    invitation = await table.owned_invitation(session, owner_id, invitation_id)
    if invitation is None:
        raise InvitationNotFound
    await _take_name(session, domain, now, for_invitation=invitation_id)
    if invitation.holds_domain and invitation.domain == domain:
        return
    if not InvitationView(invitation, None, live=False).domain_changeable:
        raise DomainFixed
    if not await table.move_to(session, invitation, domain, now=now):
        raise DomainTaken
    await alerts.resolve(session, alerts.AlertKind.NAME_LOST, str(invitation_id), at=now)


async def _take_name(
    session: UnitOfWork, domain: str, now: datetime, *, for_invitation: int | None = None
) -> None:
    """Make sure that nobody else holds this name: whose hold has ended loses it. Raises DomainTaken."""
    holder = await table.lock_for_name(session, domain, also=for_invitation)
    if holder is None or holder.id == for_invitation:
        return
    if is_held(
        chosen_at=holder.domain_chosen_at,
        bought_time=holder.domain_expires_at is not None,
        payable=await table.is_payable(session, holder.id, now=now),
        now=now,
    ):
        raise DomainTaken
    holder.holds_domain = False
    await session.flush()


async def _views(
    session: Statements, invitations: Sequence[Invitation], now: datetime
) -> list[InvitationView]:
    order_ids = await orders_table.newest_order_ids(session, [found.id for found in invitations])
    returned = await refunds_table.given_back(session, order_ids.values()) if order_ids else {}
    return [
        InvitationView(found, order_id, live=is_live(found, now), given_back=order_id in returned)
        for found in invitations
        for order_id in [order_ids.get(found.id)]
    ]
