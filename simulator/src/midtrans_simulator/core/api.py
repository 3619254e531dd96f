"""`/v2/{id}/...`: what a merchant asks about, and does to, a transaction (section 4)."""

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from midtrans_simulator import amounts, auth, jsonbody, payments, wib
from midtrans_simulator import faults as fault
from midtrans_simulator.amounts import whole_rupiah
from midtrans_simulator.core.errors import NOT_ALLOWED, NOT_FOUND, UNKNOWN_KEY, CoreError
from midtrans_simulator.core.refund import refund_reply
from midtrans_simulator.facts import facts
from midtrans_simulator.gateway import Gateway
from midtrans_simulator.model import Merchant, Status, Transaction
from midtrans_simulator.transitions import IllegalTransition

Body = dict[str, Any]
Act = Callable[[Gateway, Merchant, Transaction, Body], Body]

_STATUS_CODES = {Status.PENDING: "201", Status.DENY: "202", Status.EXPIRE: "407"}
_FOUND = {True: "Success, Credit Card transaction is successful", False: "Success, transaction is found"}


def routes(gateway: Gateway) -> list[Route]:
    acts: dict[str, Act] = {
        "cancel": _cancel,
        "expire": _expire,
        "approve": _approve,
        "deny": _deny,
        "refund": lambda *given: refund_reply(*given, direct=False),
        "refund/online/direct": lambda *given: refund_reply(*given, direct=True),
    }
    return [
        Route("/v2/capture", _endpoint(gateway, _capture), methods=["POST"]),
        Route("/v2/{id}/status", _endpoint(gateway, _status), methods=["GET"]),
        *(
            Route(f"/v2/{{id}}/{name}", _endpoint(gateway, act), methods=["POST"])
            for name, act in acts.items()
        ),
    ]


def _endpoint(gateway: Gateway, act: Act) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        try:
            return JSONResponse(await _act(gateway, request, act))
        except CoreError as error:
            return error.response(mirror=gateway.config.mirror_body_code)
        except IllegalTransition as refused:
            not_allowed = CoreError(412, NOT_ALLOWED, id=refused.transaction.id)
            return not_allowed.response(mirror=gateway.config.mirror_body_code)

    return endpoint


async def _act(gateway: Gateway, request: Request, act: Act) -> Body:
    down = gateway.faults.strikes(fault.API_DOWN)
    if down is not None:
        raise CoreError(down.status, "Sorry, we encountered internal server error. We will fix this soon.")
    merchant = auth.merchant_of(gateway, request)
    if merchant is None:
        raise CoreError(401, UNKNOWN_KEY)
    body = await _body(request) if request.method == "POST" else {}
    reference = request.path_params.get("id", body.get("transaction_id"))
    transaction = gateway.ledger.find(merchant.id, str(reference))
    if transaction is None:
        raise CoreError(404, NOT_FOUND)
    return act(gateway, merchant, transaction, body)


async def _body(request: Request) -> Body:
    """Clients send nothing, `{}` or `null` where there is nothing to say."""
    try:
        body = jsonbody.parse(await request.body())
    except ValueError:
        raise CoreError(413, "The request body is malformed JSON.") from None
    if body is not None and not isinstance(body, dict):
        raise CoreError(400, "One or more parameters in the payload is invalid.")
    return body or {}


def _status(_: Gateway, merchant: Merchant, transaction: Transaction, __: Body) -> Body:
    if transaction.refunds:
        message = "Success, refund request is approved by the bank"
    else:
        message = _FOUND[transaction.payment_type == "credit_card"]
    code = "201" if transaction.challenged else _STATUS_CODES.get(transaction.status or Status.PENDING, "200")
    return facts(transaction, merchant, status_code=code, message=message)


def _cancel(gateway: Gateway, _: Merchant, transaction: Transaction, __: Body) -> Body:
    payments.cancel(gateway, transaction)
    return _reply(transaction, "200", "Success, transaction is canceled")


def _expire(gateway: Gateway, _: Merchant, transaction: Transaction, __: Body) -> Body:
    if transaction.status is not Status.PENDING:
        raise IllegalTransition(transaction, Status.EXPIRE)
    payments.expire(gateway, transaction)
    wallet = transaction.method == "gopay"
    return _reply(
        transaction,
        "407",
        "Success, transaction is expired" if wallet else "Success, transaction has expired",
    )


def _approve(gateway: Gateway, _: Merchant, transaction: Transaction, __: Body) -> Body:
    payments.approve(gateway, transaction)
    return _reply(transaction, "200", "Success, transaction is approved")


def _deny(gateway: Gateway, _: Merchant, transaction: Transaction, __: Body) -> Body:
    if not transaction.challenged:
        raise IllegalTransition(transaction, Status.DENY)
    payments.deny(gateway, transaction)
    return _reply(transaction, "200", "Success, transaction is denied")


def _capture(gateway: Gateway, _: Merchant, transaction: Transaction, body: Body) -> Body:
    amount = whole_rupiah(body.get("gross_amount", transaction.gross_amount))
    if transaction.status is not Status.AUTHORIZE:
        raise IllegalTransition(transaction, Status.CAPTURE)
    if amount is None or not 0 < amount <= transaction.gross_amount:
        raise CoreError(400, "One or more parameters in the payload is invalid.", id=transaction.id)
    payments.capture(gateway, transaction, amount)
    return _reply(transaction, "200", "Success, Credit Card capture transaction is successful")


def _reply(transaction: Transaction, status_code: str, message: str) -> Body:
    """The shorter body that answers an act (4.5): no signature, no times but the first, no references."""
    body: Body = {
        "status_code": status_code,
        "status_message": message,
        "transaction_id": transaction.id,
        "order_id": transaction.order_id,
        "gross_amount": amounts.text(transaction.gross_amount),
        "payment_type": transaction.payment_type,
        "transaction_time": wib.text(transaction.transaction_time),
        "transaction_status": transaction.status,
    }
    if transaction.fraud is not None and transaction.status is not Status.EXPIRE:
        body["fraud_status"] = transaction.fraud
    return body | {
        name: transaction.details[name] for name in ("masked_card", "bank") if name in transaction.details
    }
