"""`POST /v2/charge`: a payment without Snap's page, for every payment type.

Midtrans, "Enabled payments", "Payment methods".
"""

from typing import Any

from starlette.responses import JSONResponse

from midtrans_simulator.core import charge_rules
from midtrans_simulator.core.charge_method import charge_method
from midtrans_simulator.core.endpoint import Body, Call
from midtrans_simulator.core.errors import INVALID, NO_TOKEN, USED, CoreError
from midtrans_simulator.core.wallet_actions import wallet_actions
from midtrans_simulator.http.notify_urls import notify_urls
from midtrans_simulator.notifications.body import status_code
from midtrans_simulator.payments import acts, attempts, links, vault
from midtrans_simulator.payments.attempts import CardUse, Choice, Order
from midtrans_simulator.protocol.amounts import whole_rupiah
from midtrans_simulator.protocol.facts import denied, facts
from midtrans_simulator.protocol.methods import METHODS, Group, Method, Wallet
from midtrans_simulator.protocol.model import (
    ENDED_UNPAID,
    AccountState,
    CardToken,
    PayAccount,
    Status,
    Transaction,
)

_UNEXPECTED = {"message": "An unexpected error occurred"}
_REDIRECTED = frozenset({Group.PAYLATER, Group.INTERNET})
_QRIS = "qris"


def charge(call: Call) -> Body | JSONResponse:
    if not call.body:
        return JSONResponse(_UNEXPECTED, status_code=500)
    method = charge_method(call.body)
    wrong = charge_rules.problems(call.body, method, call.gateway.now(), strict=call.gateway.config.strict)
    if wrong:
        raise CoreError(400, INVALID, validation_messages=wrong)
    order = _order(call)
    linked = _linked_account(call, method)
    transaction = attempts.begin(call.gateway, order, _choice(call, method))
    if linked is not None:
        acts.pay(call.gateway, transaction)
    return _reply(call, transaction)


def _order(call: Call) -> Order:
    """Raises CoreError 406 when the order is being paid or has been (Midtrans, "Order id")."""
    details = call.body["transaction_details"]
    order_id = str(details["order_id"])
    for attempt in call.gateway.ledger.attempts(call.merchant.id, order_id):
        if attempt.status not in ENDED_UNPAID:
            raise CoreError(406, USED)
    return Order(
        merchant_id=call.merchant.id,
        order_id=order_id,
        gross_amount=whole_rupiah(details["gross_amount"]) or 0,
        request=call.body,
        notify_urls=notify_urls(call.gateway, call.request),
    )


def _choice(call: Call, method: Method) -> Choice:
    options = _options(call.body, str(call.body["payment_type"]))
    return Choice(
        method=method,
        options=options,
        phone=call.body["payment_type"] != _QRIS,
        with_qr=call.body["payment_type"] != _QRIS and method.charged_with_qr,
        payer_phone=options.get("payer_phone_number"),
        card=_card(call, options) if method.code == "credit_card" else None,
        expiry_time=charge_rules.expiry_time(call.body, call.gateway.now()),
    )


def _card(call: Call, options: dict[str, Any]) -> CardUse:
    """Raises CoreError 411 for a token that is unknown, used or too old."""
    card = vault.spend(call.gateway, str(options["token_id"]))
    if card is None:
        raise CoreError(411, NO_TOKEN)
    saved = vault.save(call.gateway, card.number) if options.get("save_token_id") is True else None
    return CardUse(
        number=card.number,
        secure=options.get("authentication") is True,
        authorize=options.get("type") == "authorize",
        bank=options.get("bank"),
        transaction_id=card.transaction_id if isinstance(card, CardToken) else None,
        installment_term=options.get("installment_term"),
        saved=saved,
    )


def _linked_account(call: Call, method: Method) -> PayAccount | None:
    """The linked wallet that pays without asking. Raises CoreError when it is not linked."""
    account_id = _options(call.body, "gopay").get("account_id")
    if method.code != "gopay" or not account_id:
        return None
    account = call.gateway.accounts.get(str(account_id))
    if (
        account is None
        or account.merchant_id != call.merchant.id
        or account.state is not AccountState.ENABLED
    ):
        raise CoreError(400, INVALID, validation_messages=["gopay.account_id is not an enabled account"])
    return account


def _reply(call: Call, transaction: Transaction) -> Body:
    body = facts(
        transaction, call.merchant, status_code=status_code(transaction), message=_message(transaction)
    )
    del body["signature_key"]
    if transaction.status is Status.PENDING:
        body |= _next_step(call, transaction)
    if transaction.qr_string is not None:
        body["qr_string"] = transaction.qr_string
    return body


def _message(transaction: Transaction) -> str:
    if transaction.status is Status.DENY:
        return denied(transaction)
    method = METHODS["other_qris"] if transaction.payment_type == _QRIS else METHODS[transaction.method]
    return method.charged


def _next_step(call: Call, transaction: Transaction) -> Body:
    """Where the payer goes on: 3DS, the wallet's app or QR, the lender's or the bank's page."""
    if transaction.payment_type == "credit_card":
        return {"redirect_url": links.three_ds(call.base, transaction)}
    group = METHODS[transaction.method].group
    if group in _REDIRECTED:
        return {"redirect_url": links.app(call.base, transaction)}
    if group is Group.WALLET and METHODS[transaction.method].wallet is not Wallet.PUSH:
        return {"actions": wallet_actions(call.base, transaction)}
    return {}


def _options(body: Body, name: str) -> dict[str, Any]:
    options = body.get(name)
    return options if isinstance(options, dict) else {}
