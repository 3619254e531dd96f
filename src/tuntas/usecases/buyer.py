"""Whose order it is, and what was bought with it: for people who look after the shop."""

from dataclasses import dataclass
from datetime import datetime

from tuntas.store import invitations as table
from tuntas.usecases.backend import Backend


@dataclass(frozen=True, slots=True)
class Buyer:
    name: str
    email: str
    invitation_id: int
    domain: str
    holds_domain: bool
    package: str
    payment_status: str
    domain_expires_at: datetime | None


async def buyer_of(backend: Backend, invitation_id: int) -> Buyer:
    """Of an invitation known to exist."""
    async with backend.database.transaction() as session:
        invitation, owner = await table.with_owner(session, invitation_id)
    return Buyer(
        name=owner.name,
        email=owner.email,
        invitation_id=invitation.id,
        domain=invitation.domain,
        holds_domain=invitation.holds_domain,
        package=invitation.package.name,
        payment_status=invitation.payment_status,
        domain_expires_at=invitation.domain_expires_at,
    )
