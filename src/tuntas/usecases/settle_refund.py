"""Say how a refund ended that Midtrans has forgotten: a person has looked on its dashboard."""

from collections.abc import Sequence

from tuntas.domain.refunds import WayBack, is_forgotten
from tuntas.store import orders, payment_logs, refunds
from tuntas.store.database import UnitOfWork
from tuntas.store.models import Refund
from tuntas.store.payment_logs import Event
from tuntas.usecases.backend import Backend
from tuntas.usecases.errors import NoRefundUnderWay, OrderNotFound, RefundUnderWay, TransactionNeeded
from tuntas.usecases.refund import RefundResult, close_refund_alerts, look


async def settle_refund(
    backend: Backend, order_id: str, transaction_id: str | None = None, *, done: bool, reason: str, actor: str
) -> RefundResult:
    """Take a person's word for whether the money went back; who said so and why is kept.

    Not before Midtrans has forgotten the key: until then asking again is safe, and better than a guess.
    Raises OrderNotFound, NoRefundUnderWay, TransactionNeeded, RefundUnderWay.
    """
    now = backend.clock.now()

    async def write(session: UnitOfWork) -> Refund:
        if await orders.lock_with_invitation(session, order_id) is None:
            raise OrderNotFound
        row = _the_one(await refunds.under_way(session, order_id), transaction_id)
        if not is_forgotten(WayBack(row.way), row.created_at, now):
            raise RefundUnderWay
        key = row.order_id, row.transaction_id, row.refund_key
        await refunds.answer(session, key, refusal=None if done else reason)
        await close_refund_alerts(session, backend, order_id)
        payment_logs.append(
            session,
            Event.OPERATOR_ACT,
            at=now,
            order_id=order_id,
            transaction_id=row.transaction_id,
            outcome="done" if done else "not_done",
            detail={"act": "settle_refund", "refund_key": row.refund_key, "note": reason, "actor": actor},
        )
        return row

    row = await backend.database.commit(write)
    await look(backend, order_id)
    return RefundResult.of(row)


def _the_one(rows: Sequence[Refund], transaction_id: str | None) -> Refund:
    """The refund meant. Raises NoRefundUnderWay, TransactionNeeded."""
    meant = [row for row in rows if transaction_id in {None, row.transaction_id}]
    if not meant:
        raise NoRefundUnderWay
    if len(meant) > 1:
        raise TransactionNeeded(sorted(row.transaction_id for row in meant))
    return meant[0]
