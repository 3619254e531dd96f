"""One sender, several spellings: each is read, and what cannot be read is named."""

import itertools
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tuntas.domain.facts import Fact, Source
from tuntas.domain.how_to_pay import NOTHING_TOLD, HowToPay
from tuntas.domain.ladder import Rung
from tuntas.domain.money import NotRupiah, Rupiah
from tuntas.domain.refunds import RefundRow
from tuntas.midtrans.body import read_fact
from tuntas.midtrans.jsontext import read_json
from tuntas.midtrans.refund_rows import REFUNDS_MAX

NOW = datetime(2026, 1, 1, tzinfo=UTC)
PRICE = Rupiah(299_000)
BODY: dict[str, Any] = {
    "transaction_time": "2025-11-03 12:00:00",
    "transaction_status": "settlement",
    "transaction_id": "midtrans-tx-1234567890",
    "status_code": "200",
    "settlement_time": "2025-11-03 12:01:00",
    "payment_type": "gopay",
    "order_id": "INV-1",
    "gross_amount": "299000.00",
    "fraud_status": "accept",
    "currency": "IDR",
}
AT_NOON_AND_ONE = datetime(2025, 11, 3, 5, 1, tzinfo=UTC)


def read(**changes: Any) -> Fact:
    """A body through JSON, as it comes over the wire; `...` leaves a field out."""
    document = {name: value for name, value in {**BODY, **changes}.items() if value is not ...}
    parsed = read_json(json.dumps(document))
    assert isinstance(parsed, dict)
    return read_fact(parsed, received_at=NOW, source=Source.NOTIFICATION)


def test_everything_usual_is_readable() -> None:
    assert read().unreadable == ()


def test_unknown_fields_and_missing_null_or_empty_ones_are_fine() -> None:
    fact = read(
        pop_id="x",
        fraud_status=...,
        settlement_time=None,
        currency="",
        refunds=None,
        va_numbers=[],
        metadata="x",
    )
    assert (fact.fraud_status, fact.settlement_time, fact.currency) == (None, None, "IDR")
    assert fact.unreadable == ()


@pytest.mark.parametrize(
    "text",
    [
        "2025-11-03 12:01:00",
        "2025-11-03T12:01:00",
        "2025-11-03 12:01",
        "2025-11-03T05:01:00Z",
        "2025-11-03T05:01:00.000Z",
        "2025-11-03T12:01:00+07:00",
        "2025-11-03 12:01:00 +0700",
        "2025-11-03T14:01:00.000000+09",
        "2025-11-03t05:01:00z",
    ],
)
def test_every_spelling_of_a_moment_is_the_same_moment(text: str) -> None:
    fact = read(settlement_time=text, transaction_time=text, expiry_time=text)
    assert fact.settlement_time == fact.transaction_time == fact.payable_until == AT_NOON_AND_ONE
    assert fact.unreadable == ()


@pytest.mark.parametrize(
    "value",
    ["9999-12-31 00:00:00", "1999-12-31 00:00:00", "0001-01-01 00:00:00", "2025-13-01 00:00:00",
     "2025-11-03", "2025-11-03T12:01:00+99:00", "kemarin", 1762146060, True, ["2025-11-03 12:01:00"], {},
     "9" * 70],
)  # fmt: skip
@pytest.mark.parametrize("name", ["settlement_time", "transaction_time", "expiry_time"])
def test_a_time_that_is_none_is_named_not_guessed(name: str, value: Any) -> None:
    assert read(**{name: value}).unreadable == (name,)


def test_capitals_mean_the_same() -> None:
    fact = read(transaction_status="PENDING", fraud_status="ACCEPT", payment_type="QRIS", currency="idr")
    assert fact.rung is Rung.PENDING
    assert (fact.transaction_status, fact.fraud_status, fact.payment_type) == ("pending", "accept", "qris")
    assert fact.pays_exactly(PRICE)


@pytest.mark.parametrize("verdict", [["deny"], ["accept"], {"a": 1}, 5, 0, False, True, [], "x" * 70])
def test_a_verdict_that_is_no_word_is_no_acceptance(verdict: Any) -> None:
    for status in ("settlement", "capture"):
        fact = read(transaction_status=status, fraud_status=verdict)
        assert fact.rung is Rung.CHALLENGE
        assert fact.unreadable == ("fraud_status",)


