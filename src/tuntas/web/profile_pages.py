"""My account: name and e-mail address, which Midtrans is told with every order."""

from http import HTTPStatus

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from tuntas.http.bodies import RegisterIn, read_form
from tuntas.http.caller import backend_of, language_of, require_own_origin
from tuntas.http.errors import status_of
from tuntas.language import text
from tuntas.store.models import User
from tuntas.usecases import accounts
from tuntas.usecases.errors import InvalidCredentials, UseCaseError
from tuntas.web.account_pages import refused_at, wait
from tuntas.web.forms import problems_of
from tuntas.web.render import page
from tuntas.web.visitor import customers_only

_FIELDS = ("name", "email", "password")


async def account(request: Request, user: User) -> Response:
    saved = request.query_params.get("saved") is not None
    return _account(request, user, {"name": user.name, "email": user.email}, saved=saved)


async def change(request: Request, user: User) -> Response:
    require_own_origin(request)
    form = await read_form(request)
    fields = {name: str(form.get(name, "")) for name in _FIELDS}
    language = language_of(request)
    try:
        body = RegisterIn.model_validate(fields)
        await accounts.change_account(
            backend_of(request), user, name=body.name, email=body.email, password=body.password
        )
    except ValidationError as error:
        errors = problems_of(error, _FIELDS, language)
        return _account(request, user, fields, errors=errors, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    except InvalidCredentials as error:
        errors = {"password": text("account.wrong_password", language)}
        return _account(request, user, fields, errors=errors, status=status_of(error))
    except UseCaseError as error:
        errors, told = refused_at(request, error)
        answer = _account(request, user, fields, errors=errors, error=told, status=status_of(error))
        return wait(answer, error)
    return RedirectResponse("/account?saved", HTTPStatus.SEE_OTHER)


def _account(
    request: Request,
    user: User,
    fields: dict[str, str],
    *,
    errors: dict[str, str] | None = None,
    error: str | None = None,
    status: HTTPStatus = HTTPStatus.OK,
    saved: bool = False,
) -> Response:
    return page(
        request,
        "account.html",
        user=user,
        status=status,
        errors=errors or {},
        error=error,
        name=fields["name"],
        email=fields["email"],
        saved=saved,
    )


ROUTES = [
    Route("/account", customers_only(account)),
    Route("/account", customers_only(change), methods=["POST"]),
]
