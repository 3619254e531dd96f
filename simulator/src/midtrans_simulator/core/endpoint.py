"""How every Core call is answered: faults, idempotency keys, the key that asks, and one shape of refusal."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from midtrans_simulator.core.errors import (
    DUPLICATE_REFUND,
    INVALID,
    NOT_ALLOWED,
    UNKNOWN_KEY,
    USED,
    CoreError,
    apology,
)
from midtrans_simulator.core.idempotency import with_idempotency
from midtrans_simulator.gateway import Gateway
from midtrans_simulator.http import auth, jsonbody
from midtrans_simulator.http.api_faults import Endpoint, with_faults
from midtrans_simulator.http.urls import base_url
from midtrans_simulator.protocol.model import Merchant
from midtrans_simulator.protocol.transitions import IllegalTransition
from midtrans_simulator.state import faults as fault

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """One authorised call. `body` is empty where there was nothing to say."""

    gateway: Gateway
    request: Request
    merchant: Merchant
    body: Body

    @property
    def base(self) -> str:
        return base_url(self.request)

    @property
    def reference(self) -> str:
        """The id in the path."""
        return str(self.request.path_params["id"])


Act = Callable[[Call], Body | Response]


def merchant_endpoint(gateway: Gateway, act: Act, *, idempotent: bool = True) -> Endpoint:
    """`act` for a merchant that shows its server key. Refusals are answered as Midtrans has them."""

    async def endpoint(request: Request) -> Response:
        try:
            merchant = _merchant(gateway, request)
            body = await _body(request) if request.method != "GET" else {}
            _done_before(gateway, request)
            answer = act(Call(gateway, request, merchant, body))
        except CoreError as error:
            return error.response(mirror=gateway.config.mirror_body_code)
        except IllegalTransition as refused:
            not_allowed = CoreError(412, NOT_ALLOWED, id=refused.transaction.id)
            return not_allowed.response(mirror=gateway.config.mirror_body_code)
        return answer if isinstance(answer, Response) else JSONResponse(answer)

    guarded = with_faults(gateway, endpoint, apology)
    return with_idempotency(gateway, guarded) if idempotent else guarded


def _merchant(gateway: Gateway, request: Request) -> Merchant:
    merchant = auth.merchant_of(gateway, request)
    if merchant is None:
        raise CoreError(401, UNKNOWN_KEY)
    return merchant


def _done_before(gateway: Gateway, request: Request) -> None:
    """The fault that answers as if this had been done before. Raises CoreError 406."""
    if request.method == "POST" and gateway.faults.strikes(fault.API_406, request.url.path):
        raise CoreError(406, DUPLICATE_REFUND if "/refund" in request.url.path else USED)


async def _body(request: Request) -> Body:
    """Clients send nothing, `{}` or `null` where there is nothing to say."""
    try:
        body = jsonbody.request(await request.body())
    except ValueError:
        raise CoreError(413, "The request body is malformed JSON.") from None
    if body is not None and not isinstance(body, dict):
        raise CoreError(400, INVALID, validation_messages=["the request body must be an object"])
    return body or {}
