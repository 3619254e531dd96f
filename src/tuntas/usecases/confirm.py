"""Ask Midtrans whether what a notification said is so (`TUNTAS_CONFIRM`)."""

from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from tuntas.domain.facts import Fact
from tuntas.domain.ladder import rung_of
from tuntas.midtrans.errors import GatewayError, TransactionNotFound
from tuntas.midtrans.notification import Notification, parse_notification
from tuntas.store import inbox, payment_logs
from tuntas.store.alerts import AlertKind, raise_alert
from tuntas.store.database import DatabaseUnreachable, UnitOfWork
from tuntas.store.inbox import Concluded
from tuntas.store.payment_logs import Event
from tuntas.usecases.apply_facts import Outcome, apply_facts, policy_of
from tuntas.usecases.backend import Backend

log = structlog.get_logger()

NOT_CONFIRMED = "not_confirmed"
"""The outcome of a claim that Midtrans knows nothing of, or answers about something else."""
_NOT_FOUND = "not_found"
_HEARD = {Outcome.APPLIED, Outcome.UNCHANGED, Outcome.CONTRADICTED}
"""After these the answer was about what was asked."""
_OVERDUE = timedelta(minutes=5)
"""After this a confirmation that waits is made up for, whatever became of its job."""


async def confirm(backend: Backend, notification_id: int) -> str | None:
    """Ask about one stored notification and apply the answer, never the claim; returns the outcome.

    A claim that Midtrans does not bear out is an alert with both sides. Raises GatewayError when Midtrans
    cannot be asked now; the job is then tried again.
    """
    async with backend.database.transaction() as session:
        kept = await inbox.entry(session, notification_id)
    if kept is None:
        return None
    claim = parse_notification(kept.body)
    answer = await _ask(backend, claim)
    return await backend.database.commit(
        lambda session: _take_in(session, backend, notification_id, claim, answer)
    )


async def confirm_overdue(backend: Backend, *, limit: int = 50) -> int:
    """Ask about what has waited too long: its job was lost or gave up. Returns how many could be asked.

    One that cannot be asked now waits for the next round; it does not hold up the others.
    """
    async with backend.database.transaction() as session:
        before = backend.clock.now() - _OVERDUE
        waiting = await inbox.unconfirmed(session, before=before, limit=limit)
    asked = 0
    for notification_id in waiting:
        try:
            await confirm(backend, notification_id)
        except DatabaseUnreachable:
            raise
        except GatewayError as error:
            log.warning("confirmation_failed", error=type(error).__name__)
        except Exception:
            log.exception("confirmation_failed")
        else:
            asked += 1
    return asked


async def _ask(backend: Backend, claim: Notification) -> Fact | None:
    try:
        return await backend.core.status(claim.transaction_id or claim.order_id)
    except TransactionNotFound:
        return None


async def _take_in(
    session: UnitOfWork, backend: Backend, notification_id: int, claim: Notification, answer: Fact | None
) -> str | None:
    now = backend.clock.now()
    kept = await inbox.entry(session, notification_id, lock=True)
    if kept is None:
        return None
    outcome: str = NOT_CONFIRMED
    if answer is not None and _is_about(answer, kept, claim):
        fact = replace(answer, order_id=kept.order_id)
        (outcome,) = await apply_facts(session, [fact], policy=policy_of(backend), now=now)
    await _compare(session, kept.order_id, claim, answer if outcome in _HEARD else None, now)
    if kept.outcome == Outcome.AWAITING_CONFIRMATION:
        await inbox.conclude(session, [Concluded(kept, Event.STATUS_CHECKED, outcome)], at=now)
    return outcome


def _is_about(answer: Fact, kept: inbox.Entry, claim: Notification) -> bool:
    """The answer must name the transaction and the order that were asked about.

    BSI has been seen to put its own id in place of the order id: a person then said which order it is, and
    Midtrans may answer with either. Amount and currency must fit the order as in every fact.
    """
    orders = {kept.order_id, claim.order_id} if kept.assigned else {kept.order_id}
    return answer.order_id in orders and answer.transaction_id == claim.transaction_id


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
    payment_logs.append(
        session,
        Event.STATUS_CHECKED if borne_out else Event.CONFIRMATION_MISMATCH,
        at=now,
        order_id=order_id,
        transaction_id=claim.transaction_id,
        transaction_status=answer.transaction_status if answer else None,
        detail=sides,
    )
    if not borne_out:
        log.warning("confirmation_mismatch", order_id=order_id, transaction_id=claim.transaction_id)
        await raise_alert(session, AlertKind.CONFIRMATION_MISMATCH, order_id, at=now, detail=sides)
