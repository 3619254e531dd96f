"""Take in what Midtrans sends to the webhook: verify, keep as received, apply, say what became of it."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

import structlog

from tuntas.domain.money import NotRupiah
from tuntas.midtrans.notification import MalformedNotification, Notification, parse_notification
from tuntas.midtrans.signature import is_signed
from tuntas.settings import Confirm
from tuntas.store import inbox, jobs, payment_logs
from tuntas.store.alerts import AlertKind, raise_alert
from tuntas.store.database import UnitOfWork
from tuntas.store.payment_logs import Event
from tuntas.usecases.apply_facts import Outcome, Policy, apply_facts
from tuntas.usecases.backend import Backend

log = structlog.get_logger()

_DASHBOARD_TEST = "dashboard_test"
_QUIET = {Outcome.APPLIED, Outcome.UNCHANGED, _DASHBOARD_TEST}


class Refusal(StrEnum):
    """Why a delivery was turned away; nothing of it was believed."""

    MALFORMED = "malformed"
    BAD_SIGNATURE = "bad_signature"
    INCOHERENT = "incoherent"
    """Correctly signed, but the status code cannot belong to the status claimed."""


@dataclass(frozen=True, slots=True)
class Refused:
    reason: Refusal


async def ingest(backend: Backend, body: bytes) -> Refused | None:
    """None when it is stored: durable, and applied unless it is poison, which the inbox retries.

    An exception says that it is not stored.
    """
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
    if notification.transaction_id is None or notification.transaction_status is None:
        return Refused(Refusal.MALFORMED)
    if not notification.is_coherent:
        return Refused(Refusal.INCOHERENT)
    async with backend.database.transaction() as session:
        kept = await inbox.keep(
            session,
            body,
            order_id=notification.order_id,
            transaction_id=notification.transaction_id,
            status=notification.transaction_status,
            at=backend.clock.now(),
        )
        await handle(session, backend, kept, notification)
    return None


async def handle(
    session: UnitOfWork, backend: Backend, kept: inbox.Entry, notification: Notification
) -> str | None:
    """Apply a stored notification and write down the outcome; None when it is poison and stays unhandled.

    Whatever goes wrong in applying is undone alone: the stored body survives and is tried again later.
    """
    now = backend.clock.now()
    about = payment_logs.About(
        order_id=kept.order_id,
        transaction_id=notification.transaction_id,
        transaction_status=notification.transaction_status,
    )
    try:
        async with session.begin_nested():
            outcome = await _apply(session, backend, kept, notification, now)
    except Exception as error:
        log.exception("notification_not_applied", **about)
        cause = type(error).__name__
        await inbox.settle(session, kept.id, outcome=None, at=None, error=cause)
        await raise_alert(session, AlertKind.POISON, str(kept.id), at=now, detail={"error": cause})
        return None
    await inbox.settle(session, kept.id, outcome=outcome, at=now)
    payment_logs.append(session, Event.WEBHOOK_PROCESSED, at=now, outcome=outcome, **about)
    write = log.info if outcome in _QUIET else log.warning
    write("webhook_processed", outcome=outcome, **about)
    return outcome


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


def policy_of(backend: Backend) -> Policy:
    return Policy(
        refund_revokes=backend.settings.tuntas_refund_revokes_domain,
        hold_takebacks=backend.settings.confirm is Confirm.AFTER,
    )


async def _apply(
    session: UnitOfWork, backend: Backend, kept: inbox.Entry, notification: Notification, now: datetime
) -> str:
    if notification.is_dashboard_test:
        return _DASHBOARD_TEST
    try:
        fact = replace(notification.fact(kept.received_at), order_id=kept.order_id)
    except NotRupiah:
        await raise_alert(session, AlertKind.AMOUNT_MISMATCH, notification.order_id, at=now)
        return Outcome.AMOUNT_MISMATCH
    if backend.settings.confirm is Confirm.BEFORE:
        outcome = Outcome.AWAITING_CONFIRMATION
    else:
        (outcome,) = await apply_facts(session, [fact], policy=policy_of(backend), now=now)
    asks_back = backend.settings.confirm is Confirm.AFTER and outcome is Outcome.APPLIED
    if asks_back or outcome is Outcome.AWAITING_CONFIRMATION:
        await jobs.defer(session, "confirm", notification_id=kept.id)
    return outcome
