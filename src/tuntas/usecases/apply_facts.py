"""The one way in for everything that changes money.

Lock, re-read, climb, recompute, write: all in the caller's transaction, and each kind of row at once,
however many facts there are. Because the rules are a maximum and a recomputation, it does not matter in
which order, or how often, facts come.
"""

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from tuntas.domain.facts import Fact, Source
from tuntas.domain.grants import entitle
from tuntas.domain.ladder import MEANING, PaymentStatus, Rung
from tuntas.domain.orders import Order, invitation_status
from tuntas.domain.refunds import RefundRow, is_no_void_after_all, is_void
from tuntas.domain.schedule import next_check
from tuntas.domain.transactions import Transaction, climb, contradicts
from tuntas.domain.unapplied import UnappliedPayment, Why, unapplied_payments
from tuntas.settings import Confirm
from tuntas.store import ledger, told_refunds
from tuntas.store.alerts import AlertKind, Cause, raise_each, resolve_each
from tuntas.store.books import Book, Follows, lock_books, owners_of
from tuntas.store.direct import Statements
from tuntas.store.refunds import Payment
from tuntas.store.told_refunds import Void
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


class _Told:
    """What people, and Midtrans, are told because of facts; about one thing the last word stands."""

    def __init__(self) -> None:
        self._causes: dict[Cause, Mapping[str, Any] | None] = {}
        self._suspicions: dict[tuple[str, str], Rung] = {}

    def open(self, kind: AlertKind, subject: str, detail: Mapping[str, Any]) -> None:
        if self._causes.get((kind, subject)) is None:
            self._causes[kind, subject] = detail

    def close(self, kind: AlertKind, subject: str) -> None:
        self._causes[kind, subject] = None

    def suspect(self, fact: Fact, rung: Rung) -> None:
        """Midtrans must decide between a notification and our books."""
        self._suspicions[fact.order_id, fact.transaction_id] = rung

    async def write(self, session: Statements, now: datetime) -> None:
        gone = [cause for cause, detail in self._causes.items() if detail is None]
        found = {cause: detail for cause, detail in self._causes.items() if detail is not None}
        await resolve_each(session, gone, at=now)
        await raise_each(session, found, at=now)
        await ledger.suspect(session, self._suspicions, at=now)


class _Opened:
    """One invitation's book while facts are being taken in, and what follows from it so far."""

    def __init__(self, book: Book, policy: Policy) -> None:
        self.book = book
        self.orders = {order.order_id: order for order in book.orders}
        self.touched: dict[tuple[str, str, bool], Transaction] = {}
        """The attempts that climbed, by order, transaction and whether it is a stray."""
        self._policy = policy
        self._recount()

    def climb(self, order: Order, fact: Fact, told: _Told, *, stray: bool) -> Transaction | None:
        """The attempt after the fact, if that told anything new."""
        lane = order.strays if stray else order.transactions
        before = _attempt(lane, fact.transaction_id)
        after = climb(before, fact, stray=stray)
        if after is None or after == before:
            return None
        self.orders[order.order_id] = _with(order, after)
        self.touched[after.order_id, after.transaction_id, stray] = after
        waited = self.waiting
        self._recount()
        for kind, subject in sorted(waited.keys() - self.waiting.keys()):
            told.close(kind, subject)
        self.tell_what_waits(told)
        return after

    def tell_what_waits(self, told: _Told) -> None:
        """Money that bought nothing is an open alert until a person has kept it or given it back."""
        for (kind, order_id), payments in sorted(self.waiting.items()):
            told.open(kind, order_id, {"payments": payments})

    def follows(self) -> Follows:
        status = invitation_status(list(self.orders.values()))
        return Follows(status, self.entitlement.confirmed_at, self.entitlement.expires_at)

    def _recount(self) -> None:
        self.entitlement = entitle(self.orders.values(), refund_revokes=self._policy.refund_revokes)
        self.waiting = _waiting(unapplied_payments(self.orders.values(), self.entitlement))


