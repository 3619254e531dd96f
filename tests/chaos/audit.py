"""Midtrans's truth against our books, row by row.

What must be in the books is worked out here a second time, from the simulator's transactions and the
design's sentences, with nothing imported from the rules under test.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import psycopg
from psycopg.rows import dict_row

from tests.chaos.paid_time import Bought, Payment, bought

Row = dict[str, Any]

_STATUS = {
    "pending": "pending", "authorize": "pending", "challenge": "pending",
    "capture": "paid", "settlement": "paid", "partial_refund": "paid", "partial_chargeback": "paid",
    "refund": "refunded", "chargeback": "refunded",
    "deny": "failed", "cancel": "failed", "expire": "failed", "failure": "failed",
}  # fmt: skip
_STRONGEST_FIRST = ("paid", "refunded", "pending", "failed")
_TABLES = {
    "orders": "order_id",
    "transactions": "transaction_id",
    "invitations": "id",
    "domain_grants": "order_id",
    "refunds": "refund_key",
    "notifications": "id",
    "alerts": "id",
}
_TRUE_ALERTS = {"duplicate_payment", "invariant"}
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Truth:
    """The simulator's memory, and what happened besides."""

    transactions: Sequence[Row]
    deliveries: Sequence[Row]
    posted: Counter[str] = field(default_factory=Counter)
    """Bodies that were sent once more past the simulator, and how often we answered 200."""
    garbled: frozenset[str] = frozenset()
    """Orders and transactions about which answers were spoilt: an alert about them is right."""

    def attempts(self) -> dict[str, list[Row]]:
        """By order id, oldest first."""
        found: dict[str, list[Row]] = defaultdict(list)
        for transaction in self.transactions:
            found[transaction["order_id"]].append(transaction)
        return found


Books = dict[str, list[Row]]
"""Our tables."""


def read_books(database_url: str) -> Books:
    with psycopg.connect(database_url, row_factory=dict_row) as connection:
        return {
            name: connection.execute(f"select * from {name} order by {key}").fetchall()
            for name, key in _TABLES.items()
        }


def differences(truth: Truth, books: Books) -> list[str]:
    """A sentence for each thing lost, doubled or wrong; the first few of each kind."""
    shown: list[str] = []
    for check in (_transactions, _orders, _invitations, _refunds, _inbox, _alerts):
        found = list(check(truth, books))
        shown += found[:_SHOWN]
        if len(found) > _SHOWN:
            shown.append(f"… and {len(found) - _SHOWN} more like the last")
    return shown


def _transactions(truth: Truth, books: Books) -> Iterator[str]:
    """Every attempt, with its present status.

    Midtrans answers by order id with the newest attempt and lists no others. So one that ended without money
    before a newer one began, and of which no notification ever came through, cannot be known.
    """
    ours = {row["transaction_id"]: row for row in books["transactions"]}
    told = {sent["transaction_id"] for sent in truth.deliveries if sent["state"] == "delivered"}
    for order_id, attempts in truth.attempts().items():
        for attempt in attempts:
            known, status = ours.pop(attempt["transaction_id"], None), _word(attempt)
            if known is None:
                unknowable = attempt is not attempts[-1] and attempt["transaction_id"] not in told
                if not (unknowable and _STATUS[status] == "failed"):
                    yield f"{order_id}: attempt {attempt['transaction_id']} ({status}) is not in our books"
            elif (known["order_id"], known["transaction_status"]) != (order_id, status):
                says = f"{known['transaction_status']} of {known['order_id']}"
                yield f"{order_id}: {attempt['transaction_id']} is {status}, our books say {says}"
    for row in ours.values():
        yield f"{row['order_id']}: Midtrans knows no attempt {row['transaction_id']}"


def _orders(truth: Truth, books: Books) -> Iterator[str]:
    attempts = truth.attempts()
    ours = {row["order_id"]: row for row in books["orders"]}
    for order_id in attempts.keys() - ours.keys():
        yield f"{order_id}: Midtrans has this order, we do not"
    for order_id, row in ours.items():
        expected = _order_status(attempts.get(order_id, []))
        if row["status"] != expected:
            yield f"{order_id}: is {expected}, our books say {row['status']}"
        amounts = {attempt["gross_amount"] for attempt in attempts.get(order_id, [])}
        if amounts - {row["gross_amount"]}:
            yield f"{order_id}: asked {row['gross_amount']}, Midtrans took {amounts}"


def _invitations(truth: Truth, books: Books) -> Iterator[str]:
    """Status, confirmation, expiry and the exact grants: one for each paid order, none for others."""
    attempts = truth.attempts()
    orders_of: dict[int, list[Row]] = defaultdict(list)
    grants_of: dict[int, list[Row]] = defaultdict(list)
    for order in books["orders"]:
        orders_of[order["invitation_id"]].append(order)
    for grant in books["domain_grants"]:
        grants_of[grant["invitation_id"]].append(grant)
    for invitation in books["invitations"]:
        orders = sorted(orders_of[invitation["id"]], key=lambda row: (row["created_at"], row["order_id"]))
        expected, _ = _entitled(orders, attempts)
        found = {
            row["order_id"]: Bought(row["paid_at"], row["starts_at"], row["ends_at"])
            for row in grants_of[invitation["id"]]
        }
        if found != expected:
            yield f"invitation {invitation['id']}: grants are {expected}, our books say {found}"
        follows = (
            _invitation_status([_order_status(attempts.get(row["order_id"], [])) for row in orders]),
            max((grant.paid_at for grant in expected.values()), default=None),
            max((grant.ends_at for grant in expected.values()), default=None),
        )
        says = tuple(
            invitation[name] for name in ("payment_status", "payment_confirmed_at", "domain_expires_at")
        )
        if says != follows:
            yield f"invitation {invitation['id']}: is {follows}, our books say {says}"


