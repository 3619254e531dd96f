"""What is said about a transaction: the fields that status, notification and replies share.

Midtrans, "Get transaction status", "HTTP notifications".
"""

from typing import Any

from midtrans_simulator.protocol import amounts, wib
from midtrans_simulator.protocol.cards import denial
from midtrans_simulator.protocol.model import Fraud, Merchant, Refund, Transaction
from midtrans_simulator.protocol.signature import sign


def facts(transaction: Transaction, merchant: Merchant, *, status_code: str, message: str) -> dict[str, Any]:
    """Everything known, signed for this `status_code`. Fields without a value are left out, never null."""
    gross_amount = amounts.text(transaction.gross_amount)
    body: dict[str, Any] = {
        "status_code": status_code,
        "status_message": message,
        "transaction_id": transaction.id,
        "order_id": transaction.order_id,
        "merchant_id": merchant.id,
        "gross_amount": gross_amount,
        "currency": "IDR",
        "payment_type": transaction.payment_type,
        "transaction_time": wib.text(transaction.transaction_time),
        "transaction_status": transaction.status,
        "fraud_status": transaction.fraud,
        "signature_key": sign(transaction.order_id, status_code, gross_amount, merchant.server_key),
        "settlement_time": wib.text(transaction.settlement_time) if transaction.settlement_time else None,
        "expiry_time": wib.text(transaction.expiry_time) if transaction.expiry_time else None,
        "subscription_id": transaction.subscription_id,
        **transaction.details,
        **transaction.echo,
    }
    if transaction.refunds:
        body["refund_amount"] = amounts.text(transaction.refunded)
        body["refunds"] = [_refund(refund) for refund in transaction.refunds]
    return {name: value for name, value in body.items() if value is not None}


def denied(transaction: Transaction) -> str:
    """Who refused a payment and why, as `status_message` has it."""
    if transaction.fraud is Fraud.DENY:
        return "Denied by Fraud Detection System"
    details = transaction.details
    return denial(
        transaction.card_bank or transaction.payment_type,
        details.get("channel_response_code", ""),
        details.get("channel_response_message", ""),
    )


def _refund(refund: Refund) -> dict[str, Any]:
    body: dict[str, Any] = {
        "refund_chargeback_id": refund.sequence,
        "refund_amount": amounts.text(refund.amount),
        "created_at": wib.text(refund.created_at),
        "reason": refund.reason,
        "refund_key": refund.key,
    }
    if refund.confirmed_at is not None:
        body |= {"refund_method": "online", "bank_confirmed_at": wib.text(refund.confirmed_at)}
    return body