@pytest.mark.parametrize("currency", [5, ["IDR"], {}, False, "USD"])
def test_a_currency_that_is_not_rupiah_pays_nothing(currency: Any) -> None:
    assert not read(currency=currency).pays_exactly(PRICE)


@pytest.mark.parametrize("value", [5, [], {"bank": "bca"}, "x" * 65])
@pytest.mark.parametrize("name", ["payment_type", "permata_va_number"])
def test_a_word_that_is_none_is_named_and_never_cut(name: str, value: Any) -> None:
    fact = read(**{name: value})
    assert fact.unreadable == (name,)
    assert fact.how_to_pay == NOTHING_TOLD


@pytest.mark.parametrize("name", ["order_id", "transaction_id", "transaction_status"])
@pytest.mark.parametrize("value", [..., None, 5, "", "a\x00", "a\ud83d", "\ufffd", "x" * 256])
def test_an_answer_that_names_nothing_is_no_fact(name: str, value: Any) -> None:
    with pytest.raises(KeyError):
        read(**{name: value})


@pytest.mark.parametrize("amount", ["299000.50", "nonsense", "", None, [], True, "-1.00"])
def test_an_amount_that_cannot_be_read_exactly_is_no_fact(amount: Any) -> None:
    with pytest.raises(NotRupiah):
        read(gross_amount=amount)


@pytest.mark.parametrize(
    "virtual", [[{"bank": "bca", "va_number": "0812"}], '[{"bank": "bca", "va_number": "0812"}]']
)
def test_the_account_to_pay_to_is_read(virtual: Any) -> None:
    assert read(va_numbers=virtual).how_to_pay == HowToPay(bank="bca", va_number="0812")


@pytest.mark.parametrize("virtual", ["0812", ["0812"], [{"bank": "bca", "va_number": 812}], {"a": 1}, 5])
def test_an_account_number_that_is_no_text_is_named(virtual: Any) -> None:
    fact = read(va_numbers=virtual)
    assert fact.how_to_pay == NOTHING_TOLD
    assert len(fact.unreadable) <= 1
    assert fact.unreadable != () or virtual == {"a": 1}


ORIGINALS = ["299000", "299000.00", 299000, 299000.0, 2.99e5]


def fee(original: Any, *, under_metadata: bool, as_text: int) -> dict[str, Any]:
    """The original amount where Midtrans puts it; the outermost levels may be texts that hold JSON."""
    node: Any = {"original_amount": original, "gross_amount": 301_093, "customer_imposed_payment_fee": "2093"}
    path = ["gross_amount_info", "extra_info", *(["metadata"] if under_metadata else [])]
    for depth, name in enumerate(path):
        node = {name: json.dumps(node) if depth == as_text else node}
    assert isinstance(node, dict)
    return node


@pytest.mark.parametrize("original", ORIGINALS)
@pytest.mark.parametrize("under_metadata", [True, False])
@pytest.mark.parametrize("as_text", [-1, 0, 1, 2])
def test_a_fee_passed_on_to_the_buyer_is_recognised_in_every_spelling(
    original: Any, under_metadata: bool, as_text: int
) -> None:
    told = fee(original, under_metadata=under_metadata, as_text=as_text)
    fact = read(gross_amount="301093.00", **told)
    assert fact.original_amount == PRICE
    assert fact.pays_exactly(PRICE)
    assert fact.unreadable == ()


def test_without_a_word_about_a_fee_another_amount_pays_nothing() -> None:
    assert not read(gross_amount="301093.00").pays_exactly(PRICE)
    told = fee("299000", under_metadata=False, as_text=-1)
    assert not read(gross_amount="1.00", **told).pays_exactly(PRICE)


@pytest.mark.parametrize(
    "original", ["299000.50", 299000.5, "299,000", -299000, [299000], {}, True, "9" * 40]
)
def test_a_fee_that_cannot_be_read_exactly_is_named(original: Any) -> None:
    fact = read(gross_amount="301093.00", **fee(original, under_metadata=False, as_text=-1))
    assert fact.original_amount is None
    assert fact.unreadable == ("extra_info.gross_amount_info.original_amount",)


def test_two_places_that_tell_of_different_fees_are_not_believed() -> None:
    one, other = fee("299000", under_metadata=False, as_text=-1), fee("1", under_metadata=True, as_text=-1)
    fact = read(gross_amount="301093.00", **one, **other)
    assert fact.original_amount is None
    assert fact.unreadable == ("original_amount",)


