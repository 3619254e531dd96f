"""Asking Midtrans how orders stand, so that a stream of notifications lost entirely still heals."""

from collections import deque
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

import structlog

from tuntas.domain.contradictions import told_again
from tuntas.domain.differences import FINAL, Difference, Finding, compare
from tuntas.domain.facts import Fact
from tuntas.domain.ladder import Rung
from tuntas.domain.orders import Order
from tuntas.domain.schedule import is_over, pause_after_failure
from tuntas.midtrans.errors import GatewayError, GatewayRejected, TransactionNotFound
from tuntas.store import ledger, orders, payment_logs, refunds
from tuntas.store.alerts import AlertKind, is_open, raise_alert, resolve
from tuntas.store.books import read_book
from tuntas.store.database import DatabaseUnreachable, UnitOfWork
from tuntas.store.payment_logs import Event
from tuntas.usecases.apply_facts import (
    Outcome,
    apply_facts,
    next_check_of,
    payable_until,
    policy_of,
    recount,
)
from tuntas.usecases.backend import Backend
from tuntas.usecases.pace import wait_for_turn

log = structlog.get_logger()

_LEASE = timedelta(minutes=5)
"""How long a worker has for the orders it took before another may ask about them too."""
_SILENT_LIMIT = 3
"""After so many failures in a row Midtrans itself is tried: is it away, or are these orders strange?"""
_TOLD_AFTER = 3
"""After so many failures in a row about one order a person is told."""
_MIDTRANS = "midtrans"
_PROBE = "tuntas-is-anybody-there"
"""No order of anybody: Midtrans answers that it does not exist."""


@dataclass(frozen=True, slots=True)
class Synced:
    """What Midtrans said about one order."""

    found: tuple[Finding, ...]
    """How our books differed before."""
    lasting: tuple[Finding, ...]
    """What still differs after the answer was taken in: a person must look."""


@dataclass(frozen=True, slots=True)
class _TakenIn:
    lasting: tuple[Finding, ...]
    leftovers: tuple[str, ...] = ()
    """Transactions that wait at Midtrans although the order was closed just now."""


@dataclass(frozen=True, slots=True)
class TakeWord:
    """A person takes Midtrans's word although it is lower than what our books hold."""

    actor: str
    reason: str


async def sync_order(
    backend: Backend, order_id: str, *, dry_run: bool = False, take_word: TakeWord | None = None
) -> Synced:
    """Ask about one order and every attempt that can still change, and take in the answers.

    No transaction is open while Midtrans is asked. Raises GatewayError, or LookupError for an unknown order.
    """
    found, facts = await _look(backend, order_id)
    if dry_run:
        return Synced(found, lasting=found)
    taken = await backend.database.commit(
        lambda session: _take_in(session, backend, order_id, facts, take_word)
    )
    if await _expire(backend, taken.leftovers):
        _, facts = await _look(backend, order_id)
        taken = await backend.database.commit(
            lambda session: _take_in(session, backend, order_id, facts, take_word)
        )
    return Synced(found, taken.lasting)


async def reconcile_due(backend: Backend, *, limit: int = 100) -> int:
    """Ask about the orders whose time has come; returns how many, and 0 when Midtrans is away.

    What it took and did not get to is given back. Many workers may do this at once: each takes its own
    orders by `skip locked` and a lease.
    """
    now = backend.clock.now()
    async with backend.database.transaction() as session:
        due = await orders.take_due(session, now=now, lease_until=now + _LEASE, limit=limit)
    left = deque(due)
    failures_in_a_row = 0
    try:
        while left:
            await wait_for_turn(backend)
            answered = await _check(backend, left[0])
            left.popleft()
            failures_in_a_row = 0 if answered else failures_in_a_row + 1
            if failures_in_a_row == _SILENT_LIMIT and not await _midtrans_answers(backend):
                return 0
    finally:
        if left:
            async with backend.database.transaction() as session:
                await orders.give_back(session, left, at=now)
    return len(due)


async def sync_all(
    backend: Backend, *, older_than: timedelta, dry_run: bool
) -> AsyncIterator[tuple[str, Synced | Exception]]:
    """Go through every order at least this old, oldest first, one at a time; none holds up the others."""
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
            except DatabaseUnreachable:
                raise
            except Exception as error:  # noqa: BLE001  it is handed on with its order
                yield order_id, error
        after = (batch[-1].created_at, batch[-1].order_id)


