"""Refunds, and how much of an order they take."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import case, func, select, update
from sqlalchemy.dialects.postgresql import insert

from tuntas.domain.refunds import RefundRow
from tuntas.store.database import UnitOfWork
from tuntas.store.models import Order, Refund
from tuntas.store.refund_totals import without_double_count

_CONFIRMED, _ACCEPTED = "confirmed", "accepted"


async def record(
    session: UnitOfWork, order_id: str, transaction_id: str, rows: Iterable[RefundRow], *, at: datetime
) -> bool:
    """Take in rows that Midtrans listed, in any order and however often.

    False when they sum to more than the order's amount: then an alert is due, and no refund of ours fits.
    """
    for row in await without_double_count(session, order_id, transaction_id, rows):
        statement = insert(Refund).values(
            order_id=order_id,
            refund_key=row.key,
            transaction_id=transaction_id,
            amount=row.amount,
            reason=row.reason,
            state=_CONFIRMED if row.bank_confirmed_at else _ACCEPTED,
            ours=False,
            created_at=at,
            bank_confirmed_at=row.bank_confirmed_at,
        )
        given = statement.excluded
        confirmed_at = func.least(Refund.bank_confirmed_at, given.bank_confirmed_at)
        state = case((confirmed_at.is_not(None), _CONFIRMED), else_=_ACCEPTED)
        await session.execute(
            statement.on_conflict_do_update(
                index_elements=[Refund.order_id, Refund.refund_key],
                set_={
                    "state": state,
                    "amount": given.amount,
                    "bank_confirmed_at": confirmed_at,
                    "refusal": None,
                },
            )
        )
    return await recount(session, order_id)


async def recount(session: UnitOfWork, order_id: str) -> bool:
    """Bring `refund_reserved` to the sum of all refunds not refused; False when that is above the amount."""
    total = (
        select(func.coalesce(func.sum(Refund.amount), 0))
        .where(Refund.order_id == order_id, Refund.state != "refused")
        .scalar_subquery()
    )
    await session.execute(
        update(Order)
        .where(Order.order_id == order_id)
        .values(refund_reserved=func.least(total, Order.gross_amount))
    )
    fits = select(total <= Order.gross_amount).where(Order.order_id == order_id)
    return bool((await session.scalars(fits)).one())


async def reserve(
    session: UnitOfWork, order: Order, transaction_id: str, *, amount: int, reason: str, at: datetime
) -> Refund:
    """A refund of ours, before Midtrans is asked. The key follows from the order and its refunds so far.

    The caller holds the lock on the order and has checked what is left; the constraint makes sure.
    """
    number = (
        await session.scalars(select(func.count()).where(Refund.order_id == order.order_id, Refund.ours))
    ).one()
    refund = Refund(
        order_id=order.order_id,
        refund_key=f"{order.order_id}-r{number + 1}",
        transaction_id=transaction_id,
        amount=amount,
        reason=reason,
        state="requested",
        ours=True,
        created_at=at,
    )
    order.refund_reserved += amount
    session.add(refund)
    await session.flush()
    return refund


async def under_way(session: UnitOfWork, order_id: str) -> Refund | None:
    """The refund whose answer is still open; a constraint allows one at a time."""
    query = select(Refund).where(Refund.order_id == order_id, Refund.state == "requested")
    return (await session.scalars(query)).one_or_none()


async def all_under_way(session: UnitOfWork, *, before: datetime) -> Sequence[Refund]:
    query = select(Refund).where(Refund.state == "requested", Refund.created_at < before)
    return (await session.scalars(query)).all()


async def of_order(session: UnitOfWork, order_id: str) -> Sequence[Refund]:
    query = select(Refund).where(Refund.order_id == order_id).order_by(Refund.created_at, Refund.refund_key)
    return (await session.scalars(query)).all()


async def answer(session: UnitOfWork, order_id: str, refund_key: str, *, refusal: str | None) -> None:
    """Write down Midtrans's answer, unless a notification was faster."""
    await session.execute(
        update(Refund)
        .where(Refund.order_id == order_id, Refund.refund_key == refund_key, Refund.state == "requested")
        .values(state="refused" if refusal else _ACCEPTED, refusal=refusal)
    )
    await recount(session, order_id)