@pytest.mark.parametrize("wrong", ["x", 5, [], {"gross_amount_info": 5}])
def test_extra_info_of_another_shape_is_named(wrong: Any) -> None:
    (name,) = read(extra_info=wrong).unreadable
    assert name.startswith("extra_info")


def refund(**fields: Any) -> dict[str, Any]:
    row = {"refund_amount": "5000.00", "created_at": "2026-11-26 10:00:00", "reason": "r", **fields}
    return {name: value for name, value in row.items() if value is not ...}


def rows(*listed: dict[str, Any], **flat: Any) -> tuple[RefundRow, ...]:
    fact = read(transaction_status="partial_refund", refunds=list(listed) if listed else ..., **flat)
    assert fact.unreadable == ()
    return fact.refunds


@pytest.mark.parametrize("amount", ["5000.00", "5000", 5000, 5000.0])
def test_a_refund_is_told_in_texts_or_numbers(amount: Any) -> None:
    (row,) = rows(refund(refund_key="k", refund_amount=amount))
    assert (row.key, row.amount, row.reason) == ("k", 5_000, "r")


NAMES: list[dict[str, Any]] = [
    {"refund_key": "INV-1-r1"},
    {"refund_chargeback_id": 7},
    {"refund_chargeback_id": "7"},
    {"refund_chargeback_uuid": "0d8178e1-c6c7-4ab4-81a6-893be9d924ab"},
    {"refund_key": "k" * 300},
    {"refund_key": "k\x00"},
    {"refund_key": 5},
    {"refund_chargeback_id": "x" * 300},
    {},
]


@pytest.mark.parametrize("name", NAMES)
def test_the_same_refund_is_the_same_row_each_time_it_is_told(name: dict[str, Any]) -> None:
    first = rows(refund(**name))
    confirmed = rows(refund(**name, bank_confirmed_at="2026-11-27 10:00:00", refund_method="online"))
    later = rows(
        refund(refund_key="another", refund_amount=1), refund(**name, created_at="2026-11-26T10:00:00+07:00")
    )
    assert first[0].key == confirmed[0].key == later[1].key
    assert len(first[0].key) <= 64
    assert confirmed[0].bank_confirmed_at == datetime(2026, 11, 27, 3, 0, tzinfo=UTC)


def test_a_number_and_its_text_name_the_same_refund() -> None:
    assert rows(refund(refund_chargeback_id=7)) == rows(refund(refund_chargeback_id="7"))


def test_refunds_without_a_name_that_differ_are_different_rows() -> None:
    different = [
        refund(),
        refund(refund_amount="7000.00"),
        refund(created_at="2026-11-26 10:00:01"),
        refund(reason="another"),
        refund(created_at=...),
    ]
    assert len({row.key for row in rows(*different)}) == len(different)
    (elsewhere,) = read(transaction_id="t-2", refunds=[refund()]).refunds
    assert elsewhere.key not in {row.key for row in rows(*different)}


def test_two_refunds_that_say_the_same_and_have_no_name_are_two() -> None:
    twice = rows(refund(), refund())
    assert len({row.key for row in twice}) == 2
    assert twice[0] == rows(refund())[0]


def test_the_same_name_twice_in_one_list_is_one_refund() -> None:
    assert len(rows(refund(refund_key="k"), refund(refund_key="k"))) == 1


def test_a_flat_refund_with_its_name_is_that_refund() -> None:
    (row,) = rows(refund_amount="5000.00", refund_key="k")
    assert (row.key, row.amount, row.is_total) == ("k", 5_000, False)
    (numbered,) = rows(refund_amount=5000, refund_chargeback_id=7)
    assert numbered.key == rows(refund(refund_chargeback_id=7))[0].key


def test_a_bare_sum_is_one_row_however_much_it_grows() -> None:
    (before,), (after,) = rows(refund_amount="5000.00"), rows(refund_amount=12_000)
    assert before.is_total
    assert after.is_total
    assert before.key == after.key
    assert (before.amount, after.amount) == (5_000, 12_000)


def test_beside_a_list_the_sum_counts_for_nothing() -> None:
    assert rows(refund(refund_key="k"), refund_amount="5000.00") == rows(refund(refund_key="k"))


