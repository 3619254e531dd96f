"""`POST /snap/v1/transactions` and the cancel call."""

from collections.abc import Awaitable, Callable
from datetime import UTC
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from midtrans_simulator.gateway import Gateway
from midtrans_simulator.http import auth, jsonbody
from midtrans_simulator.http.api_faults import with_faults
from midtrans_simulator.http.notify_urls import notify_urls
from midtrans_simulator.http.urls import base_url
from midtrans_simulator.protocol.model import Merchant
from midtrans_simulator.snap import sessions
from midtrans_simulator.snap.validation import problems
from midtrans_simulator.state.config import REDIRECT_PATHS

LARGEST_REQUEST = 16_000
Act = Callable[[Gateway, Request], Awaitable[JSONResponse]]

_NO_JSON = "There was a problem in the JSON you submitted"
_UNAUTHORIZED = [
    "Access denied due to unauthorized transaction, please check client or server key",
    "Visit https://snap-docs.midtrans.com/#request-headers for more details",
]


class SnapRefusal(Exception):
    """Answered as `{"error_messages": [...]}` under this HTTP status (Midtrans, "Snap errors")."""

    def __init__(self, http_status: int, *messages: str) -> None:
        super().__init__(*messages)
        self.http_status = http_status
        self.messages = list(messages)


def routes(gateway: Gateway) -> list[Route]:
    return [
        Route("/snap/v1/transactions", _endpoint(gateway, _create), methods=["POST"]),
        Route("/snap/v1/transactions/{token}/cancel", _endpoint(gateway, _cancel), methods=["POST"]),
    ]


def _endpoint(gateway: Gateway, act: Act) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        try:
            return await act(gateway, request)
        except SnapRefusal as refusal:
            return _errors(refusal.http_status, *refusal.messages)
        except sessions.SessionRefused as refused:
            return _errors(refused.http_status, str(refused))

    return with_faults(gateway, endpoint, _errors)


def _errors(http_status: int, *messages: str) -> JSONResponse:
    return JSONResponse({"error_messages": list(messages)}, status_code=http_status)


async def _create(gateway: Gateway, request: Request) -> JSONResponse:
    merchant = _merchant(gateway, request)
    body = await _token_request(gateway, request)
    session = sessions.create(gateway, merchant, body, notify_urls(gateway, request))
    url = f"{base_url(request)}{REDIRECT_PATHS[gateway.config.redirect_url]}/{session.token}"
    return JSONResponse({"token": session.token, "redirect_url": url}, status_code=201)


async def _cancel(gateway: Gateway, request: Request) -> JSONResponse:
    merchant = _merchant(gateway, request)
    at = sessions.cancel(gateway, merchant, request.path_params["token"])
    written = at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return JSONResponse({"canceled_at": written})


def _merchant(gateway: Gateway, request: Request) -> Merchant:
    """Who asks; before anything else is looked at."""
    if auth.server_key(request) == "":
        raise SnapRefusal(400, "Merchant is required")
    merchant = auth.merchant_of(gateway, request)
    if merchant is None:
        raise SnapRefusal(401, *_UNAUTHORIZED)
    return merchant


async def _token_request(gateway: Gateway, request: Request) -> dict[str, Any]:
    raw = await request.body()
    if len(raw) > LARGEST_REQUEST:
        raise SnapRefusal(400, "The request is too large (maximum is 16 KB)")
    try:
        body = jsonbody.request(raw)
    except ValueError:
        raise SnapRefusal(400, _NO_JSON) from None
    body = {} if body is None else body
    if not isinstance(body, dict):
        raise SnapRefusal(400, _NO_JSON)
    found = problems(body, gateway.now(), strict=gateway.config.strict)
    if found:
        raise SnapRefusal(400, *found)
    return body
