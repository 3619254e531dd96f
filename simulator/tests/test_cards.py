"""Card tokens, saved cards, 3DS and BINs of Core (Midtrans, "Testing payment on sandbox"; seen live)."""

import re
from typing import Any

import httpx
import pytest

ORDER = {"order_id": "INV-1", "gross_amount": 299_000}


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
        ({"card_exp_year": "2020"}, "card_exp_year must be greater than this year"),
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


def test_a_saved_token_is_eight_digits_twenty_characters_and_the_last_four(bench: Any) -> None:
    """Midtrans, "Create subscription": `48111111sHfSakAvHvFQFEjTivUV1114`."""

    async def story(b: Any) -> None:
        query = {"card_number": "4811111111111114", "card_exp_month": "12", "card_exp_year": "2039"}
        told = (await b.api.get("/v2/card/register", params=query)).json()
        assert re.fullmatch(r"48111111[A-Za-z0-9]{20}1114", told["saved_token_id"])

    bench(story)


def test_a_tokens_text_is_midtranss(bench: Any) -> None:
    async def story(b: Any) -> None:
        assert (await token(b))["status_message"] == "Credit card token is created as Token ID."

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