def test_a_refund_that_the_bank_refused_moved_nothing() -> None:
    """A refusal comes as an amount of zero (docs/midtrans.md, "Refunding")."""
    assert rows(refund_amount="0.00", refund_key="k") == ()
    assert rows(refund(refund_amount="0.00", refund_key="k")) == ()


@pytest.mark.parametrize(
    "listed",
    [
        '[{"refund_amount": "5000", "refund_key": "k"}]',
        ['{"refund_amount": 5000, "refund_key": "k"}'],
        {"refund_amount": 5000, "refund_key": "k"},
    ],
)
def test_a_list_of_refunds_that_is_a_text_or_a_single_one_is_read(listed: Any) -> None:
    (row,) = read(refunds=listed).refunds
    assert (row.key, row.amount) == ("k", 5_000)


@pytest.mark.parametrize(
    ("listed", "name"),
    [
        ([{"refund_key": "k"}], "refunds.refund_amount"),
        ([{"refund_key": "k", "refund_amount": None}], "refunds.refund_amount"),
        ([{"refund_key": "k", "refund_amount": "5000.50"}], "refunds.refund_amount"),
        ([{"refund_key": "k", "refund_amount": -1}], "refunds.refund_amount"),
        ([{"refund_key": "k", "refund_amount": [5000]}], "refunds.refund_amount"),
        ([refund(refund_key=["k"])], "refunds.refund_key"),
        ([refund(refund_key="k", bank_confirmed_at="9999-12-31 00:00:00")], "refunds.bank_confirmed_at"),
        ([refund(refund_key="k", reason=5)], "refunds.reason"),
        ([5], "refunds"),
        ("x", "refunds"),
        ([refund(refund_key=f"k{number}") for number in range(REFUNDS_MAX + 1)], "refunds"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_refund_that_cannot_be_read_is_named(listed: Any, name: str) -> None:
    fact = read(refunds=listed)
    assert fact.unreadable == (name,)
    assert len(fact.refunds) <= REFUNDS_MAX


def test_a_named_refund_without_an_amount_is_named_in_the_flat_form_too() -> None:
    assert read(refund_key="k").unreadable == ("refund_amount",)
    assert read(refund_key=None).unreadable == ()


def test_half_an_emoji_in_a_reason_costs_half_an_emoji() -> None:
    (row,) = rows(refund(refund_key="k1", reason="salah tanggal \ud83d"))
    assert row.reason == "salah tanggal \ufffd"


NAMED = [
    "extra_info", "gross_amount_info", "original_amount", "refund_amount", "refund_key",
    "refund_chargeback_id", "created_at", "bank_confirmed_at", "reason", "bank", "va_number", "name", "url",
]  # fmt: skip
READ = [
    "transaction_time", "settlement_time", "expiry_time", "fraud_status", "payment_type", "currency",
    "refunds", "va_numbers", "permata_va_number", "metadata", "biller_code", "bill_key", "store",
    "payment_code", "qr_string", "actions", *NAMED,
]  # fmt: skip
ODD = st.sampled_from(
    [
        None,
        True,
        0,
        -1,
        10**40,
        1.5,
        float("nan"),
        "",
        "\x00",
        "\ud83d",
        "5000",
        "x" * 300,
        "{",
        "[[]]",
        '{"a": 1}',
    ]
)
JSON = st.recursive(
    ODD,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMED), inner, max_size=3),
    max_leaves=6,
)


@settings(deadline=None)  # the machine may be busy
@given(st.dictionaries(st.sampled_from(READ), JSON, max_size=4))
def test_whatever_stands_in_the_other_fields_the_fact_is_read_and_fits_the_tables(
    fields: dict[str, Any],
) -> None:
    fact = read(**fields)
    assert (fact.order_id, fact.transaction_id, fact.gross_amount) == (
        "INV-1",
        "midtrans-tx-1234567890",
        PRICE,
    )
    kept = [fact.payment_type, fact.fraud_status, *(row.key for row in fact.refunds)]
    kept += fact.how_to_pay.told().values()
    assert all(len(text) <= 64 for text in kept if text)
    texts = [*kept, *(row.reason for row in fact.refunds), *fact.unreadable]
    for text in itertools.chain.from_iterable(text or "" for text in texts):
        assert text != "\x00"
        text.encode()
