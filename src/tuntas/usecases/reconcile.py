"""Asking Midtrans how orders stand, so that a stream of notifications lost entirely still heals."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

import structlog

from tuntas.domain.facts import Fact
from tuntas.domain.ladder import Rung
from tuntas.domain.money import Rupiah
from tuntas.domain.orders import invitation_status
from tuntas.domain.schedule import GRACE
from tuntas.midtrans.errors import GatewayError, TransactionNotFound
from tuntas.store import ledger, orders, payment_logs
from tuntas.store.database import UnitOfWork
from tuntas.store.models import Order
from tuntas.store.payment_logs import Event
from tuntas.usecases.apply_facts import Outcome, apply_facts, next_check_of
from tuntas.usecases.backend import Backend
from tuntas.usecases.ingest import policy_of
from tuntas.usecases.pace import wait_for_turn

log = structlog.get_logger()

_LEASE = timedelta(minutes=5)
"""How long a worker has for the orders it took before another may ask about them too."""
_FINAL = {Rung.REFUND, Rung.CHARGEBACK, Rung.DENY, Rung.EXPIRE, Rung.FAILURE, Rung.CANCEL}


class Difference(StrEnum):
    """How our books and Midtrans's differ about one transaction."""

    MISSING = "missing"
    """Midtrans has it, we do not."""
    EXTRA = "extra"
    """We have it, Midtrans does not."""
    AMOUNT = "amount"
    STATUS = "status"


@dataclass(frozen=True, slots=True)
class Finding:
    order_id: str
    transaction_id: str | None
    difference: Difference
    ours: str | None
    midtrans: str | None


async def sync_order(backend: Backend, order_id: str, *, dry_run: bool = False) -> list[Finding]:
    """Ask about one order and every attempt that can still change, and take in the answers.

    Returns what differed before. No transaction is open while Midtrans is asked. Raises GatewayError.
    """
    async with backend.database.transaction() as session:
        known = await ledger.read_transactions(session, order_id)
        amount = await orders.amount_of(session, order_id)
    facts = await _ask(backend, order_id, [found for found, rung in known.items() if rung not in _FINAL])
    findings = _compare(order_id, facts, known, amount)
    if not dry_run:
        async with backend.database.transaction() as session:
            await _take_in(session, backend, order_id, facts)
    return findings


async def reconcile_due(backend: Backend, *, limit: int = 100) -> int:
    """Ask about the orders whose time has come; returns how many.

    Many workers may do this at once: each takes its own orders by `skip locked` and a lease.
    """
    now = backend.clock.now()
    async with backend.database.transaction() as session:
        due = await orders.take_due(session, now=now, lease_until=now + _LEASE, limit=limit)
    for order_id in due:
        await wait_for_turn(backend)
        try:
            await sync_order(backend, order_id)
        except GatewayError as error:
            await _not_answered(backend, order_id, error)
    return len(due)


async def sync_all(
    backend: Backend, *, older_than: timedelta, dry_run: bool
) -> AsyncIterator[tuple[str, list[Finding] | GatewayError]]:
    """Go through every order at least this old, oldest first, one at a time."""
    before = backend.clock.now() - older_than
    after: tuple[datetime, str] | None = None
    while True:
        async with backend.database.transaction() as session:
            batch = await orders.older_than(session, before, after=after, limit=100)
        if not batch:
            return
        for order_id in (row.order_id for row in batch):
            try:
                yield order_id, await sync_order(backend, order_id, dry_run=dry_run)
            except GatewayError as error:
                yield order_id, error
        after = (batch[-1].created_at, batch[-1].order_id)


async def _ask(backend: Backend, order_id: str, transaction_ids: Sequence[str]) -> list[Fact]:
    """By order id Midtrans answers with one attempt only; the others are asked about by their own ids."""
    facts: dict[str, Fact] = {}
    for any_id in (order_id, *transaction_ids):
        if any_id in facts:
            continue
        try:
            fact = await backend.core.status(any_id)
        except TransactionNotFound:
            continue
        facts[fact.transaction_id] = replace(fact, order_id=order_id)
    return list(facts.values())


async def _take_in(session: UnitOfWork, backend: Backend, order_id: str, facts: Sequence[Fact]) -> None:
    now = backend.clock.now()
    row = await orders.lock_with_invitation(session, order_id)
    if row is None:
        raise LookupError(order_id)
    before = row.status
    outcomes = await apply_facts(session, facts, policy=policy_of(backend), now=now)
    payment_logs.append(
        session,
        Event.STATUS_CHECKED,
        at=now,
        order_id=order_id,
        transaction_id=facts[0].transaction_id if facts else None,
        transaction_status=facts[0].transaction_status if facts else None,
        outcome=Outcome.APPLIED if Outcome.APPLIED in outcomes else Outcome.UNCHANGED,
    )
    await session.refresh(row)
    if row.status == before:
        await _schedule(session, row, now)


async def _schedule(session: UnitOfWork, row: Order, now: datetime) -> None:
    """Nothing new: close what can no longer be paid, else decide when to ask again."""
    order_id = row.order_id
    books = await ledger.lock_books(session, [order_id])
    (book,) = books.values()
    order = next(found for found in book.orders if found.order_id == order_id)
    ends = book.payable_until[order_id]
    if not order.transactions and now > ends + GRACE and not order.closed:
        closed = replace(order, closed=True)
        await orders.close(session, order_id, status=closed.status)
        others = [found for found in book.orders if found.order_id != order_id]
        await ledger.write_invitation_status(
            session, book.invitation_id, invitation_status([*others, closed])
        )
        payment_logs.append(session, Event.ORDER_CLOSED, at=now, order_id=order_id)
        return
    row.next_check_at = next_check_of(order, ends, checks=row.checks + 1, now=now)
    row.checks += 1


async def _not_answered(backend: Backend, order_id: str, error: GatewayError) -> None:
    log.warning("status_check_failed", order_id=order_id, error=type(error).__name__)
    async with backend.database.transaction() as session:
        payment_logs.append(
            session,
            Event.STATUS_CHECK_FAILED,
            at=backend.clock.now(),
            order_id=order_id,
            outcome=type(error).__name__,
        )


def _compare(order_id: str, facts: Sequence[Fact], known: dict[str, Rung], amount: Rupiah) -> list[Finding]:
    findings: list[Finding] = []
    for fact in facts:
        ours = known.get(fact.transaction_id)
        theirs = fact.transaction_status
        if not fact.pays_exactly(amount):
            found = Difference.AMOUNT, str(amount), str(fact.gross_amount)
            findings.append(Finding(order_id, fact.transaction_id, *found))
        elif ours is None:
            findings.append(Finding(order_id, fact.transaction_id, Difference.MISSING, None, theirs))
        elif fact.rung is not None and ours is not fact.rung:
            status = ours.status
            findings.append(Finding(order_id, fact.transaction_id, Difference.STATUS, status, theirs))
    told = {fact.transaction_id for fact in facts}
    findings += [
        Finding(order_id, transaction_id, Difference.EXTRA, rung.status, None)
        for transaction_id, rung in known.items()
        if transaction_id not in told and rung not in _FINAL
    ]
    return findings
