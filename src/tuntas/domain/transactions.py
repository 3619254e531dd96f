"""One attempt to pay, as far as its facts have told. Several may share one order id."""

from dataclasses import dataclass
from datetime import datetime

from tuntas.domain.facts import Fact, VirtualAccount
from tuntas.domain.ladder import MEANING, PaymentStatus, Rung

_CARD = "credit_card"
_RETURNED = {Rung.REFUND, Rung.CHARGEBACK}


@dataclass(frozen=True, slots=True)
class Transaction:
    order_id: str
    transaction_id: str
    rung: Rung
    payment_type: str | None
    transaction_time: datetime | None
    settlement_time: datetime | None
    first_heard_at: datetime
    virtual_account: VirtualAccount | None = None
    payable_until: datetime | None = None

    @property
    def status(self) -> PaymentStatus:
        return MEANING[self.rung]

    @property
    def was_paid(self) -> bool:
        """Money arrived and was not taken back as if it never had: paid now, or refunded since."""
        return self.status is PaymentStatus.PAID or self.rung in _RETURNED

    @property
    def paid_at(self) -> datetime:
        """The paid moment. A card pays when it is captured, everything else when it settles.

        Every fact about a transaction carries these times, so the moment does not depend on which came
        first; only a gateway that sends neither leaves us with the moment we first heard of it.
        """
        settled = None if self.payment_type == _CARD else self.settlement_time
        return settled or self.transaction_time or self.first_heard_at


def climb(before: Transaction | None, fact: Fact) -> Transaction | None:
    """Take in one fact. Commutative, associative and idempotent: the result is a maximum in every field.

    A status nobody knows returns `before` unchanged.
    """
    if fact.rung is None:
        return before
    seen = Transaction(
        order_id=fact.order_id,
        transaction_id=fact.transaction_id,
        rung=fact.rung,
        payment_type=fact.payment_type,
        transaction_time=fact.transaction_time,
        settlement_time=fact.settlement_time,
        first_heard_at=fact.received_at,
        virtual_account=fact.virtual_account,
        payable_until=fact.payable_until,
    )
    return seen if before is None else _join(before, seen)


def _join(one: Transaction, other: Transaction) -> Transaction:
    return Transaction(
        order_id=one.order_id,
        transaction_id=one.transaction_id,
        rung=max(one.rung, other.rung),
        payment_type=max(filter(None, (one.payment_type, other.payment_type)), default=None),
        transaction_time=min(filter(None, (one.transaction_time, other.transaction_time)), default=None),
        settlement_time=min(filter(None, (one.settlement_time, other.settlement_time)), default=None),
        first_heard_at=min(one.first_heard_at, other.first_heard_at),
        virtual_account=max(filter(None, (one.virtual_account, other.virtual_account)), default=None),
        payable_until=max(filter(None, (one.payable_until, other.payable_until)), default=None),
    )