async def apply_facts(
    session: Statements, facts: Sequence[Fact], *, policy: Policy, now: datetime, wait: bool = True
) -> list[Outcome]:
    """Take in facts about any orders; returns the outcome of each, in the order given.

    Without `wait` it raises Held, and has done nothing, when another session holds some of the orders.
    """
    books = await lock_books(session, {fact.order_id for fact in facts}, wait=wait)
    owners = await owners_of(session, {fact.transaction_id for fact in facts})
    opened = [_Opened(book, policy) for book in books]
    opened_of = {order_id: each for each in opened for order_id in each.orders}
    told = _Told()
    outcomes = [_take_in(fact, opened_of.get(fact.order_id), owners, policy, told) for fact in facts]
    await _write(session, [each for each in opened if each.touched], told, now)
    await _record_refunds(session, facts, outcomes, opened, told, now)
    await told.write(session, now)
    return outcomes


async def recount(session: Statements, order_ids: Iterable[str], *, policy: Policy, now: datetime) -> None:
    """Write what follows from the orders anew: after one was made, closed, or decided about by a person."""
    opened = [_Opened(book, policy) for book in await lock_books(session, order_ids)]
    told = _Told()
    for each in opened:
        each.tell_what_waits(told)
    await _write(session, opened, told, now)
    await told.write(session, now)


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
    """The last moment at which any way to pay this order may still work, or money held for it be taken."""
    attempts = order.transactions
    held = (
        (attempt.transaction_time or attempt.first_heard_at) + _HOLD
        for attempt in attempts
        if attempt.rung in _HELD
    )
    return max([page_ends, *held, *(found.payable_until for found in attempts if found.payable_until)])


def _take_in(
    fact: Fact, opened: _Opened | None, owners: dict[str, str], policy: Policy, told: _Told
) -> Outcome:
    outcome = _outcome(fact, opened, owners, policy, told)
    about = {"transaction_id": fact.transaction_id, "transaction_status": fact.transaction_status}
    if (kind := _ALERTS.get(outcome)) is not None:
        told.open(kind, fact.order_id, {**about, "gross_amount": fact.gross_amount})
    if fact.unreadable:
        told.open(AlertKind.UNREADABLE_FIELD, fact.order_id, {**about, "fields": list(fact.unreadable)})
    if outcome is Outcome.CONTRADICTED and fact.source is Source.NOTIFICATION and fact.rung is not None:
        told.suspect(fact, fact.rung)
    return outcome


def _outcome(
    fact: Fact, opened: _Opened | None, owners: dict[str, str], policy: Policy, told: _Told
) -> Outcome:
    if opened is None:
        return Outcome.UNKNOWN_ORDER
    if owners.get(fact.transaction_id, fact.order_id) != fact.order_id:
        return Outcome.FOREIGN_TRANSACTION
    order = opened.orders[fact.order_id]
    take_in = _take_in_ours if order.takes(fact) else _take_in_stray
    return take_in(fact, opened, order, owners, policy, told)


def _take_in_ours(
    fact: Fact, opened: _Opened, order: Order, owners: dict[str, str], policy: Policy, told: _Told
) -> Outcome:
    if fact.rung is None:
        return Outcome.UNKNOWN_STATUS
    if policy.hold_takebacks and fact.source is Source.NOTIFICATION and _takes_back(order, fact):
        return Outcome.AWAITING_CONFIRMATION
    contradicted = contradicts(_attempt(order.transactions, fact.transaction_id), fact)
    climbed = opened.climb(order, fact, told, stray=False)
    if climbed:
        owners[fact.transaction_id] = fact.order_id
    if contradicted and not fact.begins_epoch:
        return Outcome.CONTRADICTED
    return Outcome.APPLIED if climbed else Outcome.UNCHANGED