def _refunds(truth: Truth, books: Books) -> Iterator[str]:
    returned: Counter[str] = Counter()
    for transaction in truth.transactions:
        returned[transaction["order_id"]] += transaction["refunded"]
    ours: Counter[str] = Counter()
    for row in books["refunds"]:
        if row["state"] == "requested":
            yield f"{row['order_id']}: refund {row['refund_key']} still has no answer"
        if row["state"] in {"requested", "accepted", "confirmed"} and row["way"] != "cancel":
            ours[row["order_id"]] += row["amount"]
    voids: Counter[str] = Counter()  # an order that was paid twice by card may be voided twice
    for row in books["refunds"]:
        if row["way"] == "cancel" and row["state"] in {"requested", "accepted", "confirmed"}:
            voids[row["order_id"]] += row["amount"]
    reserved_of: Counter[str] = Counter()
    for transaction in books["transactions"]:
        reserved_of[transaction["order_id"]] += transaction["refund_reserved"]
    for order in books["orders"]:
        order_id = order["order_id"]
        reserved = reserved_of[order_id] - voids[order_id]
        if not returned[order_id] == ours[order_id] == reserved:
            sums = f"rows sum to {ours[order_id]}, {reserved} is reserved"
            yield f"{order_id}: Midtrans gave back {returned[order_id]}, our {sums}"


def _inbox(truth: Truth, books: Books) -> Iterator[str]:
    """Whatever we answered 200 to is there, as often as we did; nothing else is; all of it is handled."""
    accepted: Counter[bytes] = Counter()
    sent: set[bytes] = set()
    for delivery in truth.deliveries:
        body = hashlib.sha256(delivery["body"].encode()).digest()
        sent.add(body)
        accepted[body] += sum(1 for attempt in delivery["tries"] if attempt["http_status"] == 200)
    for text, times in truth.posted.items():
        accepted[hashlib.sha256(text.encode()).digest()] += times
    kept = {row["body_hash"]: row for row in books["notifications"]}
    for body, times in accepted.items():
        counted = kept[body]["deliveries"] if body in kept else 0
        if counted < times:
            yield f"notification {body.hex()[:12]}: answered with 200 {times} times, counted {counted} times"
    for body, row in kept.items():
        if body not in sent:
            yield f"notification {row['id']} was never sent"
        if row["handled_at"] is None:
            yield f"notification {row['id']} is unhandled: {row['error']}"


def _alerts(truth: Truth, books: Books) -> Iterator[str]:
    """Every duplicate payment is told of. What else may alarm, the doctor is asked at the end."""
    told = {row["subject"] for row in books["alerts"] if row["kind"] == "duplicate_payment"}
    for order_id in paid_twice(truth, books) - told:
        yield f"{order_id}: a second payment for one invitation, and nobody is told"


def paid_twice(truth: Truth, books: Books) -> set[str]:
    """The orders that paid for an invitation once more."""
    attempts = truth.attempts()
    orders_of: dict[int, list[Row]] = defaultdict(list)
    for order in books["orders"]:
        orders_of[order["invitation_id"]].append(order)
    return {order_id for orders in orders_of.values() for order_id in _entitled(orders, attempts)[1]}


def is_explained(kind: str, subject: str, truth: Truth) -> bool:
    """Whether an alert that is open after a run tells the truth about something a person must decide."""
    return kind in _TRUE_ALERTS or subject in truth.garbled


def _entitled(orders: Sequence[Row], attempts: dict[str, list[Row]]) -> tuple[dict[str, Bought], set[str]]:
    """What each order bought, and the second initial payments."""
    return bought(
        Payment(row["order_id"], row["kind"] == "initial", row["days"], min(moments))
        for row in orders
        if (moments := [_paid_at(found) for found in attempts.get(row["order_id"], []) if _stands(found)])
    )


def _stands(attempt: Row) -> bool:
    """Money came and was not taken back as if it never had; a refund leaves the paid time."""
    return _STATUS[_word(attempt)] in {"paid", "refunded"}


def _paid_at(attempt: Row) -> datetime:
    """Notifications carry whole seconds."""
    card = attempt["payment_type"] == "credit_card"
    text = attempt["transaction_time"] if card else attempt["settlement_time"]
    return datetime.fromisoformat(text).astimezone(UTC).replace(microsecond=0)


def _word(attempt: Row) -> str:
    """A capture that the fraud desk holds is a challenge."""
    held = attempt["transaction_status"] == "capture" and attempt["fraud_status"] == "challenge"
    return "challenge" if held else str(attempt["transaction_status"])


def _order_status(attempts: Sequence[Row]) -> str:
    seen = {_STATUS[_word(attempt)] for attempt in attempts} or {"pending"}
    return next(status for status in _STRONGEST_FIRST if status in seen)


def _invitation_status(statuses: Sequence[str]) -> str:
    """Of its orders, oldest first."""
    if "paid" in statuses:
        return "paid"
    return statuses[-1] if statuses else "unpaid"
