"""A shop with a card form of its own: MidtransNew3ds in a real browser, on another origin (seen live)."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.browser

ACCEPTED = "4811 1111 1111 1114"
CHALLENGED = "4511 1111 1111 1117"


@pytest.fixture
def page(browser: Browser, shop: Any) -> Iterator[Page]:
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(8_000)
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(f"{shop.merchant}/card")
    yield page
    context.close()
    assert problems == []


def heard(page: Page) -> list[Any]:
    page.wait_for_function("window.heard.length > 0")
    return page.evaluate("window.heard.shift()")


def tokenize(page: Page, number: str, year: str = "2030") -> list[Any]:
    card = {
        "card_number": number,
        "card_exp_month": "12",
        "card_exp_year": year,
        "card_cvv": "123",
    }
    page.evaluate("card => MidtransNew3ds.getCardToken(card, callbacks)", card)
    return heard(page)


def charged(page: Page, shop: Any, number: str = ACCEPTED) -> str:
    """The redirect_url of a charge that asks for 3DS."""
    name, answer = tokenize(page, number)
    assert name == "success"
    body = {
        "payment_type": "credit_card",
        "transaction_details": {"order_id": "INV-1", "gross_amount": 299_000},
        "credit_card": {"token_id": answer["token_id"], "authentication": True},
    }
    reply = httpx.post(f"{shop.simulator}/v2/charge", json=body, auth=("SB-Mid-server-simulator", ""))
    assert reply.json()["transaction_status"] == "pending"
    return str(reply.json()["redirect_url"])


def test_a_card_becomes_a_token(page: Page) -> None:
    name, answer = tokenize(page, ACCEPTED)
    assert (name, answer["status_code"]) == ("success", "200")
    assert answer["token_id"].startswith("48111111-1114-")


def test_a_card_that_has_expired_gets_no_token(page: Page) -> None:
    name, answer = tokenize(page, ACCEPTED, year="2020")
    assert (name, answer["status_code"]) == ("failure", "400")


@pytest.mark.parametrize(
    ("number", "otp", "called", "status"),
    [
        (ACCEPTED, "112233", "success", "capture"),
        (ACCEPTED, "000000", "failure", "deny"),
        (CHALLENGED, "112233", "pending", "capture"),
    ],
)
def test_the_shop_hears_how_3ds_ended(
    page: Page, shop: Any, number: str, otp: str, called: str, status: str
) -> None:
    redirect_url = charged(page, shop, number)
    page.evaluate("url => MidtransNew3ds.authenticate(url, callbacks)", redirect_url)
    bank = page.frame_locator("#bank")
    bank.locator("[name=otp]").fill(otp)
    bank.locator("[data-action=confirm]").click()
    name, result = heard(page)
    assert (name, result["transaction_status"]) == (called, status)
    assert shop.status()["transaction_status"] == status


def test_redirect_comes_back_with_a_posted_form(page: Page, shop: Any) -> None:
    redirect_url = charged(page, shop)
    page.evaluate(
        "([url, callbackUrl]) => MidtransNew3ds.redirect(url, {callbackUrl})",
        [redirect_url, f"{shop.merchant}/3ds"],
    )
    page.locator("[name=otp]").fill("112233")
    page.locator("[data-action=confirm]").click()
    page.wait_for_url("**/3ds")
    result = json.loads(page.locator("pre").inner_text())
    assert (result["order_id"], result["transaction_status"]) == ("INV-1", "capture")


def test_a_second_script_changes_nothing(page: Page, shop: Any) -> None:
    page.add_script_tag(url=f"{shop.simulator}/v2/assets/js/midtrans-new-3ds.min.js")
    redirect_url = charged(page, shop)
    page.evaluate("url => MidtransNew3ds.authenticate(url, callbacks)", redirect_url)
    page.frame_locator("#bank").locator("[data-action=deny]").click()
    assert heard(page)[0] == "failure"
    expect(page.frame_locator("#bank").locator("h1")).to_contain_text("belum dapat dipastikan")


def test_3ds_is_heard_also_when_the_script_came_from_another_origin(page: Page, shop: Any) -> None:
    """Shops keep copies of the script: the bank's page speaks from the origin of the `redirect_url`."""
    redirect_url = charged(page, shop)
    page.goto(f"{shop.merchant}/card-with-a-copy")
    page.evaluate("url => MidtransNew3ds.authenticate(url, callbacks)", redirect_url)
    page.evaluate("window.postMessage({event: '3ds', result: {status_code: '200'}}, '*')")  # the shop's own
    bank = page.frame_locator("#bank")
    bank.locator("[name=otp]").fill("112233")
    bank.locator("[data-action=confirm]").click()
    name, result = heard(page)
    assert (name, result["transaction_status"]) == ("success", "capture")
