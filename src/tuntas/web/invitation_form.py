"""The form of an invitation: a new one, and its title, date and venue later on."""

from http import HTTPStatus

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from tuntas.http.bodies import InvitationIn, InvitationPatch, read_form
from tuntas.http.caller import backend_of, language_of, require_own_origin
from tuntas.http.errors import sentence
from tuntas.language import text
from tuntas.store.models import User
from tuntas.usecases import invitations
from tuntas.usecases.errors import PackageNotFound
from tuntas.usecases.packages import offer_of, on_offer
from tuntas.web.forms import problems_of
from tuntas.web.invitation_pages import ABOUT_THE_DOMAIN, invitation_id
from tuntas.web.render import page
from tuntas.web.visitor import customers_only

_DETAILS = ("title", "event_date", "venue")
_FIELDS = ("package_id", "domain", *_DETAILS)


async def new_form(request: Request, user: User) -> Response:
    return await _new(request, user, values=dict.fromkeys(_FIELDS, ""), errors={})


async def add(request: Request, user: User) -> Response:
    require_own_origin(request)
    values = await _typed(request, _FIELDS)
    given = {name: value for name, value in values.items() if value}
    language = language_of(request)
    try:
        package_id = int(given.pop("package_id", "0"))
        body = InvitationIn.model_validate({**given, "package_id": package_id})
        view = await invitations.add_invitation(backend_of(request), user.id, **body.model_dump())
    except ABOUT_THE_DOMAIN as error:
        errors = {"domain": sentence(error, language)}
    except PackageNotFound as error:
        errors = {"package_id": sentence(error, language)}
    except ValidationError as error:
        errors = problems_of(error, _FIELDS, language)
    except ValueError:
        errors = {"package_id": text("error.package_not_found", language)}
    else:
        return RedirectResponse(f"/checkout/{view.invitation.id}", HTTPStatus.SEE_OTHER)
    return await _new(request, user, values=values, errors=errors)


async def edit_form(request: Request, user: User) -> Response:
    view = await invitations.invitation_of(backend_of(request), user.id, invitation_id(request))
    found = view.invitation
    values = {
        "title": found.title or "",
        "event_date": found.event_date.isoformat() if found.event_date else "",
        "venue": found.venue or "",
    }
    return _edit(request, user, found.id, values=values, errors={})


async def edit(request: Request, user: User) -> Response:
    """An empty field means: not known yet."""
    require_own_origin(request)
    number = invitation_id(request)
    values = await _typed(request, _DETAILS)
    try:
        body = InvitationPatch.model_validate({name: value or None for name, value in values.items()})
    except ValidationError as error:
        await invitations.invitation_of(backend_of(request), user.id, number)
        errors = problems_of(error, _DETAILS, language_of(request))
        return _edit(request, user, number, values=values, errors=errors)
    changes = {name: getattr(body, name) for name in _DETAILS}
    await invitations.change_invitation(backend_of(request), user.id, number, changes)
    return RedirectResponse("/invitations", HTTPStatus.SEE_OTHER)


async def _typed(request: Request, names: tuple[str, ...]) -> dict[str, str]:
    form = await read_form(request)
    return {name: form.get(name, "").strip() for name in names}


async def _new(request: Request, user: User, *, values: dict[str, str], errors: dict[str, str]) -> Response:
    return page(
        request,
        "invitation_new.html",
        user=user,
        path="/invitations/new",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK,
        packages=[offer_of(each, language_of(request)) for each in await on_offer(backend_of(request))],
        values=values,
        errors=errors,
    )


def _edit(
    request: Request, user: User, number: int, *, values: dict[str, str], errors: dict[str, str]
) -> Response:
    return page(
        request,
        "invitation_edit.html",
        user=user,
        status=HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK,
        number=number,
        values=values,
        errors=errors,
    )


ROUTES = [
    Route("/invitations/new", customers_only(new_form)),
    Route("/invitations", customers_only(add), methods=["POST"]),
    Route("/invitations/{invitation_id:int}/edit", customers_only(edit_form)),
    Route("/invitations/{invitation_id:int}/edit", customers_only(edit), methods=["POST"]),
]
