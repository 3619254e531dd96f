"""The append-only record of everything that happened around payments."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, TypedDict, Unpack

from sqlalchemy import select, text

from tuntas.store.database import UnitOfWork
from tuntas.store.direct import Statements
from tuntas.store.models import PaymentLog


class Event(StrEnum):
    TOKEN_REQUESTED = "token_requested"  # noqa: S105  an event's name
    TOKEN_CREATED = "token_created"  # noqa: S105  an event's name
    TOKEN_FAILED = "token_failed"  # noqa: S105  an event's name
    WEBHOOK_RECEIVED = "webhook_received"
    WEBHOOK_PROCESSED = "webhook_processed"
    WEBHOOK_REJECTED = "webhook_rejected"
    STATUS_CHECKED = "status_checked"
    STATUS_CHECK_FAILED = "status_check_failed"
    CONFIRMATION_MISMATCH = "confirmation_mismatch"
    REFUND_REQUESTED = "refund_requested"
    REFUND_ANSWERED = "refund_answered"
    REFUND_UNANSWERED = "refund_unanswered"
    ORDER_CLOSED = "order_closed"
    WORD_TAKEN = "word_taken"
    OPERATOR_ACT = "operator_act"


@dataclass(frozen=True, slots=True)
class Line:
    """What became of a notification."""

    event: Event
    outcome: str
    order_id: str
    transaction_id: str | None
    transaction_status: str | None


_LINES = text("""
    insert into payment_logs (created_at, event_type, outcome, order_id, transaction_id, transaction_status)
    select :at, event_type, outcome, order_id, transaction_id, transaction_status
    from unnest(
        cast(:events as text[]), cast(:outcomes as text[]), cast(:order_ids as text[]),
        cast(:transaction_ids as text[]), cast(:statuses as text[])
    ) with ordinality as line(event_type, outcome, order_id, transaction_id, transaction_status, place)
    order by place""")


_LINE = text("""
    insert into payment_logs (created_at, event_type, order_id, detail)
    values (:at, :event, :order_id, cast(cast(:detail as text) as jsonb))""")


class About(TypedDict, total=False):
    """Whom a line is about."""

    order_id: str | None
    transaction_id: str | None
    transaction_status: str | None


def append(
    session: UnitOfWork,
    event: Event,
    *,
    at: datetime,
    outcome: str | None = None,
    detail: dict[str, Any] | None = None,
    raw: bytes | None = None,
    **about: Unpack[About],
) -> PaymentLog:
    """Write one line, in the caller's transaction: it stands if and only if what it tells of does."""
    line = PaymentLog(
        created_at=at,
        event_type=event,
        outcome=outcome,
        detail=detail or {},
        raw=raw,
        **about,
    )
    session.add(line)
    return line


async def tell(
    session: Statements, event: Event, *, at: datetime, order_id: str, detail: dict[str, Any] | None = None
) -> None:
    """As `append`, for one line about an order, by a statement of text."""
    values = {"at": at, "event": event, "order_id": order_id, "detail": json.dumps(detail or {})}
    await session.execute(_LINE, values)


async def write(session: Statements, lines: Sequence[Line], *, at: datetime) -> None:
    """Write many lines at once, in this order."""
    if lines:
        columns = {
            "events": [line.event for line in lines],
            "outcomes": [line.outcome for line in lines],
            "order_ids": [line.order_id for line in lines],
            "transaction_ids": [line.transaction_id for line in lines],
            "statuses": [line.transaction_status for line in lines],
        }
        await session.execute(_LINES, {"at": at, **columns})


def as_document(line: PaymentLog) -> dict[str, Any]:
    """A line for programs, without the body."""
    return {
        "id": line.id,
        "created_at": line.created_at.isoformat(),
        "event_type": line.event_type,
        "order_id": line.order_id,
        "transaction_id": line.transaction_id,
        "transaction_status": line.transaction_status,
        "outcome": line.outcome,
        "detail": line.detail,
    }


async def recent(
    session: UnitOfWork,
    *,
    event: str | None = None,
    order_id: str | None = None,
    after_id: int = 0,
    limit: int,
) -> Sequence[PaymentLog]:
    """The newest lines that match, oldest of them first."""
    query = select(PaymentLog).where(PaymentLog.id > after_id)
    if event is not None:
        query = query.where(PaymentLog.event_type == event)
    if order_id is not None:
        query = query.where(PaymentLog.order_id == order_id)
    newest_first = (await session.scalars(query.order_by(PaymentLog.id.desc()).limit(limit))).all()
    return newest_first[::-1]
