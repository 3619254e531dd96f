"""The whole table of cards (Midtrans, "Testing payment on sandbox"): bank, brand and 3DS outcome of each."""

from typing import Any

import pytest

from midtrans_simulator.protocol import cards

ACCEPTED_WITH_OTP = [
    ("5573 3810 7219 6900", "mandiri", "MASTERCARD"),
    ("4097 6611 1111 1113", "mandiri", "VISA"),
    ("4617 0069 5974 6656", "mandiri", "VISA"),
    ("5481 1698 1883 2479", "cimb", "MASTERCARD"),
    ("4599 2078 8712 2414", "cimb", "VISA"),
    ("5264 2210 3887 4659", "bni", "MASTERCARD"),
    ("1946 4159 8148 7684", "bni", "PRIVATE LABEL"),
    ("4105 0586 8948 1467", "bni", "VISA"),
    ("5229 9031 3685 3172", "bca", "MASTERCARD"),
    ("4773 7760 5705 1650", "bca", "VISA"),
    ("5520 0298 7089 9100", "bri", "MASTERCARD"),
    ("4365 0263 3573 7199", "bri", "VISA"),
    ("5221 0300 0000 0009", "mega", "MASTERCARD"),
    ("4201 9100 0000 0009", "mega", "VISA"),
    ("5520 0867 5210 2334", "maybank", "MASTERCARD"),
    ("4055 7720 2603 6004", "maybank", "VISA"),
    ("6212 4878 9242 5802", None, "CUP"),
    ("3486 3826 7931 507", None, "AMEX"),
]
ATTEMPTED = [
    ("4617 0017 4194 2101", "mandiri"),
    ("5573 3819 9982 5417", "mandiri"),
    ("4097 6611 1111 1139", "mandiri"),
    ("4599 2039 9705 2898", "cimb"),
    ("5481 1671 2103 2563", "cimb"),
    ("4105 0525 4151 2148", "bni"),
    ("5264 2249 7176 1016", "bni"),
    ("4773 7738 1098 1190", "bca"),
    ("5229 9073 6430 3610", "bca"),
    ("4365 0278 6723 2690", "bri"),
    ("5520 0254 8646 8439", "bri"),
    ("4201 9100 0000 0017", "mega"),
    ("5221 0300 0000 0017", "mega"),
    ("4055 7713 3514 4012", "maybank"),
    ("5520 0867 7490 8452", "maybank"),
    ("6212 4895 0662 1198", None),
]
DENIED = [
    ("4617 0085 6083 1760", "MANDIRI"),
    ("4105 0541 4854 1363", "BNI"),
    ("4773 7752 0201 1809", "BCA"),
    ("4365 0286 6251 2583", "BRI"),
    ("4599 2060 0973 3090", "CIMB"),
]


async def charge(b: Any, number: str, **options: Any) -> dict[str, Any]:
    query = {"card_number": number, "card_cvv": "123", "card_exp_month": "12", "card_exp_year": "2039"}
    token = (await b.api.get("/v2/token", params=query)).json()["token_id"]
    request = {
        "payment_type": "credit_card",
        "transaction_details": {"order_id": "INV-1", "gross_amount": 299_000},
        "credit_card": {"token_id": token, **options},
    }
    return (await b.api.post("/v2/charge", json=request)).json()


@pytest.mark.parametrize(("number", "bank", "brand"), ACCEPTED_WITH_OTP)
def test_a_card_with_full_authentication_is_asked_for_the_otp_and_accepted(
    bench: Any, number: str, bank: str | None, brand: str
) -> None:
    async def story(b: Any) -> None:
        told = await charge(b, number, authentication=True)
        assert (told["status_code"], told["transaction_status"]) == ("201", "pending")
        await b.act("INV-1", "authenticate", otp=cards.OTP)
        told = await b.status()
        assert (told["transaction_status"], told["fraud_status"]) == ("capture", "accept")
        assert told["eci"] == ("02" if brand == "MASTERCARD" else "05")
        assert bank in {None, told["bank"]}
        asked = number.replace(" ", "")[:8]
        data = (await b.api.get(f"/v1/bins/{asked}")).json()["data"]
        assert data["brand"] == brand
        assert bank is None or data["bank_code"] == bank.upper()

    bench(story)


