"""Every history that Midtrans can tell, from its table of legal transitions.

That table: docs/midtrans.md, "Transitions and the reversal".

A history is what happens to one invitation: up to two orders, up to two attempts to pay them, up to seven
facts in all. Each fact is worded as the notification that Midtrans would send about it.
"""

import itertools
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from typing import Any

from tests.stand import PRICE, notification
from tuntas.domain.facts import Fact
from tuntas.domain.grants import Entitlement, entitle
from tuntas.domain.ladder import PaymentStatus
from tuntas.domain.money import Rupiah
from tuntas.domain.orders import Order, OrderKind, invitation_status
from tuntas.domain.transactions import Transaction, climb
from tuntas.midtrans.notification import parse_notification

MOST_FACTS = 7
DAYS = 365
WIB = timezone(timedelta(hours=7))
FIRST_ORDER_AT = datetime(2026, 3, 1, tzinfo=UTC)
SECOND_ORDER_AFTER = timedelta(days=50)

TRANSITIONS: dict[str | None, tuple[str, ...]] = {
    None: ("pending", "capture", "challenge", "authorize", "deny", "settlement", "failure"),
    "pending": ("settlement", "capture", "challenge", "deny", "cancel", "expire"),
    "authorize": ("capture", "cancel", "deny", "expire"),
    "challenge": ("capture", "deny", "cancel"),
    "capture": ("settlement", "cancel"),
    "settlement": ("refund", "partial_refund", "chargeback", "partial_chargeback", "deny"),
    "partial_refund": ("partial_refund", "refund"),
    "partial_chargeback": ("chargeback",),
    "deny": (),
    "cancel": (),
    "expire": (),
    "failure": (),
    "refund": (),
    "chargeback": (),
}
"""What may follow what in one attempt; `challenge` is a capture that the fraud desk holds, and the `deny`
after `settlement` is a reversal."""

_CARD_ONLY = {"capture", "challenge", "authorize", "chargeback", "partial_chargeback"}
_ONE_PART = 10_000

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One transaction: which of the invitation's orders it pays, and what happens to it."""

    order: int
    path: Path


@dataclass(frozen=True, slots=True)
class History:
    kinds: tuple[OrderKind, ...]
    """One for each order, oldest first."""
    attempts: tuple[Attempt, ...]
    """Oldest first: each begins a hundred days after the one before."""


@dataclass(frozen=True, slots=True)
class Books:
    """Everything that a history decides about an invitation."""

    orders: tuple[PaymentStatus, ...]
    invitation: PaymentStatus
    entitlement: Entitlement


def paths(longest: int, after: str | None = None) -> Iterator[Path]:
    """What can happen to one attempt, in one fact or more."""
    for word in TRANSITIONS[after] if longest else ():
        yield (word,)
        yield from ((word, *rest) for rest in paths(longest - 1, word))


def histories() -> Iterator[History]:
    """All of them. Attempts on one order may both be paid, which is more than Midtrans allows."""
    some = list(paths(MOST_FACTS))
    tellings: list[tuple[Path, ...]] = [(path,) for path in some]
    tellings += [pair for pair in itertools.product(some, some) if sum(map(len, pair)) <= MOST_FACTS]
    first, again, renewal = (OrderKind.INITIAL,), (OrderKind.INITIAL,) * 2, tuple(OrderKind)
    for kinds, told in itertools.product((first, again, renewal), tellings):
        for chosen in itertools.product(range(len(kinds)), repeat=len(told)):
            yield History(kinds, tuple(map(Attempt, chosen, told)))


def order_id(name: str, order: int) -> str:
    return f"INV-{name}-{order}"


def created_at(order: int) -> datetime:
    return FIRST_ORDER_AT + SECOND_ORDER_AFTER * order


@cache
def told(path: Path, number: int, about: str) -> tuple[dict[str, Any], ...]:
    """The notifications about the attempt of this number on the order `about`, in the order of events."""
    began = FIRST_ORDER_AT + timedelta(days=1 + 100 * number, hours=16, minutes=50)
    is_card = not _CARD_ONLY.isdisjoint(path)
    settled = began + (timedelta(days=1) if is_card else timedelta(minutes=15))
    common: dict[str, Any] = {
        "transaction_id": f"{about}-t{number}",
        "payment_type": "credit_card" if is_card else "bank_transfer",
        "transaction_time": _wib(began),
        "expiry_time": _wib(began + timedelta(days=1)),
    }
    bodies = []
    refunds: list[dict[str, Any]] = []
    for place, word in enumerate(path):
        body = dict(common)
        if word == "pending" and not is_card:  # told once, and not to be forgotten
            body["va_numbers"] = [{"bank": "bca", "va_number": f"9{number}"}]
        if "settlement" in path[: place + 1]:
            body["settlement_time"] = _wib(settled)
        if word.endswith("refund"):
            part = _ONE_PART if word == "partial_refund" else PRICE - _ONE_PART * len(refunds)
            key = f"{about}-t{number}-{len(refunds)}"
            refunds = [*refunds, {"refund_key": key, "refund_amount": f"{part}.00", "reason": ""}]
            body["refunds"] = refunds
        if word == "challenge":
            bodies.append(notification(about, "capture", **body, status_code="201", fraud_status="challenge"))
        else:
            bodies.append(notification(about, word, **body))
    return tuple(bodies)


def confirmed(body: dict[str, Any]) -> dict[str, Any]:
    """The second notification of a refund, with the bank's word; any other is told again as it was."""
    if "refunds" not in body:
        return body
    return {
        **body,
        "refunds": [{**row, "bank_confirmed_at": "2026-12-01 10:00:00"} for row in body["refunds"]],
    }


def facts_of(bodies: Sequence[dict[str, Any]]) -> list[Fact]:
    """What the backend reads from these notifications; the first arrived first."""
    arrival = FIRST_ORDER_AT + timedelta(days=300)
    return [
        parse_notification(json.dumps(body).encode()).fact(arrival + timedelta(minutes=number))
        for number, body in enumerate(bodies)
    ]


@cache
def in_order(path: Path, number: int, about: str) -> Transaction:
    """The attempt after everything was heard once and in the order of events."""
    state: Transaction | None = None
    for fact in facts_of(told(path, number, about)):
        state = climb(state, fact)
    if state is None:
        raise AssertionError("a path has at least one fact, and every word of it is known")
    return state


def orders_of(history: History, name: str = "x") -> list[Order]:
    """The orders after everything was heard once and in the order of events."""
    attempts = [
        (attempt.order, in_order(attempt.path, number, order_id(name, attempt.order)))
        for number, attempt in enumerate(history.attempts)
    ]
    return [
        Order(
            order_id(name, place),
            kind,
            DAYS,
            created_at(place),
            Rupiah(PRICE),
            tuple(transaction for order, transaction in attempts if order == place),
        )
        for place, kind in enumerate(history.kinds)
    ]


def books_of(orders: list[Order]) -> Books:
    """What follows from the orders, whichever way round they are listed."""
    return Books(
        orders=tuple(order.status for order in sorted(orders, key=lambda order: order.order_id)),
        invitation=invitation_status(orders),
        entitlement=entitle(orders, refund_revokes=False),
    )


def _wib(moment: datetime) -> str:
    return moment.astimezone(WIB).strftime("%Y-%m-%d %H:%M:%S")
