"""How our books and Midtrans's differ about one order."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from tuntas.domain.facts import Fact
from tuntas.domain.ladder import PaymentStatus, Rung
from tuntas.domain.orders import Order

FINAL = frozenset({Rung.REFUND, Rung.CHARGEBACK, Rung.DENY, Rung.EXPIRE, Rung.FAILURE, Rung.CANCEL})
"""After these an attempt rarely changes: it is asked about again only where something contradicts it."""


class Difference(StrEnum):
    MISSING = "missing"
    """Midtrans has it, we do not."""
    EXTRA = "extra"
    """We have it, Midtrans does not."""
    AMOUNT = "amount"
    STATUS = "status"


@dataclass(frozen=True, slots=True)
class Finding:
    order_id: str
    transaction_id: str | None
    difference: Difference
    ours: str | None
    midtrans: str | None
    is_lower: bool = False
    """Whether Midtrans's status stands lower than ours, where our books cannot follow by themselves."""


def compare(order: Order, facts: Iterable[Fact], *, by_hand: Collection[str] = ()) -> Iterator[Finding]:
    """Every difference between an order as we hold it and the facts that Midtrans tells about it.

    Money given back `by_hand` (transaction ids) is no difference: Midtrans knows nothing of it.
    """

    def found(difference: Difference, fact: Fact, ours: str | None, midtrans: str) -> Finding:
        return Finding(order.order_id, fact.transaction_id, difference, ours, midtrans)

    held = {transaction.transaction_id: transaction for transaction in order.transactions}
    told = set()
    for fact in facts:
        told.add(fact.transaction_id)
        if not order.takes(fact):
            if not _waits_or_is_over(order, fact):
                yield found(Difference.AMOUNT, fact, str(order.price), str(fact.gross_amount))
            continue
        known = held.get(fact.transaction_id)
        if known is None:
            yield found(Difference.MISSING, fact, None, fact.transaction_status)
        elif fact.rung is not None and known.rung is not fact.rung and fact.transaction_id not in by_hand:
            differs = found(Difference.STATUS, fact, known.rung.status, fact.transaction_status)
            yield replace(differs, is_lower=fact.rung < known.rung)
    for transaction_id, known in held.items():
        if transaction_id not in told and known.rung not in FINAL:
            yield Finding(order.order_id, transaction_id, Difference.EXTRA, known.rung.status, None)


def _waits_or_is_over(order: Order, fact: Fact) -> bool:
    """Another amount that we know of needs no finding once its money was kept, or is not in."""
    stray = next((found for found in order.strays if found.transaction_id == fact.transaction_id), None)
    if stray is None or stray.rung is not fact.rung:
        return False
    return stray.kept or stray.status is not PaymentStatus.PAID