async def _check(backend: Backend, order_id: str) -> bool:
    """Ask about one order; whatever goes wrong is written down, and only this order backs off."""
    try:
        await sync_order(backend, order_id)
    except DatabaseUnreachable:
        raise
    except Exception as error:
        expected = isinstance(error, GatewayError)
        log.warning("status_check_failed", order_id=order_id, exc_info=None if expected else error)
        await _failed(backend, order_id, error)
        return False
    return True


async def _failed(backend: Backend, order_id: str, error: Exception) -> None:
    now, cause = backend.clock.now(), type(error).__name__
    async with backend.database.transaction() as session:
        failures = await orders.count_failure(session, order_id)
        await orders.check_soon(session, order_id, at=now + pause_after_failure(failures))
        payment_logs.append(session, Event.STATUS_CHECK_FAILED, at=now, order_id=order_id, outcome=cause)
        if failures >= _TOLD_AFTER and not await is_open(session, AlertKind.GATEWAY_AWAY, _MIDTRANS):
            detail = {"failures": failures, "error": cause}
            await raise_alert(session, AlertKind.CHECK_FAILED, order_id, at=now, detail=detail)


async def _midtrans_answers(backend: Backend) -> bool:
    """Whether Midtrans can say that it knows nothing; its silence is told once, not once an order."""
    trouble: GatewayError | None = None
    try:
        await backend.core.status(_PROBE)
    except GatewayRejected:
        pass
    except GatewayError as error:
        trouble = error
    now = backend.clock.now()
    async with backend.database.transaction() as session:
        if trouble is None:
            await resolve(session, AlertKind.GATEWAY_AWAY, _MIDTRANS, at=now)
        else:
            detail = {"error": trouble.code, "said": str(trouble)}
            await raise_alert(session, AlertKind.GATEWAY_AWAY, _MIDTRANS, at=now, detail=detail)
    return trouble is None


async def _look(backend: Backend, order_id: str) -> tuple[tuple[Finding, ...], list[Fact]]:
    """How our books differ, and what Midtrans says."""
    async with backend.database.transaction() as session:
        order = await _read(session, order_id)
        doubted = await ledger.contradictions(session, order_id)
        by_hand = await refunds.given_back_by_hand(session, order_id)
    facts = await _ask(backend, order, doubted)
    return tuple(compare(order, facts, by_hand=by_hand)), facts


async def _expire(backend: Backend, transaction_ids: Iterable[str]) -> bool:
    """What Midtrans still lets pend after the last moment is ended there; whether any was.

    Where Midtrans will not, the order counts as failed all the same, and a late payment climbs over that.
    """
    ended = False
    for transaction_id in transaction_ids:
        try:
            await backend.core.expire(transaction_id)
        except GatewayError as error:
            log.info("expire_refused", transaction_id=transaction_id, error=type(error).__name__)
        else:
            ended = True
    return ended


async def _ask(backend: Backend, order: Order, doubted: Iterable[str]) -> list[Fact]:
    """By order id Midtrans answers with one attempt only; the others are asked about by their own ids.

    An answer about something else than was asked is no answer: only BSI's own id may stand for the order's.
    """
    attempts = [*order.transactions, *order.strays]
    open_ids = {found.transaction_id for found in attempts if found.rung not in FINAL} | set(doubted)
    facts: dict[str, Fact] = {}
    for any_id in (order.order_id, *sorted(open_ids)):
        if any_id in facts:
            continue
        try:
            fact = await backend.core.status(any_id)
        except TransactionNotFound:
            continue
        asked_by_transaction = any_id != order.order_id
        if fact.order_id not in {order.order_id, any_id} or (
            asked_by_transaction and fact.transaction_id != any_id
        ):
            log.warning("answer_about_another_order", order_id=order.order_id)
            continue
        facts[fact.transaction_id] = replace(fact, order_id=order.order_id)
    return list(facts.values())


async def _read(session: UnitOfWork, order_id: str) -> Order:
    book = await read_book(session, order_id)
    if book is None:
        raise LookupError(order_id)
    return book.order(order_id)


