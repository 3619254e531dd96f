"""Taking stored notifications in again: what was poison, what was an orphan, what an operator names."""

from collections.abc import Sequence
from dataclasses import replace

import structlog

from tuntas.midtrans.notification import parse_notification
from tuntas.store import inbox, orders, payment_logs
from tuntas.store.alerts import AlertKind, resolve
from tuntas.store.database import DatabaseUnreachable, UnitOfWork
from tuntas.store.models import Notification
from tuntas.store.payment_logs import Event
from tuntas.usecases.apply_facts import Outcome
from tuntas.usecases.backend import Backend
from tuntas.usecases.errors import NotAnOrphan, NotificationArchived, NotificationNotFound, OrderNotFound
from tuntas.usecases.ingest import Opened, Refusal, handle, log_concluded

log = structlog.get_logger()

_REFUSED = set(Refusal)


async def replay(backend: Backend, notification_id: int) -> str | None:
    """Handle one stored notification again; its outcome, or None while it is poison.

    What was refused stays refused. Raises NotificationNotFound.
    """
    return await backend.database.commit(lambda session: _replay(session, backend, notification_id))


async def retry_inbox(backend: Backend, *, limit: int = 500) -> int:
    """Handle what is still unhandled, and orphans whose order has appeared; returns how many were tried.

    At most `limit` of either are looked at; the others have their turn the next time.

    One that fails again backs off alone.
    """
    now = backend.clock.now()
    waiting = await backend.database.commit(lambda session: inbox.to_retry(session, now=now, limit=limit))
    for notification_id in waiting:
        try:
            await replay(backend, notification_id)
        except DatabaseUnreachable:  # nor would the others get through
            raise
        except Exception:
            log.exception("replay_failed")
    return len(waiting)


async def stored(
    backend: Backend, *, outcomes: Sequence[str] | None, order_id: str | None, limit: int
) -> Sequence[Notification]:
    """The newest stored notifications, oldest of them first; `outcomes` and `order_id` leave out others."""
    async with backend.database.transaction() as session:
        return await inbox.recent(session, outcomes=outcomes, order_id=order_id, limit=limit)


async def stored_body(backend: Backend, notification_id: int) -> bytes:
    """A notification exactly as received. Raises NotificationNotFound, or NotificationArchived."""
    async with backend.database.transaction() as session:
        kept = await _entry(session, notification_id)
    if kept.is_archived:
        raise NotificationArchived
    return kept.body


async def adopt(backend: Backend, notification_id: int, order_id: str, *, actor: str) -> str | None:
    """Take an orphan in as being about this order of ours, because an operator says so.

    BSI has been seen to put its own id in place of the order id. An amount that does not fit waits for a
    person's decision like any other. Raises NotificationNotFound, OrderNotFound, or NotAnOrphan: what was
    taken in for one order never pays another.
    """
    return await backend.database.commit(
        lambda session: _adopt(session, backend, notification_id, order_id, actor)
    )


async def _replay(session: UnitOfWork, backend: Backend, notification_id: int) -> str | None:
    kept = await _entry(session, notification_id, lock=True)
    if kept.outcome in _REFUSED or kept.is_archived:
        return kept.outcome
    return await _handle_again(session, backend, kept)


async def _adopt(
    session: UnitOfWork, backend: Backend, notification_id: int, order_id: str, actor: str
) -> str | None:
    kept = await _entry(session, notification_id, lock=True)
    if await orders.order(session, order_id) is None:
        raise OrderNotFound
    if kept.outcome != Outcome.UNKNOWN_ORDER:
        raise NotAnOrphan
    await inbox.assign(session, kept.id, order_id)
    outcome = await _handle_again(session, backend, replace(kept, order_id=order_id, assigned=True))
    payment_logs.append(
        session,
        Event.OPERATOR_ACT,
        at=backend.clock.now(),
        order_id=order_id,
        outcome=outcome,
        detail={"act": "adopt", "notification": notification_id, "actor": actor},
    )
    return outcome


async def _entry(session: UnitOfWork, notification_id: int, *, lock: bool = False) -> inbox.Entry:
    kept = await inbox.entry(session, notification_id, lock=lock)
    if kept is None:
        raise NotificationNotFound
    return kept


async def _handle_again(session: UnitOfWork, backend: Backend, kept: inbox.Entry) -> str | None:
    """Handle an entry, and close the alerts whose cause is gone."""
    notification = parse_notification(kept.body)
    concluded = await handle(session, backend, [Opened(kept, notification)])
    log_concluded(concluded)
    outcome = concluded[0].outcome if concluded else None
    if outcome is not None and outcome != Outcome.UNKNOWN_ORDER:
        await resolve(session, AlertKind.UNKNOWN_ORDER, notification.order_id, at=backend.clock.now())
    return outcome
