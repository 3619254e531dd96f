"""Tables that must agree, compared: a status forgotten in one of them is found here and not by a payment."""

import importlib
import json
import pkgutil
import re
from typing import Any

import pytest
from sqlalchemy import CheckConstraint

import midtrans_simulator
from tuntas.domain.ladder import MEANING, PaymentStatus, Rung, rung_of
from tuntas.domain.refunds import WayBack, way_back
from tuntas.language import Language, text
from tuntas.midtrans.compose import _AFTER_SETTLEMENT
from tuntas.midtrans.notification import STATUS_CODES, parse_notification
from tuntas.store.models import Base, Transaction
from tuntas.usecases.create_token import _STILL_PAYABLE

PARTLY_TAKEN_BACK = {Rung.PARTIAL_REFUND, Rung.PARTIAL_CHARGEBACK}
MONEY_IN = {rung for rung in Rung if MEANING[rung] is PaymentStatus.PAID and rung not in PARTLY_TAKEN_BACK}
"""Where money comes in, as the meanings have it."""


def words_of_check(table: str, name: str) -> set[str]:
    """The words that a column may hold, by the table's own constraint."""
    (check,) = [
        constraint
        for constraint in Base.metadata.tables[table].constraints
        if isinstance(constraint, CheckConstraint) and str(constraint.name) in {name, f"ck_{table}_{name}"}
    ]
    return set(re.findall(r"'(\w+)'", str(check.sqltext)))


def transitions() -> Any:
    """The simulator's table of legal changes: the other reading of the same pages."""
    found = [
        module.name
        for module in pkgutil.walk_packages(midtrans_simulator.__path__, "midtrans_simulator.")
        if module.name.endswith(".transitions")
    ]
    (name,) = found
    return importlib.import_module(name)


def test_every_rung_has_its_meaning_its_codes_and_its_word() -> None:
    assert set(MEANING) == set(Rung)
    assert set(STATUS_CODES) == {rung.status for rung in Rung}
    assert all(STATUS_CODES[rung.status] for rung in Rung)
    assert {rung_of(rung.status, None) for rung in Rung} == set(Rung)


@pytest.mark.parametrize("rung", list(Rung))
def test_no_status_is_believed_under_a_code_that_is_not_in_its_row(rung: Rung) -> None:
    for code in ("100", "200", "201", "202", "407", "999"):
        body = {"order_id": "INV-1", "status_code": code, "gross_amount": "1.00", "signature_key": "x"}
        named = {"transaction_id": "t-1", "transaction_status": rung.status}
        notification = parse_notification(json.dumps(body | named).encode())
        assert notification.is_coherent is (code in STATUS_CODES[rung.status])


@pytest.mark.parametrize("rung", list(Rung))
def test_the_fraud_desk_has_a_say_exactly_where_money_comes_in(rung: Rung) -> None:
    for verdict, instead in (("deny", Rung.DENY), ("challenge", Rung.CHALLENGE), ("beaming", Rung.CHALLENGE)):
        assert rung_of(rung.status, verdict) is (instead if rung in MONEY_IN else rung)


def test_money_goes_back_only_from_where_it_has_come_in() -> None:
    for rung in Rung:
        if way_back(rung, "gopay") is not WayBack.NOT_NOW:
            assert MEANING[rung] is PaymentStatus.PAID
    assert all(way_back(rung, "gopay") is not WayBack.NOT_NOW for rung in MONEY_IN)


def test_a_page_is_offered_again_only_while_nothing_is_paid_on_it() -> None:
    assert PaymentStatus.PAID not in {MEANING[rung] for rung in _STILL_PAYABLE}


def test_notifications_by_hand_know_the_same_statuses() -> None:
    assert {rung.status for rung in Rung} >= _AFTER_SETTLEMENT


@pytest.mark.parametrize("language", list(Language))
def test_every_status_has_a_word_for_people(language: Language) -> None:
    words = {text(f"status.{status}", language) for status in PaymentStatus}
    assert len(words) == len(PaymentStatus)


def test_the_tables_hold_exactly_the_statuses_that_the_rules_give() -> None:
    assert words_of_check("invitations", "payment_status") == set(PaymentStatus)
    assert words_of_check("orders", "status") == set(PaymentStatus) - {PaymentStatus.UNPAID}
    longest = max(len(rung.status) for rung in Rung)
    assert longest <= Transaction.__table__.c.transaction_status.type.length


def test_the_simulator_knows_the_same_statuses_and_never_goes_down_the_ladder() -> None:
    module = transitions()
    own_words = {status.value for status in module.LEGAL if status is not None}
    assert own_words == {rung.status for rung in Rung} - {Rung.CHALLENGE.status}
    for before, following in module.LEGAL.items():
        for after in following:
            climbed = rung_of(after.value, None)
            assert climbed is not None
            assert before is None or climbed >= (rung_of(before.value, None) or 0)
    for after in module.CHALLENGED:
        assert (rung_of(after.value, None) or 0) > Rung.CHALLENGE
