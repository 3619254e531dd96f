"""What a notification body may and may not be (docs/midtrans.md, "Fields")."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tuntas.domain.money import Rupiah
from tuntas.midtrans.notification import MalformedNotification, Notification, parse_notification
from tuntas.midtrans.signature import is_signed

NOW = datetime(2026, 1, 1, tzinfo=UTC)
BODY: dict[str, Any] = {
    "transaction_time": "2025-11-03 12:00:00",
    "transaction_status": "settlement",
    "transaction_id": "midtrans-tx-1234567890",
    "status_code": "200",
    "signature_key": "ab" * 64,
    "settlement_time": "2025-11-03 12:01:00",
    "payment_type": "credit_card",
    "order_id": "INV-550e8400-e29b-41d4-a716-446655440000",
    "gross_amount": "299000.00",
    "fraud_status": "accept",
    "currency": "IDR",
}


def parse(**changes: Any) -> Notification:
    document = {**BODY, **changes}
    return parse_notification(json.dumps({k: v for k, v in document.items() if v is not ...}).encode())


def test_times_are_wib() -> None:
    fact = parse().fact(NOW)
    assert fact.settlement_time == datetime(2025, 11, 3, 5, 1, tzinfo=UTC)
    assert fact.transaction_time == datetime(2025, 11, 3, 5, 0, tzinfo=UTC)


def test_a_fee_added_by_the_gateway_is_recognised() -> None:
    metadata = {"extra_info": {"gross_amount_info": {"original_amount": "299000.00"}}}
    assert parse(gross_amount="303000.00", metadata=metadata).fact(NOW).pays_exactly(Rupiah(299_000))
    assert not parse(gross_amount="303000.00").fact(NOW).pays_exactly(Rupiah(299_000))


@pytest.mark.parametrize("name", ["order_id", "status_code", "gross_amount"])
@pytest.mark.parametrize(
    "value", [..., None, 200, 1.5, True, [], {}, "", "nul\x00", "INV-\ud83d", "\x1b[2J", "a\nb", "x" * 300]
)
def test_a_signed_field_that_is_no_short_plain_text_is_malformed(name: str, value: Any) -> None:
    with pytest.raises(MalformedNotification):
        parse(**{name: value})


@pytest.mark.parametrize("value", [..., None, 200, 1.5, True, [], {}, "", "x" * 300])
def test_a_signature_that_is_no_text_is_malformed(value: Any) -> None:
    with pytest.raises(MalformedNotification):
        parse(signature_key=value)


@pytest.mark.parametrize("signature", ["\ud83d" + "0" * 127, "nul\x00", "\ufffd", "é" * 128])
def test_a_signature_of_odd_characters_is_only_a_wrong_one(signature: str) -> None:
    notification = parse(signature_key=signature)
    signed = (notification.order_id, notification.status_code, notification.gross_amount)
    assert not is_signed(notification.signature_key, *signed, ["SB-Mid-server-test"])
    assert not is_signed(signature, *signed, ["SB-Mid-server-test"])


@pytest.mark.parametrize("name", ["transaction_id", "transaction_status"])
@pytest.mark.parametrize("value", [..., None, 200, [], {}, "", "nul\x00", "t-\ud83d", "x" * 65])
def test_what_is_rightly_signed_but_about_nothing_is_read_with_its_problem(name: str, value: Any) -> None:
    notification = parse(**{name: value})
    assert getattr(notification, name) is None
    assert notification.problem == f"no usable {name}"
    assert notification.is_coherent
    assert notification.order_id == BODY["order_id"]


def test_a_notification_without_a_problem_says_so() -> None:
    assert parse().problem is None


def test_the_dashboards_own_test_and_order_ids_of_255_characters_are_read() -> None:
    test = parse(order_id="payment_notif_test_G000000000_00000000-0000-4000-8000-000000000005")
    assert test.is_dashboard_test
    assert parse(order_id="x" * 255).order_id == "x" * 255
    with pytest.raises(MalformedNotification):
        parse(order_id="x" * 256)


def test_order_ids_are_exact_to_the_letter() -> None:
    assert parse(order_id="inv-A").order_id == "inv-A"


def test_a_json_text_that_holds_the_json_is_read_once() -> None:
    once = json.dumps(json.dumps(BODY))
    assert parse_notification(once.encode()) == parse()
    with pytest.raises(MalformedNotification):
        parse_notification(json.dumps(once).encode())


@pytest.mark.parametrize(
    "body", [b"", b"null", b"[]", b"1", b'"x"', b"{", b"\xff\xfe{", b'{"order_id": "\xff"}']
)
def test_a_body_that_is_no_json_object_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedNotification):
        parse_notification(body)


@settings(deadline=None)  # the machine may be busy
@given(st.binary(max_size=400))
def test_no_bytes_ever_raise_anything_else(body: bytes) -> None:
    with pytest.raises(MalformedNotification):
        parse_notification(body)


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 50_000,
        b'{"order_id": ' * 10_000,
        b"[" * 900 + b"]" * 900,
        b'{"metadata": ' + b"[" * 100 + b"]" * 100 + b"}",
        b'{"order_id": ' + b"9" * 5_000 + b"}",
        b'{"order_id": 1e999999999999999999999}',
        b'{"order_id": NaN}',
    ],
    ids=lambda body: f"{body[:14]}",
)
def test_deeply_nested_json_and_endless_numbers_are_malformed_not_a_crash(body: bytes) -> None:
    with pytest.raises(MalformedNotification):
        parse_notification(body)


def test_an_endless_number_in_a_field_that_nobody_reads_loses_nothing() -> None:
    body = json.dumps(BODY)[:-1] + ', "custom": ' + "9" * 5_000 + "}"
    assert parse_notification(body.encode()).fact(NOW) == parse().fact(NOW)


def test_free_text_is_cleaned_everywhere_in_the_document() -> None:
    document = parse(custom_field1="salah \ud83d", metadata={"a\x00": ["\x1b", "tab\tline\n"]}).document
    assert document["custom_field1"] == "salah \ufffd"
    assert document["metadata"] == {"a\ufffd": ["\ufffd", "tab\tline\n"]}


@pytest.mark.parametrize(
    ("status", "code", "fraud", "coherent"),
    [
        ("pending", "201", "accept", True),
        ("settlement", "200", "accept", True),
        ("settlement", "201", "accept", False),
        ("capture", "200", "accept", True),
        ("capture", "201", "accept", False),
        ("capture", "201", None, False),
        ("capture", "201", "challenge", True),
        ("deny", "202", "accept", True),
        ("deny", "200", "accept", False),
        ("cancel", "202", None, True),
        ("cancel", "200", None, False),
        ("expire", "202", None, True),
        ("expire", "200", None, False),
        ("refund", "200", "accept", True),
        ("refund", "201", "accept", False),
        ("chargeback", "202", "accept", False),
        ("unheard_of", "299", "accept", True),
        ("PENDING", "201", "ACCEPT", True),
        ("PENDING", "200", "accept", False),
        ("settlement", "200", "challenge", True),
        ("settlement", "201", "challenge", True),
        ("settlement", "200", "deny", False),
        ("settlement", "202", "deny", True),
        ("capture", "200", ["deny"], True),
        ("settlement", "202", ["accept"], False),
    ],
)
def test_the_signed_code_must_fit_the_unsigned_status(
    status: str, code: str, fraud: Any, coherent: bool
) -> None:
    notification = parse(transaction_status=status, status_code=code, fraud_status=fraud)
    assert notification.is_coherent is coherent
