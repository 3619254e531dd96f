"""`POST /v2/charge`: sections 2.4, 4.6, 6.4, 9.1 and 14."""

from typing import Any

import httpx
import pytest

ORDER = {"order_id": "INV-1", "gross_amount": 299_000}
CUSTOMER = {"first_name": "Sari", "phone": "081234567890"}
ITEMS = [{"id": "a", "price": 299_000, "quantity": 1, "name": "Undangan"}]


async def charge(b: Any, payment_type: str, **body: Any) -> httpx.Response:
    request = {"payment_type": payment_type, "transaction_details": dict(ORDER), **body}
    return await b.api.post("/v2/charge", json=request)


async def token(b: Any, number: str = "4811111111111114", **changed: str) -> dict[str, Any]:
    query = {
        "card_number": number,
        "card_cvv": "123",
        "card_exp_month": "12",
        "card_exp_year": "2039",
        "client_key": "SB-Mid-client-simulator",
        **changed,
    }
    return (await b.api.get("/v2/token", params=query)).json()


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
def test_refusals_as_section_14_has_them(bench: Any, body: Any, http_status: int, code: str | None) -> None:
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
        ("akulaku", {"customer_details": CUSTOMER}, "item_details is required"),
        ("akulaku", {"item_details": ITEMS}, "customer_details is required"),
        ("kredivo", {}, "customer_details is required"),
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


def test_a_card_with_authentication_waits_for_its_3ds_page(bench: Any) -> None:
    async def story(b: Any) -> None:
        made = await token(b)
        use = {"token_id": made["token_id"], "authentication": True, "bank": "bni"}
        told = (await charge(b, "credit_card", credit_card=use)).json()
        assert (told["status_code"], told["transaction_status"], told["bank"]) == ("201", "pending", "bni")
        assert made["token_id"] == f"{told['masked_card']}-{told['transaction_id']}"
        page = await b.api.get(told["redirect_url"].removeprefix("http://simulator.test"))
        assert page.status_code == 200
        await b.api.post(told["redirect_url"].removeprefix("http://simulator.test"), data={"otp": "112233"})
        assert (await b.status())["transaction_status"] == "capture"
        assert (await b.status())["eci"] == "05"

    bench(story)


@pytest.mark.parametrize(
    ("number", "code", "status", "message"),
    [
        ("4811111111111114", "200", "capture", "Success, Credit Card transaction is successful"),
        ("4911111111111113", "202", "deny", "Deny by Bank [CIMB] with code [05] and message [Do not honor]"),
        ("4511111111111117", "201", "capture", "Success, Credit Card transaction is successful"),
    ],
)
def test_a_card_without_authentication_is_decided_at_once(
    bench: Any, number: str, code: str, status: str, message: str
) -> None:
    async def story(b: Any) -> None:
        made = await token(b, number)
        told = (await charge(b, "credit_card", credit_card={"token_id": made["token_id"]})).json()
        assert (told["status_code"], told["transaction_status"]) == (code, status)
        assert told["status_message"] == message

    bench(story)


def test_a_token_is_good_once_and_for_ten_minutes(bench: Any) -> None:
    async def story(b: Any) -> None:
        once = {"token_id": (await token(b))["token_id"]}
        assert (await charge(b, "credit_card", credit_card=once)).json()["status_code"] == "200"
        await b.core("INV-1", "cancel")
        assert (await charge(b, "credit_card", credit_card=once)).json()["status_code"] == "411"
        old = {"token_id": (await token(b))["token_id"]}
        await b.advance("10m")
        assert (await charge(b, "credit_card", credit_card=old)).json()["status_code"] == "411"

    bench(story)


def test_a_saved_card_is_charged_again(bench: Any) -> None:
    async def story(b: Any) -> None:
        first = {"token_id": (await token(b))["token_id"], "save_token_id": True}
        told = (await charge(b, "credit_card", credit_card=first)).json()
        assert told["saved_token_id"].startswith("481111")
        again = {"token_id": told["saved_token_id"]}
        order = {"order_id": "INV-2", "gross_amount": 10_000}
        told = (await charge(b, "credit_card", credit_card=again, transaction_details=order)).json()
        assert told["transaction_status"] == "capture"
        two_clicks = await token(b, token_id=again["token_id"])
        order = {"order_id": "INV-3", "gross_amount": 10_000}
        use = {"token_id": two_clicks["token_id"]}
        assert (await charge(b, "credit_card", credit_card=use, transaction_details=order)).json()[
            "status_code"
        ] == "200"

    bench(story)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"card_number": ""}, "card_number is required"),
        ({"card_number": "4811111111111115"}, "card_number does not match with luhn algorithm"),
        ({"card_exp_year": "2020"}, "card_exp_year is in the past"),
        ({"card_exp_month": "13"}, "card_exp_month and card_exp_year are required"),
        ({"card_cvv": "1"}, "card_cvv must be 3 or 4 digits"),
    ],
)
def test_a_wrong_card_gets_no_token(bench: Any, changed: dict[str, str], message: str) -> None:
    async def story(b: Any) -> None:
        told = await token(b, **changed)
        assert told["status_code"] == "400"
        assert message in told["validation_messages"]

    bench(story)


def test_card_calls_take_the_client_key_from_any_page(bench: Any) -> None:
    async def story(b: Any) -> None:
        del b.api.headers["Authorization"]
        assert (await token(b))["status_code"] == "200"
        assert (await token(b, client_key="SB-Mid-client-other"))["status_code"] == "401"
        key = ("SB-Mid-client-simulator", "")
        reply = await b.api.get("/v1/bins/48111111", auth=key)
        assert reply.headers["access-control-allow-origin"] == "*"
        assert reply.json()["data"]["brand"] == "VISA"
        assert reply.json()["data"]["country_name"] == "INDONESIA"
        assert (await b.api.get("/v1/bins/477377", auth=key)).json()["data"]["bank_code"] == "BCA"
        assert (await b.api.get("/v1/bins/9", auth=key)).status_code == 400
        assert (await b.api.get("/v1/bins/477377")).status_code == 401

    bench(story)


