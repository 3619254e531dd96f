"""Give money back: once, never more than was paid, and safe to try again.

The refund's row with its key is committed before Midtrans is called. A call whose answer was lost is
repeated under the same key, which Midtrans recognises for seven days.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog

from tuntas.domain.ladder import PaymentStatus, Rung
from tuntas.domain.money import Rupiah
from tuntas.domain.refunds import WayBack, takes_part_refunds, way_back
from tuntas.midtrans.errors import DuplicateRefund, GatewayError, GatewayRejected
from tuntas.store import orders, payment_logs, refunds
from tuntas.store.alerts import AlertKind, raise_alert, resolve
from tuntas.store.database import UnitOfWork
from tuntas.store.models import Order, Transaction
from tuntas.store.payment_logs import Event
from tuntas.usecases.backend import Backend
from tuntas.usecases.errors import (
    NothingToRefund,
    OrderNotFound,
    RefundByHand,
    RefundRefused,
    RefundTooLarge,
    RefundUnderWay,
    WholeRefundOnly,
)
from tuntas.usecases.reconcile import sync_order

log = structlog.get_logger()

_KEY_LIFETIME = timedelta(days=7)
"""Midtrans recognises a refund key for so long; after that only a person may decide."""


@dataclass(frozen=True, slots=True)
class RefundResult:
    order_id: str
    transaction_id: str
    refund_key: str | None
    """None when the payment was voided: a captured card is cancelled, not refunded."""
    amount: Rupiah
    way: WayBack


@dataclass(frozen=True, slots=True)
class _Ask:
    transaction_id: str
    refund_key: str | None
    amount: Rupiah
    reason: str
    way: WayBack


async def refund(
    backend: Backend, order_id: str, *, amount: Rupiah | None = None, reason: str, actor: str
) -> RefundResult:
    """Refund an order in whole (no `amount`) or in part, by the way its payment allows.

    Raises OrderNotFound, NothingToRefund, RefundByHand, WholeRefundOnly, RefundTooLarge, RefundUnderWay,
    RefundRefused; a GatewayTimeout or GatewayUnavailable leaves it under way: the same call, or the
    worker, tries again with the same key.
    """
    async with backend.database.transaction() as session:
        ask = await _prepare(session, backend, order_id, amount=amount, reason=reason, actor=actor)
    await _carry_out(backend, order_id, ask)
    return RefundResult(order_id, ask.transaction_id, ask.refund_key, ask.amount, ask.way)


async def resume_refunds(backend: Backend) -> int:
    """Try again what has no answer yet; what is older than its key needs a person. Returns how many."""
    now = backend.clock.now()
    async with backend.database.transaction() as session:
        open_refunds = await refunds.all_under_way(session, before=now - timedelta(minutes=1))
        for found in open_refunds:
            if now - found.created_at > _KEY_LIFETIME:
                await raise_alert(session, AlertKind.REFUND_UNCERTAIN, found.refund_key, at=now)
    young = [found for found in open_refunds if now - found.created_at <= _KEY_LIFETIME]
    for found in young:
        ask = _Ask(
            found.transaction_id, found.refund_key, Rupiah(found.amount), found.reason or "", WayBack.REFUND
        )
        try:
            await _carry_out(backend, found.order_id, ask)
        except RefundRefused:
            log.warning("refund_refused", order_id=found.order_id)
    return len(young)


async def _prepare(
    session: UnitOfWork, backend: Backend, order_id: str, *, amount: Rupiah | None, reason: str, actor: str
) -> _Ask:
    now = backend.clock.now()
    order = await orders.lock_with_invitation(session, order_id)
    if order is None:
        raise OrderNotFound
    open_refund = await refunds.under_way(session, order_id)
    if open_refund is not None:
        if amount not in {None, open_refund.amount}:
            raise RefundUnderWay
        return _Ask(
            open_refund.transaction_id,
            open_refund.refund_key,
            Rupiah(open_refund.amount),
            open_refund.reason or reason,
            WayBack.REFUND,
        )
    payment, way = _refundable(await orders.transactions_of(session, order_id))
    left = Rupiah(order.gross_amount - order.refund_reserved)
    wanted = left if amount is None else amount
    _check(order, payment, way, wanted=wanted, left=left)
    key = None
    if way is WayBack.REFUND:
        row = await refunds.reserve(
            session, order, payment.transaction_id, amount=wanted, reason=reason, at=now
        )
        key = row.refund_key
    payment_logs.append(
        session,
        Event.REFUND_REQUESTED,
        at=now,
        order_id=order_id,
        transaction_id=payment.transaction_id,
        detail={"amount": wanted, "way": way, "refund_key": key, "actor": actor},
    )
    return _Ask(payment.transaction_id, key, wanted, reason, way)


def _refundable(attempts: Sequence[Transaction]) -> tuple[Transaction, WayBack]:
    """The attempt whose money can go back. Raises NothingToRefund, RefundByHand."""
    ways = [
        (attempt, way_back(Rung[attempt.transaction_status.upper()], attempt.payment_type))
        for attempt in attempts
    ]
    for attempt, way in ways:
        if way in {WayBack.REFUND, WayBack.CANCEL}:
            return attempt, way
    if any(way is WayBack.BY_HAND for _, way in ways):
        raise RefundByHand
    raise NothingToRefund


def _check(order: Order, payment: Transaction, way: WayBack, *, wanted: Rupiah, left: Rupiah) -> None:
    if not 0 < wanted <= left:
        raise RefundTooLarge(left)
    whole = wanted == order.gross_amount
    if not whole and (way is WayBack.CANCEL or not takes_part_refunds(payment.payment_type)):
        raise WholeRefundOnly


async def _carry_out(backend: Backend, order_id: str, ask: _Ask) -> None:
    """Call Midtrans, write down its answer, then let GET status say how things stand."""
    refusal = None
    try:
        if ask.refund_key is None:
            await backend.core.cancel(ask.transaction_id)
        else:
            await backend.core.refund(
                ask.transaction_id, refund_key=ask.refund_key, amount=ask.amount, reason=ask.reason
            )
    except DuplicateRefund:
        log.info("refund_already_done", order_id=order_id)
    except GatewayRejected as error:
        refusal = str(error)
    now = backend.clock.now()
    async with backend.database.transaction() as session:
        await orders.lock_with_invitation(session, order_id)
        if ask.refund_key is not None:
            await refunds.answer(session, order_id, ask.refund_key, refusal=refusal)
            await resolve(session, AlertKind.REFUND_UNCERTAIN, ask.refund_key, at=now)
        payment_logs.append(
            session,
            Event.REFUND_ANSWERED,
            at=now,
            order_id=order_id,
            transaction_id=ask.transaction_id,
            outcome="refused" if refusal else "accepted",
            detail={"refund_key": ask.refund_key, "refusal": refusal},
        )
    await _look(backend, order_id)
    if refusal is not None and not (ask.refund_key is None and await _is_given_back(backend, order_id)):
        raise RefundRefused(refusal)


async def _look(backend: Backend, order_id: str) -> None:
    """Take in how things stand now. Should Midtrans not say, the answer stands and the worker looks again."""
    try:
        await sync_order(backend, order_id)
    except GatewayError as error:
        log.warning("status_check_failed", order_id=order_id, error=type(error).__name__)
        async with backend.database.transaction() as session:
            await orders.check_soon(session, order_id, at=backend.clock.now())


async def _is_given_back(backend: Backend, order_id: str) -> bool:
    """A void whose answer was lost is refused the second time, although the money is on its way back."""
    async with backend.database.transaction() as session:
        order = await orders.order(session, order_id)
    return order is not None and order.status != PaymentStatus.PAID
