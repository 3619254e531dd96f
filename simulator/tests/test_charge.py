"""`POST /v2/charge`: every payment type, its limits and its refusals (Midtrans, "Charge"; seen live)."""

from typing import Any

import httpx
import pytest

ORDER = {"order_id": "INV-1", "gross_amount": 299_000}
CUSTOMER = {"first_name": "Sari", "phone": "081234567890"}
ITEMS = [{"id": "a", "price": 299_000, "quantity": 1, "name": "Undangan"}]


async def charge(b: Any, payment_type: str, **body: Any) -> httpx.Response:
    request = {"payment_type": payment_type, "transaction_details": dict(ORDER), **body}
    return await b.api.post("/v2/charge", json=request)


ASYNC: list[tuple[str, dict[str, Any], str, set[str]]] = [
    ("bank_transfer", {}, "Success, PERMATA VA transaction is successful", {"permata_va_number"}),
    *(
        (
            "bank_transfer",
            {"bank_transfer": {"bank": bank}},
            "Success, Bank Transfer transaction is created",
            {"va_numbers"},
        )
        for bank in ("bca", "bni", "bri", "cimb", "danamon", "bsi", "seabank", "saqu")
    ),
    (
        "echannel",
        {"echannel": {"bill_info1": "Bayar", "bill_info2": "undangan"}},
        "OK, Mandiri Bill transaction is successful",
        {"biller_code", "bill_key"},
    ),
    (
        "cstore",
        {"cstore": {"store": "Indomaret"}},
        "Success, cstore transaction is successful",
        {"store", "payment_code"},
    ),
    (
        "cstore",
        {"cstore": {"store": "alfamart"}},
        "Success, cstore transaction is successful",
        {"store", "payment_code"},
    ),
    ("gopay", {}, "GoPay transaction is created", {"actions"}),
    ("qris", {}, "QRIS transaction is created", {"actions", "qr_string", "acquirer"}),
    (
        "qris",
        {"qris": {"acquirer": "airpay shopee"}},
        "QRIS transaction is created",
        {"actions", "qr_string", "acquirer"},
    ),
    ("shopeepay", {}, "ShopeePay transaction is created", {"actions"}),
    ("dana", {}, "DANA transaction is created", {"actions"}),
    ("ovo", {"customer_details": CUSTOMER}, "OVO transaction is created", {"payer_phone_number"}),
    (
        "akulaku",
        {"item_details": ITEMS, "customer_details": CUSTOMER},
        "Success, Akulaku transaction is created",
        {"redirect_url"},
    ),
    ("kredivo", {"customer_details": CUSTOMER}, "Kredivo transaction is created", {"redirect_url"}),
    ("bca_klikbca", {}, "Success, KlikBCA transaction is successful", {"redirect_url"}),
    ("bca_klikpay", {}, "OK, BCA KlikPay transaction is successful", {"redirect_url"}),
    ("cimb_clicks", {}, "Success, CIMB Clicks transaction is successful", {"redirect_url"}),
    ("bri_epay", {}, "Success, BRI E-Pay transaction is successful", {"redirect_url"}),
    ("danamon_online", {}, "Success, Danamon Online transaction is successful", {"redirect_url"}),
    ("uob_ezpay", {}, "Success, UOB EZ Pay transaction is successful", {"redirect_url"}),
]


@pytest.mark.parametrize(("payment_type", "body", "message", "fields"), ASYNC)
def test_every_payment_type_is_charged_told_and_paid(
    bench: Any, payment_type: str, body: dict[str, Any], message: str, fields: set[str]
) -> None:
    async def story(b: Any) -> None:
        reply = await charge(b, payment_type, **body)
        told = reply.json()
        assert (reply.status_code, told["status_code"], told["status_message"]) == (200, "201", message)
        assert (told["transaction_status"], told["payment_type"]) == ("pending", payment_type)
        assert (told["gross_amount"], told["currency"]) == ("299000.00", "IDR")
        assert fields <= set(told)
        assert "signature_key" not in told
        assert None not in told.values()
        assert (await b.act(told["transaction_id"], "pay")).status_code == 200
        pending, settled = await b.endpoint.wait_for(2)
        assert (pending.body["status_code"], settled.body["status_code"]) == ("201", "200")
        assert settled.body["transaction_status"] == "settlement"
        assert "actions" not in settled.body

    bench(story)


