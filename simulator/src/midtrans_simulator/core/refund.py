"""The refund calls of Core (Midtrans, "Refund transaction")."""

import re
from typing import Any

from midtrans_simulator.core.endpoint import Body, Call
from midtrans_simulator.core.errors import DUPLICATE_REFUND, INVALID, CoreError
from midtrans_simulator.payments.refunds import (
    DuplicateRefund,
    RefundAmountRefused,
    RefundRequest,
    check,
    refund,
)
from midtrans_simulator.protocol import amounts, wib
from midtrans_simulator.protocol.amounts import whole_rupiah
from midtrans_simulator.protocol.model import Transaction
from midtrans_simulator.state import faults as fault

_KEY = re.compile(r"[A-Za-z0-9_-]+")
_REASON = 255
_APPROVED = {
    False: "Success, refund request is approved",
    True: "Success, refund request is approved by the bank",
}
_BAD_AMOUNT = "Refund request is rejected due to invalid amount"
_NO_FUNDS = "Refund request is rejected due to merchant insufficient funds"
_DENIED = "Refund denied by the bank"


def refund_reply(call: Call, transaction: Transaction, *, direct: bool) -> Body:
    """Refund, and answer with this refund's own amount. Raises CoreError, or IllegalTransition for 412."""
    request = _request(transaction, call.body)
    try:
        check(call.gateway, transaction, request)
        refused = call.gateway.faults.strikes(fault.REFUND_REFUSED)
        if refused is not None and refused.options["why"] == "funds":
            raise CoreError(414, _NO_FUNDS, id=transaction.id)
        if refused is not None:
            nothing = {"refund_amount": "0.00", "refund_key": request.key}
            return _reply(call, transaction, "202", _DENIED, nothing)
        made = refund(call.gateway, transaction, request, direct=direct)
    except DuplicateRefund:
        raise CoreError(406, DUPLICATE_REFUND, id=transaction.id) from None
    except RefundAmountRefused:
        raise CoreError(414, _BAD_AMOUNT, id=transaction.id) from None
    given_back = {
        "refund_chargeback_id": made.sequence,
        "refund_amount": amounts.text(made.amount),
        "refund_key": made.key,
    }
    return _reply(call, transaction, "200", _APPROVED[direct], given_back)


def _reply(call: Call, transaction: Transaction, code: str, message: str, refunded: dict[str, Any]) -> Body:
    reply = {
        "status_code": code,
        "status_message": message,
        "transaction_id": transaction.id,
        "order_id": transaction.order_id,
        "payment_type": transaction.payment_type,
        "transaction_time": wib.text(transaction.transaction_time),
        "transaction_status": transaction.status,
        "gross_amount": amounts.text(transaction.gross_amount),
        "currency": "IDR",
        "merchant_id": call.merchant.id,
        "fraud_status": transaction.fraud,
        "settlement_time": wib.text(transaction.settlement_time) if transaction.settlement_time else None,
        "payer_phone_number": transaction.details.get("payer_phone_number"),
        **refunded,
    }
    return {name: value for name, value in reply.items() if value is not None}


def _request(transaction: Transaction, body: dict[str, Any]) -> RefundRequest:
    key, reason, amount = body.get("refund_key"), body.get("reason"), body.get("amount")
    whole = None if amount is None else whole_rupiah(amount)
    if amount is not None and whole is None:
        raise CoreError(414, _BAD_AMOUNT, id=transaction.id)
    problems = []
    if key is not None and not (isinstance(key, str) and _KEY.fullmatch(key)):
        problems.append("refund_key takes letters, digits, - and _")
    if reason is not None and (not isinstance(reason, str) or len(reason) > _REASON):
        problems.append("reason is a text of at most 255 characters")
    if problems:
        raise CoreError(400, INVALID, id=transaction.id, validation_messages=problems)
    return RefundRequest(key, whole, reason or "")
