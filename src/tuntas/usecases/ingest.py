"""Take in what Midtrans sends to the webhook: verify, keep as received, apply, say what became of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import structlog

from tuntas.domain.money import NotRupiah
from tuntas.midtrans.notification import MalformedNotification, Notification, parse_notification
from tuntas.midtrans.signature import is_signed
from tuntas.store import payment_logs
from tuntas.store.database import UnitOfWork
from tuntas.store.payment_logs import Event
from tuntas.usecases.apply_facts import Outcome, apply_facts
from tuntas.usecases.backend import Backend

log = structlog.get_logger()

_ALERTING = {Outcome.UNKNOWN_ORDER, Outcome.AMOUNT_MISMATCH, Outcome.UNKNOWN_STATUS}


class Refusal(StrEnum):
    """Why a delivery was turned away; nothing of it was believed."""

    MALFORMED = "malformed"
    BAD_SIGNATURE = "bad_signature"
    INCOHERENT = "incoherent"
    """Correctly signed, but the status code cannot belong to the status claimed."""


@dataclass(frozen=True, slots=True)
class Ingested:
    """Stored. `outcome` is None for the dashboard's test notification, which is about no order."""

    outcome: Outcome | None


@dataclass(frozen=True, slots=True)
class Refused:
    reason: Refusal


async def ingest(backend: Backend, body: bytes) -> Ingested | Refused:
    """Durable when it returns: everything signed is stored and applied, or the exception says it was not."""
    received_at = backend.clock.now()
    try:
        notification = parse_notification(body)
    except MalformedNotification:
        return Refused(Refusal.MALFORMED)
    if not is_signed(
        notification.signature_key,
        notification.order_id,
        notification.status_code,
        notification.gross_amount,
        backend.settings.signature_keys,
    ):
        return Refused(Refusal.BAD_SIGNATURE)
    if not notification.is_coherent:
        return Refused(Refusal.INCOHERENT)
    return Ingested(await _store(backend, notification, body, received_at))


async def record_refusal(backend: Backend, reason: Refusal, body: bytes) -> None:
    """Leave a small trace of a refused delivery. The caller limits how many; the body is not kept."""
    try:
        order_id = parse_notification(body).order_id
    except MalformedNotification:
        order_id = None
    log.warning("webhook_rejected", order_id=order_id, outcome=reason)
    async with backend.database.transaction() as session:
        payment_logs.append(
            session,
            Event.WEBHOOK_REJECTED,
            at=backend.clock.now(),
            order_id=order_id,
            outcome=reason,
            detail={"bytes": len(body)},
        )


async def _store(
    backend: Backend, notification: Notification, body: bytes, received_at: datetime
) -> Outcome | None:
    about = payment_logs.About(
        order_id=notification.order_id,
        transaction_id=notification.transaction_id,
        transaction_status=notification.transaction_status,
    )
    async with backend.database.transaction() as session:
        payment_logs.append(session, Event.WEBHOOK_RECEIVED, at=received_at, raw=body, **about)
        outcome, duplicates = await _apply(session, backend, notification, received_at)
        payment_logs.append(
            session,
            Event.WEBHOOK_PROCESSED,
            at=backend.clock.now(),
            outcome=outcome or "dashboard_test",
            detail={"duplicate_payments": list(duplicates)} if duplicates else None,
            **about,
        )
    write = log.warning if outcome in _ALERTING or duplicates else log.info
    write("webhook_processed", outcome=outcome or "dashboard_test", **about)
    return outcome


async def _apply(
    session: UnitOfWork, backend: Backend, notification: Notification, received_at: datetime
) -> tuple[Outcome | None, tuple[str, ...]]:
    if notification.is_dashboard_test:
        return None, ()
    try:
        fact = notification.fact(received_at)
    except NotRupiah:
        return Outcome.AMOUNT_MISMATCH, ()
    applied = await apply_facts(session, [fact], refund_revokes=backend.settings.tuntas_refund_revokes_domain)
    return applied.outcomes[0], applied.duplicate_payments
