"""What the customer needs to pay is read as each method tells it, and kept in whichever order it is told."""

import itertools
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tuntas.domain.facts import Fact, Source
from tuntas.domain.how_to_pay import NOTHING_TOLD, HowToPay, join
from tuntas.midtrans.body import read_fact
from tuntas.midtrans.jsontext import read_json

QR = "00020101021226650013CO.XENDIT.WWW0118936009140000000000520454995303360540629900062070703A016304ABCD"


def told(source: Source = Source.STATUS, **fields: Any) -> Fact:
    document = {
        "order_id": "INV-1",
        "transaction_id": "t-1",
        "transaction_status": "pending",
        "gross_amount": "299000.00",
        **fields,
    }
    parsed = read_json(json.dumps(document))
    assert isinstance(parsed, dict)
    return read_fact(parsed, received_at=datetime(2026, 1, 1, tzinfo=UTC), source=source)


def action(name: str, url: str) -> dict[str, str]:
    return {"name": name, "method": "GET", "url": url}


@pytest.mark.parametrize(
    ("fields", "way"),
    [
        ({"va_numbers": [{"bank": "BNI", "va_number": "0812"}]}, HowToPay(bank="bni", va_number="0812")),
        ({"permata_va_number": "8778"}, HowToPay(bank="permata", va_number="8778")),
        ({"biller_code": "70012", "bill_key": "0013"}, HowToPay(biller_code="70012", bill_key="0013")),
        ({"store": "Alfamart", "payment_code": "0105"}, HowToPay(store="alfamart", payment_code="0105")),
        ({"qr_string": QR}, HowToPay(qr_string=QR)),
        (
            {"actions": [action("deeplink-redirect", "shopeeid://pay?id=1")]},
            HowToPay(app_url="shopeeid://pay?id=1"),
        ),
        (
            {
                "actions": [
                    action("generate-qr-code", "https://api.test/1/qr-code"),
                    action("generate-qr-code-v2", "https://api.test/2/qr-code"),
                    action("get-status", "https://api.test/status"),
                ]
            },
            HowToPay(qr_image_url="https://api.test/2/qr-code"),
        ),
        ({"acquirer": "gopay"}, NOTHING_TOLD),
    ],
)
def test_each_method_tells_its_own(fields: dict[str, Any], way: HowToPay) -> None:
    fact = told(**fields)
    assert fact.how_to_pay.told() == way.told()
    assert fact.unreadable == ()


@pytest.mark.parametrize(
    "fields",
    [
        {"bill_key": "0013"},
        {"biller_code": "70012"},
        {"store": "alfamart"},
        {"payment_code": "0105"},
        {"va_numbers": [{"va_number": "0812"}]},
        {"va_numbers": [{"bank": "bca"}]},
    ],
)
def test_half_of_a_pair_is_of_no_use_and_not_shown(fields: dict[str, Any]) -> None:
    assert told(**fields).how_to_pay == NOTHING_TOLD


def test_links_are_believed_in_answers_to_our_own_questions_only() -> None:
    """Nothing of them is signed; a notification that was tampered with would lead customers elsewhere."""
    forged = {"qr_string": QR, "actions": [action("deeplink-redirect", "https://forged.test")]}
    assert told(Source.NOTIFICATION, **forged).how_to_pay == NOTHING_TOLD
    assert told(Source.STATUS, **forged).how_to_pay != NOTHING_TOLD


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", " https://a.test/ b", "//a.test", "", "https://[", 5]
)
def test_a_link_that_no_browser_may_follow_is_named_and_not_shown(url: Any) -> None:
    fact = told(actions=[action("deeplink-redirect", url)])
    assert fact.how_to_pay == NOTHING_TOLD
    assert fact.unreadable == (("actions.url",) if url != "" else ())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("bill_key", 13),
        ("payment_code", 105),
        ("payment_code", "1" * 65),
        ("qr_string", "1" * 513),
        ("store", []),
    ],
)
def test_a_code_that_is_no_text_or_too_long_is_named_and_never_cut(name: str, value: Any) -> None:
    fact = told(**{"biller_code": "70012", name: value})
    assert fact.how_to_pay == NOTHING_TOLD
    assert fact.unreadable == (name,)


WORDS = st.sampled_from([None, "1", "2", "3"])


def way(va: str | None, bill: str | None, code: str | None, qr: str | None, answered: bool) -> HowToPay:
    found = HowToPay(
        **({"bank": "bank" + va, "va_number": va} if va else {}),
        **({"biller_code": "biller" + bill, "bill_key": bill} if bill else {}),
        **({"store": "store" + code, "payment_code": code} if code else {}),
        qr_string=qr,
        app_url=qr,
    )
    return replace(found, answered=frozenset(found.told() if answered else ()))


WAYS = st.builds(way, WORDS, WORDS, WORDS, WORDS, st.booleans())


@settings(deadline=None)
@given(st.lists(WAYS, min_size=1, max_size=4))
def test_order_and_repetition_of_telling_change_nothing_and_no_pair_is_mixed(ways: list[HowToPay]) -> None:
    results = set()
    for order in itertools.permutations([*ways, ways[0]]):
        known = order[0]
        for way in order[1:]:
            known = join(known, way)
        results.add(known)
    (known,) = results
    assert known.bank == (known.va_number and f"bank{known.va_number}")
    assert known.biller_code == (known.bill_key and f"biller{known.bill_key}")
    assert known.store == (known.payment_code and f"store{known.payment_code}")
    assert known.told().keys() == {name for way in ways for name in way.told()}


@pytest.mark.parametrize("forged", ["0", "99999"])
def test_midtrans_s_own_answer_outranks_a_notification_whose_number_nobody_signed(forged: str) -> None:
    claim = told(Source.NOTIFICATION, va_numbers=[{"bank": "bca", "va_number": forged}]).how_to_pay
    answer = told(Source.STATUS, va_numbers=[{"bank": "bca", "va_number": "8240"}]).how_to_pay
    for known in (join(claim, answer), join(answer, claim), join(join(answer, claim), claim)):
        assert known.va_number == "8240"
        assert HowToPay.recalled(known.remembered()) == known


def test_what_midtrans_did_not_answer_is_taken_from_the_notification() -> None:
    claim = told(Source.NOTIFICATION, biller_code="70012", bill_key="0013").how_to_pay
    known = join(claim, told(Source.STATUS, qr_string=QR).how_to_pay)
    assert (known.bill_key, known.qr_string) == ("0013", QR)
