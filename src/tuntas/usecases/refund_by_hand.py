"""Write down money that a person has transferred back: Midtrans cannot refund it, and never hears of it."""

from datetime import datetime

from tuntas.domain.facts import Fact, Source
from tuntas.domain.ladder import Rung
from tuntas.domain.money import Rupiah
from tuntas.domain.refunds import RefundState
from tuntas.store import orders, payment_logs, refunds
from tuntas.store.alerts import AlertKind, resolve
from tuntas.store.database import UnitOfWork
from tuntas.store.models import Order, Refund, Transaction
from tuntas.store.payment_logs import Event
from tuntas.usecases.apply_facts import apply_facts, policy_of
from tuntas.usecases.backend import Backend
from tuntas.usecases.end_paid_time import end_paid_time
from tuntas.usecases.errors import OrderNotFound, ReferenceTaken, RefundTooLarge
from tuntas.usecases.payment_to_refund import payment_to_refund
from tuntas.usecases.refund import RefundResult


async def refund_by_hand(
    backend: Backend,
    order_id: str,
    transaction_id: str | None = None,
    *,
    amount: Rupiah,
    paid_to: str,
    reference: str,
    reason: str,
    actor: str,
    transferred_at: datetime | None = None,
    ends_paid_time: bool = False,
) -> RefundResult:
    """Record a transfer to the customer; the books follow as for any refund.

    `reference` is the transfer's own number: written down again, nothing is counted twice; `transferred_at`
    is now where nobody says otherwise. Raises
    OrderNotFound, NothingToRefund, TransactionNeeded, RefundTooLarge, ReferenceTaken.
    """
    now = backend.clock.now()

    async def write(session: UnitOfWork) -> Refund:
        order = await orders.lock_with_invitation(session, order_id)
        if order is None:
            raise OrderNotFound
        known = await refunds.by_reference(session, order_id, reference)
        if known is not None:
            if known.amount != amount or transaction_id not in {None, known.transaction_id}:
                raise ReferenceTaken
            return known
        found = await payment_to_refund(session, order_id, transaction_id, by_hand=True)
        if amount > found.left:
            raise RefundTooLarge(found.left)
        row = await refunds.write_down(
            session,
            found.payment,
            amount=amount,
            paid_to=paid_to,
            reference=reference,
            reason=reason,
            actor=actor,
            transferred_at=transferred_at or now,
            at=now,
        )
        _log(session, row, at=now)
        if ends_paid_time:
            await end_paid_time(session, backend, order_id, because=reason, actor=actor)
        fact = _told_by_hand(order, found.payment, whole=amount == found.left, now=now)
        await apply_facts(session, [fact], policy=policy_of(backend), now=now)
        await resolve(session, AlertKind.REFUND_REFUSED, order_id, at=now)
        return row

    return RefundResult.of(await backend.database.commit(write))


def _told_by_hand(order: Order, payment: Transaction, *, whole: bool, now: datetime) -> Fact:
    """What Midtrans would say, had the money gone back through it."""
    rung = Rung.REFUND if whole else Rung.PARTIAL_REFUND
    return Fact(
        order_id=order.order_id,
        transaction_id=payment.transaction_id,
        transaction_status=rung.status,
        fraud_status=None,
        payment_type=payment.payment_type,
        gross_amount=Rupiah(payment.gross_amount),
        original_amount=None if payment.stray else Rupiah(order.gross_amount),
        currency="IDR",
        transaction_time=None,
        settlement_time=None,
        received_at=now,
        source=Source.HAND,
    )


def _log(session: UnitOfWork, row: Refund, *, at: datetime) -> None:
    payment_logs.append(
        session,
        Event.OPERATOR_ACT,
        at=at,
        order_id=row.order_id,
        transaction_id=row.transaction_id,
        outcome=RefundState.CONFIRMED,
        detail={
            "act": "refund_by_hand",
            "amount": row.amount,
            "paid_to": row.paid_to,
            "reference": row.reference,
            "transferred_at": row.bank_confirmed_at and row.bank_confirmed_at.isoformat(),
            "note": row.reason,
            "actor": row.actor,
        },
    )
