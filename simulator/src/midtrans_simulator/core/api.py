"""`/v2/{id}/...`: what a merchant asks about, and does to, a transaction (Midtrans, "Core API")."""

import functools
from collections.abc import Callable

from starlette.routing import Route

from midtrans_simulator.core import card_api, pay_accounts, subscription_api
from midtrans_simulator.core.charge import charge
from midtrans_simulator.core.endpoint import Body, Call, merchant_endpoint
from midtrans_simulator.core.errors import INVALID, NOT_FOUND, CoreError
from midtrans_simulator.core.idempotency import CHARGE
from midtrans_simulator.core.refund import refund_reply
from midtrans_simulator.core.wallet_actions import wallet_actions
from midtrans_simulator.gateway import Gateway
from midtrans_simulator.payments import acts
from midtrans_simulator.protocol import amounts, wib
from midtrans_simulator.protocol.amounts import whole_rupiah
from midtrans_simulator.protocol.facts import denied, facts
from midtrans_simulator.protocol.methods import METHODS
from midtrans_simulator.protocol.model import ENDED_UNPAID, Merchant, Status, Transaction
from midtrans_simulator.protocol.transitions import IllegalTransition

TransactionAct = Callable[[Call, Transaction], Body]

_STATUS_CODES = {Status.PENDING: "201", Status.DENY: "202", Status.EXPIRE: "407"}
_FOUND = "Success, transaction is found"
_CARD_FOUND = "Success, Credit Card transaction is successful"
_PER_PAGE = 10
_MOST_PER_PAGE = 100


def routes(gateway: Gateway) -> list[Route]:
    posts = {
        "cancel": _on_transaction(_cancel),
        "expire": _on_transaction(_expire),
        "approve": _on_transaction(_approve),
        "deny": _on_transaction(_deny),
        "refund": _on_transaction(functools.partial(refund_reply, direct=False)),
        "refund/online/direct": _on_transaction(functools.partial(refund_reply, direct=True)),
    }
    return [
        Route(CHARGE, merchant_endpoint(gateway, charge), methods=["POST"]),
        Route("/v2/capture", merchant_endpoint(gateway, _capture), methods=["POST"]),
        Route("/v2/{id:path}/status", merchant_endpoint(gateway, _on_transaction(_status)), methods=["GET"]),
        Route("/v2/{id:path}/status/b2b", merchant_endpoint(gateway, _b2b), methods=["GET"]),
        *(
            Route(f"/v2/{{id:path}}/{name}", merchant_endpoint(gateway, act), methods=["POST"])
            for name, act in posts.items()
        ),
        *card_api.routes(gateway),
        *pay_accounts.routes(gateway),
        *subscription_api.routes(gateway),
    ]


def _on_transaction(act: TransactionAct) -> Callable[[Call], Body]:
    return lambda call: act(call, _transaction(call, call.reference))


def _transaction(call: Call, reference: str) -> Transaction:
    transaction = call.gateway.ledger.find(call.merchant.id, reference)
    if transaction is None:
        raise CoreError(404, NOT_FOUND)
    return transaction


def _status(call: Call, transaction: Transaction) -> Body:
    body = _status_body(call.merchant, transaction)
    if transaction.status is Status.PENDING and _asked_for_actions(transaction):
        body["actions"] = wallet_actions(call.base, transaction)
    return body


def _asked_for_actions(transaction: Transaction) -> bool:
    """By a QR it is a QRIS payment, which shows none."""
    method = METHODS[transaction.method]
    return method.asked_for_actions and transaction.payment_type == method.payment_type


def _status_body(merchant: Merchant, transaction: Transaction) -> Body:
    if transaction.refunds:
        message = "Success, refund request is approved by the bank"
    elif transaction.status is Status.DENY and transaction.payment_type == "credit_card":
        message = denied(transaction)
    elif transaction.payment_type == "credit_card" and transaction.status not in ENDED_UNPAID:
        message = _CARD_FOUND
    else:
        message = _FOUND
    code = "201" if transaction.challenged else _STATUS_CODES.get(transaction.status or Status.PENDING, "200")
    return facts(transaction, merchant, status_code=code, message=message)


