"""The inbox of notifications."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, text, update

from tuntas.domain.ladder import MEANING, PaymentStatus, Rung
from tuntas.store import payment_logs
from tuntas.store.database import Overtaken, UnitOfWork
from tuntas.store.direct import Statements
from tuntas.store.locks import Lock, take
from tuntas.store.models import Notification, PaymentLog
from tuntas.store.payment_logs import Event, Line

_ABOUT = func.coalesce(Notification.assigned_to, Notification.order_id)
_REPEATED = "repeated"
_MONEY_IN = [rung.status for rung in Rung if MEANING[rung] is PaymentStatus.PAID]
_ENTRY = (
    Notification.id,
    _ABOUT.label("about"),
    Notification.transaction_id,
    Notification.transaction_status,
    Notification.received_at,
    Notification.outcome,
    Notification.assigned_to.is_not(None).label("assigned"),
    Notification.tries,
)
# Its first condition is written as the partial indexes have it.
_CLAIMED_PAID = text("""
    select coalesce(assigned_to, order_id) from notifications
    where (outcome = 'awaiting_confirmation' or handled_at is null)
        and transaction_status = any(cast(:money_in as text[]))
        and coalesce(assigned_to, order_id) = any(cast(:order_ids as text[]))""")
UNDECIDED = frozenset(
    {"unknown_order", "foreign_transaction", "amount_mismatch", "unknown_status", "awaiting_confirmation"}
)
"""Outcomes that may still become another; every other outcome is written once and stays."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A body that has come in, once or several times."""

    body: bytes
    order_id: str
    transaction_id: str | None
    transaction_status: str | None
    received_at: datetime
    times: int

    @property
    def body_hash(self) -> bytes:
        return hashlib.sha256(self.body).digest()


@dataclass(frozen=True, slots=True)
class Entry:
    """A notification and its body as received: stored, or about to be."""

    id: int
    body: bytes
    order_id: str
    """What it is about: as received, or as an operator said."""
    transaction_id: str | None
    transaction_status: str | None
    received_at: datetime
    outcome: str | None
    assigned: bool
    """Whether an operator said what it is about."""
    tries: int
    times: int = 1
    """How often its body has come in just now."""
    body_hash: bytes = b""
    line_id: int | None = None
    """For a new one: the number kept for the log line of its body."""

    @property
    def is_archived(self) -> bool:
        """Its body has left the database, for a file; what became of it stands."""
        return not self.body

    @property
    def is_new(self) -> bool:
        return self.line_id is not None

    @property
    def is_concluded(self) -> bool:
        return self.outcome is not None and self.outcome not in UNDECIDED


@dataclass(frozen=True, slots=True)
class Concluded:
    """What became of an entry: told by an event, and by an outcome."""

    entry: Entry
    event: Event
    outcome: str


_RECOGNIZE = text("""
    with arrived as (
        select * from unnest(cast(:hashes as bytea[]), cast(:times as integer[])) with ordinality
            as arrived(body_hash, times, place)
    ), known as (
        select entry.id, arrived.times, arrived.place
        from arrived join notifications entry on entry.body_hash = arrived.body_hash
        order by entry.id for update of entry
    ), again as (
        update notifications entry set deliveries = entry.deliveries + known.times
        from known where entry.id = known.id
        returning known.place, entry.id, coalesce(entry.assigned_to, entry.order_id) as about,
            entry.transaction_id, entry.transaction_status, entry.received_at, entry.outcome,
            entry.assigned_to is not null as assigned, entry.tries
    )
    select coalesce(again.id, nextval('notifications_id_seq')) as id,
        case when again.id is null then nextval('payment_logs_id_seq') end as line_id,
        again.about, again.transaction_id, again.transaction_status, again.received_at, again.outcome,
        again.assigned, again.tries
    from arrived left join again on again.place = arrived.place order by arrived.place""")
