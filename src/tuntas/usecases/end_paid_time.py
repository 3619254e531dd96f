"""End the paid time that an order bought, because a person decided so. Giving money back alone does not."""

from tuntas.store import orders, payment_logs
from tuntas.store.database import UnitOfWork
from tuntas.store.payment_logs import Event
from tuntas.usecases.apply_facts import policy_of, recount
from tuntas.usecases.backend import Backend


async def end_paid_time(
    session: UnitOfWork, backend: Backend, order_id: str, *, because: str, actor: str
) -> None:
    """Take the order's grant away for good, in the caller's transaction."""
    now = backend.clock.now()
    await orders.lock_with_invitation(session, order_id)
    await orders.end_paid_time(session, order_id, because=because)
    await recount(session, [order_id], policy=policy_of(backend), now=now)
    payment_logs.append(
        session,
        Event.OPERATOR_ACT,
        at=now,
        order_id=order_id,
        detail={"act": "end_paid_time", "note": because, "actor": actor},
    )
