"""My invitations, a new one, and the invitation itself as guests see it."""

from dataclasses import dataclass
from datetime import date, datetime
from http import HTTPStatus
from typing import Self
from urllib.parse import urlsplit

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from tuntas.domain.ladder import PaymentStatus
from tuntas.domain.names import DomainState
from tuntas.http.bodies import InvitationIn, read_form
from tuntas.http.caller import backend_of, language_of, require_own_origin
from tuntas.http.errors import sentence, status_of
from tuntas.language import Language, text
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
    PackageNotFound,
    TooManyRequests,
    TooManyUnpaid,
    UseCaseError,
)
from tuntas.usecases.invitations import InvitationView
from tuntas.usecases.packages import offer_of, on_offer
from tuntas.web.render import page
from tuntas.web.visitor import customers_only, visitor

_FORM_FIELDS = ("package_id", "domain", "title", "event_date", "venue")
_PAGE = 20
"""Invitations on one page."""
_DIGITS_MAX = 19
_ABOUT_THE_DOMAIN = (DomainInvalid, DomainReserved, DomainTaken, TooManyUnpaid)


@dataclass(frozen=True, slots=True)
class InvitationCard:
    """An invitation as the templates show it."""

    id: int
    domain: str
    domain_state: str
    url: str
    title: str | None
    event_date: date | None
    venue: str | None
    package: str
    price: int
    days: int
    payment_status: str
    payment_confirmed_at: datetime | None
    domain_expires_at: datetime | None
    live: bool
    order_id: str | None

    @classmethod
    def of(cls, view: InvitationView, language: Language) -> Self:
        found = view.invitation
        voided = found.payment_status == PaymentStatus.FAILED and view.given_back
        return cls(
            id=found.id,
            domain=found.domain,
            domain_state=view.domain_state,
            url=f"/i/{found.domain}",
            title=found.title,
            event_date=found.event_date,
            venue=found.venue,
            package=offer_of(found.package, language).name,
            price=found.price,
            days=found.days,
            payment_status=PaymentStatus.REFUNDED if voided else found.payment_status,
            payment_confirmed_at=found.payment_confirmed_at,
            domain_expires_at=found.domain_expires_at,
            live=view.live,
            order_id=view.order_id,
        )


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
    cards = [InvitationCard.of(view, language_of(request)) for view in shelf.views]
    older = cards[-1].id if shelf.more else None
    return page(request, "invitations.html", user=user, invitations=cards, older=older)


async def new_form(request: Request, user: User) -> Response:
    return await _new(request, user, values=dict.fromkeys(_FORM_FIELDS, ""), errors={})


async def add(request: Request, user: User) -> Response:
    require_own_origin(request)
    form = await read_form(request)
    values = {name: str(form.get(name, "")).strip() for name in _FORM_FIELDS}
    given = {name: value for name, value in values.items() if value}
    language = language_of(request)
    try:
        package_id = int(given.pop("package_id", "0"))
        body = InvitationIn.model_validate({**given, "package_id": package_id})
        view = await invitations.add_invitation(backend_of(request), user.id, **body.model_dump())
    except _ABOUT_THE_DOMAIN as error:
        errors = {"domain": sentence(error, language)}
    except PackageNotFound as error:
        errors = {"package_id": sentence(error, language)}
    except ValidationError as error:
        fields = {str(entry["loc"][0]) for entry in error.errors()}
        errors = dict.fromkeys(fields, text("error.invalid_request", language))
    except ValueError:
        errors = {"package_id": text("error.package_not_found", language)}
    else:
        return RedirectResponse(f"/checkout/{view.invitation.id}", HTTPStatus.SEE_OTHER)
    return await _new(request, user, values=values, errors=errors)


async def address(request: Request, user: User) -> Response:
    """Whose move it is with this invitation's address, and how to make it."""
    view = await invitations.invitation_of(backend_of(request), user.id, _invitation_id(request))
    return _address(request, user, view)


async def change_address(request: Request, user: User) -> Response:
    require_own_origin(request)
    backend, number = backend_of(request), _invitation_id(request)
    wanted = str((await request.form()).get("domain", "")).strip()
    try:
        await invitations.change_invitation(backend, user.id, number, {"domain": wanted})
    except (*_ABOUT_THE_DOMAIN, DomainFixed) as error:
        view = await invitations.invitation_of(backend, user.id, number)
        return _address(request, user, view, wanted=wanted, error=error)
    return RedirectResponse(f"/invitations/{number}/address", HTTPStatus.SEE_OTHER)


async def check_address(request: Request, user: User) -> Response:
    require_own_origin(request)
    backend, number = backend_of(request), _invitation_id(request)
    try:
        await check_domain(backend, user.id, number)
    except (DomainElsewhere, TooManyRequests, Overloaded) as error:
        view = await invitations.invitation_of(backend, user.id, number)
        return _address(request, user, view, error=error)
    return RedirectResponse(f"/invitations/{number}/address", HTTPStatus.SEE_OTHER)


async def public(request: Request) -> Response:
    domain = request.path_params["domain"]
    return _public(request, domain, await invitations.public_invitation(backend_of(request), domain))


async def _new(request: Request, user: User, *, values: dict[str, str], errors: dict[str, str]) -> Response:
    return page(
        request,
        "invitation_new.html",
        user=user,
        status=HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK,
        packages=[offer_of(package, language_of(request)) for package in await on_offer(backend_of(request))],
        values=values,
        errors=errors,
    )


def _address(
    request: Request,
    user: User,
    view: InvitationView,
    *,
    wanted: str = "",
    error: UseCaseError | None = None,
) -> Response:
    return page(
        request,
        "invitation_address.html",
        user=user,
        status=status_of(error) if error else HTTPStatus.OK,
        invitation=InvitationCard.of(view, language_of(request)),
        host=urlsplit(backend_of(request).settings.base_url).hostname,
        base_url=backend_of(request).settings.base_url,
        changeable=view.domain_changeable,
        wanted=wanted,
        error=sentence(error, language_of(request)) if error else None,
    )


def _invitation_id(request: Request) -> int:
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
    Route("/invitations/new", customers_only(new_form)),
    Route("/invitations", customers_only(add), methods=["POST"]),
    Route("/invitations/{invitation_id:int}/address", customers_only(address)),
    Route("/invitations/{invitation_id:int}/address", customers_only(change_address), methods=["POST"]),
    Route("/invitations/{invitation_id:int}/address/check", customers_only(check_address), methods=["POST"]),
    Route("/i/{domain}", public),
]
