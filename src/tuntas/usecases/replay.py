"""Taking stored notifications in again: what was poison, what was an orphan, what an operator names."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from tuntas.midtrans.notification import parse_notification
from tuntas.store import inbox, payment_logs
from tuntas.store.alerts import AlertKind, resolve
from tuntas.store.models import Notification
from tuntas.store.payment_logs import Event
from tuntas.usecases.apply_facts import Outcome, apply_facts
from tuntas.usecases.backend import Backend
from tuntas.usecases.errors import OrderNotFound
from tuntas.usecases.ingest import handle, policy_of

_SETTLED_DOWN = timedelta(seconds=10)
"""An entry younger than this may still be in the hands of the request that brought it."""


async def replay(backend: Backend, notification_id: int) -> str | None:
    """Handle one stored notification again; its outcome, or None while it is poison.

    Raises OrderNotFound when there is no such notification.
    """
    async with backend.database.transaction() as session:
        kept = await inbox.entry(session, notification_id)
        if kept is None:
            raise OrderNotFound
        outcome = await handle(session, backend, kept, parse_notification(kept.body))
        if outcome is not None:
            now = backend.clock.now()
            await resolve(session, AlertKind.POISON, str(kept.id), at=now)
            if outcome != Outcome.UNKNOWN_ORDER:
                order_id = parse_notification(kept.body).order_id
                await resolve(session, AlertKind.UNKNOWN_ORDER, order_id, at=now)
    return outcome


async def retry_inbox(backend: Backend, *, limit: int = 500) -> int:
    """Handle what is still unhandled, and orphans whose order has appeared; returns how many were tried."""
    before = backend.clock.now() - _SETTLED_DOWN
    async with backend.database.transaction() as session:
        waiting = await inbox.to_retry(session, before=before, limit=limit)
    for notification_id in waiting:
        await replay(backend, notification_id)
    return len(waiting)


async def orphans(backend: Backend) -> Sequence[Notification]:
    """Stored notifications about orders that are not ours, oldest first."""
    async with backend.database.transaction() as session:
        return await inbox.orphans(session)


async def adopt(backend: Backend, notification_id: int, order_id: str, *, actor: str) -> Outcome:
    """Take an orphan in as being about this order of ours, because an operator says so.

    BSI has been seen to put its own id in place of the order id. The amount must still fit. Raises
    OrderNotFound for an unknown notification or order.
    """
    now = backend.clock.now()
    async with backend.database.transaction() as session:
        kept = await inbox.entry(session, notification_id)
        if kept is None:
            raise OrderNotFound
        claim = parse_notification(kept.body)
        fact = replace(claim.fact(kept.received_at), order_id=order_id)
        (outcome,) = await apply_facts(session, [fact], policy=policy_of(backend), now=now)
        if outcome is Outcome.UNKNOWN_ORDER:
            raise OrderNotFound
        await inbox.settle(session, kept.id, outcome=outcome, at=now)
        await resolve(session, AlertKind.UNKNOWN_ORDER, claim.order_id, at=now)
        payment_logs.append(
            session,
            Event.OPERATOR_ACT,
            at=now,
            order_id=order_id,
            transaction_id=claim.transaction_id,
            transaction_status=claim.transaction_status,
            outcome=outcome,
            detail={"act": "adopt", "notification": notification_id, "actor": actor},
        )
    return outcome
