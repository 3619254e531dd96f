"""What the dashboard lists: an order with its sessions, attempts and deliveries."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from midtrans_simulator.gateway import Gateway
from midtrans_simulator.protocol.model import (
    ENDED_UNPAID,
    Delivery,
    DeliveryState,
    Session,
    Status,
    Transaction,
)


class Standing(StrEnum):
    """Where an order stands, in the colours of the page."""

    OPEN = "open"
    """No method is chosen yet."""
    WAITING = "waiting"
    PAID = "paid"
    FAILED = "failed"
    RETURNED = "returned"
    """Paid once; the money, or part of it, has gone back."""


class Filter(StrEnum):
    ALL = "all"
    WAITING = "waiting"
    PAID = "paid"
    FAILED = "failed"
    UNDELIVERED = "undelivered"
    """A notification the merchant has not taken yet, or never will."""


@dataclass(slots=True)
class Order:
    """Sessions, attempts and deliveries, each oldest first. `gross_amount` in rupiah."""

    merchant_id: str
    order_id: str
    gross_amount: int
    began_at: datetime
    sessions: list[Session] = field(default_factory=list)
    attempts: list[Transaction] = field(default_factory=list)
    deliveries: list[Delivery] = field(default_factory=list)

    @property
    def attempt(self) -> Transaction | None:
        """The attempt that says most: one that is waiting or paid, else the newest."""
        alive = [attempt for attempt in self.attempts if attempt.status not in ENDED_UNPAID]
        known = alive or self.attempts
        return known[-1] if known else None

    @property
    def standing(self) -> Standing:
        return Standing.OPEN if self.attempt is None else standing(self.attempt)

    @property
    def undelivered(self) -> int:
        return sum(1 for delivery in self.deliveries if delivery.state not in _DONE)

    @property
    def delivered(self) -> int:
        return sum(1 for delivery in self.deliveries if delivery.state is DeliveryState.DELIVERED)

    def matches(self, wanted: Filter, text: str) -> bool:
        """`text` is looked for in ids and tokens, what customers type in, who they are and what they buy."""
        if wanted is Filter.UNDELIVERED and not self.undelivered:
            return False
        if wanted in _STANDINGS and wanted.value != self.standing.value:
            return False
        needle = text.strip().lower()
        return not needle or any(needle in word.lower() for word in self._words())

    def _words(self) -> list[str]:
        words = [self.order_id, *(session.token for session in self.sessions)]
        for attempt in self.attempts:
            words += [attempt.id, attempt.payment_type, str(attempt.details), *attempt.item_names]
            words += map(str, attempt.echo.get("customer_details", {}).values())
        for session in self.sessions:
            words += _said_of(session.request)
        return words


def _said_of(request: dict[str, Any]) -> list[str]:
    """Customer and items of a token request, before a method is chosen too."""
    customer = request.get("customer_details") or {}
    name = f"{customer.get('first_name') or ''} {customer.get('last_name') or ''}"
    items = [str(item.get("name", "")) for item in request.get("item_details") or []]
    return [name, str(customer.get("email") or ""), str(customer.get("phone") or ""), *items]


_STANDINGS = frozenset({Filter.WAITING, Filter.PAID, Filter.FAILED})
_DONE = frozenset({DeliveryState.DELIVERED, DeliveryState.QUEUED})
_RETURNED = frozenset(
    {Status.REFUND, Status.PARTIAL_REFUND, Status.CHARGEBACK, Status.PARTIAL_CHARGEBACK},
)


def standing(transaction: Transaction) -> Standing:
    if transaction.status is Status.PENDING or transaction.challenged:
        return Standing.WAITING
    if transaction.status in ENDED_UNPAID:
        return Standing.FAILED
    return Standing.RETURNED if transaction.status in _RETURNED else Standing.PAID


def counts(listed: list[Order]) -> dict[str, int]:
    """How many orders each filter shows."""
    standings = Counter(order.standing.value for order in listed)
    found = {wanted.value: standings[wanted.value] for wanted in Filter}
    undelivered = sum(1 for order in listed if order.undelivered)
    return found | {Filter.ALL.value: len(listed), Filter.UNDELIVERED.value: undelivered}


def orders(gateway: Gateway) -> list[Order]:
    """Every order, the one that began last first."""
    found: dict[tuple[str, str], Order] = {}

    def order_of(row: Session | Transaction, at: datetime) -> Order:
        key = (row.merchant_id, row.order_id)
        order = found.setdefault(key, Order(row.merchant_id, row.order_id, row.gross_amount, at))
        order.began_at = max(order.began_at, at)
        return order

    for session in gateway.ledger.sessions():
        order_of(session, session.created_at).sessions.append(session)
    for attempt in gateway.ledger.transactions():
        order_of(attempt, attempt.transaction_time).attempts.append(attempt)
    for delivery in gateway.courier.deliveries():
        owner = gateway.ledger.transaction(delivery.transaction_id)
        if owner is not None:
            found[owner.merchant_id, owner.order_id].deliveries.append(delivery)
    return sorted(found.values(), key=lambda order: order.began_at, reverse=True)
