"""The one way in for everything that changes money.

Lock, re-read, climb, recompute, write: all in the caller's transaction. Because the rules are a maximum
and a recomputation, it does not matter in which order, or how often, facts come.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from tuntas.domain.facts import Fact
from tuntas.domain.grants import Entitlement, entitle
from tuntas.domain.orders import Order, invitation_status
from tuntas.domain.transactions import Transaction, climb
from tuntas.store import ledger
from tuntas.store.database import UnitOfWork


class Outcome(StrEnum):
    """What became of a fact."""

    APPLIED = "applied"
    UNCHANGED = "unchanged"
    """Known already, or overtaken by something higher on the ladder."""
    UNKNOWN_ORDER = "unknown_order"
    AMOUNT_MISMATCH = "amount_mismatch"
    """About another amount or currency than the order's: kept, flagged, never granted."""
    UNKNOWN_STATUS = "unknown_status"


@dataclass(frozen=True, slots=True)
class Applied:
    """The outcome of each fact, in the order given, and paid orders that were one too many."""

    outcomes: tuple[Outcome, ...]
    duplicate_payments: tuple[str, ...]


async def apply_facts(session: UnitOfWork, facts: Sequence[Fact], *, refund_revokes: bool) -> Applied:
    books = await ledger.lock_books(session, {fact.order_id for fact in facts})
    book_of = {order_id: book for book in books.values() for order_id in book.amounts}
    outcomes: list[Outcome] = []
    changed: dict[int, dict[tuple[str, str], Transaction]] = defaultdict(dict)
    for fact in facts:
        book = book_of.get(fact.order_id)
        if book is None:
            outcomes.append(Outcome.UNKNOWN_ORDER)
        elif not fact.pays_exactly(book.amounts[fact.order_id]):
            outcomes.append(Outcome.AMOUNT_MISMATCH)
        else:
            outcomes.append(_climb(fact, book, changed[book.invitation_id]))

    duplicates: list[str] = []
    for invitation_id, transactions in changed.items():
        if transactions:
            entitlement = await _write(session, books[invitation_id], transactions, refund_revokes)
            duplicates += entitlement.duplicates
    return Applied(tuple(outcomes), tuple(duplicates))


def _climb(fact: Fact, book: ledger.Book, changed: dict[tuple[str, str], Transaction]) -> Outcome:
    if fact.rung is None:
        return Outcome.UNKNOWN_STATUS
    key = (fact.order_id, fact.transaction_id)
    before = changed.get(key) or _known(book.orders, *key)
    after = climb(before, fact)
    if after is None or after == before:
        return Outcome.UNCHANGED
    changed[key] = after
    return Outcome.APPLIED


def _known(orders: Iterable[Order], order_id: str, transaction_id: str) -> Transaction | None:
    for order in orders:
        if order.order_id == order_id:
            for transaction in order.transactions:
                if transaction.transaction_id == transaction_id:
                    return transaction
    return None


async def _write(
    session: UnitOfWork,
    book: ledger.Book,
    changed: dict[tuple[str, str], Transaction],
    refund_revokes: bool,  # noqa: FBT001  private, always the setting
) -> Entitlement:
    orders = [_with_changes(order, changed) for order in book.orders]
    entitlement = entitle(orders, refund_revokes=refund_revokes)
    await ledger.write_transactions(session, list(changed.values()))
    for before, after in zip(book.orders, orders, strict=True):
        if before.status is not after.status:
            await ledger.write_order_status(session, after)
    await ledger.write_invitation(session, book.invitation_id, invitation_status(orders), entitlement)
    return entitlement


def _with_changes(order: Order, changed: dict[tuple[str, str], Transaction]) -> Order:
    attempts = {transaction.transaction_id: transaction for transaction in order.transactions}
    attempts |= {
        transaction_id: transaction
        for (order_id, transaction_id), transaction in changed.items()
        if order_id == order.order_id
    }
    return replace(order, transactions=tuple(attempts.values()))
