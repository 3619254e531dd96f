"""Akulaku and Kredivo as live sandboxes answer (seen live), where their pages call more parts mandatory."""

from datetime import datetime, timedelta
from typing import Any

import pytest

ORDER = {"order_id": "INV-1", "gross_amount": 299_000}


async def charge(b: Any, payment_type: str, **body: Any) -> dict[str, Any]:
    request = {"payment_type": payment_type, "transaction_details": ORDER, **body}
    return (await b.api.post("/v2/charge", json=request)).json()


@pytest.mark.parametrize("payment_type", ["akulaku", "kredivo"])
def test_neither_items_nor_customer_are_needed(bench: Any, payment_type: str) -> None:
    async def story(b: Any) -> None:
        told = await charge(b, payment_type)
        assert (told["status_code"], told["transaction_status"]) == ("201", "pending")
        assert told["redirect_url"]
        page = (await b.api.get("/?order=INV-1&language=en")).text
        assert "customer_details is required" in page

    bench(story)


@pytest.mark.parametrize(
    ("payment_type", "missing"),
    [
        ("akulaku", ["item_details is required", "customer_details is required"]),
        ("kredivo", ["customer_details is required"]),
    ],
)
def test_strict_asks_for_what_the_pages_call_mandatory(
    bench: Any, payment_type: str, missing: list[str]
) -> None:
    async def story(b: Any) -> None:
        assert (await charge(b, payment_type))["validation_messages"] == missing

    bench(story, strict=True)


def test_akulaku_lives_two_hours(bench: Any) -> None:
    async def story(b: Any) -> None:
        told = await charge(b, "akulaku")
        began, ends = (datetime.fromisoformat(told[name]) for name in ("transaction_time", "expiry_time"))
        assert ends - began == timedelta(hours=2)
        await b.advance("2h")
        assert (await b.status())["transaction_status"] == "expire"

    bench(story)


@pytest.mark.parametrize(
    ("duration", "unit", "code"),
    [(19, "second", "400"), (20, "second", "201"), (180, "day", "201"), (181, "day", "400")],
)
def test_akulakus_own_expiry_is_between_20_seconds_and_180_days(
    bench: Any, duration: int, unit: str, code: str
) -> None:
    async def story(b: Any) -> None:
        await b.api.post("/_control/clock", json={"running": False})
        told = await charge(b, "akulaku", custom_expiry={"expiry_duration": duration, "unit": unit})
        assert told["status_code"] == code

    bench(story)
