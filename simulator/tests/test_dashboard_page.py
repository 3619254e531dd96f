"""The dashboard in a real browser."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.browser


@pytest.fixture
def desk(browser: Browser, shop: Any) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 860})
    page = context.new_page()
    page.set_default_timeout(8_000)
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda line: problems.append(line.text) if line.type == "error" else None)
    page.goto(shop.simulator)
    yield page
    context.close()
    assert [text for text in problems if "409" not in text] == []


def test_an_order_goes_from_nothing_to_paid_without_leaving_the_page(desk: Page, shop: Any) -> None:
    desk.get_by_role("button", name="Buat pesanan percobaan").click()
    desk.locator("#method").select_option("bca_va")
    desk.get_by_role("button", name="Konfirmasi").click()
    expect(desk.locator(".attempt .chip")).to_have_text("pending")
    desk.locator("[data-act=pay]").click()
    expect(desk.locator(".attempt .chip")).to_have_text("settlement")
    expect(desk.locator(".delivery")).to_have_count(2)
    assert [body["transaction_status"] for body in shop.told()] == ["pending", "settlement"]


def test_what_a_backend_does_appears_by_itself(desk: Page, shop: Any) -> None:
    expect(desk.locator(".empty")).to_be_visible()
    shop.token("INV-77")
    expect(desk.locator("[data-row]")).to_contain_text("INV-77")


def test_an_open_delivery_and_a_half_typed_amount_survive_updates(desk: Page, shop: Any) -> None:
    token = shop.token("INV-1")
    shop.control(f"sessions/{token}/choose", {"method": "gopay"})
    shop.control("transactions/INV-1/pay")
    desk.goto(f"{shop.simulator}/?order=INV-1")
    desk.locator(".delivery summary").last.click()
    desk.locator(".part input").fill("12345")
    shop.token("INV-2")
    expect(desk.locator("[data-row]")).to_have_count(2)
    expect(desk.locator(".delivery pre").last).to_be_visible()
    expect(desk.locator(".part input")).to_have_value("12345")
    desk.locator(".part button").click()
    expect(desk.locator(".attempt .chip")).to_have_text("partial_refund")
    assert shop.told()[-1]["refund_amount"] == "12345.00"


def test_buttons_copy_curl_when_asked_to(desk: Page, shop: Any) -> None:
    token = shop.token()
    shop.control(f"sessions/{token}/choose", {"method": "bca_va"})
    desk.goto(f"{shop.simulator}/?order=INV-1")
    desk.locator("#curl").check()
    desk.locator("[data-act=pay]").click()
    expect(desk.locator("#toast")).to_contain_text("curl -X POST")
    assert shop.status()["transaction_status"] == "pending"


def test_a_fault_is_switched_on_and_tuned(desk: Page, shop: Any) -> None:
    desk.locator("#faults-panel summary").click()
    desk.locator("[name=drop]").check()
    times = desk.locator("#fault-drop [data-option=times]")
    times.fill("3")
    times.press("Tab")
    expect(desk.locator("#faults-count")).to_have_text("1")
    desk.reload()
    desk.locator("#faults-panel summary").click()
    expect(desk.locator("#fault-drop [data-option=times]")).to_have_value("3")
    desk.locator("[name=drop]").uncheck()
    expect(desk.locator("#faults-count")).to_have_text("")
    assert shop.gateway.faults.as_json() == {}


def test_jumping_to_the_next_event_brings_it_about(desk: Page, shop: Any) -> None:
    token = shop.token()
    shop.control(f"sessions/{token}/choose", {"method": "bca_va"})
    expect(desk.locator("button.next")).to_contain_text("INV-1")
    desk.locator("button.next").click()
    expect(desk.locator("[data-row]")).to_contain_text("expire")


def test_a_refused_act_says_why(desk: Page, shop: Any) -> None:
    token = shop.token()
    shop.control(f"sessions/{token}/choose", {"method": "gopay"})
    shop.control("transactions/INV-1/pay")
    desk.goto(f"{shop.simulator}/?order=INV-1")
    desk.locator(".part input").fill("999999999")
    desk.locator(".part button").click()
    expect(desk.locator("#toast")).to_contain_text("is left")


def test_the_keyboard_is_enough(desk: Page, shop: Any) -> None:
    for number in (1, 2, 3):
        shop.token(f"INV-{number}")
    expect(desk.locator("[data-row]")).to_have_count(3)
    desk.keyboard.press("j")
    expect(desk.locator("#detail h1")).to_have_text("INV-3")
    desk.keyboard.press("j")
    expect(desk.locator("#detail h1")).to_have_text("INV-2")
    desk.keyboard.press("Escape")
    expect(desk.locator("#detail h1")).to_contain_text("Midtrans di komputer Anda")
    desk.keyboard.press("/")
    desk.keyboard.type("inv-1")
    expect(desk.locator("[data-row]")).to_have_count(1)


def test_a_phone_shows_the_list_then_the_order(browser: Browser, shop: Any) -> None:
    shop.token("INV-1")
    with browser.new_context(viewport={"width": 390, "height": 844}) as context:
        page = context.new_page()
        page.goto(f"{shop.simulator}/?language=en")
        page.locator("[data-row]").click()
        expect(page.locator("#detail h1")).to_have_text("INV-1")
        expect(page.locator("[data-row]")).to_be_hidden()
        page.get_by_role("link", name="All orders").click()
        expect(page.locator("[data-row]")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_an_order_is_paid_from_the_list(desk: Page, shop: Any) -> None:
    shop.control(f"sessions/{shop.token()}/choose", {"method": "bca_va"})
    desk.locator("[data-quick=pay]").click()
    expect(desk.locator(".order.paid")).to_be_visible()
    assert shop.status()["transaction_status"] == "settlement"


def test_older_orders_load_on_when_the_end_is_in_view(desk: Page, shop: Any) -> None:
    for number in range(100):
        shop.token(f"INV-{number:03}")
    expect(desk.locator(".order")).to_have_count(80)
    desk.locator("[data-longer]").scroll_into_view_if_needed()
    expect(desk.locator(".order")).to_have_count(100)


def test_on_a_phone_the_list_comes_before_everything_but_the_clock(browser: Browser, shop: Any) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(shop.simulator)
    listed, start = page.locator("#list").bounding_box(), page.locator("#detail h1").bounding_box()
    assert listed is not None
    assert start is not None
    assert listed["y"] < start["y"]
    context.close()
