"""Every documented limit of a token request, at its edge and one beyond (Midtrans, "JSON objects")."""

from typing import Any

import pytest

ITEM = {"id": "a", "price": 299_000, "quantity": 1, "name": "Undangan"}


def person(**fields: Any) -> dict[str, Any]:
    return {"customer_details": fields}


def address(kind: str, **fields: Any) -> dict[str, Any]:
    return {"customer_details": {kind: fields}}


def card(**fields: Any) -> dict[str, Any]:
    return {"credit_card": fields}


TEXTS: list[tuple[str, Any, int]] = [
    ("item_details.id", lambda text: {"item_details": [ITEM | {"id": text}]}, 50),
    ("item_details.name", lambda text: {"item_details": [ITEM | {"name": text}]}, 50),
    ("item_details.brand", lambda text: {"item_details": [ITEM | {"brand": text}]}, 50),
    ("item_details.category", lambda text: {"item_details": [ITEM | {"category": text}]}, 50),
    ("item_details.merchant_name", lambda text: {"item_details": [ITEM | {"merchant_name": text}]}, 50),
    ("item_details.url", lambda text: {"item_details": [ITEM | {"url": text}]}, 50),
    ("customer_details.first_name", lambda text: person(first_name=text), 255),
    ("customer_details.last_name", lambda text: person(last_name=text), 255),
    ("customer_details.phone", lambda text: person(phone=text), 255),
    (
        "customer_details.billing_address.address",
        lambda text: address("billing_address", address=text),
        255,
    ),
    ("customer_details.billing_address.city", lambda text: address("billing_address", city=text), 100),
    (
        "customer_details.shipping_address.postal_code",
        lambda text: address("shipping_address", postal_code=text),
        10,
    ),
    (
        "customer_details.shipping_address.country_code",
        lambda text: address("shipping_address", country_code=text),
        10,
    ),
    ("custom_field1", lambda text: {"custom_field1": text}, 255),
    ("custom_field2", lambda text: {"custom_field2": text}, 255),
    ("custom_field3", lambda text: {"custom_field3": text}, 255),
    ("callbacks.finish", lambda text: {"callbacks": {"finish": text}}, 255),
    ("callbacks.error", lambda text: {"callbacks": {"error": text}}, 255),
    ("echannel.bill_info1", lambda text: {"echannel": {"bill_info1": text}}, 255),
    ("echannel.bill_info2", lambda text: {"echannel": {"bill_info2": text}}, 255),
    ("cstore.alfamart_free_text_1", lambda text: {"cstore": {"alfamart_free_text_1": text}}, 40),
    ("cstore.alfamart_free_text_3", lambda text: {"cstore": {"alfamart_free_text_3": text}}, 40),
    (
        "credit_card.dynamic_descriptor.merchant_name",
        lambda text: card(dynamic_descriptor={"merchant_name": text}),
        25,
    ),
    (
        "credit_card.dynamic_descriptor.city_name",
        lambda text: card(dynamic_descriptor={"city_name": text}),
        13,
    ),
    (
        "credit_card.dynamic_descriptor.country_code",
        lambda text: card(dynamic_descriptor={"country_code": text}),
        2,
    ),
]


@pytest.mark.parametrize(("name", "body", "limit"), TEXTS, ids=[name for name, _, _ in TEXTS])
def test_texts_may_be_as_long_as_documented(bench: Any, name: str, body: Any, limit: int) -> None:
    async def story(b: Any) -> None:
        await b.token("INV-1", **body("x" * limit))
        assert await problems(b, **body("x" * (limit + 1))) == [
            f"{name} is too long (maximum is {limit} characters)"
        ]

    bench(story)


FREE = {"id": "a" * 50, "en": "b" * 50}


@pytest.mark.parametrize(
    ("good", "bad", "problem"),
    [
        (card(bank="mega"), card(bank="bri_bank"), "credit_card.bank must be one of"),
        (card(type="authorize"), card(type="hold"), "credit_card.type must be"),
        (card(secure=True), card(secure="yes"), "credit_card.secure must be a boolean"),
        (
            card(whitelist_bins=["48111111", "bni"]),
            card(whitelist_bins=["481111111"]),
            "credit_card.whitelist_bins takes",
        ),
        (card(whitelist_bins=[]), card(whitelist_bins="bni"), "credit_card.whitelist_bins must be an array"),
        (card(installment={}), card(installment=[3]), "credit_card.installment must be an object"),
        (
            {"bca_va": {"free_text": {"inquiry": [FREE] * 10}}},
            {"bca_va": {"free_text": {"inquiry": [FREE] * 11}}},
            "bca_va.free_text.inquiry must be",
        ),
        (
            {"bca_va": {"free_text": {"payment": [FREE]}}},
            {"bca_va": {"free_text": {"payment": [{"id": "a" * 51}]}}},
            "bca_va.free_text.payment is too long",
        ),
        (
            {"permata_va": {"va_number": "1234567890"}},
            {"permata_va": {"va_number": "123456789"}},
            "permata_va.va_number must be 10 digits",
        ),
        ({"bri_va": {"va_number": "1"}}, {"bri_va": {"va_number": "1a"}}, "bri_va.va_number must be num"),
        ({"enabled_payments": ["gopay"]}, {"enabled_payments": "gopay"}, "enabled_payments must be an array"),
        ({"gopay": {}}, {"gopay": []}, "gopay must be an object"),
        (
            {"expiry": {"duration": 1, "unit": "minutes"}},
            {"expiry": {"duration": 0, "unit": "minute"}},
            "expiry.duration must be at least 20 seconds",
        ),
        (
            {"page_expiry": {"duration": 1, "unit": "day"}},
            {"page_expiry": {"duration": 1, "unit": "week"}},
            "page_expiry.unit must be one of",
        ),
        (
            {"expiry": {"duration": 1, "unit": "hour", "start_time": "2100-01-01 00:00:00 +0000"}},
            {"expiry": {"duration": 1, "unit": "hour", "start_time": "2020-01-01 00:00:00 +0700"}},
            "expiry is already in the past",
        ),
        (
            {"expiry": {"duration": 1, "unit": "hour"}},
            {"expiry": {"duration": 1, "unit": "hour", "start_time": "2026-01-01"}},
            "expiry.start_time must be written",
        ),
    ],
)
def test_values_are_what_is_documented(
    bench: Any, good: dict[str, Any], bad: dict[str, Any], problem: str
) -> None:
    async def story(b: Any) -> None:
        await b.token("INV-1", **good)
        assert any(problem in each for each in await problems(b, **bad)), await problems(b, **bad)

    bench(story)


def test_a_request_may_have_16_kb(bench: Any) -> None:
    async def story(b: Any) -> None:
        await b.token("INV-1", metadata={"x": "y" * 15_000})
        assert await problems(b, metadata={"x": "y" * 16_000}) == [
            "The request is too large (maximum is 16 KB)"
        ]

    bench(story)


async def problems(b: Any, **body: Any) -> list[str]:
    details = {"order_id": "INV-2", "gross_amount": 299_000}
    reply = await b.api.post("/snap/v1/transactions", json={"transaction_details": details, **body})
    assert reply.status_code == 400, reply.text
    return list(reply.json()["error_messages"])
