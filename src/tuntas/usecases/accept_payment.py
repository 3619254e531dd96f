"""A person decides that money which bought nothing stays: what it then buys, and why, is written down."""

from collections.abc import Sequence
from dataclasses import dataclass

from tuntas.domain.grants import entitle
from tuntas.domain.unapplied import UnappliedPayment, Why, unapplied_payments
from tuntas.store import ledger, orders, payment_logs, refunds
from tuntas.store.alerts import resolve
from tuntas.store.books import Book, lock_books
from tuntas.store.database import UnitOfWork
from tuntas.store.payment_logs import Event
from tuntas.usecases.apply_facts import Policy, alert_kind, policy_of, recount
from tuntas.usecases.backend import Backend
from tuntas.usecases.errors import NothingToDecide, OrderNotFound, TransactionNeeded


@dataclass(frozen=True, slots=True)
class Accepted:
    transaction_id: str
    amount: int
    """Rupiah."""
    why: Why


async def accept_payment(
    backend: Backend, order_id: str, *, transaction_id: str | None = None, reason: str, actor: str
) -> Accepted:
    """Keep one payment of an order that waits for a decision, or the one there is.

    Another amount then pays the order as the price would; a second order's payment buys its days in
    addition; a second transaction of the same order buys nothing and is kept for the reason given. Raises
    OrderNotFound, NothingToDecide, or TransactionNeeded when several wait.
    """
    return await backend.database.commit(
        lambda session: _accept(session, backend, order_id, transaction_id, reason, actor)
    )


async def _accept(
    session: UnitOfWork,
    backend: Backend,
    order_id: str,
    transaction_id: str | None,
    reason: str,
    actor: str,
) -> Accepted:
    now, policy = backend.clock.now(), policy_of(backend)
    books = await lock_books(session, [order_id])
    if not books:
        raise OrderNotFound
    chosen = _chosen(_waiting(books[0], order_id, policy), transaction_id)
    about = chosen.transaction
    match chosen.why:
        case Why.OTHER_AMOUNT:
            await orders.accept_amount(session, order_id, about.gross_amount)
            await ledger.count_strays(session, books[0].order(order_id), about.gross_amount)
            await refunds.recount(session, [order_id])
        case Why.SECOND_ORDER:
            await orders.make_renewal(session, order_id)
        case Why.SECOND_TRANSACTION:
            await ledger.keep_payment(session, order_id, about.transaction_id, reason)
    payment_logs.append(
        session,
        Event.OPERATOR_ACT,
        at=now,
        order_id=order_id,
        transaction_id=about.transaction_id,
        outcome=chosen.why,
        detail={"act": "accept", "amount": about.gross_amount, "reason": reason, "actor": actor},
    )
    await recount(session, [order_id], policy=policy, now=now)
    (book,) = await lock_books(session, [order_id])
    still = {alert_kind(payment.why) for payment in _waiting(book, order_id, policy)}
    for kind in {alert_kind(why) for why in Why} - still:
        await resolve(session, kind, order_id, at=now)
    return Accepted(about.transaction_id, about.gross_amount, chosen.why)


def _chosen(waiting: Sequence[UnappliedPayment], transaction_id: str | None) -> UnappliedPayment:
    named = [payment for payment in waiting if transaction_id in {None, payment.transaction.transaction_id}]
    if not named:
        raise NothingToDecide
    if len(named) > 1:
        raise TransactionNeeded([payment.transaction.transaction_id for payment in named])
    return named[0]


def _waiting(book: Book, order_id: str, policy: Policy) -> list[UnappliedPayment]:
    """The payments of this order that nobody has decided about."""
    entitlement = entitle(book.orders, refund_revokes=policy.refund_revokes)
    return [
        payment
        for payment in unapplied_payments(book.orders, entitlement)
        if payment.waits and payment.transaction.order_id == order_id
    ]
