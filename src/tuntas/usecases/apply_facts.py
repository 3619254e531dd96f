"""The one way in for everything that changes money.

Lock, re-read, climb, recompute, write: all in the caller's transaction. Because the rules are a maximum
and a recomputation, it does not matter in which order, or how often, facts come.
"""

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from tuntas.domain.contradictions import Contradiction
from tuntas.domain.facts import Fact, Source
from tuntas.domain.grants import Entitlement, entitle
from tuntas.domain.ladder import MEANING, PaymentStatus, Rung
from tuntas.domain.orders import Order, invitation_status
from tuntas.domain.refunds import is_no_void_after_all, is_void
from tuntas.domain.schedule import next_check
from tuntas.domain.transactions import Transaction, climb, contradicts
from tuntas.domain.unapplied import UnappliedPayment, Why, unapplied_payments
from tuntas.settings import Confirm
from tuntas.store import ledger, orders, refunds
from tuntas.store.alerts import AlertKind, raise_alert, resolve
from tuntas.store.database import UnitOfWork
from tuntas.usecases.backend import Backend


class Outcome(StrEnum):
    """What became of a fact."""

    APPLIED = "applied"
    UNCHANGED = "unchanged"
    """Known already, or overtaken by something higher on the ladder."""
    CONTRADICTED = "contradicted"
    """Says that money is in which we hold for refused or given back: Midtrans is asked."""
    UNKNOWN_ORDER = "unknown_order"
    """About no order of ours: kept as an orphan, adopted when the order appears or an operator says so."""
    FOREIGN_TRANSACTION = "foreign_transaction"
    """About a transaction that pays another order already: one payment never pays two."""
    AMOUNT_MISMATCH = "amount_mismatch"
    """About another amount or currency than the order's: kept, flagged, counts for nothing."""
    UNKNOWN_STATUS = "unknown_status"
    AWAITING_CONFIRMATION = "awaiting_confirmation"
    """Not believed before Midtrans has been asked."""


_HELD = {Rung.AUTHORIZE, Rung.CHALLENGE}
_HOLD = timedelta(days=8)
"""A bank holds authorized money for about a week; a review is over long before."""
_ALERTS = {
    Outcome.UNKNOWN_ORDER: AlertKind.UNKNOWN_ORDER,
    Outcome.FOREIGN_TRANSACTION: AlertKind.FOREIGN_TRANSACTION,
    Outcome.AMOUNT_MISMATCH: AlertKind.AMOUNT_MISMATCH,
    Outcome.UNKNOWN_STATUS: AlertKind.UNKNOWN_STATUS,
    Outcome.CONTRADICTED: AlertKind.BOOKS_DIFFER,
}
_HEARD = {Outcome.APPLIED, Outcome.UNCHANGED, Outcome.CONTRADICTED, Outcome.AMOUNT_MISMATCH}
"""After these the refunds that the fact lists are taken in too."""


@dataclass(frozen=True, slots=True)
class Policy:
    """The settings that decide what a fact may do."""

    refund_revokes: bool
    hold_takebacks: bool
    """A notification that would take a paid order back waits until Midtrans confirmed it."""


def policy_of(backend: Backend) -> Policy:
    return Policy(
        refund_revokes=backend.settings.tuntas_refund_revokes_domain,
        hold_takebacks=backend.settings.confirm is Confirm.AFTER,
    )


def alert_kind(why: Why) -> AlertKind:
    """How a person is told of money that bought nothing."""
    return AlertKind.AMOUNT_MISMATCH if why is Why.OTHER_AMOUNT else AlertKind.DUPLICATE_PAYMENT


@dataclass(slots=True)
class _Opened:
    """One invitation's book while facts are being taken in."""

    book: ledger.Book
    orders: dict[str, Order]
    touched: dict[tuple[str, str, bool], Transaction] = field(default_factory=dict)
    """The attempts that climbed, by order, transaction and whether it is a stray."""


async def apply_facts(
    session: UnitOfWork, facts: Sequence[Fact], *, policy: Policy, now: datetime
) -> list[Outcome]:
    """Take in facts about any orders; returns the outcome of each, in the order given."""
    books = [_opened(book) for book in await ledger.lock_books(session, {fact.order_id for fact in facts})]
    book_of = {order_id: opened for opened in books for order_id in opened.orders}
    owners = await ledger.owners_of(session, {fact.transaction_id for fact in facts})
    outcomes = [_take_in(fact, book_of.get(fact.order_id), owners, policy) for fact in facts]
    for opened in books:
        if opened.touched:
            await _write(session, opened, policy, now)
    await _record_refunds(session, facts, outcomes, now)
    await _record_voids(session, facts, books, now)
    await _tell(session, facts, outcomes, now)
    return outcomes