_STORE = text("""
    with arrived as (
        select * from unnest(
            cast(:ids as bigint[]), cast(:line_ids as bigint[]), cast(:hashes as bytea[]),
            cast(:bodies as bytea[]), cast(:order_ids as text[]), cast(:transaction_ids as text[]),
            cast(:statuses as text[]), cast(:received_at as timestamptz[]), cast(:times as integer[]),
            cast(:events as text[]), cast(:outcomes as text[])
        ) with ordinality as arrived(
            id, line_id, body_hash, body, order_id, transaction_id, transaction_status, received_at, times,
            event, outcome, place)
    ), received as (
        insert into payment_logs
            (id, created_at, event_type, order_id, transaction_id, transaction_status, raw)
        select line_id, received_at, :received, order_id, transaction_id, transaction_status, body
        from arrived order by place
    ), told as (
        insert into payment_logs
            (created_at, event_type, outcome, order_id, transaction_id, transaction_status)
        select :at, event, outcome, order_id, transaction_id, transaction_status
        from arrived where outcome is not null order by place
    )
    insert into notifications (
        id, body_hash, log_id, order_id, transaction_id, transaction_status, received_at, deliveries,
        outcome, handled_at, next_try_at)
    select id, body_hash, line_id, order_id, transaction_id, transaction_status, received_at, times,
        outcome, case when outcome is not null then :at end, :at
    from arrived order by body_hash
    on conflict (body_hash) do nothing
    returning id""")
_CONCLUDE = text("""
    update notifications set outcome = new.outcome, handled_at = :at, error = null
    from unnest(cast(:ids as bigint[]), cast(:outcomes as text[])) as new(id, outcome)
    where notifications.id = new.id""")


_POSTPONE = text("""
    update notifications set error = :error, tries = tries + 1, next_try_at = :until where id = :id""")


_TO_RETRY = text("""
    with due as (
        select id from notifications where outcome = 'unknown_order' and next_try_at <= :now
        order by next_try_at limit :limit for update skip locked
    ), looked_at as (
        update notifications entry set next_try_at = :now from due where entry.id = due.id
        returning entry.id, entry.order_id
    ), unhandled as (
        select id from notifications where handled_at is null and next_try_at <= :now
        order by next_try_at limit :limit
    )
    select id from unhandled union all select id from looked_at join orders using (order_id) order by id""")


async def recognize(session: Statements, arrivals: Sequence[Arrival], *, at: datetime) -> list[Entry]:
    """What has come in, as entries in this order. A body that is known is its entry, counted once more.

    The others get numbers and are stored by `store`, with what became of them.
    """
    take(session, Lock.NOTIFICATION)
    hashes = [arrival.body_hash for arrival in arrivals]
    asked = {"hashes": hashes, "times": [arrival.times for arrival in arrivals]}
    rows = await session.execute(_RECOGNIZE, asked)
    entries = [
        _entry(row, arrival.body) if row.line_id is None else _new(row, arrival, body_hash)
        for row, arrival, body_hash in zip(rows, arrivals, hashes, strict=True)
    ]
    again = [
        Line(
            Event.WEBHOOK_RECEIVED,
            _REPEATED,
            arrival.order_id,
            arrival.transaction_id,
            arrival.transaction_status,
        )
        for arrival, entry in zip(arrivals, entries, strict=True)
        for _ in range(arrival.times - entry.is_new)
    ]
    await payment_logs.write(session, again, at=at)
    return entries


async def store(
    session: Statements, entries: Sequence[Entry], concluded: Sequence[Concluded], *, at: datetime
) -> None:
    """Keep the new ones of these entries, and write down what became of each; the others stay unhandled.

    What has been decided already stays as it is. Raises Overtaken when another process has just stored one
    of the bodies: the transaction must begin anew.
    """
    outcome_of = {found.entry.id: found for found in concluded}
    new = [entry for entry in entries if entry.is_new]
    if new:
        told = [outcome_of.get(entry.id) for entry in new]
        columns = {
            "ids": [entry.id for entry in new],
            "line_ids": [entry.line_id for entry in new],
            "hashes": [entry.body_hash for entry in new],
            "bodies": [entry.body for entry in new],
            "order_ids": [entry.order_id for entry in new],
            "transaction_ids": [entry.transaction_id for entry in new],
            "statuses": [entry.transaction_status for entry in new],
            "received_at": [entry.received_at for entry in new],
            "times": [entry.times for entry in new],
            "events": [found.event if found else None for found in told],
            "outcomes": [found.outcome if found else None for found in told],
        }
        values = {"at": at, "received": Event.WEBHOOK_RECEIVED, **columns}
        if len((await session.scalars(_STORE, values)).all()) != len(new):
            raise Overtaken
    old = [found for found in concluded if not found.entry.is_new]
    await conclude(session, old, at=at)
    lines = [
        Line(found.event, found.outcome, about.order_id, about.transaction_id, about.transaction_status)
        for found in old
        for about in (found.entry,)
    ]
    await payment_logs.write(session, lines, at=at)


