"""Subscriptions: charges that repeat on the virtual clock, with retries when one is refused (14)."""

import calendar
from datetime import datetime, timedelta

from midtrans_simulator.gateway import Gateway
from midtrans_simulator.payments import acts, attempts, vault
from midtrans_simulator.payments.attempts import CardUse, Choice, Order
from midtrans_simulator.protocol.methods import METHODS
from midtrans_simulator.protocol.model import UNPAID, AccountState, Subscription, Transaction

CHARGE = "charge_subscription"
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


def start(gateway: Gateway, subscription: Subscription) -> None:
    """Keep it, and wait for its next charge."""
    gateway.subscriptions.put(subscription)
    gateway.timers.schedule(subscription.next_at, CHARGE, subscription.id)


def enable(gateway: Gateway, subscription: Subscription) -> None:
    """Go on from here: charges that fell due while it was disabled are left out."""
    subscription.active = True
    while subscription.next_at <= gateway.now():
        subscription.next_at = _step(subscription.next_at, subscription.schedule)
    start(gateway, subscription)


def _due(gateway: Gateway, subscription_id: str) -> None:
    subscription = gateway.subscriptions.get(subscription_id)
    if subscription is None or not subscription.active or gateway.now() < subscription.next_at:
        return
    transaction = _charge(gateway, subscription)
    subscription.previous_at = gateway.now()
    refused = transaction is None or transaction.status in UNPAID
    retries = int(subscription.retry_schedule.get("max_interval") or 0)
    if refused and subscription.failures < retries:
        subscription.failures += 1
        subscription.next_at = _step(gateway.now(), subscription.retry_schedule)
    else:
        subscription.charges += 1
        subscription.failures = 0
        subscription.next_at = _step(gateway.now(), subscription.schedule)
    longest = subscription.schedule.get("max_interval")
    subscription.active = not longest or subscription.charges < int(longest)
    if subscription.active:
        start(gateway, subscription)
    else:
        gateway.subscriptions.put(subscription)


def _charge(gateway: Gateway, subscription: Subscription) -> Transaction | None:
    """One charge under an order id of its own; None when the card or the wallet is gone."""
    order = Order(
        merchant_id=subscription.merchant_id,
        order_id=f"SUBS-{subscription.id[:13]}-{len(subscription.transaction_ids) + 1}",
        gross_amount=subscription.amount,
        request=subscription.request,
        notify_urls=subscription.notify_urls,
    )
    choice = _choice(gateway, subscription)
    if choice is None:
        return None
    transaction = attempts.begin(gateway, order, choice)
    if choice.card is None:
        acts.pay(gateway, transaction)
    subscription.transaction_ids.append(transaction.id)
    return transaction


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
