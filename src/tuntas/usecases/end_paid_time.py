"""End the paid time that an order bought, because a person decided so. Giving money back alone does not."""

from dataclasses import dataclass

from tuntas.store import orders, payment_logs
from tuntas.store.database import UnitOfWork
from tuntas.store.payment_logs import Event
from tuntas.usecases.apply_facts import policy_of, recount
from tuntas.usecases.backend import Backend
from tuntas.usecases.errors import OrderNotFound


@dataclass(frozen=True, slots=True)
class Ended:
    had_time: bool
    """Whether the order had bought time that now is gone."""


async def end_bought_time(backend: Backend, order_id: str, *, because: str, actor: str) -> Ended:
    """A person's act of its own; again, it changes nothing. Raises OrderNotFound."""

    async def end(session: UnitOfWork) -> Ended:
        order = await orders.lock_with_invitation(session, order_id)
        if order is None:
            raise OrderNotFound
        had_time = await orders.grant_of(session, order_id) is not None
        if order.paid_time_ended_because is None:
            await end_paid_time(session, backend, order_id, because=because, actor=actor)
        return Ended(had_time=had_time)

    return await backend.database.commit(end)


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