async def _take_in(
    session: UnitOfWork,
    backend: Backend,
    order_id: str,
    facts: Sequence[Fact],
    take_word: TakeWord | None,
) -> _TakenIn:
    """Apply the answers, see what still differs, and decide when to ask again."""
    now, policy = backend.clock.now(), policy_of(backend)
    await orders.lock_with_invitation(session, order_id)
    before = await _read(session, order_id)
    told = [await _in_its_epoch(session, before, fact, take_word, now) for fact in facts]
    outcomes = await apply_facts(session, told, policy=policy, now=now)
    await recount(session, [order_id], policy=policy, now=now)  # whatever was damaged is whole again
    await refunds.recount(session, [order_id])
    payment_logs.append(
        session,
        Event.STATUS_CHECKED,
        at=now,
        order_id=order_id,
        transaction_id=facts[0].transaction_id if facts else None,
        transaction_status=facts[0].transaction_status if facts else None,
        outcome=Outcome.APPLIED if Outcome.APPLIED in outcomes else Outcome.UNCHANGED,
    )
    after = await _read(session, order_id)
    by_hand = await refunds.given_back_by_hand(session, order_id)
    lasting = tuple(compare(after, facts, by_hand=by_hand))
    await _tell(session, order_id, lasting, now)
    if is_over(after.status, payable_until(after, await _page_ends(session, order_id)), now):
        await _close(session, backend, order_id, now)
        waiting = (found for found in after.transactions if found.rung is Rung.PENDING)
        return _TakenIn(lasting, tuple(found.transaction_id for found in waiting))
    if before.status is after.status or lasting:
        await _schedule(session, after, lasting, now)
    return _TakenIn(lasting)


async def _in_its_epoch(
    session: UnitOfWork, order: Order, fact: Fact, take_word: TakeWord | None, now: datetime
) -> Fact:
    """Count what stands lower than our books; a person's act, or its constancy, makes it a new epoch."""
    transaction_id = fact.transaction_id
    by_hand = await refunds.given_back_by_hand(session, order.order_id)
    lower = next((found for found in compare(order, [fact], by_hand=by_hand) if found.is_lower), None)
    if lower is None or fact.rung is None:
        await ledger.write_contradiction(session, order.order_id, transaction_id, None)
        return fact
    known = await ledger.contradictions(session, order.order_id)
    again = told_again(known.get(transaction_id), fact.rung, now)
    if take_word is None and not again.lasts(now):
        await ledger.write_contradiction(session, order.order_id, transaction_id, again)
        return fact
    await ledger.write_contradiction(session, order.order_id, transaction_id, None)
    if fact.rung not in {Rung.PARTIAL_REFUND, Rung.REFUND}:
        await refunds.returned_by_bank(session, order.order_id, transaction_id, at=now)
    detail = {"from": lower.ours, "to": lower.midtrans}
    if take_word is None:
        await raise_alert(session, AlertKind.WORD_TAKEN, order.order_id, at=now, detail=detail)
    payment_logs.append(
        session,
        Event.OPERATOR_ACT if take_word else Event.WORD_TAKEN,
        at=now,
        order_id=order.order_id,
        transaction_id=transaction_id,
        transaction_status=fact.transaction_status,
        detail=detail if take_word is None else {**detail, "act": "take_word", **asdict(take_word)},
    )
    return replace(fact, begins_epoch=True, received_at=now)


async def _tell(session: UnitOfWork, order_id: str, lasting: Sequence[Finding], now: datetime) -> None:
    """A lasting difference is an open alert, and no more than that: it closes when the books agree."""
    differs = [found for found in lasting if found.difference is not Difference.AMOUNT]
    if differs:
        shown = [
            {"transaction_id": found.transaction_id, "ours": found.ours, "midtrans": found.midtrans}
            for found in differs
        ]
        detail = {"differences": shown}
        await raise_alert(session, AlertKind.BOOKS_DIFFER, order_id, at=now, detail=detail)
    else:
        await resolve(session, AlertKind.BOOKS_DIFFER, order_id, at=now)
    await resolve(session, AlertKind.CHECK_FAILED, order_id, at=now)
    await resolve(session, AlertKind.GATEWAY_AWAY, _MIDTRANS, at=now)


async def _page_ends(session: UnitOfWork, order_id: str) -> datetime:
    row = await orders.existing(session, order_id)
    row.check_failures = 0
    return row.expires_at


async def _close(session: UnitOfWork, backend: Backend, order_id: str, now: datetime) -> None:
    """It can no longer be paid: failed, unless a payment turns up after all."""
    await orders.close(session, order_id)
    await recount(session, [order_id], policy=policy_of(backend), now=now)
    payment_logs.append(session, Event.ORDER_CLOSED, at=now, order_id=order_id)


async def _schedule(session: UnitOfWork, order: Order, lasting: Sequence[Finding], now: datetime) -> None:
    """Nothing new: decide when to ask again."""
    row = await orders.existing(session, order.order_id)
    row.checks += 1
    doubted = await ledger.contradictions(session, order.order_id)
    if doubted and any(found.is_lower for found in lasting):
        row.next_check_at = now + min(found.pause for found in doubted.values())
    else:
        row.next_check_at = next_check_of(order, row.expires_at, checks=row.checks, now=now)
