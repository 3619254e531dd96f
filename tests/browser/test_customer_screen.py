"""Every state that money can be in, on phones and desks, with long names and large text."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import Town
from tests.browser.shelf import CUT_OR_WIDE, KENANGA, Shelf, fill, new_shelf

pytestmark = pytest.mark.browser

WORDS = {
    "pending": "Menunggu pembayaran",
    "overdue": "Batas waktu lewat",
    "in_review": "Sedang diperiksa",
    "paid": "Lunas",
    "paid_twice": "Dibayar dua kali",
    "failed": "Belum berhasil",
    "given_back": "Dana dikembalikan",
    "voided": "Dana dikembalikan",
    "partly_given_back": "Sebagian dikembalikan",
    "other_amount": "Sedang diperiksa",
}
ASK_FOR_MONEY = {"pending", "overdue", "failed"}
METHODS = {
    "permata_va": ("va", "Permata"),
    "echannel": ("bill", "Mandiri"),
    "indomaret": ("code", "Indomaret"),
    "cimb_va": ("va", "CIMB Niaga"),
}


@pytest.fixture(scope="module")
def shelf(town: Town) -> Iterator[Shelf]:
    filled = fill(new_shelf(town.web, town.simulator))
    yield filled
    filled.http.close()


@pytest.fixture(scope="module")
def window(browser: Browser, shelf: Shelf) -> Iterator[Page]:
    """One window for all pages that are only looked at."""
    context = browser.new_context(locale="id-ID", color_scheme="light")
    context.add_cookies([{"name": "tuntas_session", "value": shelf.token, "url": shelf.web}])
    page = context.new_page()
    page.set_default_timeout(10_000)
    yield page
    context.close()


def violations(page: Page, axe: str) -> list[str]:
    page.evaluate(axe)
    found: list[dict[str, Any]] = page.evaluate(
        "axe.run(document, {resultTypes: ['violations']}).then((result) => result.violations)"
    )
    return [f"{each['id']}: {node['html'][:160]}" for each in found for node in each["nodes"]]


def look(page: Page, address: str, axe: str | None = None) -> None:
    """Nothing is cut or too wide on two phones and a desk, nor at twice the text size; and axe is content."""
    page.set_viewport_size({"width": 390, "height": 844})
    page.emulate_media(color_scheme="light")
    page.goto(address)
    for width in (360, 390, 1280):
        page.set_viewport_size({"width": width, "height": 844})
        assert page.evaluate(CUT_OR_WIDE) == [], width
    if axe is not None:
        assert violations(page, axe) == [], address
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size({"width": 360, "height": 844})
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert page.evaluate(CUT_OR_WIDE) == [], "text at 200 %"


@pytest.mark.parametrize("state", WORDS)
def test_each_state_has_its_word_and_only_what_is_unpaid_leads_to_paying(
    window: Page, shelf: Shelf, axe: str, state: str
) -> None:
    number, order_id = shelf.ids[state]
    look(window, f"{shelf.web}/payment/pending?order_id={order_id}", axe)
    assert window.locator(".hero .word").inner_text() == WORDS[state]
    to_checkout = window.locator(f"main a[href='/checkout/{number}']")
    assert (to_checkout.count() > 0) == (state in ASK_FOR_MONEY)
    look(window, f"{shelf.web}/checkout/{number}")
    offered = {form.get_attribute("data-pay") for form in window.locator("[data-pay]:visible").all()}
    assert ("Bayar Sekarang" in window.locator("main").inner_text()) == (state in ASK_FOR_MONEY)
    held_up = {"in_review", "other_amount", "paid_twice"}
    assert (offered == set()) == (state in held_up | {"given_back"}), offered


@pytest.mark.parametrize("method", METHODS)
def test_after_the_popup_each_method_says_what_to_pay_with(window: Page, shelf: Shelf, method: str) -> None:
    order = shelf.order(shelf.invitation(method.replace("_", "-")))
    shelf.choose(order, method)
    address = f"{shelf.web}/payment/success?order_id={order['order_id']}"
    look(window, address)
    code, name = METHODS[method]
    assert window.locator(".hero .word").inner_text() == "Menunggu pembayaran", "whatever the address claims"
    assert window.locator(f"#{code}-label").inner_text().find(name) >= 0
    copied = window.locator(f"#copy-{code}").get_attribute("data-copy") or ""
    assert copied.isalnum()
    shown = window.locator(f"#{code}-label + .number").inner_text()
    assert "".join(shown.split()) == copied


@pytest.mark.parametrize("method", ["other_qris", "dana", "ovo", "kredivo"])
def test_where_midtrans_tells_nothing_its_own_page_is_the_way_on(
    window: Page, shelf: Shelf, method: str
) -> None:
    order = shelf.order(shelf.invitation(method.replace("_", "-")))
    shelf.choose(order, method, **({"phone": "+628111222333"} if method == "ovo" else {}))
    window.goto(f"{shelf.web}/payment/pending?order_id={order['order_id']}")
    window.locator(f".actions a[href^='{order['redirect_url']}']").wait_for()
    minutes = window.evaluate(
        "(new Date(document.querySelector('.deadline time').dateTime) - Date.now()) / 60000"
    )
    assert minutes < (2 if method == "ovo" else 24 * 60 + 1), "the method's own deadline"


def test_the_other_pages_hold_long_names_too(window: Page, shelf: Shelf, axe: str) -> None:
    number, _ = shelf.ids["paid"]
    live = shelf.http.get(f"/api/v1/invitations/{number}").json()["domain"]
    unpaid = shelf.invitation("belum-dibayar-kusumaningratnawati-hadiwijaya")
    for path in (
        "/invitations", "/invitations/new", f"/invitations/{unpaid}/edit", f"/invitations/{unpaid}/address",
        f"/checkout/{unpaid}", f"/checkout/{number}", "/account", f"/i/{live}", "/i/tidak-ada", "/nothing",
    ):  # fmt: skip
        look(window, f"{shelf.web}{path}", axe)


def test_what_is_wrong_is_said_at_the_field_which_has_the_focus(window: Page, shelf: Shelf, axe: str) -> None:
    window.set_viewport_size({"width": 390, "height": 844})
    window.goto(f"{shelf.web}/invitations/new")
    window.locator(f"[name=package_id][value='{KENANGA}']").check(force=True)
    window.fill("[name=domain]", "tidak sah")
    window.fill("[name=title]", "Siti & Arif")
    window.locator("main form button[type=submit]").click()
    window.wait_for_selector("#domain-problem")
    assert window.evaluate("document.activeElement.id") == "domain"
    assert window.evaluate("document.activeElement.getBoundingClientRect().bottom < innerHeight")
    assert window.locator("#domain").get_attribute("aria-describedby") == "domain-problem domain-hint"
    assert violations(window, axe) == []
    window.click("[data-language]")
    window.wait_for_selector("html[lang=en]")
    assert window.input_value("[name=title]") == "Siti & Arif"
    window.goto(f"{shelf.web}/invitations?lang=id")
