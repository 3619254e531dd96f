"""The refund calls of Core (4.4)."""

import re
from typing import Any

from midtrans_simulator import amounts, wib
from midtrans_simulator.amounts import whole_rupiah
from midtrans_simulator.core.errors import CoreError
from midtrans_simulator.gateway import Gateway
from midtrans_simulator.model import Merchant, Transaction
from midtrans_simulator.refunds import DuplicateRefund, RefundAmountRefused, RefundRequest, refund

_KEY = re.compile(r"[A-Za-z0-9_-]+")
_REASON = 255
_APPROVED = {
    False: "Success, refund request is approved",
    True: "Success, refund request is approved by the bank",
}
_BAD_AMOUNT = "Refund request is rejected due to invalid amount"


def refund_reply(
    gateway: Gateway, merchant: Merchant, transaction: Transaction, body: dict[str, Any], *, direct: bool
) -> dict[str, Any]:
    """Refund, and answer with this refund's own amount. Raises CoreError, or IllegalTransition for 412."""
    request = _request(transaction, body)
    try:
        made = refund(gateway, transaction, request, direct=direct)
    except DuplicateRefund:
        raise CoreError(406, "Duplicate refund ID", id=transaction.id) from None
    except RefundAmountRefused:
        raise CoreError(414, _BAD_AMOUNT, id=transaction.id) from None
    reply = {
        "status_code": "200",
        "status_message": _APPROVED[direct],
        "transaction_id": transaction.id,
        "order_id": transaction.order_id,
        "payment_type": transaction.payment_type,
        "transaction_time": wib.text(transaction.transaction_time),
        "transaction_status": transaction.status,
        "gross_amount": amounts.text(transaction.gross_amount),
        "currency": "IDR",
        "merchant_id": merchant.id,
        "fraud_status": transaction.fraud,
        "settlement_time": wib.text(transaction.settlement_time) if transaction.settlement_time else None,
        "refund_chargeback_id": made.sequence,
        "refund_amount": amounts.text(made.amount),
        "refund_key": made.key,
    }
    return {name: value for name, value in reply.items() if value is not None}


def _request(transaction: Transaction, body: dict[str, Any]) -> RefundRequest:
    key, reason, amount = body.get("refund_key"), body.get("reason"), body.get("amount")
    whole = None if amount is None else whole_rupiah(amount)
    if amount is not None and whole is None:
        raise CoreError(414, _BAD_AMOUNT, id=transaction.id)
    if key is not None and not (isinstance(key, str) and _KEY.fullmatch(key)):
        raise CoreError(400, "refund_key takes letters, digits, - and _", id=transaction.id)
    if reason is not None and (not isinstance(reason, str) or len(reason) > _REASON):
        raise CoreError(400, "reason is a text of at most 255 characters", id=transaction.id)
    return RefundRequest(key, whole, reason or "")
