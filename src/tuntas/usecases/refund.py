"""Give money back: once, never more than was paid, and safe to try again.

The refund's row with its key is committed before Midtrans is called. A call whose answer was lost is
repeated under the same key, which Midtrans recognises for seven days; after that a person says how it
ended (`settle_refund`). A void of a captured card is written down and repeated in the same way.
"""

from dataclasses import dataclass
from typing import Self

import structlog

from tuntas.domain.ladder import Rung
from tuntas.domain.money import Rupiah
from tuntas.domain.refunds import WayBack, is_forgotten, takes_parts
from tuntas.midtrans.errors import DuplicateRefund, GatewayRejected
from tuntas.store import orders, payment_logs, refunds
from tuntas.store.alerts import AlertKind, raise_alert, resolve
from tuntas.store.database import DatabaseUnreachable, UnitOfWork
from tuntas.store.models import Refund
from tuntas.store.payment_logs import Event
from tuntas.usecases.backend import Backend
from tuntas.usecases.errors import (
    OrderNotFound,
    RefundByHand,
    RefundRefused,
    RefundTooLarge,
    RefundUncertain,
    RefundUnderWay,
    WholeRefundOnly,
)
from tuntas.usecases.payment_to_refund import Refundable, payment_to_refund
from tuntas.usecases.reconcile import sync_order

log = structlog.get_logger()

_AT_ONCE = 20
"""So many refunds without an answer are tried in one round; the others' turn comes in the next."""
_STUCK_AFTER = 5
"""So many tries of the worker without an answer, about an hour, are told to a person."""


@dataclass(frozen=True, slots=True)
class RefundResult:
    order_id: str
    transaction_id: str
    refund_key: str | None
    """None when the payment was voided: a captured card is cancelled, not refunded."""
    amount: Rupiah
    way: WayBack

    @classmethod
    def of(cls, row: Refund) -> Self:
        way = WayBack(row.way)
        key = None if way is WayBack.CANCEL else row.refund_key
        return cls(row.order_id, row.transaction_id, key, Rupiah(row.amount), way)


async def refund(
    backend: Backend,
    order_id: str,
    transaction_id: str | None = None,
    *,
    amount: Rupiah | None = None,
    reason: str,
    actor: str,
) -> RefundResult:
    """Refund a payment of an order in whole (no `amount`) or in part, by the way its method allows.

    Raises OrderNotFound, NothingToRefund, TransactionNeeded, RefundByHand, WholeRefundOnly, RefundTooLarge,
    RefundUnderWay, RefundUncertain, RefundRefused; any GatewayError but a refusal leaves it under way: the
    same call, or the worker, tries again with the same key.
    """

    async def prepare(session: UnitOfWork) -> Refund:
        return await _prepare(
            session, backend, order_id, transaction_id, amount=amount, reason=reason, actor=actor
        )

    row = await backend.database.commit(prepare)
    await _carry_out(backend, row)
    return RefundResult.of(row)


async def resume_refunds(backend: Backend) -> int:
    """Try again what has no answer yet, longest waiting first; returns how many were tried.

    Each fails alone and comes back later; only a database that is away ends the round, by
    DatabaseUnreachable. What is older than its key is left to a person, who is told.
    """
    for tried in range(_AT_ONCE):
        async with backend.database.transaction() as session:
            row = await refunds.take_next(session, now=backend.clock.now())
        if row is None:
            return tried
        try:
            await _resume(backend, row)
        except DatabaseUnreachable:
            raise
        except Exception as error:  # noqa: BLE001  whatever it is, the other refunds come next
            await _not_answered(backend, row, error)
    return _AT_ONCE


async def close_refund_alerts(session: UnitOfWork, backend: Backend, order_id: str) -> None:
    """Close what was told about refunds of this order that are no longer under way."""
    now = backend.clock.now()
    rows = await refunds.under_way(session, order_id)
    if not any(is_forgotten(WayBack(row.way), row.created_at, now) for row in rows):
        await resolve(session, AlertKind.REFUND_UNCERTAIN, order_id, at=now)
    if not any(row.tries >= _STUCK_AFTER for row in rows):
        await resolve(session, AlertKind.REFUND_STUCK, order_id, at=now)


async def look(backend: Backend, order_id: str) -> None:
    """Take in how things stand at Midtrans now. Should that fail, the worker looks again and tells why."""
    try:
        await sync_order(backend, order_id)
    except DatabaseUnreachable:
        raise
    except Exception as error:  # noqa: BLE001  the refund itself is done and written down
        log.warning("status_check_failed", order_id=order_id, error=type(error).__name__)
        async with backend.database.transaction() as session:
            await orders.check_soon(session, order_id, at=backend.clock.now())


