"""Which payment of an order is meant when money is to go back."""

from dataclasses import dataclass

from tuntas.domain.ladder import Rung
from tuntas.domain.money import Rupiah
from tuntas.domain.refunds import WayBack, money_is_in, way_back
from tuntas.store import orders, refunds
from tuntas.store.database import UnitOfWork
from tuntas.store.models import Refund, Transaction
from tuntas.usecases.errors import NothingToRefund, TransactionNeeded


@dataclass(frozen=True, slots=True)
class Refundable:
    payment: Transaction
    way: WayBack
    left: Rupiah
    """What can still go back: a fee that the gateway added was paid too."""
    under_way: Refund | None


async def payment_to_refund(
    session: UnitOfWork, order_id: str, transaction_id: str | None, *, by_hand: bool = False
) -> Refundable:
    """The payment by this id, or without one the only payment that can be given back.

    Money that fits nowhere can be given back like any other. `by_hand` also takes what has come in but
    cannot go back through Midtrans now. Raises NothingToRefund, TransactionNeeded.
    """
    found = await _refundable(session, order_id, by_hand=by_hand)
    if transaction_id is not None:
        found = {transaction_id: found[transaction_id]} if transaction_id in found else {}
    if not found:
        raise NothingToRefund
    if len(found) > 1:
        raise TransactionNeeded(sorted(found))
    (only,) = found.values()
    return only


async def _refundable(session: UnitOfWork, order_id: str, *, by_hand: bool) -> dict[str, Refundable]:
    under_way = {row.transaction_id: row for row in await refunds.under_way(session, order_id)}
    found: dict[str, Refundable] = {}
    for payment in sorted(await orders.transactions_of(session, order_id), key=lambda one: not one.stray):
        rung = Rung[payment.transaction_status.upper()]
        way = way_back(rung, payment.payment_type)
        if by_hand:
            way = WayBack.BY_HAND if money_is_in(rung) else WayBack.NOT_NOW
        left = Rupiah(payment.gross_amount - payment.refund_reserved)
        open_refund = None if by_hand else under_way.get(payment.transaction_id)
        if open_refund is not None or (way is not WayBack.NOT_NOW and left > 0):
            found[payment.transaction_id] = Refundable(payment, way, left, open_refund)
    return found
