"""What a person should look at, and that somebody has."""

from tuntas.store import payment_logs
from tuntas.store.alerts import close, open_alerts
from tuntas.store.models import Alert
from tuntas.store.payment_logs import Event
from tuntas.usecases.backend import Backend
from tuntas.usecases.errors import AlertNotFound


async def alerts(backend: Backend) -> list[Alert]:
    """The open ones, oldest first; of more than OPEN_MAX the oldest."""
    async with backend.database.transaction() as session:
        return list(await open_alerts(session))


async def resolve_alert(backend: Backend, alert_id: int, *, note: str, actor: str) -> Alert:
    """Close an alert that somebody has dealt with; who and how goes into the payment log.

    Raises AlertNotFound. Should its cause come again, so does the alert.
    """
    now = backend.clock.now()
    async with backend.database.transaction() as session:
        alert = await close(session, alert_id, at=now)
        if alert is None:
            raise AlertNotFound
        payment_logs.append(
            session,
            Event.OPERATOR_ACT,
            at=now,
            order_id=alert.subject[:64],
            outcome=alert.kind,
            detail={"act": "resolve", "alert": alert_id, "note": note, "actor": actor},
        )
    return alert