async def recount(session: UnitOfWork, order_ids: Iterable[str], *, policy: Policy, now: datetime) -> None:
    """Write what follows from the orders anew: after one was made, closed, or decided about by a person."""
    for book in await ledger.lock_books(session, order_ids):
        await _write(session, _opened(book), policy, now)


def next_check_of(order: Order, page_ends: datetime, *, checks: int, now: datetime) -> datetime | None:
    """When to ask Midtrans about this order again."""
    return next_check(
        status=order.status,
        checks=checks,
        now=now,
        payable_until=payable_until(order, page_ends),
        jitter=random.random(),  # noqa: S311  spreads load, protects nothing
    )


def payable_until(order: Order, page_ends: datetime) -> datetime:
    """The last moment at which any way to pay this order may still work."""
    return max(
        [page_ends, *(attempt.payable_until for attempt in order.transactions if attempt.payable_until)]
    )


def _opened(book: ledger.Book) -> _Opened:
    return _Opened(book, {order.order_id: order for order in book.orders})


def _take_in(fact: Fact, opened: _Opened | None, owners: dict[str, str], policy: Policy) -> Outcome:
    if opened is None:
        return Outcome.UNKNOWN_ORDER
    if owners.get(fact.transaction_id, fact.order_id) != fact.order_id:
        return Outcome.FOREIGN_TRANSACTION
    return _take_in_ours(fact, opened, opened.orders[fact.order_id], owners, policy)


def _take_in_ours(
    fact: Fact, opened: _Opened, order: Order, owners: dict[str, str], policy: Policy
) -> Outcome:
    if not order.takes(fact):
        return _take_in_stray(fact, opened, order, owners)
    if fact.rung is None:
        return Outcome.UNKNOWN_STATUS
    if policy.hold_takebacks and fact.source is Source.NOTIFICATION and _takes_back(order, fact):
        return Outcome.AWAITING_CONFIRMATION
    contradicted = contradicts(_attempt(order.transactions, fact.transaction_id), fact)
    climbed = _climb(opened, order, fact, owners, stray=False)
    if contradicted and not fact.begins_epoch:
        return Outcome.CONTRADICTED
    return Outcome.APPLIED if climbed else Outcome.UNCHANGED


def _take_in_stray(fact: Fact, opened: _Opened, order: Order, owners: dict[str, str]) -> Outcome:
    """Another amount is a mismatch as long as its money waits, or may come; giving it back ends that."""
    known = _attempt(order.strays, fact.transaction_id)
    if fact.currency != "IDR" or fact.gross_amount <= 0:
        return Outcome.AMOUNT_MISMATCH
    climbed = _climb(opened, order, fact, owners, stray=True)
    ends = fact.rung is not None and MEANING[fact.rung] in {PaymentStatus.FAILED, PaymentStatus.REFUNDED}
    if known is None or not ends:
        return Outcome.AMOUNT_MISMATCH
    return Outcome.APPLIED if climbed else Outcome.UNCHANGED


def _climb(opened: _Opened, order: Order, fact: Fact, owners: dict[str, str], *, stray: bool) -> bool:
    """Whether the fact told anything new."""
    lane = order.strays if stray else order.transactions
    before = _attempt(lane, fact.transaction_id)
    after = climb(before, fact, stray=stray)
    if after is None or after == before:
        return False
    opened.orders[order.order_id] = _with(order, after)
    opened.touched[after.order_id, after.transaction_id, stray] = after
    owners[after.transaction_id] = after.order_id
    return True


def _attempt(lane: Sequence[Transaction], transaction_id: str) -> Transaction | None:
    return next((found for found in lane if found.transaction_id == transaction_id), None)


def _with(order: Order, after: Transaction) -> Order:
    lane = order.strays if after.stray else order.transactions
    changed = tuple(
        ({found.transaction_id: found for found in lane} | {after.transaction_id: after}).values()
    )
    return replace(order, strays=changed) if after.stray else replace(order, transactions=changed)


def _takes_back(order: Order, fact: Fact) -> bool:
    after = climb(_attempt(order.transactions, fact.transaction_id), fact)
    if after is None or order.status is not PaymentStatus.PAID:
        return False
    return _with(order, after).status is not PaymentStatus.PAID


