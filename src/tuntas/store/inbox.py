"""The inbox of notifications."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert

from tuntas.domain.ladder import MEANING, PaymentStatus, Rung
from tuntas.store import payment_logs
from tuntas.store.database import UnitOfWork
from tuntas.store.locks import Lock, take
from tuntas.store.models import Notification, Order, PaymentLog
from tuntas.store.payment_logs import About, Event

_ABOUT = func.coalesce(Notification.assigned_to, Notification.order_id)
_REPEATED = "repeated"
_MONEY_IN = [rung.status for rung in Rung if MEANING[rung] is PaymentStatus.PAID]
_ENTRY = (
    Notification.id,
    _ABOUT.label("about"),
    Notification.transaction_id,
    Notification.received_at,
    Notification.outcome,
    Notification.assigned_to.is_not(None).label("assigned"),
    Notification.tries,
)
UNDECIDED = frozenset(
    {"unknown_order", "foreign_transaction", "amount_mismatch", "unknown_status", "awaiting_confirmation"}
)
"""Outcomes that may still become another; every other outcome is written once and stays."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A stored notification and its body as received."""

    id: int
    body: bytes
    order_id: str
    """What it is about: as received, or as an operator said."""
    transaction_id: str | None
    received_at: datetime
    outcome: str | None
    assigned: bool
    """Whether an operator said what it is about."""
    tries: int

    @property
    def is_concluded(self) -> bool:
        return self.outcome is not None and self.outcome not in UNDECIDED


async def keep(
    session: UnitOfWork,
    body: bytes,
    *,
    order_id: str,
    transaction_id: str | None,
    status: str | None,
    at: datetime,
) -> Entry:
    """Store a delivery. The same body is the same entry, told by a constraint, counted once more."""
    take(session, Lock.NOTIFICATION)
    about = About(order_id=order_id, transaction_id=transaction_id, transaction_status=status)
    body_hash = hashlib.sha256(body).digest()
    known = await _again(session, body, body_hash)
    if known is not None:
        payment_logs.append(session, Event.WEBHOOK_RECEIVED, at=at, outcome=_REPEATED, **about)
        return known
    line = payment_logs.append(session, Event.WEBHOOK_RECEIVED, at=at, raw=body, **about)
    await session.flush()
    statement = (
        insert(Notification)
        .values(body_hash=body_hash, log_id=line.id, received_at=at, next_try_at=at, **about)
        .on_conflict_do_update(
            index_elements=[Notification.body_hash], set_={"deliveries": Notification.deliveries + 1}
        )
        .returning(*_ENTRY)
    )
    return _entry((await session.execute(statement)).one(), body)


async def conclude(session: UnitOfWork, entry_id: int, *, outcome: str, at: datetime) -> None:
    """Write down what became of an entry. What has been decided already stays as it is."""
    undecided = or_(Notification.handled_at.is_(None), Notification.outcome.in_(UNDECIDED))
    await session.execute(
        update(Notification)
        .where(Notification.id == entry_id, undecided)
        .values(outcome=outcome, handled_at=at, error=None)
    )


async def postpone(session: UnitOfWork, entry_id: int, *, error: str, until: datetime) -> None:
    """Applying it failed: it stays unhandled, backs off alone, and is tried again."""
    await session.execute(
        update(Notification)
        .where(Notification.id == entry_id)
        .values(error=error, tries=Notification.tries + 1, next_try_at=until)
    )


async def entry(session: UnitOfWork, entry_id: int, *, lock: bool = False) -> Entry | None:
    """One entry; with `lock`, nobody else decides about it until the transaction ends."""
    query = (
        select(*_ENTRY, PaymentLog.raw)
        .join(PaymentLog, PaymentLog.id == Notification.log_id)
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
    """Ids of entries left unhandled whose time has come, and of orphans whose order exists by now."""
    unhandled = select(Notification.id).where(
        Notification.handled_at.is_(None), Notification.next_try_at <= now
    )
    adoptable = (
        select(Notification.id)
        .join(Order, Order.order_id == Notification.order_id)
        .where(Notification.outcome == "unknown_order", Notification.next_try_at <= now)
    )
    return (await session.scalars(unhandled.union(adoptable).order_by("id").limit(limit))).all()


async def unconfirmed(session: UnitOfWork, *, before: datetime, limit: int) -> Sequence[int]:
    """Ids of entries that have waited for Midtrans's confirmation since before a moment; oldest first."""
    query = (
        select(Notification.id)
        .where(Notification.outcome == "awaiting_confirmation", Notification.handled_at < before)
        .order_by(Notification.id)
        .limit(limit)
    )
    return (await session.scalars(query)).all()


async def claimed_paid(session: UnitOfWork, order_ids: Iterable[str]) -> set[str]:
    """The orders of which a notification says that money is in, and that is to be confirmed, or stuck."""
    query = select(_ABOUT).where(
        text("(outcome = 'awaiting_confirmation' or handled_at is null)"),  # as the partial indexes have it
        Notification.transaction_status.in_(_MONEY_IN),
        _ABOUT.in_(list(order_ids)),
    )
    return set((await session.scalars(query)).all())


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


async def _again(session: UnitOfWork, body: bytes, body_hash: bytes) -> Entry | None:
    """The entry of this body, one delivery more; None when it is new."""
    statement = (
        update(Notification)
        .where(Notification.body_hash == body_hash)
        .values(deliveries=Notification.deliveries + 1)
        .returning(*_ENTRY)
    )
    row = (await session.execute(statement)).one_or_none()
    return None if row is None else _entry(row, body)


def _entry(row: Any, body: bytes) -> Entry:  # noqa: ANN401  a row with the columns of _ENTRY
    return Entry(
        id=row.id,
        body=body,
        order_id=row.about,
        transaction_id=row.transaction_id,
        received_at=row.received_at,
        outcome=row.outcome,
        assigned=row.assigned,
        tries=row.tries,
    )
