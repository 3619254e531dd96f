"""What a customer is told of a payment, from the attempts that are known of it."""

from datetime import UTC, datetime, timedelta

import pytest

from tuntas.domain.grants import Entitlement
from tuntas.domain.ladder import Rung
from tuntas.domain.money import Rupiah
from tuntas.domain.orders import Order, OrderKind
from tuntas.domain.standing import HELD_UP, PAYABLE, PaymentState, standing
from tuntas.domain.transactions import Transaction
from tuntas.domain.unapplied import unapplied_payments

NOW = datetime(2026, 11, 3, 5, tzinfo=UTC)
PRICE = Rupiah(299_000)


def attempt(rung: Rung, name: str = "one", *, stray: bool = False, kept: bool = False) -> Transaction:
    return Transaction(
        order_id="INV-1",
        transaction_id=name,
        rung=rung,
        gross_amount=PRICE,
        payment_type="gopay",
        transaction_time=NOW,
        settlement_time=None,
        first_heard_at=NOW,
        stray=stray,
        kept=kept,
    )


def told(
    *attempts: Transaction,
    given_back: int = 0,
    giving_back: bool = False,
    claimed: bool = False,
    closed: bool = False,
    bought_before: bool = False,
    left: timedelta = timedelta(hours=1),
) -> PaymentState:
    order = Order(
        order_id="INV-1",
        kind=OrderKind.INITIAL,
        days=365,
        created_at=NOW,
        price=PRICE,
        transactions=tuple(found for found in attempts if not found.stray),
        strays=tuple(found for found in attempts if found.stray),
        closed=closed,
    )
    entitlement = Entitlement((), ("INV-1",) if bought_before else ())
    return standing(
        order,
        unapplied=unapplied_payments([order], entitlement),
        given_back=Rupiah(given_back),
        giving_back=giving_back,
        claimed=claimed,
        deadline=NOW + left,
        now=NOW,
    )


def test_an_order_waits_until_its_deadline() -> None:
    assert told() is told(attempt(Rung.PENDING)) is PaymentState.PENDING
    assert told(attempt(Rung.PENDING), left=timedelta()) is PaymentState.OVERDUE
    assert told(attempt(Rung.PENDING), closed=True) is PaymentState.FAILED


@pytest.mark.parametrize("rung", [Rung.CHALLENGE, Rung.AUTHORIZE])
def test_money_that_a_bank_holds_is_in_review_however_late_it_is(rung: Rung) -> None:
    assert told(attempt(rung)) is PaymentState.IN_REVIEW
    assert told(attempt(rung), attempt(Rung.DENY, "two"), left=-timedelta(days=1)) is PaymentState.IN_REVIEW
    assert told(attempt(rung), closed=True) is PaymentState.IN_REVIEW


def test_money_said_to_be_in_is_waited_for() -> None:
    assert told(attempt(Rung.PENDING), claimed=True, left=-timedelta(days=1)) is PaymentState.CONFIRMING
    assert told(attempt(Rung.SETTLEMENT), claimed=True) is PaymentState.PAID


def test_another_amount_is_looked_at_by_a_person() -> None:
    assert told(attempt(Rung.SETTLEMENT, stray=True)) is PaymentState.IN_REVIEW
    assert told(attempt(Rung.SETTLEMENT, stray=True, kept=True)) is PaymentState.PENDING


def test_money_that_came_twice_is_told_until_a_person_decided() -> None:
    twice = attempt(Rung.SETTLEMENT), attempt(Rung.CAPTURE, "two")
    assert told(*twice) is PaymentState.PAID_TWICE
    assert told(attempt(Rung.SETTLEMENT), bought_before=True) is PaymentState.PAID_TWICE
    assert (
        told(attempt(Rung.SETTLEMENT), attempt(Rung.SETTLEMENT, "x", stray=True)) is PaymentState.PAID_TWICE
    )
    assert told(attempt(Rung.SETTLEMENT), attempt(Rung.CAPTURE, "two", kept=True)) is PaymentState.PAID
    assert told(attempt(Rung.SETTLEMENT, kept=True), bought_before=True) is PaymentState.PAID


@pytest.mark.parametrize("rung", [Rung.REFUND, Rung.CHARGEBACK])
def test_money_that_went_back_is_told_and_nobody_pays_again(rung: Rung) -> None:
    assert told(attempt(rung)) is PaymentState.GIVEN_BACK
    assert told(attempt(Rung.CANCEL), given_back=299_000) is PaymentState.GIVEN_BACK
    assert told(attempt(Rung.CANCEL)) is PaymentState.FAILED, "nothing had come in"


@pytest.mark.parametrize("rung", [Rung.PARTIAL_REFUND, Rung.PARTIAL_CHARGEBACK])
def test_a_part_that_went_back_is_told(rung: Rung) -> None:
    assert told(attempt(rung)) is PaymentState.PARTLY_GIVEN_BACK
    assert told(attempt(Rung.SETTLEMENT), given_back=1) is PaymentState.PARTLY_GIVEN_BACK


def test_money_that_was_asked_to_go_back_is_told_before_it_went() -> None:
    assert told(attempt(Rung.SETTLEMENT), giving_back=True) is PaymentState.GIVING_BACK
    assert told(attempt(Rung.PARTIAL_REFUND), given_back=1, giving_back=True) is PaymentState.GIVING_BACK
    assert told(attempt(Rung.REFUND), giving_back=True) is PaymentState.GIVEN_BACK


def test_no_state_both_holds_money_and_asks_for_it() -> None:
    assert not PAYABLE & HELD_UP
