"""The inbox of notifications."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from tuntas.store import payment_logs
from tuntas.store.database import UnitOfWork
from tuntas.store.models import Notification, Order, PaymentLog
from tuntas.store.payment_logs import About, Event

_ABOUT = func.coalesce(Notification.adopted_by, Notification.order_id)


@dataclass(frozen=True, slots=True)
class Entry:
    """A stored notification and its body as received."""

    id: int
    body: bytes
    order_id: str
    """What it is about: as received, or as an operator said."""
    received_at: datetime
    outcome: str | None


async def keep(
    session: UnitOfWork, body: bytes, *, order_id: str, transaction_id: str, status: str, at: datetime
) -> Entry:
    """Store a delivery. The same body is the same entry, told by a constraint, counted once more."""
    about = About(order_id=order_id, transaction_id=transaction_id, transaction_status=status)
    line = payment_logs.append(session, Event.WEBHOOK_RECEIVED, at=at, raw=body, **about)
    await session.flush()
    statement = insert(Notification).values(
        body_hash=hashlib.sha256(body).digest(), log_id=line.id, received_at=at, **about
    )
    statement = statement.on_conflict_do_update(
        index_elements=[Notification.body_hash], set_={"deliveries": Notification.deliveries + 1}
    )
    returned = statement.returning(
        Notification.id, _ABOUT.label("about"), Notification.received_at, Notification.outcome
    )
    row = (await session.execute(returned)).one()
    return Entry(row.id, body, row.about, row.received_at, row.outcome)


async def settle(
    session: UnitOfWork, entry_id: int, *, outcome: str | None, at: datetime | None, error: str | None = None
) -> None:
    """Write down what became of an entry; without `at` it stays unhandled and is tried again."""
    await session.execute(
        update(Notification)
        .where(Notification.id == entry_id)
        .values(outcome=outcome, handled_at=at, error=error)
    )


async def entry(session: UnitOfWork, entry_id: int) -> Entry | None:
    query = (
        select(
            Notification.id,
            PaymentLog.raw,
            _ABOUT.label("about"),
            Notification.received_at,
            Notification.outcome,
        )
        .join(PaymentLog, PaymentLog.id == Notification.log_id)
        .where(Notification.id == entry_id)
    )
    row = (await session.execute(query)).one_or_none()
    return None if row is None else Entry(row.id, row.raw or b"", row.about, row.received_at, row.outcome)


async def adopt(session: UnitOfWork, entry_id: int, order_id: str) -> None:
    """From now on this entry is about an order of ours."""
    await session.execute(update(Notification).where(Notification.id == entry_id).values(adopted_by=order_id))


async def to_retry(session: UnitOfWork, *, before: datetime, limit: int) -> Sequence[int]:
    """Ids of entries left unhandled, and of orphans whose order exists by now; oldest first."""
    unhandled = select(Notification.id).where(
        Notification.handled_at.is_(None), Notification.received_at < before
    )
    adoptable = (
        select(Notification.id)
        .join(Order, Order.order_id == Notification.order_id)
        .where(Notification.outcome == "unknown_order")
    )
    return (await session.scalars(unhandled.union(adoptable).order_by("id").limit(limit))).all()


async def orphans(session: UnitOfWork) -> Sequence[Notification]:
    """About orders that are not ours, oldest first."""
    query = select(Notification).where(Notification.outcome == "unknown_order").order_by(Notification.id)
    return (await session.scalars(query)).all()
