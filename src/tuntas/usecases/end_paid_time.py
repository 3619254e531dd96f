"""End the paid time that an order bought, because a person decided so. Giving money back alone does not."""

from tuntas.domain.grants import entitle
from tuntas.domain.orders import invitation_status
from tuntas.store import ledger, orders, payment_logs
from tuntas.store.database import UnitOfWork
from tuntas.store.payment_logs import Event
from tuntas.usecases.backend import Backend
from tuntas.usecases.ingest import policy_of


async def end_paid_time(
    session: UnitOfWork, backend: Backend, order_id: str, *, because: str, actor: str
) -> None:
    """Take the order's grant away for good, in the caller's transaction."""
    now = backend.clock.now()
    await orders.lock_with_invitation(session, order_id)
    await orders.end_paid_time(session, order_id, because=because)
    (book,) = (await ledger.lock_books(session, [order_id])).values()
    entitlement = entitle(book.orders, refund_revokes=policy_of(backend).refund_revokes)
    await ledger.write_invitation(session, book.invitation_id, invitation_status(book.orders), entitlement)
    payment_logs.append(
        session,
        Event.OPERATOR_ACT,
        at=now,
        order_id=order_id,
        detail={"act": "end_paid_time", "note": because, "actor": actor},
    )
