"""The body of an HTTP notification: reverse-alphabetical, compact, signed.

Midtrans, "HTTP notifications".
"""

import json
import re
from datetime import UTC, datetime
from typing import Any

from midtrans_simulator.protocol.facts import facts
from midtrans_simulator.protocol.model import ENDED_UNPAID, Merchant, Status, Subscription, Transaction

_SURROGATE = re.compile("[\ud800-\udfff]")
_TRANSACTION_PART = (
    "transaction_id",
    "transaction_status",
    "order_id",
    "status_code",
    "channel_response_code",
    "channel_response_message",
)


def body(
    transaction: Transaction, merchant: Merchant, subscription: Subscription | None = None
) -> dict[str, Any]:
    """What is told of a transaction. That of a subscription's charge has both parts of the recurring
    notification too (Midtrans, "Recurring HTTP notification"): `transaction` and `subscription`.
    """
    told = facts(
        transaction,
        merchant,
        status_code=status_code(transaction),
        message="midtrans payment notification",
    )
    if subscription is None:
        return told
    part = {name: told[name] for name in _TRANSACTION_PART if name in told}
    return told | {"transaction": part, "subscription": subscription_body(subscription)}


def subscription_body(subscription: Subscription) -> dict[str, Any]:
    """A subscription as it is told: by itself when it is made, then with each charge. It is not signed."""
    schedule = {
        "interval": subscription.schedule.get("interval"),
        "interval_unit": subscription.schedule.get("interval_unit"),
        "max_interval": subscription.schedule.get("max_interval"),
        "current_interval": subscription.charges,
        "start_time": _utc(subscription.first_at),
        "previous_execution_at": _utc(subscription.previous_at),
        "next_execution_at": _utc(subscription.next_at) if subscription.active else None,
    }
    return {
        "id": subscription.id,
        "merchant_id": subscription.merchant_id,
        "name": subscription.name,
        "amount": str(subscription.amount),
        "currency": "IDR",
        "payment_type": subscription.payment_type,
        "token": subscription.token,
        "status": "active" if subscription.active else "inactive",
        "schedule": {name: value for name, value in schedule.items() if value is not None},
        **subscription.request,
    }


def written(body: dict[str, Any]) -> str:
    """Compact, with its keys in reverse alphabetical order, as real bodies are.

    Midtrans, "HTTP notifications".
    """
    ordered = dict(sorted(body.items(), reverse=True))
    text = json.dumps(ordered, separators=(",", ":"), ensure_ascii=False)
    if not text.isascii() and _SURROGATE.search(text):  # no encoding has half a pair; JSON's escapes do
        return json.dumps(ordered, separators=(",", ":"))
    return text


def _utc(moment: datetime | None) -> str | None:
    """`2022-10-26T04:20:00.000000Z`: recurring notifications alone write times so."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ") if moment is not None else None


def status_code(transaction: Transaction) -> str:
    """Expiry is 202 here; 407 is only in API replies (Midtrans, "HTTP notifications")."""
    if transaction.status is Status.PENDING or transaction.challenged:
        return "201"
    return "202" if transaction.status in ENDED_UNPAID else "200"
