"""Checkout: what is bought, and the button that pays.

With scripts it opens Midtrans's popup; without, it leads to Midtrans's own page, which does the same.
"""

import re
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from tuntas.http.bodies import read_form
from tuntas.http.caller import backend_of, language_of, require_own_origin
from tuntas.http.errors import headers_of, sentence, status_of
from tuntas.midtrans.errors import GatewayError
from tuntas.store.models import User
from tuntas.usecases import invitations
from tuntas.usecases.create_token import create_token
from tuntas.usecases.errors import InvitationNotFound, UseCaseError
from tuntas.usecases.packages import offer_of
from tuntas.usecases.payments import payments_for
from tuntas.web.cards import InvitationCard
from tuntas.web.render import page
from tuntas.web.visitor import customers_only

_NUMBER = re.compile(r"[0-9]{1,19}")
"""As long as an id can be; Python refuses to read thousands of digits."""


async def checkout(request: Request, user: User) -> Response:
    return await _checkout(request, user, _invitation_id(request))


async def pay(request: Request, user: User) -> Response:
    """To Midtrans's own page, for browsers in which the popup cannot be opened."""
    require_own_origin(request)
    number = _invitation_id(request)
    renew = "renew" in await read_form(request)
    try:
        order = await create_token(backend_of(request), user, number, amount=None, renew=renew)
    except (UseCaseError, GatewayError) as error:
        if isinstance(error, InvitationNotFound):
            raise
        return await _checkout(request, user, number, refused=error)
    mark = "&" if "?" in order.redirect_url else "?"
    target = f"{order.redirect_url}{mark}language={language_of(request)}"
    return RedirectResponse(target, HTTPStatus.SEE_OTHER)


async def _checkout(
    request: Request, user: User, number: int, *, refused: UseCaseError | GatewayError | None = None
) -> Response:
    backend = backend_of(request)
    view = await invitations.invitation_of(backend, user.id, number)
    payments = await payments_for(backend, user.id, [number])
    response = page(
        request,
        "checkout.html",
        user=user,
        path=f"/checkout/{number}",
        status=status_of(refused) if refused else HTTPStatus.OK,
        invitation=InvitationCard.of(view, language_of(request), payments.get(number, ())),
        package=offer_of(view.invitation.package, language_of(request)),
        refused=sentence(refused, language_of(request)) if refused else None,
        code=refused.code if refused else "",
        snap_js_url=backend.settings.snap_js_url,
        client_key=backend.settings.midtrans_client_key,
    )
    if refused is not None:
        response.headers.update(headers_of(refused))
    return response


def _invitation_id(request: Request) -> int:
    number = request.path_params["invitation_id"]
    if not _NUMBER.fullmatch(number):
        raise InvitationNotFound
    return int(number)


ROUTES = [
    Route("/checkout/{invitation_id}", customers_only(checkout)),
    Route("/checkout/{invitation_id}/pay", customers_only(pay), methods=["POST"]),
]
