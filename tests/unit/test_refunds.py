"""How money can go back: one table by payment type, waits with an end, and when a key is forgotten."""

from datetime import UTC, datetime, timedelta

import pytest

from midtrans_simulator.protocol.methods import METHODS
from tuntas.domain.ladder import Rung
from tuntas.domain.refunds import (
    KEY_LIFETIME,
    LAST_WAIT,
    REFUNDS_OF,
    Method,
    WayBack,
    is_forgotten,
    is_no_void_after_all,
    is_void,
    method_of,
    takes_parts,
    wait_after,
    way_back,
)

NOW = datetime(2026, 11, 3, 12, tzinfo=UTC)


@pytest.mark.parametrize("name", METHODS)
def test_every_method_of_the_gateway_is_in_the_table_and_both_readings_agree(name: str) -> None:
    theirs = METHODS[name]
    if theirs.refund_window is None:
        expected = Method.NEVER
    else:
        expected = Method.IN_PARTS if theirs.partial_refunds else Method.WHOLE_ONLY
    assert REFUNDS_OF[theirs.payment_type] is expected


@pytest.mark.parametrize("payment_type", ["beaming", None])
def test_midtrans_is_asked_about_a_type_that_nobody_knew(payment_type: str | None) -> None:
    assert method_of(payment_type) is Method.IN_PARTS
    assert way_back(Rung.SETTLEMENT, payment_type) is WayBack.REFUND


@pytest.mark.parametrize("payment_type", [*REFUNDS_OF, "beaming"])
def test_what_has_not_come_in_or_went_back_already_cannot_go_back(payment_type: str) -> None:
    refundable = {Rung.CAPTURE, Rung.SETTLEMENT, Rung.PARTIAL_REFUND}
    for rung in Rung:
        assert (way_back(rung, payment_type) is not WayBack.NOT_NOW) is (rung in refundable)


def test_a_captured_card_is_voided_whole_and_a_settled_one_goes_back_in_parts() -> None:
    assert way_back(Rung.CAPTURE, "credit_card") is WayBack.CANCEL
    assert not takes_parts(WayBack.CANCEL, "credit_card")
    assert takes_parts(way_back(Rung.SETTLEMENT, "credit_card"), "credit_card")
    assert not takes_parts(way_back(Rung.SETTLEMENT, "ovo"), "ovo")
    assert takes_parts(WayBack.BY_HAND, "ovo"), "our own transfer may be of any amount"


def test_the_pauses_between_tries_grow_and_have_an_end() -> None:
    minutes = [wait_after(tries) / timedelta(minutes=1) for tries in (1, 2, 3, 4, 5, 6, 7, 10_000)]
    assert minutes == [2, 4, 8, 16, 32, 60, 60, 60]
    assert wait_after(10_000) == LAST_WAIT


def test_a_key_is_forgotten_after_its_seven_days_and_a_void_has_none() -> None:
    asked, second = NOW - KEY_LIFETIME, timedelta(seconds=1)
    assert not is_forgotten(WayBack.REFUND, asked, NOW)
    assert is_forgotten(WayBack.REFUND, asked - second, NOW)
    assert not is_forgotten(WayBack.CANCEL, asked - second, NOW)


def test_a_void_is_a_cancelled_capture_whichever_was_told_first() -> None:
    assert is_void(Rung.CAPTURE, Rung.CANCEL, Rung.CANCEL)
    assert is_void(Rung.CANCEL, Rung.CAPTURE, Rung.CANCEL)
    assert not is_void(Rung.PENDING, Rung.CANCEL, Rung.CANCEL)
    assert not is_void(Rung.CHALLENGE, Rung.CANCEL, Rung.CANCEL)
    assert not is_void(Rung.CAPTURE, Rung.SETTLEMENT, Rung.SETTLEMENT)
    assert is_no_void_after_all(Rung.CANCEL, Rung.SETTLEMENT)
    assert not is_no_void_after_all(Rung.CANCEL, Rung.CANCEL)