async def _prepare(
    session: UnitOfWork,
    backend: Backend,
    order_id: str,
    transaction_id: str | None,
    *,
    amount: Rupiah | None,
    reason: str,
    actor: str,
) -> Refund:
    """The row that is to be carried out: one under way, or a new one."""
    now = backend.clock.now()
    if await orders.lock_with_invitation(session, order_id) is None:
        raise OrderNotFound
    found = await payment_to_refund(session, order_id, transaction_id)
    row = found.under_way
    if row is not None:
        if is_forgotten(WayBack(row.way), row.created_at, now):
            raise RefundUncertain
        if amount not in {None, row.amount}:
            raise RefundUnderWay
        return row
    wanted = found.left if amount is None else amount
    _check(found, wanted)
    row = await refunds.reserve(
        session, found.payment, way=found.way, amount=wanted, reason=reason, actor=actor, at=now
    )
    payment_logs.append(
        session,
        Event.REFUND_REQUESTED,
        at=now,
        order_id=order_id,
        transaction_id=row.transaction_id,
        detail={"amount": wanted, "way": row.way, "refund_key": row.refund_key, "actor": actor},
    )
    return row


def _check(found: Refundable, wanted: Rupiah) -> None:
    if found.way is WayBack.BY_HAND:
        raise RefundByHand
    if not 0 < wanted <= found.left:
        raise RefundTooLarge(found.left)
    whole = wanted == found.payment.gross_amount
    if not whole and not takes_parts(found.way, found.payment.payment_type):
        raise WholeRefundOnly


async def _carry_out(backend: Backend, row: Refund) -> None:
    """Call Midtrans, write down its answer, then let GET status say how things stand."""
    refusal = await _ask(backend, row)
    now = backend.clock.now()

    async def write(session: UnitOfWork) -> None:
        await orders.lock_with_invitation(session, row.order_id)
        key = row.order_id, row.transaction_id, row.refund_key
        await refunds.answer(session, key, refusal=refusal)
        await close_refund_alerts(session, backend, row.order_id)
        if refusal is None:
            await resolve(session, AlertKind.REFUND_REFUSED, row.order_id, at=now)
        payment_logs.append(
            session,
            Event.REFUND_ANSWERED,
            at=now,
            order_id=row.order_id,
            transaction_id=row.transaction_id,
            outcome="refused" if refusal else "accepted",
            detail={"way": row.way, "refund_key": row.refund_key, "refusal": refusal},
        )

    await backend.database.commit(write)
    await look(backend, row.order_id)
    if refusal is not None:
        raise RefundRefused(refusal)


async def _ask(backend: Backend, row: Refund) -> str | None:
    """Midtrans's refusal in its own words, or None when the money goes back. Raises GatewayError."""
    try:
        if row.way == WayBack.CANCEL:
            await backend.core.cancel(row.transaction_id)
        else:
            amount, reason = Rupiah(row.amount), row.reason or ""
            await backend.core.refund(
                row.transaction_id, refund_key=row.refund_key, amount=amount, reason=reason
            )
    except DuplicateRefund:
        log.info("refund_already_done", order_id=row.order_id)
    except GatewayRejected as error:
        if row.way == WayBack.CANCEL and await _is_voided(backend, row.transaction_id):
            return None
        return str(error)
    return None


async def _is_voided(backend: Backend, transaction_id: str) -> bool:
    """A void whose answer was lost is refused the second time, although the money is on its way back."""
    return (await backend.core.status(transaction_id)).rung is Rung.CANCEL


async def _resume(backend: Backend, row: Refund) -> None:
    now = backend.clock.now()
    if is_forgotten(WayBack(row.way), row.created_at, now):
        async with backend.database.transaction() as session:
            await refunds.leave_to_a_person(session, row)
            detail = {"transaction_id": row.transaction_id, "refund_key": row.refund_key}
            await raise_alert(session, AlertKind.REFUND_UNCERTAIN, row.order_id, at=now, detail=detail)
            await resolve(session, AlertKind.REFUND_STUCK, row.order_id, at=now)
        return
    try:
        await _carry_out(backend, row)
    except RefundRefused as error:
        log.warning("refund_refused", order_id=row.order_id)
        async with backend.database.transaction() as session:
            detail = {"transaction_id": row.transaction_id, "reason": error.reason}
            await raise_alert(session, AlertKind.REFUND_REFUSED, row.order_id, at=now, detail=detail)


async def _not_answered(backend: Backend, row: Refund, error: Exception) -> None:
    """Write down why, and tell a person once it has gone on for long."""
    cause, now = type(error).__name__, backend.clock.now()
    log.warning("refund_not_answered", order_id=row.order_id, error=cause)
    async with backend.database.transaction() as session:
        payment_logs.append(
            session,
            Event.REFUND_UNANSWERED,
            at=now,
            order_id=row.order_id,
            transaction_id=row.transaction_id,
            outcome=cause,
            detail={"refund_key": row.refund_key, "tries": row.tries},
        )
        if row.tries >= _STUCK_AFTER:
            detail = {"transaction_id": row.transaction_id, "error": cause, "tries": row.tries}
            await raise_alert(session, AlertKind.REFUND_STUCK, row.order_id, at=now, detail=detail)
