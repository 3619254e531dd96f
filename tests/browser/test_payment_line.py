"""From "Bayar Sekarang" to "Lunas", as a customer with a phone sees it."""

import re
from typing import Any

import pytest
from playwright.sync_api import FrameLocator, Page, expect

from tests.browser.conftest import Town

pytestmark = pytest.mark.browser

ACCEPTED, DENIED = "4811 1111 1111 1114", "4911 1111 1111 1113"


def pay(page: Page) -> FrameLocator:
    page.click("#pay")
    return page.frame_locator("#snap-midtrans")


def choose(popup: FrameLocator, method: str) -> None:
    popup.locator(f"[data-method={method}]").click()
    popup.locator("[data-action=confirm]").click()


def enter_card(popup: FrameLocator | Page, number: str) -> None:
    popup.locator("[name=card_number]").fill(number)
    popup.locator("[name=card_exp]").fill("12/30")
    popup.locator("[name=card_cvv]").fill("123")
    popup.locator("[data-action=confirm]").click()


def pay_by_card(popup: FrameLocator | Page) -> None:
    popup.locator("[data-method=credit_card]").click()
    enter_card(popup, ACCEPTED)
    popup.locator("[name=otp]").fill("112233")
    popup.locator("[data-action=confirm]").click()
    popup.locator("[data-view=success] [data-action=finish]").click()


def is_paid(page: Page) -> None:
    """The result page says so from our own books."""
    expect(page.locator(".hero[data-status=paid]")).to_be_visible()
    expect(page.locator(".hero .word")).to_have_text("Lunas")


def is_live(page: Page, town: Town) -> None:
    """The invitation stands on its domain, with its expiry date in the owner's list."""
    page.goto(f"{town.web}/invitations")
    expect(page.locator("main")).to_contain_text(re.compile(r"\d{1,2} \w+ 20\d\d"))
    link = page.locator("a[href^='/i/']").first
    domain = (link.get_attribute("href") or "").removeprefix("/i/")
    for address in (f"{town.web}/i/{domain}", town.web.replace("localhost", f"{domain}.localhost")):
        reply = page.goto(address)
        assert reply is not None
        assert reply.status == 200
        expect(page.locator("body")).to_contain_text("Siti & Arif")


def order_of(page: Page) -> str:
    match = re.search(r"order_id=(INV-[0-9a-f-]+)", page.url)
    assert match, page.url
    return match[1]


def profile(page: Page, town: Town) -> dict[str, Any]:
    """What a frontend reads."""
    found = page.request.get(f"{town.web}/api/v1/user-profile").json()
    assert isinstance(found, dict)
    return found


def test_a_card_is_paid(customer: Page, town: Town) -> None:
    pay_by_card(pay(customer))
    customer.wait_for_url("**/payment/success?order_id=*")
    is_paid(customer)
    assert profile(customer, town)["invitation"]["payment_status"] == "paid"
    is_live(customer, town)


def test_a_denied_card_then_another_in_the_same_popup(customer: Page, town: Town) -> None:
    popup = pay(customer)
    popup.locator("[data-method=credit_card]").click()
    enter_card(popup, DENIED)
    popup.locator("[name=otp]").fill("112233")
    popup.locator("[data-action=confirm]").click()
    expect(popup.locator("[data-view=denied]")).to_be_visible()
    pay_by_card(popup)
    customer.wait_for_url("**/payment/success?order_id=*")
    is_paid(customer)
    statuses = sorted(found["transaction_status"] for found in town.transactions(order_of(customer)))
    assert statuses == ["capture", "deny"]


def test_a_virtual_account_is_paid_after_the_popup_was_closed(customer: Page, town: Town) -> None:
    popup = pay(customer)
    choose(popup, "bca_va")
    popup.locator("[data-action=close]").first.click()
    customer.wait_for_url("**/payment/pending?order_id=*")
    expect(customer.locator(".hero .word")).to_have_text("Menunggu pembayaran")
    (transaction,) = town.transactions(order_of(customer))
    town.act(transaction["transaction_id"], "pay")
    is_paid(customer)
    is_live(customer, town)


@pytest.mark.parametrize("method", ["other_qris", "gopay"])
def test_a_qr_is_scanned_and_paid(customer: Page, method: str) -> None:
    popup = pay(customer)
    choose(popup, method)
    popup.locator("[data-action=pay]").click()
    popup.locator("[data-view=success] [data-action=finish]").click()
    customer.wait_for_url("**/payment/success?order_id=*")
    is_paid(customer)


def test_closing_the_popup_with_nothing_chosen_charges_nothing(customer: Page, town: Town) -> None:
    popup = pay(customer)
    expect(popup.locator("[data-method=credit_card]")).to_be_visible()
    popup.locator("[data-action=close]").first.click()
    expect(customer.locator("#notice")).not_to_be_empty()
    assert "/checkout/" in customer.url
    invitation = profile(customer, town)["invitation"]
    assert invitation["payment_status"] == "pending"
    assert town.transactions(invitation["order_id"]) == []
    pay_by_card(pay(customer))
    customer.wait_for_url("**/payment/success?order_id=*")
    assert order_of(customer) == invitation["order_id"]


def test_the_demo_customer_pays_and_renews(page: Page, town: Town) -> None:
    page.goto(town.web)
    page.click("[data-fill-email]")
    page.click("form#login button[type=submit]")
    page.wait_for_url("**/invitations")
    page.click("a[href='/checkout/5']")
    pay_by_card(pay(page))
    page.wait_for_url("**/payment/success?order_id=*")
    is_paid(page)
    first = profile(page, town)["invitation"]["domain_expires_at"]
    page.goto(f"{town.web}/checkout/5")
    page.click("#renew")
    pay_by_card(page.frame_locator("#snap-midtrans"))
    page.wait_for_url("**/payment/success?order_id=*")
    is_paid(page)
    renewed = profile(page, town)["invitation"]["domain_expires_at"]
    assert int(renewed[:4]) == int(first[:4]) + 1


def test_the_url_convinces_nobody(customer: Page, town: Town) -> None:
    """F9: a redirect parameter marks nothing as paid."""
    pay(customer)
    order_id = profile(customer, town)["invitation"]["order_id"]
    customer.goto(
        f"{town.web}/payment/success?order_id={order_id}&status_code=200&transaction_status=settlement"
    )
    expect(customer.locator(".hero .word")).not_to_have_text("Lunas")
    assert profile(customer, town)["invitation"]["payment_status"] == "pending"
