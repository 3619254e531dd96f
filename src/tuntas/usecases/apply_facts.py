"""The one way in for everything that changes money.

Lock, re-read, climb, recompute, write: all in the caller's transaction. Because the rules are a maximum
and a recomputation, it does not matter in which order, or how often, facts come.
"""

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from tuntas.domain.facts import Fact, Source
from tuntas.domain.grants import entitle
from tuntas.domain.ladder import PaymentStatus, Rung
from tuntas.domain.orders import Order, invitation_status
from tuntas.domain.refunds import is_no_void_after_all, is_void
from tuntas.domain.schedule import next_check
from tuntas.domain.transactions import climb
from tuntas.store import ledger, refunds
from tuntas.store.alerts import AlertKind, raise_alert
from tuntas.store.database import UnitOfWork


class Outcome(StrEnum):
    """What became of a fact."""

    APPLIED = "applied"
    UNCHANGED = "unchanged"
    """Known already, or overtaken by something higher on the ladder."""
    UNKNOWN_ORDER = "unknown_order"
    """About no order of ours: kept as an orphan, adopted when the order appears or an operator says so."""
    AMOUNT_MISMATCH = "amount_mismatch"
    """About another amount or currency than the order's: kept, flagged, never granted."""
    UNKNOWN_STATUS = "unknown_status"
    AWAITING_CONFIRMATION = "awaiting_confirmation"
    """Not believed before Midtrans has been asked."""


_ALERTS = {
    Outcome.UNKNOWN_ORDER: AlertKind.UNKNOWN_ORDER,
    Outcome.AMOUNT_MISMATCH: AlertKind.AMOUNT_MISMATCH,
    Outcome.UNKNOWN_STATUS: AlertKind.UNKNOWN_STATUS,
}


@dataclass(frozen=True, slots=True)
class Policy:
    """The settings that decide what a fact may do."""

    refund_revokes: bool
    hold_takebacks: bool
    """A notification that would take a paid order back waits until Midtrans confirmed it."""


@dataclass(slots=True)
class _Page:
    """One invitation's book while facts are being taken in."""

    book: ledger.Book
    orders: dict[str, Order]
    touched: set[tuple[str, str]] = field(default_factory=set)


async def apply_facts(
    session: UnitOfWork, facts: Sequence[Fact], *, policy: Policy, now: datetime
) -> list[Outcome]:
    """Take in facts about any orders; returns the outcome of each, in the order given."""
    books = await ledger.lock_books(session, {fact.order_id for fact in facts})
    pages = {
        book.invitation_id: _Page(book, {order.order_id: order for order in book.orders})
        for book in books.values()
    }
    page_of = {order_id: page for page in pages.values() for order_id in page.orders}
    outcomes: list[Outcome] = []
    listed: dict[tuple[str, str], list[Fact]] = defaultdict(list)
    voids: list[tuple[Fact, bool]] = []
    for fact in facts:
        page = page_of.get(fact.order_id)
        before = _held(page, fact)
        outcome = _take_in(fact, page, policy)
        outcomes.append(outcome)
        after = _held(page, fact)
        if is_void(before, fact.rung, after) or is_no_void_after_all(before, after):
            voids.append((fact, after is Rung.CANCEL))
        if outcome in {Outcome.APPLIED, Outcome.UNCHANGED} and fact.refunds:
            listed[fact.order_id, fact.transaction_id].append(fact)
        if (kind := _ALERTS.get(outcome)) is not None:
            about = {"transaction_id": fact.transaction_id, "transaction_status": fact.transaction_status}
            detail = {**about, "gross_amount": fact.gross_amount}
            await raise_alert(session, kind, fact.order_id, at=now, detail=detail)
    for page in pages.values():
        if page.touched:
            await _write(session, page, policy, now)
    for (order_id, transaction_id), sources in listed.items():
        rows = [row for fact in sources for row in fact.refunds]
        if not await refunds.record(session, order_id, transaction_id, rows, at=now):
            await raise_alert(session, AlertKind.OVER_REFUNDED, order_id, at=now)
    for fact, stands in voids:
        payment = fact.order_id, fact.transaction_id
        await refunds.record_void(session, *payment, amount=fact.gross_amount, stands=stands, at=now)
    return outcomes


def _held(page: _Page | None, fact: Fact) -> Rung | None:
    """How far our books have the transaction that a fact is about."""
    attempts = page.orders[fact.order_id].transactions if page else ()
    return next((one.rung for one in attempts if one.transaction_id == fact.transaction_id), None)


def _take_in(fact: Fact, page: _Page | None, policy: Policy) -> Outcome:
    if page is None:
        return Outcome.UNKNOWN_ORDER
    if not fact.pays_exactly(page.book.amounts[fact.order_id]):
        return Outcome.AMOUNT_MISMATCH
    if fact.rung is None:
        return Outcome.UNKNOWN_STATUS
    order = page.orders[fact.order_id]
    attempts = {transaction.transaction_id: transaction for transaction in order.transactions}
    before = attempts.get(fact.transaction_id)
    after = climb(before, fact)
    if after is None or after == before:
        return Outcome.UNCHANGED
    changed = replace(order, transactions=tuple((attempts | {fact.transaction_id: after}).values()))
    if policy.hold_takebacks and fact.source is Source.NOTIFICATION and _takes_back(order, changed):
        return Outcome.AWAITING_CONFIRMATION
    page.orders[fact.order_id] = changed
    page.touched.add((fact.order_id, fact.transaction_id))
    return Outcome.APPLIED


def _takes_back(before: Order, after: Order) -> bool:
    return before.status is PaymentStatus.PAID and after.status is not PaymentStatus.PAID


async def _write(session: UnitOfWork, page: _Page, policy: Policy, now: datetime) -> None:
    orders = list(page.orders.values())
    entitlement = entitle(orders, refund_revokes=policy.refund_revokes)
    changed = [
        transaction
        for order in orders
        for transaction in order.transactions
        if (order.order_id, transaction.transaction_id) in page.touched
    ]
    await ledger.write_transactions(session, changed)
    for before in page.book.orders:
        after = page.orders[before.order_id]
        if before.status is not after.status:
            check_at = next_check_of(after, page.book.payable_until[after.order_id], checks=0, now=now)
            await ledger.write_order_status(session, after, next_check_at=check_at)
    await ledger.write_invitation(session, page.book.invitation_id, invitation_status(orders), entitlement)
    for order_id in entitlement.duplicates:
        await raise_alert(session, AlertKind.DUPLICATE_PAYMENT, order_id, at=now)


def next_check_of(order: Order, page_ends: datetime, *, checks: int, now: datetime) -> datetime | None:
    """When to ask Midtrans about this order again; a VA or QR may outlive the payment page."""
    ends = [page_ends, *(attempt.payable_until for attempt in order.transactions if attempt.payable_until)]
    return next_check(
        status=order.status,
        checks=checks,
        now=now,
        payable_until=max(ends),
        jitter=random.random(),  # noqa: S311  spreads load, protects nothing
    )
