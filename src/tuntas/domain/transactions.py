"""One attempt to pay, as far as its facts have told. Several may share one order id.

The state is a maximum over (epoch, rung). Within an epoch a status only climbs; only a recorded act, a
person's or the reconciliation's, begins a new one, in which Midtrans's own word may stand lower.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from tuntas.domain import how_to_pay
from tuntas.domain.facts import Fact
from tuntas.domain.how_to_pay import NOTHING_TOLD, HowToPay
from tuntas.domain.ladder import MEANING, PaymentStatus, Rung
from tuntas.domain.money import Rupiah

_CARD = "credit_card"
_RETURNED = {Rung.REFUND, Rung.CHARGEBACK}
_FIRST_EPOCH = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Transaction:
    order_id: str
    transaction_id: str
    rung: Rung
    gross_amount: Rupiah
    """What comes in: the amount told at the highest rung up to settlement."""
    payment_type: str | None
    transaction_time: datetime | None
    settlement_time: datetime | None
    first_heard_at: datetime
    how_to_pay: HowToPay = NOTHING_TOLD
    payable_until: datetime | None = None
    stray: bool = False
    """Told with another amount than the order's: counts for nothing until a person accepts the amount."""
    epoch: datetime | None = None
    """When the present epoch began, if a recorded act ever began one: facts received before count no more."""
    kept: bool = False
    """A person decided that this money stays although it buys nothing."""

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


def climb(before: Transaction | None, fact: Fact, *, stray: bool = False) -> Transaction | None:
    """Take in one fact. Commutative, associative and idempotent: the result is a maximum in every field.

    A status nobody knows returns `before` unchanged.
    """
    if fact.rung is None:
        return before
    seen = Transaction(
        order_id=fact.order_id,
        transaction_id=fact.transaction_id,
        rung=fact.rung,
        gross_amount=fact.gross_amount,
        payment_type=fact.payment_type,
        transaction_time=fact.transaction_time,
        settlement_time=fact.settlement_time,
        first_heard_at=fact.received_at,
        how_to_pay=fact.how_to_pay,
        payable_until=fact.payable_until,
        stray=stray,
    )
    if fact.begins_epoch:
        seen = replace(seen, epoch=fact.received_at)
    elif before is not None and not _is_of_the_past(before, fact):
        seen = replace(seen, epoch=before.epoch)
    return seen if before is None else join(before, seen)


def contradicts(before: Transaction | None, fact: Fact) -> bool:
    """Whether Midtrans says now that money is in which we hold for refused or given back.

    Swapped notifications look the same: only GET status can tell.
    """
    if before is None or fact.rung is None or _is_of_the_past(before, fact):
        return False
    return fact.rung < before.rung and _money_is_in(fact.rung) and not _money_is_in(before.rung)


def join(one: Transaction, other: Transaction) -> Transaction:
    """What two partial views of one transaction know together."""
    state = max(one, other, key=lambda view: (_age(view), view.rung))
    paying = max(one, other, key=_how_far_paid)
    return Transaction(
        order_id=one.order_id,
        transaction_id=one.transaction_id,
        rung=state.rung,
        gross_amount=paying.gross_amount,
        payment_type=max(filter(None, (one.payment_type, other.payment_type)), default=None),
        transaction_time=min(filter(None, (one.transaction_time, other.transaction_time)), default=None),
        settlement_time=min(filter(None, (one.settlement_time, other.settlement_time)), default=None),
        first_heard_at=min(one.first_heard_at, other.first_heard_at),
        how_to_pay=how_to_pay.join(one.how_to_pay, other.how_to_pay),
        payable_until=max(filter(None, (one.payable_until, other.payable_until)), default=None),
        stray=one.stray and other.stray,
        epoch=state.epoch,
        kept=one.kept or other.kept,
    )


def _how_far_paid(view: Transaction) -> tuple[datetime, Rung, Rupiah]:
    return _age(view), min(view.rung, Rung.SETTLEMENT), view.gross_amount


def _age(view: Transaction) -> datetime:
    return view.epoch or _FIRST_EPOCH


def _is_of_the_past(before: Transaction, fact: Fact) -> bool:
    return before.epoch is not None and fact.received_at < before.epoch


def _money_is_in(rung: Rung) -> bool:
    return MEANING[rung] is PaymentStatus.PAID