def _b2b(call: Call) -> Body:
    """Every payment of a B2B order, newest first: one whose virtual account takes several payments.

    404 for any other order (Midtrans, "Get transaction status B2B").
    """
    found = _transaction(call, call.reference)
    made = call.gateway.ledger.attempts(call.merchant.id, found.order_id)
    if not any(attempt.b2b for attempt in made):
        raise CoreError(404, NOT_FOUND)
    page, size = _query_number(call, "page", 0), _query_number(call, "per_page", _PER_PAGE)
    listed = list(reversed(made))[page * size : (page + 1) * size]
    return {
        "status_code": "200",
        "status_message": "Success, transactions are retrieved",
        "id": found.id,
        "transactions": [_status_body(call.merchant, transaction) for transaction in listed],
    }


def _query_number(call: Call, name: str, default: int) -> int:
    """Raises CoreError 400 for what is no count; a page holds 1 to 100."""
    written = call.request.query_params.get(name, str(default))
    least, most = (0, 10**6) if name == "page" else (1, _MOST_PER_PAGE)
    if not (written.isascii() and written.isdigit() and least <= int(written) <= most):
        raise CoreError(400, INVALID, validation_messages=[f"{name} must be between {least} and {most}"])
    return int(written)


def _cancel(call: Call, transaction: Transaction) -> Body:
    acts.cancel(call.gateway, transaction)
    return _reply(transaction, "200", "Success, transaction is canceled")


def _expire(call: Call, transaction: Transaction) -> Body:
    if transaction.status is not Status.PENDING:
        raise IllegalTransition(transaction, Status.EXPIRE)
    acts.expire(call.gateway, transaction)
    return _reply(transaction, "407", METHODS[transaction.method].expired)


def _approve(call: Call, transaction: Transaction) -> Body:
    acts.approve(call.gateway, transaction)
    return _reply(transaction, "200", "Success, transaction is approved")


def _deny(call: Call, transaction: Transaction) -> Body:
    if not transaction.challenged:
        raise IllegalTransition(transaction, Status.DENY)
    acts.deny(call.gateway, transaction)
    return _reply(transaction, "200", "Success, transaction is denied")


def _capture(call: Call) -> Body:
    transaction = _transaction(call, str(call.body.get("transaction_id")))
    amount = whole_rupiah(call.body.get("gross_amount", transaction.gross_amount))
    if transaction.status is not Status.AUTHORIZE:
        raise IllegalTransition(transaction, Status.CAPTURE)
    if amount is None or not 0 < amount <= transaction.gross_amount:
        problem = "gross_amount must be at most the authorized amount"
        raise CoreError(400, INVALID, id=transaction.id, validation_messages=[problem])
    acts.capture(call.gateway, transaction, amount)
    return _reply(transaction, "200", "Success, Credit Card capture transaction is successful")


def _reply(transaction: Transaction, status_code: str, message: str) -> Body:
    """The shorter body that answers an act: no signature, no times but the first, no references.

    Midtrans, "Cancel transaction".
    """
    body: Body = {
        "status_code": status_code,
        "status_message": message,
        "transaction_id": transaction.id,
        "order_id": transaction.order_id,
        "gross_amount": amounts.text(transaction.gross_amount),
        "currency": "IDR",
        "payment_type": transaction.payment_type,
        "transaction_time": wib.text(transaction.transaction_time),
        "transaction_status": transaction.status,
    }
    if transaction.fraud is not None and transaction.status is not Status.EXPIRE:
        body["fraud_status"] = transaction.fraud
    return body | {
        name: transaction.details[name] for name in ("masked_card", "bank") if name in transaction.details
    }