def _take_in_stray(
    fact: Fact, opened: _Opened, order: Order, owners: dict[str, str], _: Policy, told: _Told
) -> Outcome:
    """Another amount is a mismatch as long as its money waits, or may come; giving it back ends that."""
    known = _attempt(order.strays, fact.transaction_id)
    if fact.currency != "IDR" or fact.gross_amount <= 0:
        return Outcome.AMOUNT_MISMATCH
    climbed = opened.climb(order, fact, told, stray=True)
    if climbed:
        owners[fact.transaction_id] = fact.order_id
    ends = fact.rung is not None and MEANING[fact.rung] in {PaymentStatus.FAILED, PaymentStatus.REFUNDED}
    if known is None or not ends:
        return Outcome.AMOUNT_MISMATCH
    return Outcome.APPLIED if climbed else Outcome.UNCHANGED


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


async def _write(session: Statements, opened: Sequence[_Opened], told: _Told, now: datetime) -> None:
    attempts = [attempt for each in opened for attempt in each.touched.values()]
    await ledger.write_transactions(session, attempts)
    await ledger.write_statuses(session, [new for each in opened for new in _new_statuses(each, now)])
    await ledger.write_grants(session, [(each.book, each.entitlement.grants) for each in opened])
    await ledger.write_follows(session, [(each.book, each.follows()) for each in opened])
    for each in opened:
        if each.entitlement.grants and not each.book.has_its_name:
            told.open(AlertKind.NAME_LOST, str(each.book.invitation_id), {})


def _new_statuses(opened: _Opened, now: datetime) -> Iterator[ledger.NewStatus]:
    for order in opened.orders.values():
        if (status := order.status) is not opened.book.stored[order.order_id]:
            check_at = next_check_of(order, opened.book.payable_until[order.order_id], checks=0, now=now)
            yield ledger.NewStatus(order.order_id, status, check_at)


def _waiting(payments: Iterable[UnappliedPayment]) -> dict[tuple[AlertKind, str], list[dict[str, Any]]]:
    """What alerts say, by kind and order."""
    found: dict[tuple[AlertKind, str], list[dict[str, Any]]] = {}
    for payment in payments:
        if payment.waits:
            about = payment.transaction
            told = {"transaction_id": about.transaction_id, "amount": about.gross_amount, "why": payment.why}
            found.setdefault((alert_kind(payment.why), about.order_id), []).append(told)
    return found


async def _record_refunds(
    session: Statements,
    facts: Sequence[Fact],
    outcomes: Sequence[Outcome],
    opened: Sequence[_Opened],
    told: _Told,
    now: datetime,
) -> None:
    """Take in the refunds that the facts list, and the captured payments that were cancelled."""
    listed: dict[Payment, list[RefundRow]] = defaultdict(list)
    for fact, outcome in zip(facts, outcomes, strict=True):
        if outcome in _HEARD and fact.refunds:
            listed[fact.order_id, fact.transaction_id].extend(fact.refunds)
    for order_id in await told_refunds.record(session, listed, at=now):
        told.open(AlertKind.OVER_REFUNDED, order_id, {})
    await told_refunds.record_voids(session, _voids(facts, opened), at=now)


def _voids(facts: Sequence[Fact], opened: Sequence[_Opened]) -> list[Void]:
    """A captured payment that was cancelled leaves a row like any refund, while that stands."""
    before = {held.transaction_id: held.rung for each in opened for held in _attempts(each.book.orders)}
    after = {held.transaction_id: held.rung for each in opened for held in _attempts(each.orders.values())}
    if Rung.CANCEL not in before.values() and Rung.CANCEL not in after.values():
        return []
    found: dict[Payment, Void] = {}
    for fact in facts:
        was, now_is = before.get(fact.transaction_id), after.get(fact.transaction_id)
        if is_void(was, fact.rung, now_is) or is_no_void_after_all(was, now_is):
            payment = fact.order_id, fact.transaction_id
            found[payment] = Void(payment, fact.gross_amount, stands=now_is is Rung.CANCEL)
    return list(found.values())


def _attempts(found: Iterable[Order]) -> Iterator[Transaction]:
    return (attempt for order in found for attempt in order.transactions)