async def _write(session: UnitOfWork, opened: _Opened, policy: Policy, now: datetime) -> None:
    found = list(opened.orders.values())
    entitlement = entitle(found, refund_revokes=policy.refund_revokes)
    await ledger.write_transactions(session, list(opened.touched.values()))
    for order in found:
        if order.status is not opened.book.stored[order.order_id]:
            check_at = next_check_of(order, opened.book.payable_until[order.order_id], checks=0, now=now)
            await ledger.write_order_status(session, order, next_check_at=check_at)
    await ledger.write_invitation(session, opened.book.invitation_id, invitation_status(found), entitlement)
    if entitlement.grants and not opened.book.has_its_name:
        await raise_alert(session, AlertKind.NAME_LOST, str(opened.book.invitation_id), at=now)
    await _watch_unapplied(session, opened, entitlement, policy, now)


async def _watch_unapplied(
    session: UnitOfWork, opened: _Opened, entitlement: Entitlement, policy: Policy, now: datetime
) -> None:
    """Money that bought nothing is an open alert until a person has kept it or given it back."""
    before = entitle(opened.book.orders, refund_revokes=policy.refund_revokes)
    waited = _waiting(unapplied_payments(opened.book.orders, before))
    waits = _waiting(unapplied_payments(opened.orders.values(), entitlement))
    for (order_id, kind), payments in sorted(waits.items()):
        await raise_alert(session, kind, order_id, at=now, detail={"payments": payments})
    for order_id, kind in sorted(waited.keys() - waits.keys()):
        await resolve(session, kind, order_id, at=now)


def _waiting(payments: Iterable[UnappliedPayment]) -> dict[tuple[str, AlertKind], list[dict[str, Any]]]:
    """What alerts say, by order and kind."""
    found: dict[tuple[str, AlertKind], list[dict[str, Any]]] = defaultdict(list)
    for payment in payments:
        if payment.waits:
            about = payment.transaction
            told = {"transaction_id": about.transaction_id, "amount": about.gross_amount, "why": payment.why}
            found[about.order_id, alert_kind(payment.why)].append(told)
    return found


async def _record_refunds(
    session: UnitOfWork, facts: Sequence[Fact], outcomes: Sequence[Outcome], now: datetime
) -> None:
    listed: dict[tuple[str, str], list[Fact]] = defaultdict(list)
    for fact, outcome in zip(facts, outcomes, strict=True):
        if outcome in _HEARD and fact.refunds:
            listed[fact.order_id, fact.transaction_id].append(fact)
    for (order_id, transaction_id), sources in sorted(listed.items()):
        rows = [row for fact in sources for row in fact.refunds]
        if not await refunds.record(session, order_id, transaction_id, rows, at=now):
            await raise_alert(session, AlertKind.OVER_REFUNDED, order_id, at=now)


async def _record_voids(
    session: UnitOfWork, facts: Sequence[Fact], books: Sequence[_Opened], now: datetime
) -> None:
    """A captured payment that was cancelled leaves a row like any refund, while that stands."""
    before = {held.transaction_id: held.rung for opened in books for held in _attempts(opened.book.orders)}
    after = {held.transaction_id: held.rung for opened in books for held in _attempts(opened.orders.values())}
    for fact in facts:
        payment = fact.order_id, fact.transaction_id
        was, now_is = before.get(fact.transaction_id), after.get(fact.transaction_id)
        if is_void(was, fact.rung, now_is) or is_no_void_after_all(was, now_is):
            stands = now_is is Rung.CANCEL
            await refunds.record_void(session, *payment, amount=fact.gross_amount, stands=stands, at=now)


def _attempts(found: Iterable[Order]) -> Iterator[Transaction]:
    return (attempt for order in found for attempt in order.transactions)


async def _tell(
    session: UnitOfWork, facts: Sequence[Fact], outcomes: Sequence[Outcome], now: datetime
) -> None:
    """Open the alerts that the facts themselves call for, and have Midtrans asked where it must decide."""
    for fact, outcome in zip(facts, outcomes, strict=True):
        about = {"transaction_id": fact.transaction_id, "transaction_status": fact.transaction_status}
        if (kind := _ALERTS.get(outcome)) is not None:
            detail = {**about, "gross_amount": fact.gross_amount}
            await raise_alert(session, kind, fact.order_id, at=now, detail=detail)
        if fact.unreadable:
            detail = {**about, "fields": list(fact.unreadable)}
            await raise_alert(session, AlertKind.UNREADABLE_FIELD, fact.order_id, at=now, detail=detail)
        if outcome is Outcome.CONTRADICTED and fact.source is Source.NOTIFICATION and fact.rung is not None:
            suspicion = Contradiction(fact.rung, since=now, answers=0)
            await ledger.write_contradiction(session, fact.order_id, fact.transaction_id, suspicion)
            await orders.check_soon(session, fact.order_id, at=now)
