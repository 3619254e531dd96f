"""`/_control/...`: what payer, bank, fraud desk and time can do. Errors are `{"message", "code"}`."""

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from midtrans_simulator.control import openapi, view
from midtrans_simulator.core import pay_accounts
from midtrans_simulator.gateway import Gateway
from midtrans_simulator.http import jsonbody
from midtrans_simulator.payments import acts, attempts, refunds
from midtrans_simulator.protocol import durations
from midtrans_simulator.protocol.model import Transaction
from midtrans_simulator.protocol.transitions import IllegalTransition
from midtrans_simulator.snap import choose

Body = dict[str, Any]
Handler = Callable[[Gateway, Request, Body], Awaitable[Any]]


class ControlError(Exception):
    """`http_status` and a stable `code`; its text says what to do next."""

    def __init__(self, http_status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.http_status = http_status
        self.code = code


def routes(gateway: Gateway) -> list[Route]:
    table: list[tuple[str, str, Handler]] = [
        ("GET", "/state", _state),
        ("POST", "/reset", _reset),
        ("GET", "/clock", _clock),
        ("POST", "/clock", _set_clock),
        ("GET", "/faults", _faults),
        ("PUT", "/faults", _set_faults),
        ("GET", "/deliveries", _deliveries),
        ("POST", "/deliveries/{id}/resend", _resend),
        ("POST", "/sessions/{token}/choose", _choose),
        ("POST", "/transactions/{id:path}/{act}", _act),
        ("POST", "/accounts/{id}/link", _link),
        ("POST", "/sink", _sink),
        ("GET", "/openapi.json", _openapi),
    ]
    return [
        Route(f"/_control{path}", _endpoint(gateway, handler), methods=[method])
        for method, path, handler in table
    ]


def _endpoint(gateway: Gateway, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        try:
            return JSONResponse(await handler(gateway, request, await _body(request)))
        except ControlError as error:
            return _error(error.http_status, error.code, str(error))
        except IllegalTransition as refused:
            return _error(409, "illegal_transition", str(refused))
        except choose.ChoiceRefused as refused:
            return _error(409, refused.code, str(refused))

    return endpoint


async def _state(gateway: Gateway, _: Request, __: Body) -> Body:
    return view.state(gateway)


async def _reset(gateway: Gateway, _: Request, body: Body) -> Body:
    """`{"clock": true}` sets the clock back, too."""
    clock = body.get("clock", False)
    if set(body) - {"clock"} or not isinstance(clock, bool):
        raise ControlError(400, "invalid_request", 'send nothing, or {"clock": true} to reset the clock, too')
    gateway.reset(clock=clock)
    return view.state(gateway)


async def _clock(gateway: Gateway, _: Request, __: Body) -> Body:
    return view.clock(gateway)


async def _set_clock(gateway: Gateway, _: Request, body: Body) -> Body:
    """`advance` jumps, `running` stops and starts, `speed` scales; any of them together, in this order."""
    unknown = set(body) - {"advance", "running", "speed"}
    if unknown or not body:
        raise ControlError(
            400, "invalid_request", 'send {"advance": "24h"}, {"running": false} or {"speed": 60}'
        )
    running, speed = body.get("running"), body.get("speed")
    if running is not None and not isinstance(running, bool):
        raise ControlError(400, "invalid_request", "running is true or false")
    if speed is not None and (isinstance(speed, bool) or not isinstance(speed, int | float) or speed <= 0):
        raise ControlError(400, "invalid_request", "speed is a positive number of virtual seconds per second")
    if "advance" in body:
        try:
            await gateway.timers.advance(durations.parse(body["advance"]), gateway.courier.quiet)
        except (ValueError, TypeError, OverflowError) as problem:
            raise ControlError(400, "invalid_request", str(problem)) from None
    if running is not None:
        gateway.clock.run() if running else gateway.clock.stop()
    if speed is not None:
        gateway.clock.scale(speed)
    gateway.timers.clock_changed()
    return view.clock(gateway)


async def _faults(gateway: Gateway, _: Request, __: Body) -> Body:
    return view.faults(gateway)


async def _set_faults(gateway: Gateway, _: Request, body: Body) -> Body:
    """The switches that are on from now; `{}` switches all off. `seed` draws anew from it."""
    seed = body.pop("seed", None)
    if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int)):
        raise ControlError(400, "invalid_request", "seed is a whole number")
    try:
        gateway.faults.replace(body)
    except ValueError as problem:
        raise ControlError(400, "invalid_request", str(problem)) from None
    if seed is not None:
        gateway.faults.reseed(seed)
    return view.faults(gateway)


