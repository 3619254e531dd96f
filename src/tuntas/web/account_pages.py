"""Log in, register, log out."""

from collections.abc import Mapping
from http import HTTPStatus

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from tuntas.http.bodies import RegisterIn, read_form
from tuntas.http.caller import SESSION_COOKIE, backend_of, language_of, network_address, require_own_origin
from tuntas.http.errors import sentence, status_of
from tuntas.usecases import accounts
from tuntas.usecases.errors import (
    EmailTaken,
    InvalidCredentials,
    Overloaded,
    PasswordCommon,
    PasswordTooShort,
    TooManyRequests,
    UseCaseError,
)
from tuntas.web.forms import problems_of
from tuntas.web.render import page
from tuntas.web.visitor import local_path, remember, visitor

_ABOUT_A_FIELD: Mapping[type[UseCaseError], str] = {
    EmailTaken: "email",
    PasswordTooShort: "password",
    PasswordCommon: "password",
    InvalidCredentials: "password",
}


async def login_form(request: Request) -> Response:
    if await visitor(request) is not None:
        return RedirectResponse("/invitations", HTTPStatus.SEE_OTHER)
    return _login(request, next_path=request.query_params.get("next", ""))


async def log_in(request: Request) -> Response:
    require_own_origin(request)
    form = await read_form(request)
    email, next_path = str(form.get("email", "")), str(form.get("next", ""))
    try:
        made = await accounts.log_in(
            backend_of(request),
            email=email,
            password=str(form.get("password", "")),
            address=network_address(request),
        )
    except UseCaseError as error:
        return _login(request, next_path=next_path, email=email, refused=error)
    response = RedirectResponse(local_path(next_path), HTTPStatus.SEE_OTHER)
    remember(request, response, made.token)
    return response


async def register_form(request: Request) -> Response:
    return _register(request, {"name": "", "email": "", "next": request.query_params.get("next", "")})


async def register(request: Request) -> Response:
    require_own_origin(request)
    form = await read_form(request)
    fields = {name: str(form.get(name, "")) for name in ("name", "email", "password", "next")}
    try:
        body = RegisterIn.model_validate(fields)
        made = await accounts.register(
            backend_of(request),
            name=body.name,
            email=body.email,
            password=body.password,
            address=network_address(request),
        )
    except ValidationError as error:
        errors = problems_of(error, fields, language_of(request))
        return _register(request, fields, errors=errors, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    except UseCaseError as error:
        return _register(request, fields, refused=error)
    response = RedirectResponse(local_path(fields["next"]), HTTPStatus.SEE_OTHER)
    remember(request, response, made.token)
    return response


async def log_out(request: Request) -> Response:
    require_own_origin(request)
    if (token := request.cookies.get(SESSION_COOKIE)) is not None:
        await accounts.log_out(backend_of(request), token)
    response = RedirectResponse("/login", HTTPStatus.SEE_OTHER)
    response.delete_cookie(SESSION_COOKIE)
    return response


def refused_at(request: Request, refused: UseCaseError) -> tuple[dict[str, str], str | None]:
    """Where a refusal is told: at its field, or above the form."""
    told = sentence(refused, language_of(request))
    field = _ABOUT_A_FIELD.get(type(refused))
    return ({field: told}, None) if field else ({}, told)


def wait(response: Response, refused: UseCaseError | None) -> Response:
    """Tell programs, too, when it is worth trying again."""
    if isinstance(refused, TooManyRequests | Overloaded):
        response.headers["Retry-After"] = str(refused.seconds)
    return response


def _login(
    request: Request, *, next_path: str, email: str = "", refused: UseCaseError | None = None
) -> Response:
    errors, error = refused_at(request, refused) if refused else ({}, None)
    response = page(
        request,
        "login.html",
        status=status_of(refused) if refused else HTTPStatus.OK,
        errors=errors,
        error=error,
        email=email,
        next=next_path,
        demo=request.app.state.demo,
    )
    return wait(response, refused)


def _register(
    request: Request,
    fields: dict[str, str],
    *,
    errors: dict[str, str] | None = None,
    status: HTTPStatus = HTTPStatus.OK,
    refused: UseCaseError | None = None,
) -> Response:
    error = None
    if refused is not None:
        status = status_of(refused)
        errors, error = refused_at(request, refused)
    response = page(
        request,
        "register.html",
        status=status,
        errors=errors or {},
        error=error,
        name=fields["name"],
        email=fields["email"],
        next=fields["next"],
    )
    return wait(response, refused)


ROUTES = [
    Route("/login", login_form),
    Route("/login", log_in, methods=["POST"]),
    Route("/register", register_form),
    Route("/register", register, methods=["POST"]),
    Route("/logout", log_out, methods=["POST"]),
]
