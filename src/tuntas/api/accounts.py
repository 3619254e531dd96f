"""`/api/v1/register`, `/login`, `/logout`."""

from http import HTTPStatus

from fastapi import APIRouter, Request, Response

from tuntas.api.openapi import refusals
from tuntas.api.schemas import LogInOut, UserOut
from tuntas.http.bodies import LogInIn, RegisterIn
from tuntas.http.caller import CurrentBackend, CurrentUser, network_address, session_token
from tuntas.usecases import accounts
from tuntas.usecases.errors import (
    EmailTaken,
    InvalidCredentials,
    Overloaded,
    PasswordCommon,
    PasswordTooShort,
    TooManyRequests,
)

router = APIRouter(tags=["accounts"])


@router.post(
    "/register",
    summary="Open an account",
    status_code=HTTPStatus.CREATED,
    responses=refusals(EmailTaken, PasswordTooShort, PasswordCommon, TooManyRequests, Overloaded),
)
async def register(request: Request, backend: CurrentBackend, body: RegisterIn) -> LogInOut:
    made = await accounts.register(
        backend, name=body.name, email=body.email, password=body.password, address=network_address(request)
    )
    return LogInOut(token=made.token, user=UserOut.of(made.user))


@router.post(
    "/login",
    summary="Log in; the token lives for 30 days",
    responses=refusals(InvalidCredentials, TooManyRequests, Overloaded),
)
async def log_in(request: Request, backend: CurrentBackend, body: LogInIn) -> LogInOut:
    made = await accounts.log_in(
        backend, email=body.email, password=body.password, address=network_address(request)
    )
    return LogInOut(token=made.token, user=UserOut.of(made.user))


@router.post("/logout", summary="Make the token void", status_code=HTTPStatus.NO_CONTENT)
async def log_out(request: Request, backend: CurrentBackend, _user: CurrentUser) -> Response:
    if (token := session_token(request)) is not None:
        await accounts.log_out(backend, token)
    return Response(status_code=HTTPStatus.NO_CONTENT)
