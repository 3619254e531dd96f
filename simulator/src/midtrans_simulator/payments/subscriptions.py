"""Subscriptions: charges that repeat on the virtual clock, with retries when one is refused (seen live)."""

import calendar
from datetime import datetime, timedelta
from typing import Any

from midtrans_simulator.gateway import Gateway
from midtrans_simulator.payments import acts, attempts, vault
from midtrans_simulator.payments.attempts import CardUse, Choice, Order
from midtrans_simulator.protocol.methods import METHODS
from midtrans_simulator.protocol.model import ENDED_UNPAID, AccountState, Subscription, Transaction

CHARGE = "charge_subscription"
MOST_RETRIES = 3
DEFAULT_RETRY: dict[str, Any] = {"interval": 1, "interval_unit": "hour", "max_interval": MOST_RETRIES}
"""What happens to a refused charge when the merchant has not said (Midtrans, "Create subscription")."""
_GONE = {
    "credit_card": ("411", "Token id is missing, invalid, or timed out"),
    "gopay": ("404", "Account doesn't exist."),
}
_STEPS = {
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(weeks=1),
}
_MONTHS_A_YEAR = 12


def register(gateway: Gateway) -> None:
    """Tie this module's event to the gateway's timers."""
    gateway.timers.on(CHARGE, lambda subject: _due(gateway, subject))


def create(gateway: Gateway, subscription: Subscription) -> None:
    """Keep it, tell the merchant, and wait for its first charge."""
    start(gateway, subscription)
    gateway.tell_of(subscription)


def start(gateway: Gateway, subscription: Subscription) -> None:
    """Wait for its next charge."""
    gateway.subscriptions.put(subscription)
    gateway.timers.schedule(subscription.next_at, CHARGE, subscription.id)


def enable(gateway: Gateway, subscription: Subscription) -> None:
    """Go on from here: charges that fell due while it was disabled are left out."""
    subscription.active = True
    while subscription.next_at <= gateway.now():
        subscription.next_at = _step(subscription.next_at, subscription.schedule)
    start(gateway, subscription)


def _due(gateway: Gateway, subscription_id: str) -> None:
    """Charge. A refused charge is retried as asked, and after the last retry the subscription ends."""
    subscription = gateway.subscriptions.get(subscription_id)
    if subscription is None or not subscription.active or gateway.now() < subscription.next_at:
        return
    if subscription.failures == 0:
        subscription.charges += 1
    subscription.previous_at = gateway.now()
    subscription.next_at = _step(gateway.now(), subscription.schedule)
    if _charge(gateway, subscription).status in ENDED_UNPAID:
        _after_a_refusal(gateway, subscription)
    else:
        longest = subscription.schedule.get("max_interval")
        subscription.failures = 0
        subscription.active = not longest or subscription.charges < int(longest)
    if subscription.active:
        start(gateway, subscription)
    else:
        gateway.subscriptions.put(subscription)


def _after_a_refusal(gateway: Gateway, subscription: Subscription) -> None:
    retry = subscription.retry_schedule or DEFAULT_RETRY
    asked = retry.get("max_interval")
    if subscription.failures < (MOST_RETRIES if asked is None else int(asked)):
        subscription.failures += 1
        subscription.next_at = _step(gateway.now(), retry)
    else:
        subscription.active = False


def _charge(gateway: Gateway, subscription: Subscription) -> Transaction:
    """One charge under an order id of its own. A card or a wallet that is not there is refused."""
    order = Order(
        merchant_id=subscription.merchant_id,
        order_id=_order_id(gateway, subscription),
        gross_amount=subscription.amount,
        request=subscription.request,
        notify_urls=subscription.notify_urls,
        subscription_id=subscription.id,
    )
    choice = _choice(gateway, subscription)
    if choice is None:
        method = METHODS[subscription.payment_type]
        transaction = attempts.refuse(gateway, order, method, *_GONE[subscription.payment_type])
    else:
        transaction = attempts.begin(gateway, order, choice)
        if choice.card is None:
            acts.pay(gateway, transaction)
    subscription.transaction_ids.append(transaction.id)
    return transaction


def _order_id(gateway: Gateway, subscription: Subscription) -> str:
    """The subscription's name and ten digits of a unique number (Midtrans, "Create subscription")."""
    number = int(gateway.now().timestamp())
    while gateway.ledger.attempts(subscription.merchant_id, f"{subscription.name}{number:010}"):
        number += 1  # ends: there are only so many attempts
    return f"{subscription.name}{number:010}"


def _choice(gateway: Gateway, subscription: Subscription) -> Choice | None:
    method = METHODS[subscription.payment_type]
    if subscription.payment_type == "credit_card":
        card = vault.peek(gateway, subscription.token)
        return Choice(method=method, options={}, card=CardUse(number=card.number)) if card else None
    account = gateway.accounts.get(str((subscription.request.get("gopay") or {}).get("account_id")))
    linked = account is not None and account.state is AccountState.ENABLED
    return Choice(method=method, options={}, phone=True) if linked else None


def _step(moment: datetime, schedule: dict[str, object]) -> datetime:
    count, unit = int(str(schedule.get("interval") or 1)), str(schedule.get("interval_unit") or "day")
    if unit != "month":
        return moment + count * _STEPS[unit]
    months = moment.month - 1 + count
    year, month = moment.year + months // _MONTHS_A_YEAR, months % _MONTHS_A_YEAR + 1
    return moment.replace(year=year, month=month, day=min(moment.day, calendar.monthrange(year, month)[1]))
