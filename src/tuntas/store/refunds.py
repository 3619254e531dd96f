"""Refunds, and how much of a payment they take."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import case, func, select, update
from sqlalchemy.dialects.postgresql import insert

from tuntas.domain.money import Rupiah
from tuntas.domain.refunds import COUNTED, GIVEN_BACK, RefundRow, RefundState, WayBack, wait_after
from tuntas.store.database import UnitOfWork
from tuntas.store.models import Refund, Transaction
from tuntas.store.refund_totals import without_double_count

_HEAD_START = timedelta(minutes=1)
"""Whoever asked for a refund waits for its answer; the worker tries only after that."""


async def record(
    session: UnitOfWork, order_id: str, transaction_id: str, rows: Iterable[RefundRow], *, at: datetime
) -> bool:
    """Take in rows that Midtrans listed, in any order and however often.

    False when they sum to more than the payment: then an alert is due, and no refund of ours fits.
    """
    for row in await without_double_count(session, order_id, transaction_id, rows):
        confirmed = row.bank_confirmed_at is not None
        statement = insert(Refund).values(
            order_id=order_id,
            refund_key=row.key,
            transaction_id=transaction_id,
            way=WayBack.REFUND,
            amount=row.amount,
            reason=row.reason,
            state=RefundState.CONFIRMED if confirmed else RefundState.ACCEPTED,
            ours=False,
            created_at=at,
            bank_confirmed_at=row.bank_confirmed_at,
        )
        given = statement.excluded
        confirmed_at = func.least(Refund.bank_confirmed_at, given.bank_confirmed_at)
        state = case(
            (Refund.state == RefundState.RETURNED, RefundState.RETURNED),  # Midtrans goes on listing it
            (confirmed_at.is_not(None), RefundState.CONFIRMED),
            else_=RefundState.ACCEPTED,
        )
        await session.execute(
            statement.on_conflict_do_update(
                index_elements=_KEY,
                set_={
                    "state": state,
                    "amount": given.amount,
                    "bank_confirmed_at": confirmed_at,
                    "refusal": None,
                },
            )
        )
    return await recount(session, order_id)


async def record_void(
    session: UnitOfWork, order_id: str, transaction_id: str, *, amount: Rupiah, stands: bool, at: datetime
) -> None:
    """A captured payment was cancelled, by us or on Midtrans's dashboard: all of it went back.

    When it no longer `stands`, because the payment turned out otherwise, a void known before counts no more.
    """
    if stands:
        statement = insert(Refund).values(
            order_id=order_id,
            refund_key=_void_key(transaction_id),
            transaction_id=transaction_id,
            way=WayBack.CANCEL,
            amount=amount,
            state=RefundState.ACCEPTED,
            ours=False,
            created_at=at,
        )
        accepted = {"state": RefundState.ACCEPTED, "refusal": None}
        await session.execute(statement.on_conflict_do_update(index_elements=_KEY, set_=accepted))
    else:
        await session.execute(
            update(Refund)
            .where(
                Refund.order_id == order_id,
                Refund.transaction_id == transaction_id,
                Refund.way == WayBack.CANCEL,
                Refund.state == RefundState.ACCEPTED,
            )
            .values(state=RefundState.RETURNED)
            .execution_options(synchronize_session=False)
        )
    await recount(session, order_id)


async def recount(session: UnitOfWork, order_id: str) -> bool:
    """Bring each payment's `refund_reserved` to the sum of its refunds; False when one is above its amount.

    A payment told with two amounts has two rows in `transactions`: its refunds count for both.
    """
    counted = func.coalesce(func.sum(Refund.amount), 0)
    total = (
        select(counted)
        .where(
            Refund.order_id == Transaction.order_id,
            Refund.transaction_id == Transaction.transaction_id,
            Refund.state.in_(COUNTED),
        )
        .scalar_subquery()
    )
    reserved = func.least(total, Transaction.gross_amount)
    await session.execute(
        update(Transaction)
        .where(Transaction.order_id == order_id, Transaction.refund_reserved != reserved)
        .values(refund_reserved=reserved)
        .execution_options(synchronize_session=False)
    )
    too_much = (
        select(Transaction.transaction_id)
        .where(Transaction.order_id == order_id)
        .group_by(Transaction.order_id, Transaction.transaction_id)
        .having(total > func.max(Transaction.gross_amount))
    )
    return (await session.scalars(too_much.limit(1))).first() is None


async def reserve(
    session: UnitOfWork,
    payment: Transaction,
    *,
    way: WayBack,
    amount: int,
    reason: str,
    actor: str,
    at: datetime,
) -> Refund:
    """A refund or a void of ours, before Midtrans is asked. The key follows from the refunds so far.

    The caller holds the lock on the order and has checked what is left; the constraint makes sure.
    """
    if way is WayBack.CANCEL:
        key = _void_key(payment.transaction_id)
    else:
        key = f"{payment.order_id}-r{await _refunds_asked_for(session, payment.order_id) + 1}"
    await _take_room(session, payment, amount)
    values = {
        "amount": amount,
        "reason": reason,
        "state": RefundState.REQUESTED,
        "ours": True,
        "created_at": at,
        "refusal": None,
        "actor": actor,
        "tries": 0,
        "next_try_at": at + _HEAD_START,
    }
    statement = insert(Refund).values(
        order_id=payment.order_id, transaction_id=payment.transaction_id, refund_key=key, way=way, **values
    )
    made = await session.scalars(
        statement.on_conflict_do_update(index_elements=_KEY, set_=values).returning(Refund),
        execution_options={"populate_existing": True},
    )
    refund = made.one()
    await recount(session, payment.order_id)
    return refund


async def write_down(
    session: UnitOfWork,
    payment: Transaction,
    *,
    amount: Rupiah,
    paid_to: str,
    reference: str,
    reason: str,
    actor: str,
    at: datetime,
) -> Refund:
    """A refund that a person has transferred. The caller holds the lock and has checked what is left."""
    await _take_room(session, payment, amount)
    refund = Refund(
        order_id=payment.order_id,
        transaction_id=payment.transaction_id,
        refund_key=_hand_key(reference),
        way=WayBack.BY_HAND,
        amount=amount,
        reason=reason,
        state=RefundState.CONFIRMED,
        ours=True,
        created_at=at,
        bank_confirmed_at=at,
        actor=actor,
        paid_to=paid_to,
        reference=reference,
    )
    session.add(refund)
    await session.flush()
    await recount(session, payment.order_id)
    return refund


async def by_reference(session: UnitOfWork, order_id: str, reference: str) -> Refund | None:
    """The transfer by hand that was written down with this number."""
    query = select(Refund).where(Refund.order_id == order_id, Refund.refund_key == _hand_key(reference))
    return (await session.scalars(query)).one_or_none()


async def under_way(session: UnitOfWork, order_id: str) -> Sequence[Refund]:
    """The refunds whose answer is still open; a constraint allows one for each payment."""
    query = select(Refund).where(Refund.order_id == order_id, Refund.state == RefundState.REQUESTED)
    return (await session.scalars(query.order_by(Refund.created_at))).all()


async def take_next(session: UnitOfWork, *, now: datetime) -> Refund | None:
    """The refund that has waited longest for another try, and nobody else gets it before its next turn.

    The pause begins before the try: whatever becomes of it, it comes back later than the others.
    """
    query = (
        select(Refund)
        .where(Refund.state == RefundState.REQUESTED, Refund.next_try_at <= now)
        .order_by(Refund.next_try_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    refund = (await session.scalars(query)).one_or_none()
    if refund is not None:
        refund.tries += 1
        refund.next_try_at = now + wait_after(refund.tries)
        await session.flush()
    return refund


async def leave_to_a_person(session: UnitOfWork, refund: Refund) -> None:
    """The worker does not try this one again."""
    refund.next_try_at = None
    await session.flush()


async def of_order(session: UnitOfWork, order_id: str) -> Sequence[Refund]:
    query = select(Refund).where(Refund.order_id == order_id).order_by(Refund.created_at, Refund.refund_key)
    return (await session.scalars(query)).all()


async def answer(session: UnitOfWork, refund: tuple[str, str, str], *, refusal: str | None) -> None:
    """Write down how a refund (order, transaction, key) ended, unless a notification was faster."""
    order_id, transaction_id, refund_key = refund
    await session.execute(
        update(Refund)
        .where(
            Refund.order_id == order_id,
            Refund.transaction_id == transaction_id,
            Refund.refund_key == refund_key,
            Refund.state == RefundState.REQUESTED,
        )
        .values(state=RefundState.REFUSED if refusal else RefundState.ACCEPTED, refusal=refusal)
        .execution_options(synchronize_session=False)
    )
    await recount(session, order_id)


async def given_back(session: UnitOfWork, order_ids: Iterable[str]) -> Mapping[str, Rupiah]:
    """What the customer got back of each order, in rupiah; orders without a refund are left out."""
    query = (
        select(Refund.order_id, func.sum(Refund.amount))
        .where(Refund.order_id.in_(list(order_ids)), Refund.state.in_(GIVEN_BACK))
        .group_by(Refund.order_id)
    )
    return {order_id: Rupiah(int(total)) for order_id, total in await session.execute(query)}


async def that_went_back(session: UnitOfWork, order_ids: Iterable[str]) -> Mapping[str, list[Refund]]:
    """Each refund that the customer has got of these orders, or is about to; oldest first."""
    query = (
        select(Refund)
        .where(Refund.order_id.in_(list(order_ids)), Refund.state.in_(GIVEN_BACK))
        .order_by(Refund.created_at, Refund.refund_key)
    )
    found: dict[str, list[Refund]] = defaultdict(list)
    for refund in await session.scalars(query):
        found[refund.order_id].append(refund)
    return found


async def given_back_by_hand(session: UnitOfWork, order_id: str) -> set[str]:
    """The payments of which something went back by hand: Midtrans says settlement for ever."""
    query = select(Refund.transaction_id).where(
        Refund.order_id == order_id, Refund.way == WayBack.BY_HAND, Refund.state.in_(GIVEN_BACK)
    )
    return set((await session.scalars(query)).all())


async def returned_by_bank(session: UnitOfWork, order_id: str, transaction_id: str, *, at: datetime) -> None:
    """The money came back to us, so it can go out again: refunds made before `at` no longer count.

    A transfer by hand stays: Midtrans, whose word this is, does not know of it.
    """
    await session.execute(
        update(Refund)
        .where(
            Refund.order_id == order_id,
            Refund.transaction_id == transaction_id,
            Refund.way != WayBack.BY_HAND,
            Refund.state.in_(GIVEN_BACK),
            Refund.created_at <= at,
        )
        .values(state=RefundState.RETURNED)
        .execution_options(synchronize_session=False)
    )
    await recount(session, order_id)


_KEY = [Refund.order_id, Refund.transaction_id, Refund.refund_key]


def _void_key(transaction_id: str) -> str:
    return f"void-{transaction_id}"


def _hand_key(reference: str) -> str:
    return f"hand-{reference}"


async def _refunds_asked_for(session: UnitOfWork, order_id: str) -> int:
    ours = select(func.count()).where(Refund.order_id == order_id, Refund.ours, Refund.way == WayBack.REFUND)
    return (await session.scalars(ours)).one()


async def _take_room(session: UnitOfWork, payment: Transaction, amount: int) -> None:
    """The check constraint refuses more than the payment."""
    await session.execute(
        update(Transaction)
        .where(
            Transaction.order_id == payment.order_id,
            Transaction.transaction_id == payment.transaction_id,
            Transaction.stray == payment.stray,
        )
        .values(refund_reserved=Transaction.refund_reserved + amount)
        .execution_options(synchronize_session=False)
    )