async def _deliveries(gateway: Gateway, request: Request, _: Body) -> list[Body]:
    found = gateway.courier.deliveries(request.query_params.get("order_id"))
    return [view.delivery_view(delivery) for delivery in found]


async def _resend(gateway: Gateway, request: Request, _: Body) -> Body:
    delivery = gateway.courier.delivery(request.path_params["id"])
    if delivery is None:
        raise ControlError(
            404, "delivery_not_found", "GET /_control/deliveries lists the deliveries there are"
        )
    return view.delivery_view(gateway.courier.resend(delivery))


async def _choose(gateway: Gateway, request: Request, body: Body) -> Body:
    """Confirm a method without a browser: `{"method": "bca_va"}`; cards take `card_number` and `otp`."""
    session = gateway.ledger.session(request.path_params["token"])
    if session is None:
        raise ControlError(404, "session_not_found", "no Snap session has this token")
    transaction = choose.confirm(
        gateway,
        session,
        str(body.get("method", "")),
        phone=body.get("phone") is True,
        card_number=body.get("card_number"),
        payer_phone=body.get("payer_phone"),
    )
    if body.get("otp") is not None:
        attempts.authenticate(gateway, transaction, str(body["otp"]))
    return view.transaction_view(transaction)


async def _act(gateway: Gateway, request: Request, body: Body) -> Body:
    """One act on a transaction, by its id or by an order id (then its newest attempt)."""
    name = request.path_params["act"]
    transaction = gateway.ledger.find_anyones(request.path_params["id"])
    if transaction is None:
        raise ControlError(
            404, "transaction_not_found", "no transaction or order has this id; was a method confirmed?"
        )
    if name == "refund":
        _refund(gateway, transaction, body)
    elif name == "authenticate":
        attempts.authenticate(gateway, transaction, str(body.get("otp", "")))
    elif name == "chargeback":
        acts.chargeback(gateway, transaction, partial=body.get("partial") is True)
    elif name in _ACTS:
        _ACTS[name](gateway, transaction)
    else:
        raise ControlError(404, "unknown_act", f"a transaction can be told to {', '.join(_known_acts())}")
    return view.transaction_view(transaction)


async def _openapi(_: Gateway, __: Request, ___: Body) -> Body:
    return openapi.document(_known_acts())


async def _sink(_: Gateway, __: Request, ___: Body) -> Body:
    """A notification endpoint that takes everything, for a first look without a shop."""
    return {"message": "taken"}


async def _link(gateway: Gateway, request: Request, _: Body) -> Body:
    """The customer agrees in the wallet's app: the pay account is enabled."""
    account = gateway.accounts.get(request.path_params["id"])
    if account is None:
        raise ControlError(404, "account_not_found", "no pay account has this id")
    pay_accounts.link(gateway, account)
    return view.account_view(account)


_ACTS: dict[str, Callable[[Gateway, Transaction], object]] = {
    "pay": acts.pay,
    "deny": acts.deny,
    "expire": acts.expire,
    "cancel": acts.cancel,
    "challenge": acts.challenge,
    "approve": acts.approve,
    "settle": acts.settle,
    "reverse": acts.reverse,
    "pay_again": acts.pay_again,
    "win_chargeback": acts.win_chargeback,
    "return_refund": refunds.return_refund,
}


def _known_acts() -> list[str]:
    return [*_ACTS, "authenticate", "refund", "chargeback"]


def _refund(gateway: Gateway, transaction: Transaction, body: Body) -> None:
    """Refund by hand in the dashboard: `amount` in rupiah, all that is left when absent."""
    amount = body.get("amount")
    if amount is not None and (isinstance(amount, bool) or not isinstance(amount, int)):
        raise ControlError(400, "invalid_request", "amount is whole rupiah")
    request = refunds.RefundRequest(body.get("refund_key"), amount, str(body.get("reason", "")))
    try:
        refunds.refund(gateway, transaction, request)
    except refunds.DuplicateRefund:
        raise ControlError(409, "duplicate_refund", "this refund_key has been used; choose another") from None
    except refunds.RefundAmountRefused:
        left = transaction.gross_amount - transaction.refunded
        raise ControlError(
            409, "amount_refused", f"Rp{left} is left, and some methods refund only all"
        ) from None


async def _body(request: Request) -> Body:
    if request.method == "GET":
        return {}
    try:
        body = jsonbody.parse(await request.body())
    except ValueError:
        raise ControlError(400, "invalid_json", "the body is no JSON") from None
    if body is not None and not isinstance(body, dict):
        raise ControlError(400, "invalid_json", "the body is a JSON object, or nothing")
    return body or {}


def _error(http_status: int, code: str, message: str) -> JSONResponse:
    return JSONResponse({"message": message, "code": code}, status_code=http_status)