@pytest.mark.parametrize(("number", "bank"), ATTEMPTED)
def test_a_card_whose_bank_has_no_3ds_is_accepted_without_a_prompt(
    bench: Any, number: str, bank: str | None
) -> None:
    async def story(b: Any) -> None:
        told = await charge(b, number, authentication=True)
        assert (told["status_code"], told["transaction_status"]) == ("200", "capture")
        assert told["eci"] == ("01" if number.startswith("5") else "06")
        assert bank in {None, told["bank"]}

    bench(story)


def test_a_frictionless_amex_is_accepted_without_a_prompt(bench: Any) -> None:
    async def story(b: Any) -> None:
        assert (await charge(b, "3415 0209 8634 895", authentication=True))["transaction_status"] == "capture"

    bench(story)


@pytest.mark.parametrize("acquirer", [None, "bni"])
@pytest.mark.parametrize(("number", "bank"), DENIED)
def test_a_denial_names_the_cards_own_bank(bench: Any, number: str, bank: str, acquirer: str | None) -> None:
    async def story(b: Any) -> None:
        refusal = f"Deny by Bank [{bank}] with code [05] and message [Do not honor]"
        told = await charge(b, number, **({"bank": acquirer} if acquirer else {}))
        assert (told["status_code"], told["status_message"]) == ("202", refusal)
        later = await b.status()
        assert (later["status_code"], later["status_message"]) == ("202", refusal)

    bench(story)


@pytest.mark.parametrize("number", ["4611 1111 1111 1116", "4242 4242 4242 4242", "4716 1250 5984 7899"])
def test_get_status_of_a_denied_card_does_not_say_success(bench: Any, number: str) -> None:
    async def story(b: Any) -> None:
        await charge(b, number, authentication=number.startswith("47"))
        told = await b.status()
        if told["transaction_status"] == "pending":
            await b.act("INV-1", "deny")
            told = await b.status()
        assert (told["transaction_status"], told["status_code"]) == ("deny", "202")
        assert "success" not in told["status_message"].lower()

    bench(story)


def test_a_card_that_no_table_lists_is_denied_and_the_dashboard_says_why(bench: Any) -> None:
    async def story(b: Any) -> None:
        assert (await charge(b, "4242 4242 4242 4242"))["transaction_status"] == "deny"
        page = (await b.api.get("/?order=INV-1&language=en")).text
        assert "No table of the sandbox lists this card" in page
        assert "4811 1111 1111 1114" in page
        await charge(b, "4617 0085 6083 1760")
        listed = (await b.api.get("/?order=INV-1&language=en")).text
        assert listed.count("No table of the sandbox lists this card") == 1

    bench(story)


@pytest.mark.parametrize(
    ("asked", "code", "bank"),
    [
        ("45563300", "BCA", "bank central asia"),
        ("46170069", "MANDIRI", "bank mandiri"),
        ("52210300", "MEGA", "bank mega"),
        ("552008", "MAYBANK", "bank maybank indonesia"),
        ("999999", None, None),
    ],
)
def test_bins_are_known_with_their_bank(bench: Any, asked: str, code: str | None, bank: str | None) -> None:
    async def story(b: Any) -> None:
        told = (await b.api.get(f"/v1/bins/{asked}")).json()
        found = told.get("data", {})
        assert (found.get("bank_code"), found.get("bank")) == (code, bank)

    bench(story)


def test_every_listed_number_passes_its_check_digit() -> None:
    assert [number for number in cards.CARDS if not cards.plausible(number)] == []
