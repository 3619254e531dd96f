"""Take in what Midtrans sends to the webhook: verify, keep as received, apply, say what became of it."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

import structlog

from tuntas.domain.money import NotRupiah
from tuntas.midtrans.notification import MalformedNotification, Notification, parse_notification
from tuntas.midtrans.signature import is_signed
from tuntas.settings import Confirm
from tuntas.store import inbox, jobs, payment_logs
from tuntas.store.alerts import AlertKind, raise_alert, resolve
from tuntas.store.database import UnitOfWork, trouble_of
from tuntas.store.payment_logs import Event
from tuntas.usecases.apply_facts import Outcome, apply_facts, policy_of
from tuntas.usecases.backend import Backend

log = structlog.get_logger()

_DASHBOARD_TEST = "dashboard_test"
_QUIET = {Outcome.APPLIED, Outcome.UNCHANGED, _DASHBOARD_TEST}
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=1)
"""How long an entry that cannot be applied waits for its next try: doubled each time."""


class Refusal(StrEnum):
    """Why a delivery was turned away; nothing of it was believed."""

    MALFORMED = "malformed"
    BAD_SIGNATURE = "bad_signature"
    INCOHERENT = "incoherent"
    """Correctly signed, but the status code cannot belong to the status claimed."""


@dataclass(frozen=True, slots=True)
class Refused:
    reason: Refusal
    kept: bool = False
    """Rightly signed: stored with its body, and told to a person."""


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
    refusal = _refusal(notification)
    async with backend.turns.of(notification.order_id):
        await backend.database.commit(lambda session: _take_in(session, backend, body, notification, refusal))
    return None if refusal is None else Refused(refusal, kept=True)


async def handle(
    session: UnitOfWork, backend: Backend, kept: inbox.Entry, notification: Notification
) -> str | None:
    """Apply a stored notification and write down the outcome; None when it stays unhandled for now.

    Whatever goes wrong in applying is undone alone: the stored body survives and is tried again later.
    """
    now = backend.clock.now()
    about = _about(kept, notification)
    try:
        async with session.begin_nested():
            outcome = await _apply(session, backend, kept, notification, now)
    except Exception as error:
        if trouble_of(error) is not None:
            raise  # the database's trouble, not the notification's
        await _postpone(session, kept, error, now)
        return None
    await inbox.conclude(session, kept.id, outcome=outcome, at=now)
    if kept.tries:
        await resolve(session, AlertKind.POISON, str(kept.id), at=now)
    payment_logs.append(session, Event.WEBHOOK_PROCESSED, at=now, outcome=outcome, **about)
    write = log.info if outcome in _QUIET else log.warning
    write("webhook_processed", outcome=outcome, **about)
    return outcome


async def record_refusal(backend: Backend, reason: Refusal, body: bytes) -> None:
    """Leave a small trace of a forgery. The caller limits how many; the body is not kept."""
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


def _refusal(notification: Notification) -> Refusal | None:
    """Why a rightly signed notification is not believed, if it is not."""
    if notification.is_dashboard_test:
        return None
    if notification.problem is not None:
        return Refusal.MALFORMED
    return None if notification.is_coherent else Refusal.INCOHERENT


async def _take_in(
    session: UnitOfWork, backend: Backend, body: bytes, notification: Notification, refusal: Refusal | None
) -> None:
    kept = await inbox.keep(
        session,
        body,
        order_id=notification.order_id,
        transaction_id=notification.transaction_id,
        status=notification.transaction_status,
        at=backend.clock.now(),
    )
    if kept.is_concluded:
        return
    if refusal is None:
        await handle(session, backend, kept, notification)
    else:
        await _keep_refused(session, backend, kept, notification, refusal)


async def _keep_refused(
    session: UnitOfWork, backend: Backend, kept: inbox.Entry, notification: Notification, refusal: Refusal
) -> None:
    """Signed by Midtrans and not to be believed: a person must see what it says."""
    now = backend.clock.now()
    about = _about(kept, notification)
    await inbox.conclude(session, kept.id, outcome=refusal, at=now)
    payment_logs.append(session, Event.WEBHOOK_REJECTED, at=now, outcome=refusal, **about)
    detail = {"notification": kept.id, "why": notification.problem or refusal}
    await raise_alert(session, AlertKind.NOTIFICATION_REFUSED, kept.order_id, at=now, detail=detail)
    log.warning("webhook_rejected", outcome=refusal, **about)


async def _postpone(session: UnitOfWork, kept: inbox.Entry, error: Exception, now: datetime) -> None:
    cause = type(error).__name__
    log.error(
        "notification_not_applied",
        exc_info=error,
        order_id=kept.order_id,
        transaction_id=kept.transaction_id,
    )
    pause = min(_FIRST_PAUSE * (1 << min(kept.tries, 10)), _LONGEST_PAUSE)
    await inbox.postpone(session, kept.id, error=cause, until=now + pause)
    await raise_alert(session, AlertKind.POISON, str(kept.id), at=now, detail={"error": cause})


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


def _about(kept: inbox.Entry, notification: Notification) -> payment_logs.About:
    return payment_logs.About(
        order_id=kept.order_id,
        transaction_id=notification.transaction_id,
        transaction_status=notification.transaction_status,
    )
