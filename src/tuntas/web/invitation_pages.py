"""My invitations, their addresses, and the invitation itself as guests see it."""

from http import HTTPStatus
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from tuntas.domain.names import DomainState
from tuntas.http.bodies import read_form
from tuntas.http.caller import backend_of, language_of, require_own_origin
from tuntas.http.errors import sentence, status_of
from tuntas.store.models import User
from tuntas.usecases import invitations
from tuntas.usecases.check_domain import check_domain
from tuntas.usecases.errors import (
    DomainElsewhere,
    DomainFixed,
    DomainInvalid,
    DomainReserved,
    DomainTaken,
    InvitationNotFound,
    Overloaded,
    TooManyRequests,
    TooManyUnpaid,
    UseCaseError,
)
from tuntas.usecases.invitations import InvitationView
from tuntas.usecases.payments import payments_for
from tuntas.web.cards import InvitationCard
from tuntas.web.render import page
from tuntas.web.visitor import customers_only, visitor

_PAGE = 20
"""Invitations on one page."""
_DIGITS_MAX = 19
ABOUT_THE_DOMAIN = (DomainInvalid, DomainReserved, DomainTaken, TooManyUnpaid)


async def home(request: Request) -> Response:
    """The start page; on a customer's own host, the invitation that lives there."""
    domain = _name_of_host(request)
    if domain is not None:
        view = await invitations.public_invitation(backend_of(request), domain)
        if "." not in domain or (view is not None and view.domain_state is DomainState.READY):
            return _public(request, domain, view)
    target = "/invitations" if await visitor(request) is not None else "/login"
    return RedirectResponse(target, HTTPStatus.SEE_OTHER)


async def mine(request: Request, user: User) -> Response:
    given = request.query_params.get("before", "")
    before = int(given) if given.isascii() and given.isdigit() and len(given) < _DIGITS_MAX else None
    shelf = await invitations.invitations_of(backend_of(request), user.id, before=before, limit=_PAGE)
    payments = await payments_for(backend_of(request), user.id, [view.invitation.id for view in shelf.views])
    cards = [
        InvitationCard.of(view, language_of(request), payments.get(view.invitation.id, ()))
        for view in shelf.views
    ]
    older = cards[-1].id if shelf.more else None
    return page(request, "invitations.html", user=user, invitations=cards, older=older)


async def address(request: Request, user: User) -> Response:
    """Whose move it is with this invitation's address, and how to make it."""
    view = await invitations.invitation_of(backend_of(request), user.id, invitation_id(request))
    return _address(request, user, view)


async def change_address(request: Request, user: User) -> Response:
    require_own_origin(request)
    backend, number = backend_of(request), invitation_id(request)
    wanted = (await read_form(request)).get("domain", "").strip()
    try:
        await invitations.change_invitation(backend, user.id, number, {"domain": wanted})
    except (*ABOUT_THE_DOMAIN, DomainFixed) as error:
        view = await invitations.invitation_of(backend, user.id, number)
        return _address(request, user, view, wanted=wanted, error=error)
    return RedirectResponse(f"/invitations/{number}/address", HTTPStatus.SEE_OTHER)


async def check_address(request: Request, user: User) -> Response:
    require_own_origin(request)
    backend, number = backend_of(request), invitation_id(request)
    try:
        await check_domain(backend, user.id, number)
    except (DomainElsewhere, TooManyRequests, Overloaded) as error:
        view = await invitations.invitation_of(backend, user.id, number)
        return _address(request, user, view, error=error)
    return RedirectResponse(f"/invitations/{number}/address", HTTPStatus.SEE_OTHER)


def is_for_guests(request: Request) -> bool:
    """Whether an address is an invitation's: who opens it is a guest, with nothing to manage here."""
    return request.url.path.startswith("/i/") or (
        request.url.path == "/" and _name_of_host(request) is not None
    )


async def public(request: Request) -> Response:
    domain = request.path_params["domain"]
    return _public(request, domain, await invitations.public_invitation(backend_of(request), domain))


def _address(
    request: Request,
    user: User,
    view: InvitationView,
    *,
    wanted: str = "",
    error: UseCaseError | None = None,
) -> Response:
    told = sentence(error, language_of(request)) if error else None
    return page(
        request,
        "invitation_address.html",
        user=user,
        path=f"/invitations/{view.invitation.id}/address",
        status=status_of(error) if error else HTTPStatus.OK,
        invitation=InvitationCard.of(view, language_of(request)),
        host=urlsplit(backend_of(request).settings.base_url).hostname,
        changeable=view.domain_changeable,
        wanted=wanted,
        errors={"domain": told} if told and isinstance(error, (*ABOUT_THE_DOMAIN, DomainFixed)) else {},
        error=told,
    )


def invitation_id(request: Request) -> int:
    number = int(request.path_params["invitation_id"])
    if not 0 < number < 2**63:
        raise InvitationNotFound
    return number


def _public(request: Request, domain: str, view: InvitationView | None) -> Response:
    if view is not None and view.live:
        return page(
            request, "invitation_public.html", invitation=InvitationCard.of(view, language_of(request))
        )
    reason, status = "unknown", HTTPStatus.NOT_FOUND
    if view is not None:
        reason = "unpaid" if view.invitation.domain_expires_at is None else "expired"
        status = HTTPStatus.PAYMENT_REQUIRED
    return page(request, "invitation_closed.html", status=status, domain=domain, reason=reason)


def _name_of_host(request: Request) -> str | None:
    """The name that a request's host stands for; None when that is this server itself."""
    try:
        host = urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
    except ValueError:  # no host name at all
        host = ""
    return invitations.names_of(backend_of(request).settings).of_host(host)


ROUTES = [
    Route("/", home),
    Route("/invitations", customers_only(mine)),
    Route("/invitations/{invitation_id:int}/address", customers_only(address)),
    Route("/invitations/{invitation_id:int}/address", customers_only(change_address), methods=["POST"]),
    Route("/invitations/{invitation_id:int}/address/check", customers_only(check_address), methods=["POST"]),
    Route("/i/{domain}", public),
]
