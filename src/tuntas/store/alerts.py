"""Alerts: what a person must know about, raised once and open until resolved."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert

from tuntas.store.database import UnitOfWork
from tuntas.store.models import Alert


class AlertKind(StrEnum):
    UNKNOWN_ORDER = "unknown_order"
    AMOUNT_MISMATCH = "amount_mismatch"
    UNKNOWN_STATUS = "unknown_status"
    DUPLICATE_PAYMENT = "duplicate_payment"
    CONFIRMATION_MISMATCH = "confirmation_mismatch"
    OVER_REFUNDED = "over_refunded"
    REFUND_UNCERTAIN = "refund_uncertain"
    NAME_LOST = "name_lost"
    POISON = "poison"
    INVARIANT = "invariant"


@dataclass(frozen=True, slots=True)
class Advice:
    """What an alert means and what to do; `{subject}` stands for what it is about."""

    wrong: str
    remedy: str


ADVICE: Mapping[AlertKind, Advice] = {
    AlertKind.UNKNOWN_ORDER: Advice(
        "Midtrans told of a payment for an order that is not ours.",
        "Whose is it? tuntas webhook orphans; then tuntas webhook adopt <number> <order>, or tuntas resolve.",
    ),
    AlertKind.AMOUNT_MISMATCH: Advice(
        "Another amount than the order's was paid, or is about to be.",
        "Look at: tuntas orders show {subject}",
    ),
    AlertKind.UNKNOWN_STATUS: Advice(
        "Midtrans used a status that this version does not know; nothing was changed.",
        "Look at: tuntas orders show {subject}; then at the order on Midtrans's dashboard",
    ),
    AlertKind.DUPLICATE_PAYMENT: Advice(
        "The same thing was paid twice.",
        "Give one payment back: tuntas refund {subject} --reason 'paid twice'",
    ),
    AlertKind.CONFIRMATION_MISMATCH: Advice(
        "Midtrans does not bear out what a notification said.",
        "Run: tuntas orders sync {subject}",
    ),
    AlertKind.OVER_REFUNDED: Advice(
        "More was given back than was paid.",
        "Look at: tuntas orders show {subject}; then at the order on Midtrans's dashboard",
    ),
    AlertKind.REFUND_UNCERTAIN: Advice(
        "A refund has had no answer for so long that Midtrans has forgotten its key.",
        "Look at Midtrans's dashboard whether the money went back.",
    ),
    AlertKind.NAME_LOST: Advice(
        "Invitation {subject} was paid after its name had gone to somebody else.",
        "Ask its owner to choose another address on their page of invitations; that closes this.",
    ),
    AlertKind.POISON: Advice(
        "A stored notification cannot be applied.",
        "Run: tuntas webhook replay {subject}",
    ),
    AlertKind.INVARIANT: Advice("An invariant does not hold.", "Run: tuntas doctor"),
}


async def raise_alert(
    session: UnitOfWork, kind: AlertKind, subject: str, *, at: datetime, detail: dict[str, Any] | None = None
) -> None:
    """Open an alert; while one of the same kind and subject is open, this changes nothing."""
    await session.execute(
        insert(Alert)
        .values(kind=kind, subject=subject[:255], detail=detail or {}, created_at=at)
        .on_conflict_do_nothing(
            index_elements=[Alert.kind, Alert.subject], index_where=text("resolved_at is null")
        )
    )


async def open_alerts(session: UnitOfWork) -> Sequence[Alert]:
    """Oldest first."""
    return (await session.scalars(select(Alert).where(Alert.resolved_at.is_(None)).order_by(Alert.id))).all()


async def close(session: UnitOfWork, alert_id: int, *, at: datetime) -> Alert | None:
    """Close one open alert; None when there is none by this number."""
    statement = (
        update(Alert)
        .where(Alert.id == alert_id, Alert.resolved_at.is_(None))
        .values(resolved_at=at)
        .returning(Alert)
    )
    return (await session.scalars(statement)).one_or_none()


async def resolve(session: UnitOfWork, kind: AlertKind, subject: str, *, at: datetime) -> None:
    """Close an alert whose cause is gone; unknown ones are fine."""
    await session.execute(
        update(Alert)
        .where(Alert.kind == kind, Alert.subject == subject, Alert.resolved_at.is_(None))
        .values(resolved_at=at)
    )
