"""What a notification body may and may not be (fact sheet 7.3, 7.4, 7.6)."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuntas.midtrans.notification import MalformedNotification, Notification, parse_notification

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


def test_unknown_fields_and_missing_optional_ones_are_fine() -> None:
    fact = parse(
        pop_id="x", refunds=[{"a": None}], fraud_status=..., settlement_time=None, currency=...
    ).fact(NOW)
    assert fact.fraud_status is None
    assert fact.settlement_time is None
    assert fact.currency == "IDR"


@pytest.mark.parametrize(
    "name", ["order_id", "status_code", "gross_amount", "signature_key", "transaction_id"]
)
@pytest.mark.parametrize("value", [..., None, 200, 1.5, True, [], {}, "", "nul\x00", "x" * 300])
def test_a_needed_field_that_is_no_short_text_is_malformed(name: str, value: Any) -> None:
    with pytest.raises(MalformedNotification):
        parse(**{name: value})


@pytest.mark.parametrize(
    "body", [b"", b"null", b"[]", b"1", b'"x"', b"{", b"\xff\xfe{", b'{"order_id": "\xff"}']
)
def test_a_body_that_is_no_json_object_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedNotification):
        parse_notification(body)


@given(st.binary(max_size=400))
def test_no_bytes_ever_raise_anything_else(body: bytes) -> None:
    with pytest.raises(MalformedNotification):
        parse_notification(body)


def test_deeply_nested_json_is_malformed_not_a_crash() -> None:
    with pytest.raises(MalformedNotification):
        parse_notification(b"[" * 50_000)


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
    ],
)
def test_the_signed_code_must_fit_the_unsigned_status(
    status: str, code: str, fraud: str | None, coherent: bool
) -> None:
    notification = parse(transaction_status=status, status_code=code, fraud_status=fraud)
    assert notification.is_coherent is coherent


def test_a_fee_added_by_the_gateway_is_recognised() -> None:
    metadata = {"extra_info": {"gross_amount_info": {"original_amount": "299000.00"}}}
    with_fee = parse(gross_amount="303000.00", metadata=metadata).fact(NOW)
    assert with_fee.pays_exactly(299_000)  # type: ignore[arg-type]
    assert not parse(gross_amount="303000.00").fact(NOW).pays_exactly(299_000)  # type: ignore[arg-type]
    cheaper = parse(gross_amount="1.00", metadata=metadata).fact(NOW)
    assert not cheaper.pays_exactly(299_000)  # type: ignore[arg-type]
    assert not parse(currency="USD").fact(NOW).pays_exactly(299_000)  # type: ignore[arg-type]
