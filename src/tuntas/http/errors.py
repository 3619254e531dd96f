"""Every refusal as `{"message", "code"}` with the right status: the one place where errors meet HTTP."""

from collections.abc import Mapping
from http import HTTPStatus

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from tuntas.http.caller import language_of
from tuntas.http.field_errors import field_errors
from tuntas.language import Language, rupiah, text
from tuntas.midtrans.errors import (
    GatewayError,
    GatewayMisconfigured,
    GatewayRejected,
    GatewayTimeout,
    GatewayUnavailable,
)
from tuntas.store.database import DatabaseBusy, DatabaseUnusable
from tuntas.usecases import errors

log = structlog.get_logger()

_STATUS: Mapping[type[Exception], HTTPStatus] = {
    errors.Unauthenticated: HTTPStatus.UNAUTHORIZED,
    errors.SessionExpired: HTTPStatus.UNAUTHORIZED,
    errors.InvalidCredentials: HTTPStatus.UNAUTHORIZED,
    errors.EmailTaken: HTTPStatus.CONFLICT,
    errors.PasswordTooShort: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.PasswordCommon: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.ForbiddenOrigin: HTTPStatus.FORBIDDEN,
    errors.PackageNotFound: HTTPStatus.NOT_FOUND,
    errors.InvitationNotFound: HTTPStatus.NOT_FOUND,
    errors.OrderNotFound: HTTPStatus.NOT_FOUND,
    errors.NotificationNotFound: HTTPStatus.NOT_FOUND,
    errors.AlertNotFound: HTTPStatus.NOT_FOUND,
    errors.PackageExists: HTTPStatus.CONFLICT,
    errors.NotAnOrphan: HTTPStatus.CONFLICT,
    errors.NothingToDecide: HTTPStatus.CONFLICT,
    errors.DomainTaken: HTTPStatus.CONFLICT,
    errors.DomainInvalid: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.DomainReserved: HTTPStatus.CONFLICT,
    errors.DomainFixed: HTTPStatus.CONFLICT,
    errors.DomainReleased: HTTPStatus.CONFLICT,
    errors.DomainElsewhere: HTTPStatus.CONFLICT,
    errors.TooManyUnpaid: HTTPStatus.CONFLICT,
    errors.AmountMismatch: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.AlreadyPaid: HTTPStatus.CONFLICT,
    errors.PaymentInReview: HTTPStatus.CONFLICT,
    errors.FinishUrlNotAllowed: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.TokenInProgress: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.Busy: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.TooManyRequests: HTTPStatus.TOO_MANY_REQUESTS,
    errors.Overloaded: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.NothingToRefund: HTTPStatus.CONFLICT,
    errors.TransactionNeeded: HTTPStatus.CONFLICT,
    errors.RefundTooLarge: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.RefundByHand: HTTPStatus.CONFLICT,
    errors.WholeRefundOnly: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.RefundUnderWay: HTTPStatus.CONFLICT,
    errors.RefundUncertain: HTTPStatus.CONFLICT,
    errors.NoRefundUnderWay: HTTPStatus.CONFLICT,
    errors.ReferenceTaken: HTTPStatus.CONFLICT,
    errors.RefundRefused: HTTPStatus.BAD_GATEWAY,
    GatewayTimeout: HTTPStatus.GATEWAY_TIMEOUT,
    GatewayUnavailable: HTTPStatus.BAD_GATEWAY,
    GatewayRejected: HTTPStatus.BAD_GATEWAY,
    GatewayMisconfigured: HTTPStatus.BAD_GATEWAY,
}
COME_AGAIN: Mapping[str, str] = {"Retry-After": "10"}
"""In seconds: what is away or busy now may serve then."""
API_PATHS = ("/api/", "/v1/")
"""Where programs ask, and are answered in JSON; the second by mistake."""
HTTP_CODES: Mapping[int, str] = {
    HTTPStatus.BAD_REQUEST: "invalid_json",
    HTTPStatus.NOT_FOUND: "not_found",
    HTTPStatus.METHOD_NOT_ALLOWED: "method_not_allowed",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "payload_too_large",
}


def install(app: FastAPI) -> None:
    """Answer every exception in the form of the contract."""
    app.add_exception_handler(errors.UseCaseError, _known)
    app.add_exception_handler(GatewayError, _known)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(DatabaseUnusable, _database_unusable)
    app.add_exception_handler(ClientDisconnect, client_left)


def status_of(error: Exception) -> HTTPStatus:
    return status_of_kind(type(error))


def status_of_kind(kind: type[Exception]) -> HTTPStatus:
    """The status of an error's class, or of the nearest class above it."""
    return next(_STATUS[cause] for cause in kind.__mro__ if cause in _STATUS)


def code_of_status(status: int) -> str:
    """The stable code of a refusal that no use case made."""
    return HTTP_CODES.get(status, "invalid_request")


def sentence(error: errors.UseCaseError | GatewayError, language: Language) -> str:
    """What the person asking is told."""
    values = dict(error.values) if isinstance(error, errors.UseCaseError) else {}
    if isinstance(error, errors.AmountMismatch):
        values["price"] = rupiah(error.price)
    if isinstance(error, errors.RefundTooLarge):
        values["left"] = rupiah(error.left)
    return text(f"error.{error.code}", language, **values)


def headers_of(error: Exception) -> Mapping[str, str]:
    """What a program is told beside the body: how to log in, when to come again."""
    status = status_of(error)
    if isinstance(error, errors.TooManyRequests | errors.Overloaded):
        return {"Retry-After": str(error.seconds)}
    if status is HTTPStatus.UNAUTHORIZED:
        return {"WWW-Authenticate": "Bearer"}
    return COME_AGAIN if status is HTTPStatus.SERVICE_UNAVAILABLE else {}


def database_code(request: Request, error: Exception) -> str:
    """Tell the log that the database could not serve; returns the code for the caller."""
    log.error("request_failed", path=request.url.path, error=type(error).__name__)
    return "busy" if isinstance(error, DatabaseBusy) else "database_unavailable"


def refusal(
    request: Request, code: str, status: int, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    message = text(f"error.{code}", language_of(request))
    return JSONResponse({"message": message, "code": code}, status, headers)


def tell_no_such_address(request: Request) -> None:
    """A program asks for what does not exist, a mistyped notification URL perhaps: the log knows."""
    log.warning("no_such_address", path=request.url.path)


async def _known(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, errors.UseCaseError | GatewayError):
        raise error
    body = {"message": sentence(error, language_of(request)), "code": error.code}
    status = status_of(error)
    return JSONResponse(body, status, headers_of(error))


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, RequestValidationError):
        raise error
    found = error.errors()
    if any(entry["type"] == "json_invalid" for entry in found):
        return refusal(request, "invalid_json", HTTPStatus.BAD_REQUEST)
    language = language_of(request)
    body = {
        "message": text("error.invalid_request", language),
        "code": "invalid_request",
        "errors": field_errors(found, language),
    }
    return JSONResponse(body, HTTPStatus.UNPROCESSABLE_ENTITY)


async def _http(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, HTTPException):
        raise error
    code = code_of_status(error.status_code)
    return refusal(request, code, error.status_code, error.headers)


async def _database_unusable(request: Request, error: Exception) -> JSONResponse:
    return refusal(request, database_code(request, error), HTTPStatus.SERVICE_UNAVAILABLE, COME_AGAIN)


async def client_left(_: Request, __: Exception) -> Response:
    """Nobody is there to read an answer."""
    log.warning("client_left")
    return Response(status_code=HTTPStatus.BAD_REQUEST)
