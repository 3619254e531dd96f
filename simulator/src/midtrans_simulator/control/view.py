"""Sessions, transactions and deliveries as the control plane shows them."""

from datetime import datetime
from typing import Any

from midtrans_simulator.gateway import Gateway
from midtrans_simulator.protocol.model import Delivery, PayAccount, Session, Subscription, Transaction
from midtrans_simulator.snap.sessions import closed
from midtrans_simulator.state.faults import KINDS, NAMES


def state(gateway: Gateway) -> dict[str, Any]:
    return {
        "clock": clock(gateway),
        "faults": faults(gateway),
        "sessions": [session_view(gateway, session) for session in gateway.ledger.sessions()],
        "transactions": [transaction_view(transaction) for transaction in gateway.ledger.transactions()],
        "deliveries": [delivery_view(delivery) for delivery in gateway.courier.deliveries()],
        "subscriptions": [subscription_view(each) for each in gateway.subscriptions.all()],
        "accounts": [account_view(account) for account in gateway.accounts.all()],
        "timers": [
            {"due": _moment(timer.due), "event": timer.event, "subject": timer.subject}
            for timer in gateway.timers.pending()
        ],
        "failures": [
            {"at": _moment(each.at), "event": each.event, "subject": each.subject, "error": each.error}
            for each in gateway.timers.failures()
        ],
    }


def clock(gateway: Gateway) -> dict[str, Any]:
    return {"now": _moment(gateway.now()), "running": gateway.clock.running, "speed": gateway.clock.speed}


def faults(gateway: Gateway) -> dict[str, Any]:
    options = {name: ["share", "times", *kind.options] for name, kind in KINDS.items()}
    return {
        "active": gateway.faults.as_json(),
        "available": NAMES,
        "options": options,
        "seed": gateway.faults.seed,
    }


def session_view(gateway: Gateway, session: Session) -> dict[str, Any]:
    reason = closed(session, gateway.now())
    return {
        "token": session.token,
        "order_id": session.order_id,
        "merchant_id": session.merchant_id,
        "gross_amount": session.gross_amount,
        "state": reason or "open",
        "created_at": _moment(session.created_at),
        "page_expires_at": _moment(session.page_expires_at),
        "notify_urls": session.notify_urls,
        "transactions": [attempt.id for attempt in gateway.ledger.attempts_in(session)],
    }


def transaction_view(transaction: Transaction) -> dict[str, Any]:
    return {
        "transaction_id": transaction.id,
        "order_id": transaction.order_id,
        "token": transaction.token,
        "method": transaction.method,
        "payment_type": transaction.payment_type,
        "gross_amount": transaction.gross_amount,
        "transaction_status": transaction.status,
        "fraud_status": transaction.fraud,
        "transaction_time": _moment(transaction.transaction_time),
        "expiry_time": _moment(transaction.expiry_time),
        "settlement_time": _moment(transaction.settlement_time),
        "refunded": transaction.refunded,
        "details": transaction.details,
        "qr_string": transaction.qr_string,
    }


def account_view(account: PayAccount) -> dict[str, Any]:
    return {
        "account_id": account.id,
        "merchant_id": account.merchant_id,
        "phone_number": account.phone_number,
        "account_status": account.state,
    }


def subscription_view(subscription: Subscription) -> dict[str, Any]:
    return {
        "id": subscription.id,
        "merchant_id": subscription.merchant_id,
        "name": subscription.name,
        "amount": subscription.amount,
        "status": "active" if subscription.active else "inactive",
        "next_at": _moment(subscription.next_at) if subscription.active else None,
        "charges": subscription.charges,
        "transactions": list(subscription.transaction_ids),
    }


def delivery_view(delivery: Delivery) -> dict[str, Any]:
    return {
        "id": delivery.id,
        "transaction_id": delivery.transaction_id,
        "order_id": delivery.order_id,
        "url": delivery.url,
        "state": delivery.state,
        "body": delivery.body,
        "created_at": _moment(delivery.created_at),
        "next_try_at": _moment(delivery.next_try_at),
        "copy_of": delivery.copy_of,
        "tries": [
            {
                "at": _moment(attempt.at),
                "http_status": attempt.http_status,
                "reply": attempt.reply,
                "error": attempt.error,
                "milliseconds": attempt.milliseconds,
                "sequence": attempt.sequence,
            }
            for attempt in delivery.tries
        ],
    }


def _moment(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="milliseconds") if moment else None
