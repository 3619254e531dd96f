"""Taking stored notifications in again: what was poison, what was an orphan, what an operator names."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from tuntas.midtrans.notification import parse_notification
from tuntas.store import inbox, orders, payment_logs
from tuntas.store.alerts import AlertKind, resolve
from tuntas.store.database import UnitOfWork
from tuntas.store.models import Notification
from tuntas.store.payment_logs import Event
from tuntas.usecases.apply_facts import Outcome
from tuntas.usecases.backend import Backend
from tuntas.usecases.errors import NotificationNotFound, OrderNotFound
from tuntas.usecases.ingest import handle

_SETTLED_DOWN = timedelta(seconds=10)
"""An entry younger than this may still be in the hands of the request that brought it."""


async def replay(backend: Backend, notification_id: int) -> str | None:
    """Handle one stored notification again; its outcome, or None while it is poison.

    Raises NotificationNotFound.
    """
    async with backend.database.transaction() as session:
        return await _handle_again(session, backend, await _entry(session, notification_id))


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


async def adopt(backend: Backend, notification_id: int, order_id: str, *, actor: str) -> str | None:
    """Take a notification in as being about this order of ours, because an operator says so.

    BSI has been seen to put its own id in place of the order id. The amount must still fit. Raises
    NotificationNotFound or OrderNotFound.
    """
    async with backend.database.transaction() as session:
        kept = await _entry(session, notification_id)
        if await orders.order(session, order_id) is None:
            raise OrderNotFound
        await inbox.adopt(session, kept.id, order_id)
        outcome = await _handle_again(session, backend, replace(kept, order_id=order_id))
        payment_logs.append(
            session,
            Event.OPERATOR_ACT,
            at=backend.clock.now(),
            order_id=order_id,
            outcome=outcome,
            detail={"act": "adopt", "notification": notification_id, "actor": actor},
        )
    return outcome


async def _entry(session: UnitOfWork, notification_id: int) -> inbox.Entry:
    kept = await inbox.entry(session, notification_id)
    if kept is None:
        raise NotificationNotFound
    return kept


async def _handle_again(session: UnitOfWork, backend: Backend, kept: inbox.Entry) -> str | None:
    """Handle an entry, and close the alerts whose cause is gone."""
    notification = parse_notification(kept.body)
    outcome = await handle(session, backend, kept, notification)
    now = backend.clock.now()
    if outcome is not None:
        await resolve(session, AlertKind.POISON, str(kept.id), at=now)
        if outcome != Outcome.UNKNOWN_ORDER:
            await resolve(session, AlertKind.UNKNOWN_ORDER, notification.order_id, at=now)
    return outcome
