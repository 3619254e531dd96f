"""GoPay, DANA, OVO, pay accounts and `other_va`: what the sandbox does with each."""

from typing import Any

import httpx
import pytest

ORDER = {"order_id": "INV-1", "gross_amount": 299_000}


async def charge(b: Any, payment_type: str, **body: Any) -> httpx.Response:
    request = {"payment_type": payment_type, "transaction_details": dict(ORDER), **body}
    return await b.api.post("/v2/charge", json=request)


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
        ("123450001", "202", "channel_response_message", "User Not Found"),
        ("123450002", "202", "channel_response_message", "Wallet is Blocked"),
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
