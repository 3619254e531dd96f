"""What snap.js hands to the merchant's page, and where it would send the customer.

Midtrans, "snap.js", "Redirects".
"""

from dataclasses import dataclass
from typing import Any

from midtrans_simulator.gateway import Gateway
from midtrans_simulator.http.urls import with_query
from midtrans_simulator.notifications.body import status_code
from midtrans_simulator.protocol import amounts, wib
from midtrans_simulator.protocol.model import ENDED_UNPAID, Session, Status, Transaction

OWN_FINISH = "/snap/finish"
"""Where customers land when the merchant has set no finish URL."""

_PENDING_MESSAGE = {"id": "Transaksi sedang diproses", "en": "Your Transaction is being processed"}
_CARD_FIELDS = ("masked_card", "approval_code", "bank", "card_type")
_CODE_FIELDS = ("va_numbers", "permata_va_number", "biller_code", "bill_key", "payment_code")


@dataclass(frozen=True, slots=True)
class Returns:
    """Where a session's customers go afterwards; the token request before the dashboard."""

    finish: str
    error: str
    unfinish: str

    @classmethod
    def of(cls, gateway: Gateway, session: Session, base: str) -> "Returns":
        callbacks = session.request.get("callbacks") or {}
        finish = callbacks.get("finish") or gateway.config.finish_url or base + OWN_FINISH
        return cls(
            finish=finish,
            error=callbacks.get("error") or gateway.config.error_url or finish,
            unfinish=gateway.config.unfinish_url or finish,
        )


def success_or_pending(
    transaction: Transaction, returns: Returns, base: str, language: str
) -> dict[str, Any]:
    """The object for onSuccess (status_code 200) and onPending (201). All values are strings."""
    code = status_code(transaction)
    result = _common(transaction, code, _message(transaction, language))
    if transaction.payment_type == "credit_card":
        result |= _picked(transaction, _CARD_FIELDS)
    else:
        result |= _picked(transaction, _CODE_FIELDS)
        if any(name in transaction.details for name in _CODE_FIELDS):
            result["pdf_url"] = f"{base}/snap/v1/transactions/{transaction.token}/pdf"
    if transaction.method == "bca_va":
        result["bca_va_number"] = transaction.details["va_numbers"][0]["va_number"]
    return result | {"finish_redirect_url": _target(returns.finish, transaction, code)}


def card_result(transaction: Transaction) -> dict[str, Any]:
    """What a card form's page hears after 3DS: 200 accepted, 201 in review, 202 denied or too late.

    Seen live.
    """
    refused = transaction.status in ENDED_UNPAID
    message = transaction.details.get("channel_response_message", "Transaction is expired")
    message = message if refused else _message(transaction, "en")
    result = _common(transaction, status_code(transaction), message)
    extra = ("eci", "channel_response_code", "channel_response_message")
    return result | {"currency": "IDR"} | _picked(transaction, (*_CARD_FIELDS, *extra))


def failure(transaction: Transaction, returns: Returns) -> dict[str, Any]:
    """The object for onError after too many failed attempts: `status_message` is an array here."""
    result = _common(transaction, "202", "")
    return result | {
        "status_message": ["transaction has been denied"],
        "finish_redirect_url": _target(returns.error, transaction, "202"),
    }


_REFUSALS = {
    "unknown": ("404", "token not found"),
    "client_key": ("400", "Access denied due to unauthorized transaction, please check client or server key"),
    "cancelled": ("406", "token already canceled"),
    "replaced": ("406", "transaction has been processed"),
    "expired": ("406", "token is expired"),
}


def refusal(reason: str) -> dict[str, Any]:
    """The object for onError when the page cannot be used at all."""
    code, message = _REFUSALS[reason]
    return {"status_code": code, "status_message": [message]}


def _common(transaction: Transaction, code: str, message: str) -> dict[str, Any]:
    common = {
        "status_code": code,
        "status_message": message,
        "transaction_id": transaction.id,
        "order_id": transaction.order_id,
        "gross_amount": amounts.text(transaction.gross_amount),
        "payment_type": transaction.payment_type,
        "transaction_time": wib.text(transaction.transaction_time),
        "transaction_status": transaction.status,
        "fraud_status": transaction.fraud,
    }
    return {name: value for name, value in common.items() if value is not None}


def _message(transaction: Transaction, language: str) -> str:
    if transaction.status is Status.PENDING or transaction.challenged:
        return _PENDING_MESSAGE[language]
    if transaction.payment_type == "credit_card":
        return "Success, Credit Card transaction is successful"
    return "Success, transaction is found"


def _picked(transaction: Transaction, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: transaction.details[name] for name in names if name in transaction.details}


def _target(url: str, transaction: Transaction, code: str) -> str:
    status = transaction.status.value if transaction.status else ""
    return with_query(url, order_id=transaction.order_id, status_code=code, transaction_status=status)