def test_wallet_actions_lead_somewhere(bench: Any) -> None:
    async def story(b: Any) -> None:
        told = (await charge(b, "gopay")).json()
        actions = {
            action["name"]: action["url"].removeprefix("http://simulator.test") for action in told["actions"]
        }
        assert list(actions) == ["generate-qr-code", "deeplink-redirect", "get-status", "cancel"]
        assert (await b.api.get(actions["generate-qr-code"])).headers["content-type"] == "image/png"
        assert (await b.api.get(actions["get-status"])).json()["transaction_status"] == "pending"
        assert (await b.api.post(actions["cancel"])).json()["transaction_status"] == "cancel"

    bench(story)


def test_dana_is_known_by_its_transaction_id_only(bench: Any) -> None:
    async def story(b: Any) -> None:
        told = (await charge(b, "dana")).json()
        assert told["transaction_id"].startswith("A1")
        assert told["transaction_id"].endswith("ID")
        assert (await b.status())["status_code"] == "404"
        by_id = await b.status(told["transaction_id"])
        assert by_id["actions"][0]["name"] == "deeplink-redirect"
        await b.act("INV-1", "pay")
        assert (await b.core("INV-1", "refund"))["status_code"] == "404"
        part = await b.core(told["transaction_id"], "refund", {"amount": 99_000})
        assert part["transaction_status"] == "partial_refund"

    bench(story)


@pytest.mark.parametrize(
    ("phone", "status", "response"),
    [
        ("081298765432", "settlement", None),
        ("+628249134000", "deny", "14"),
        ("08271939753", "deny", "17"),
        ("+628242014881", "deny", "26"),
        ("+628237435829", "deny", "40"),
        ("+628215023424", "expire", None),
        ("+628242974268", "expire", None),
    ],
)
def test_ovo_is_decided_by_the_phone_number(
    bench: Any, phone: str, status: str, response: str | None
) -> None:
    async def story(b: Any) -> None:
        told = (await charge(b, "ovo", ovo={"payer_phone_number": phone})).json()
        assert told["transaction_status"] == "pending"
        await b.advance("65s")
        told = await b.status()
        assert (told["transaction_status"], told.get("channel_response_code")) == (status, response)
        assert told["payer_phone_number"] == phone

    bench(story)


def test_ovo_has_its_own_short_life_and_refunds_only_all(bench: Any) -> None:
    async def story(b: Any) -> None:
        await charge(
            b, "ovo", ovo={"payer_phone_number": "+628215023424"}, custom_expiry={"expiry_duration": 60}
        )
        await b.advance("64s")
        assert (await b.status())["transaction_status"] == "pending"
        await b.advance("1s")
        assert (await b.status())["transaction_status"] == "expire"
        await charge(b, "ovo")
        await b.advance("5s")
        assert "merchant_invoice" in await b.status()
        assert (await b.core("INV-1", "refund", {"amount": 1}))["status_code"] == "414"
        assert (await b.core("INV-1", "refund"))["payer_phone_number"] == "081111111111"

    bench(story)


def test_another_banks_number_comes_from_a_processor_that_is_enabled(bench: Any) -> None:
    async def story(b: Any) -> None:
        made = await b.begin("other_va", enabled_payments=["other_va", "bri_va", "cimb_va"])
        assert made["details"]["va_numbers"][0]["bank"] == "bri"
        token = await b.token("INV-2", enabled_payments=["other_va"])
        reply = await b.api.post(f"/_control/sessions/{token}/choose", json={"method": "other_va"})
        assert reply.json()["code"] == "method_unavailable"

    bench(story)


def test_a_linked_wallet_pays_at_once(bench: Any) -> None:
    async def story(b: Any) -> None:
        request = {"payment_type": "gopay", "gopay_partner": {"phone_number": "81234567891"}}
        made = (await b.api.post("/v2/pay/account", json=request)).json()
        linked = {"account_id": made["account_id"], "payment_option_token": made["account_id"]}
        refused = await charge(b, "gopay", gopay=linked)
        assert refused.status_code == 400
        await b.api.get(made["actions"][0]["url"].removeprefix("http://simulator.test"))
        told = (await charge(b, "gopay", gopay=linked)).json()
        assert (told["status_code"], told["transaction_status"]) == ("200", "settlement")
        gone = (await b.api.post(f"/v2/pay/account/{made['account_id']}/unbind")).json()
        assert gone["account_status"] == "DISABLED"

    bench(story)


@pytest.mark.parametrize(
    ("phone", "code", "field", "text"),
    [
        (
            "081234",
            "400",
            "validation_messages",
            "gopay_partner.phone_number must be numeric digits and must not begin with 0",
        ),
        ("80000000001", "202", "channel_response_message", "User Not Found"),
        ("80000000002", "202", "channel_response_message", "Wallet is Blocked"),
    ],
)
def test_pay_accounts_are_refused(bench: Any, phone: str, code: str, field: str, text: str) -> None:
    async def story(b: Any) -> None:
        request = {"payment_type": "gopay", "gopay_partner": {"phone_number": phone}}
        told = (await b.api.post("/v2/pay/account", json=request)).json()
        assert told["status_code"] == code
        assert text in told[field]
        unknown = (await b.api.get("/v2/pay/account/none")).json()
        assert (unknown["status_code"], unknown["status_message"]) == ("404", "Account doesn't exist.")

    bench(story)
