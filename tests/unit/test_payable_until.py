"""How long an order is asked about: as long as its page, an attempt, or a bank's hold on a card lasts."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tuntas.domain.ladder import PaymentStatus, Rung
from tuntas.domain.money import Rupiah
from tuntas.domain.orders import Order, OrderKind
from tuntas.domain.transactions import Transaction
from tuntas.usecases.apply_facts import next_check_of, payable_until

MADE = datetime(2026, 11, 3, 5, tzinfo=UTC)
PAGE_ENDS = MADE + timedelta(days=1)
ATTEMPT = Transaction("INV-1", "t", Rung.PENDING, Rupiah(299_000), "credit_card", MADE, None, MADE)


def order(*attempts: Transaction) -> Order:
    return Order("INV-1", OrderKind.INITIAL, 365, MADE, Rupiah(299_000), attempts)


@pytest.mark.parametrize("rung", [Rung.AUTHORIZE, Rung.CHALLENGE])
def test_a_card_whose_money_is_held_is_asked_about_after_its_page_has_ended(rung: Rung) -> None:
    held = order(replace(ATTEMPT, rung=rung))
    assert held.status is PaymentStatus.PENDING
    assert payable_until(held, PAGE_ENDS) == MADE + timedelta(days=8)
    assert next_check_of(held, PAGE_ENDS, checks=9, now=MADE + timedelta(days=2)) is not None
    assert next_check_of(held, PAGE_ENDS, checks=9, now=MADE + timedelta(days=9)) is None


def test_what_only_waits_ends_with_its_page_or_its_own_deadline() -> None:
    assert payable_until(order(ATTEMPT), PAGE_ENDS) == PAGE_ENDS
    longer = replace(ATTEMPT, payable_until=PAGE_ENDS + timedelta(days=1))
    assert payable_until(order(longer), PAGE_ENDS) == PAGE_ENDS + timedelta(days=1)
    assert next_check_of(order(ATTEMPT), PAGE_ENDS, checks=9, now=MADE + timedelta(days=2)) is None