@pytest.mark.parametrize(
    ("body", "http_status", "code"),
    [
        ({}, 500, None),
        (None, 500, None),
        ({"payment_type": "bank_transfer"}, 400, "400"),
        ({"payment_type": "magic", "transaction_details": ORDER}, 400, "400"),
        ({"transaction_details": ORDER}, 400, "400"),
        ({"payment_type": "kioson", "transaction_details": ORDER}, 200, "402"),
        (
            {"payment_type": "credit_card", "transaction_details": ORDER, "credit_card": {"token_id": "x"}},
            200,
            "411",
        ),
        ([1], 400, "400"),
    ],
)
def test_refusals_as_seen_live(bench: Any, body: Any, http_status: int, code: str | None) -> None:
    async def story(b: Any) -> None:
        reply = await b.api.post("/v2/charge", json=body)
        assert reply.status_code == http_status
        assert reply.json().get("status_code") == code
        if http_status == 500:
            assert reply.json() == {"message": "An unexpected error occurred"}
        if http_status == 400:
            assert reply.json()["status_message"] == "One or more parameters in the payload is invalid."
            assert reply.json()["validation_messages"]

    bench(story)


@pytest.mark.parametrize(
    ("payment_type", "changed", "message"),
    [
        (
            "gopay",
            {"transaction_details": {"order_id": "a", "gross_amount": 0}},
            "transaction_details.gross_amount must be greater than or equal to 1",
        ),
        ("bank_transfer", {"bank_transfer": {"bank": "bbc"}}, "bank_transfer.bank must be one of"),
        (
            "bank_transfer",
            {
                "bank_transfer": {"bank": "bca"},
                "transaction_details": {"order_id": "a", "gross_amount": 9_999},
            },
            "transaction_details.gross_amount must be greater than or equal to 10000",
        ),
        (
            "qris",
            {"transaction_details": {"order_id": "a", "gross_amount": 10_000_001}},
            "transaction_details.gross_amount must be less than or equal to 10000000",
        ),
        ("bank_transfer", {"bank_transfer": {"bank": "bri", "va_number": "12x"}}, "va_number must be num"),
        (
            "bank_transfer",
            {"bank_transfer": {"bank": "bni"}, "customer_details": {"phone": "621"}},
            "customer_details.phone must start with +62 or 0",
        ),
        ("echannel", {}, "echannel is required"),
        ("echannel", {"echannel": {"bill_info1": "a"}}, "echannel.bill_info2 is required"),
        ("cstore", {}, "cstore.store is required"),
        ("credit_card", {}, "credit_card is required"),
        ("credit_card", {"credit_card": {}}, "credit_card.token_id is required"),
        ("gopay", {"custom_expiry": {"expiry_duration": 5, "unit": "eon"}}, "custom_expiry.unit must be"),
        ("gopay", {"custom_expiry": {"expiry_duration": 0}}, "custom_expiry.expiry_duration must be"),
        (
            "gopay",
            {"custom_expiry": {"order_time": "2020-01-01 00:00:00 +0700", "expiry_duration": 1}},
            "custom_expiry is already in the past",
        ),
        ("gopay", {"custom_field1": "x" * 256}, "custom_field1 is too long"),
        ("gopay", {"customer_details": {"email": ""}}, "customer_details.email format is invalid"),
        ("gopay", {"item_details": [{"id": "a", "price": 1, "quantity": 1, "name": "x"}]}, "not equal"),
    ],
)
def test_limits_are_checked_before_anything_begins(
    bench: Any, payment_type: str, changed: dict[str, Any], message: str
) -> None:
    async def story(b: Any) -> None:
        reply = await charge(b, payment_type, **changed)
        assert (reply.status_code, reply.json()["status_code"]) == (400, "400")
        assert any(message in each for each in reply.json()["validation_messages"]), reply.json()
        assert b.gateway.ledger.transactions() == []

    bench(story)


def test_an_order_is_charged_again_only_when_nothing_came_of_it(bench: Any) -> None:
    async def story(b: Any) -> None:
        used = "order_id has been paid and utilized, please use another order ID"
        await charge(b, "gopay")
        refused = (await charge(b, "qris")).json()
        assert (refused["status_code"], refused["status_message"]) == ("406", used)
        await b.core("INV-1", "cancel")
        assert (await charge(b, "qris")).json()["status_code"] == "201"
        await b.act("INV-1", "pay")
        assert (await charge(b, "gopay")).json()["status_code"] == "406"
        assert (await b.api.post("/snap/v1/transactions", json={"transaction_details": ORDER})).is_error

    bench(story)


def test_a_custom_expiry_ends_the_payment(bench: Any) -> None:
    async def story(b: Any) -> None:
        made = (await charge(b, "gopay", custom_expiry={"expiry_duration": 90, "unit": "second"})).json()
        await b.advance("89s")
        assert (await b.status())["transaction_status"] == "pending"
        await b.advance("1s")
        assert (await b.status())["transaction_status"] == "expire"
        assert made["expiry_time"] == (await b.status())["expiry_time"]

    bench(story)
