"""The pages as one application, mounted beside the API."""

from dataclasses import dataclass
from http import HTTPStatus

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tuntas.http.caller import LANGUAGE_COOKIE, language_of
from tuntas.http.errors import (
    API_PATHS,
    COME_AGAIN,
    client_left,
    code_of_status,
    database_code,
    headers_of,
    refusal,
    sentence,
    status_of,
    tell_no_such_address,
)
from tuntas.http.headers import strict_headers
from tuntas.language import Language, text
from tuntas.midtrans.errors import GatewayError
from tuntas.store.database import DatabaseUnusable
from tuntas.usecases.backend import Backend
from tuntas.usecases.errors import UseCaseError
from tuntas.web import (
    account_pages,
    assets,
    checkout_pages,
    invitation_form,
    invitation_pages,
    payment_pages,
    profile_pages,
    return_pages,
)
from tuntas.web.render import page
from tuntas.web.visitor import local_path

_YEAR = 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class DemoLogIn:
    """Shown on the log-in page of `tuntas dev` only."""

    email: str
    password: str


def create_site(backend: Backend, demo: DemoLogIn | None) -> Starlette:
    site = Starlette(
        routes=[
            *account_pages.ROUTES,
            *invitation_form.ROUTES,
            *invitation_pages.ROUTES,
            *checkout_pages.ROUTES,
            *payment_pages.ROUTES,
            *profile_pages.ROUTES,
            *return_pages.ROUTES,
            *assets.ROUTES,
        ],
        middleware=[Middleware(_Around, backend=backend)],
        exception_handlers={
            HTTPException: _http,
            UseCaseError: _known,
            GatewayError: _known,
            DatabaseUnusable: _database_unusable,
            ClientDisconnect: client_left,
            Exception: _unexpected,
        },
    )
    site.router.redirect_slashes = False
    site.state.backend = backend
    site.state.demo = demo
    return site


class _Around:
    """What every page has in common: the choice of a language, and headers that make browsers strict."""

    def __init__(self, app: ASGIApp, backend: Backend) -> None:
        self._app = app
        self._headers = strict_headers(backend.settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_strict(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self._headers)
            await send(message)

        request = Request(scope)
        chosen = request.query_params.get("lang")
        if request.method == "GET" and chosen in set(Language):
            response = RedirectResponse(_without_choice(request), HTTPStatus.SEE_OTHER)
            response.set_cookie(LANGUAGE_COOKIE, chosen, max_age=_YEAR, samesite="lax")
            await response(scope, receive, send_strict)
        else:
            await self._app(scope, receive, send_strict)


def _without_choice(request: Request) -> str:
    kept = request.url.remove_query_params("lang")
    return local_path(kept.path + (f"?{kept.query}" if kept.query else ""))


async def _known(request: Request, error: Exception) -> Response:
    if not isinstance(error, UseCaseError | GatewayError):
        raise error
    answer = _error(request, error.code, sentence(error, language_of(request)), status_of(error))
    answer.headers.update(headers_of(error))
    return answer


async def _http(request: Request, error: Exception) -> Response:
    status = HTTPStatus(error.status_code) if isinstance(error, HTTPException) else HTTPStatus.NOT_FOUND
    code = code_of_status(status)
    for_programs = request.url.path.startswith(API_PATHS)
    if for_programs or (request.method == "POST" and status == HTTPStatus.NOT_FOUND):
        tell_no_such_address(request)
    if for_programs:
        return refusal(request, code, status)
    return _error(request, code, text(f"error.{code}", language_of(request)), status)


async def _database_unusable(request: Request, error: Exception) -> Response:
    code = database_code(request, error)
    message = text(f"error.{code}", language_of(request))
    answer = _error(request, code, message, HTTPStatus.SERVICE_UNAVAILABLE)
    answer.headers.update(COME_AGAIN)
    return answer


async def _unexpected(request: Request, _: Exception) -> Response:
    """The error itself goes on to the application around us, which logs it."""
    code = "internal_error"
    return _error(
        request, code, text(f"error.{code}", language_of(request)), HTTPStatus.INTERNAL_SERVER_ERROR
    )


def _error(request: Request, code: str, message: str, status: HTTPStatus) -> Response:
    guest = invitation_pages.is_for_guests(request)
    return page(request, "error.html", status=status, message=message, code=code, guest=guest)
