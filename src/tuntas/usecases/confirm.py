"""Ask Midtrans whether what a notification said is so (`TUNTAS_CONFIRM`)."""

from dataclasses import replace
from datetime import datetime

import structlog

from tuntas.domain.facts import Fact
from tuntas.domain.ladder import rung_of
from tuntas.midtrans.errors import TransactionNotFound
from tuntas.midtrans.notification import Notification, parse_notification
from tuntas.store import inbox, payment_logs
from tuntas.store.alerts import AlertKind, raise_alert
from tuntas.store.database import UnitOfWork
from tuntas.store.payment_logs import Event
from tuntas.usecases.apply_facts import Outcome, apply_facts
from tuntas.usecases.backend import Backend
from tuntas.usecases.ingest import policy_of

log = structlog.get_logger()

_NOT_FOUND = "not_found"


async def confirm(backend: Backend, notification_id: int) -> Outcome | None:
    """Ask about one stored notification and apply the answer, never the claim.

    A claim that Midtrans does not bear out is an alert with both sides. Raises GatewayError when Midtrans
    cannot be asked now; the job is then tried again.
    """
    async with backend.database.transaction() as session:
        kept = await inbox.entry(session, notification_id)
    if kept is None:
        return None
    claim = parse_notification(kept.body)
    if claim.transaction_id is None:
        return None
    try:
        answer: Fact | None = await backend.core.status(claim.transaction_id)
    except TransactionNotFound:
        answer = None
    now = backend.clock.now()
    async with backend.database.transaction() as session:
        outcome = None
        if answer is not None:
            fact = replace(answer, order_id=kept.order_id)
            (outcome,) = await apply_facts(session, [fact], policy=policy_of(backend), now=now)
        await _compare(session, kept.order_id, claim, answer, now)
        if kept.outcome == Outcome.AWAITING_CONFIRMATION:
            await inbox.settle(session, kept.id, outcome=outcome or _NOT_FOUND, at=now)
    return outcome


async def _compare(
    session: UnitOfWork, order_id: str, claim: Notification, answer: Fact | None, now: datetime
) -> None:
    """Midtrans may know more by now, but never less than what it truly sent."""
    claimed = rung_of(claim.transaction_status or "", claim.fraud_status)
    known = answer.rung if answer else None
    borne_out = claimed is None or (known is not None and known >= claimed)
    sides = {
        "notification": claim.transaction_status,
        "midtrans": answer.transaction_status if answer else _NOT_FOUND,
    }
    event = Event.STATUS_CHECKED if borne_out else Event.CONFIRMATION_MISMATCH
    payment_logs.append(
        session,
        event,
        at=now,
        order_id=order_id,
        transaction_id=claim.transaction_id,
        transaction_status=answer.transaction_status if answer else None,
        detail=sides,
    )
    if not borne_out:
        log.warning("confirmation_mismatch", order_id=order_id, transaction_id=claim.transaction_id)
        await raise_alert(session, AlertKind.CONFIRMATION_MISMATCH, order_id, at=now, detail=sides)