async def conclude(session: Statements, concluded: Sequence[Concluded], *, at: datetime) -> None:
    """The outcomes of entries stored before, whose locks the caller holds.

    What has been decided already stays as it is.
    """
    open_ones = [found for found in concluded if not found.entry.is_concluded]
    if open_ones:
        columns = {
            "ids": [found.entry.id for found in open_ones],
            "outcomes": [found.outcome for found in open_ones],
        }
        await session.execute(_CONCLUDE, {"at": at, **columns})


async def postpone(session: Statements, entry_id: int, *, error: str, until: datetime) -> None:
    """Applying it failed: it stays unhandled, backs off alone, and is tried again."""
    await session.execute(_POSTPONE, {"id": entry_id, "error": error, "until": until})


async def entry(session: UnitOfWork, entry_id: int, *, lock: bool = False) -> Entry | None:
    """One entry; with `lock`, nobody else decides about it until the transaction ends."""
    query = (
        select(*_ENTRY, PaymentLog.raw)
        .outerjoin(PaymentLog, PaymentLog.id == Notification.log_id)
        .where(Notification.id == entry_id)
    )
    if lock:
        take(session, Lock.NOTIFICATION)
        query = query.with_for_update(of=Notification)
    row = (await session.execute(query)).one_or_none()
    return None if row is None else _entry(row, row.raw or b"")


async def assign(session: UnitOfWork, entry_id: int, order_id: str) -> None:
    """A person says that this entry is about an order of ours."""
    await session.execute(
        update(Notification).where(Notification.id == entry_id).values(assigned_to=order_id)
    )


async def to_retry(session: UnitOfWork, *, now: datetime, limit: int) -> Sequence[int]:
    """Ids of entries left unhandled whose time has come, and of orphans whose order exists by now.

    Up to `limit` of either are looked at. An orphan that was looked at goes to the back of the queue, so
    that however many there are, each has its turn.
    """
    take(session, Lock.NOTIFICATION)
    return (await session.scalars(_TO_RETRY, {"now": now, "limit": limit})).all()


async def unconfirmed(session: UnitOfWork, *, before: datetime, limit: int) -> Sequence[int]:
    """Ids of entries that have waited for Midtrans's confirmation since before a moment; oldest first."""
    query = (
        select(Notification.id)
        .where(Notification.outcome == "awaiting_confirmation", Notification.handled_at < before)
        .order_by(Notification.id)
        .limit(limit)
    )
    return (await session.scalars(query)).all()


async def claimed_paid(session: Statements, order_ids: Iterable[str]) -> set[str]:
    """The orders of which a notification says that money is in, and that is to be confirmed, or stuck."""
    values = {"order_ids": list(order_ids), "money_in": _MONEY_IN}
    return set((await session.scalars(_CLAIMED_PAID, values)).all())


async def recent(
    session: UnitOfWork, *, outcomes: Sequence[str] | None, order_id: str | None, limit: int
) -> Sequence[Notification]:
    """The newest entries, oldest of them first; only of these outcomes and this order, where given."""
    query = select(Notification)
    if order_id is not None:
        query = query.where(Notification.order_id == order_id)
    if outcomes is not None:
        query = query.where(Notification.outcome.in_(outcomes))
    return (await session.scalars(query.order_by(Notification.id.desc()).limit(limit))).all()[::-1]


def _new(row: Any, arrival: Arrival, body_hash: bytes) -> Entry:  # noqa: ANN401  a row of _RECOGNIZE
    return Entry(
        id=row.id,
        body=arrival.body,
        order_id=arrival.order_id,
        transaction_id=arrival.transaction_id,
        transaction_status=arrival.transaction_status,
        received_at=arrival.received_at,
        outcome=None,
        assigned=False,
        tries=0,
        times=arrival.times,
        body_hash=body_hash,
        line_id=row.line_id,
    )


def _entry(row: Any, body: bytes) -> Entry:  # noqa: ANN401  a row with the columns of _ENTRY
    return Entry(
        id=row.id,
        body=body,
        order_id=row.about,
        transaction_id=row.transaction_id,
        transaction_status=row.transaction_status,
        received_at=row.received_at,
        outcome=row.outcome,
        assigned=row.assigned,
        tries=row.tries,
    )
