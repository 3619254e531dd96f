"""Refunds, and how much of a payment they take."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from tuntas.domain.money import Rupiah
from tuntas.domain.refunds import COUNTED, GIVEN_BACK, RefundState, WayBack, wait_after
from tuntas.store.database import UnitOfWork
from tuntas.store.direct import Statements
from tuntas.store.models import Refund, Transaction
from tuntas.store.seen import columns, seen

_HEAD_START = timedelta(minutes=1)
"""Whoever asked for a refund waits for its answer; the worker tries only after that."""


Payment = tuple[str, str]
"""An order id and a transaction id."""

_RECOUNT = text("""
    update transactions set refund_reserved = least(counted.total, transactions.gross_amount)
    from (
        select attempt.order_id, attempt.transaction_id, attempt.stray,
            coalesce(sum(refund.amount), 0) as total
        from transactions attempt
        left join refunds refund
            on refund.order_id = attempt.order_id and refund.transaction_id = attempt.transaction_id
            and refund.state = any(cast(:counted as text[]))
        where attempt.order_id = any(cast(:order_ids as text[]))
        group by attempt.order_id, attempt.transaction_id, attempt.stray
    ) counted
    where transactions.order_id = counted.order_id
        and transactions.transaction_id = counted.transaction_id and transactions.stray = counted.stray
        and transactions.refund_reserved <> least(counted.total, transactions.gross_amount)""")
_TOO_MUCH = text("""
    select distinct paid.order_id
    from (
        select order_id, transaction_id, max(gross_amount) as amount
        from transactions where order_id = any(cast(:order_ids as text[]))
        group by order_id, transaction_id
    ) paid
    join refunds refund on refund.order_id = paid.order_id and refund.transaction_id = paid.transaction_id
        and refund.state = any(cast(:counted as text[]))
    group by paid.order_id, paid.transaction_id, paid.amount
    having sum(refund.amount) > paid.amount
    order by paid.order_id""")
_GIVEN_BACK = text("""
    select order_id, sum(amount) as total from refunds
    where order_id = any(cast(:order_ids as text[])) and state = any(cast(:given_back as text[]))
    group by order_id""")
_THAT_GO_BACK = text(f"""
    select {columns(Refund)} from refunds
    where order_id = any(cast(:order_ids as text[])) and state = any(cast(:counted as text[]))
    order by created_at, refund_key""")  # noqa: S608  names of columns


async def recount(session: Statements, order_ids: Iterable[str]) -> Sequence[str]:
    """Bring each payment's `refund_reserved` to the sum of its refunds; returns orders that are above it.

    A payment told with two amounts has two rows in `transactions`: its refunds count for both.
    """
    values = {"order_ids": list(order_ids), "counted": list(COUNTED)}
    await session.execute(_RECOUNT, values)
    return (await session.scalars(_TOO_MUCH, values)).all()


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
        key = void_key(payment.transaction_id)
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
    await recount(session, [payment.order_id])
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
    transferred_at: datetime,
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
        bank_confirmed_at=transferred_at,
        actor=actor,
        paid_to=paid_to,
        reference=reference,
    )
    session.add(refund)
    await session.flush()
    await recount(session, [payment.order_id])
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
    await recount(session, [order_id])


async def given_back(session: Statements, order_ids: Iterable[str]) -> Mapping[str, Rupiah]:
    """What the customer got back of each order, in rupiah; orders without a refund are left out."""
    values = {"order_ids": list(order_ids), "given_back": list(GIVEN_BACK)}
    return {row.order_id: Rupiah(int(row.total)) for row in await session.execute(_GIVEN_BACK, values)}


async def that_go_back(session: Statements, order_ids: Iterable[str]) -> Mapping[str, list[Refund]]:
    """Each refund of these orders that the customer has got, is about to get, or that has no answer yet;
    oldest first. For looking only.
    """
    values = {"order_ids": list(order_ids), "counted": list(COUNTED)}
    found: dict[str, list[Refund]] = defaultdict(list)
    for row in await session.execute(_THAT_GO_BACK, values):
        refund = seen(Refund, row)
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
    await recount(session, [order_id])


_KEY = [Refund.order_id, Refund.transaction_id, Refund.refund_key]


def void_key(transaction_id: str) -> str:
    """The key of our own for a void, which Midtrans gives none."""
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
