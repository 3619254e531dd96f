"""Does a customer's own domain point here? Asked of the DNS when the owner says that it does."""

import asyncio
from urllib.parse import urlsplit

from tuntas.domain.names import points_here
from tuntas.domain.throttle import DOMAIN_CHECKS
from tuntas.store import invitations as table
from tuntas.usecases.backend import Backend
from tuntas.usecases.errors import DomainElsewhere, InvitationNotFound
from tuntas.usecases.invitations import InvitationView, invitation_of
from tuntas.usecases.pool import Pool
from tuntas.usecases.throttle import begin_try, digest

_PATIENCE_SECONDS = 5
_pool = Pool("dns", threads=2, waiting_max=16)


async def check_domain(backend: Backend, owner_id: int, invitation_id: int) -> InvitationView:
    """Note down that the invitation's own domain points here: from now on it is shown there.

    Raises InvitationNotFound, DomainElsewhere, TooManyRequests or Overloaded. A label under our own host
    needs no check, and a name that was lost has nothing to be checked.
    """
    view = await invitation_of(backend, owner_id, invitation_id)
    domain = view.invitation.domain
    if "." not in domain or not view.invitation.holds_domain:
        return view
    await begin_try(backend, {digest("check domain", owner_id): DOMAIN_CHECKS})
    host = urlsplit(backend.settings.base_url).hostname or ""
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            theirs = await _pool.run(backend.resolve, domain)
            ours = await _pool.run(backend.resolve, host)
    except TimeoutError:
        theirs = ours = frozenset()
    if not points_here(theirs, ours):
        raise DomainElsewhere
    async with backend.database.transaction() as session:
        invitation = await table.owned_invitation(session, owner_id, invitation_id, lock=True)
        if invitation is None:
            raise InvitationNotFound
        if invitation.holds_domain and invitation.domain == domain:
            invitation.domain_verified_at = backend.clock.now()
    return await invitation_of(backend, owner_id, invitation_id)
