"""Old browsers, blocked scripts, no scripts: whoever wants to pay comes to a page that takes the payment."""

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import Town
from tests.browser.shelf import CUT_OR_WIDE, PASSWORD, Shelf, new_shelf
from tuntas import web

pytestmark = pytest.mark.browser

STATIC = Path(web.__file__).parent / "static"
HOSTED = re.compile(r"/snap/v\d/redirection/")
WITHOUT_TIMEOUT = "delete AbortSignal.timeout"
"""As iOS before 16."""


@pytest.fixture(scope="module")
def shelf(town: Town) -> Iterator[Shelf]:
    made = new_shelf(town.web, town.simulator)
    yield made
    made.http.close()


def opened(browser: Browser, shelf: Shelf, *, scripts: bool = True) -> BrowserContext:
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, locale="id-ID", java_script_enabled=scripts
    )
    context.set_default_timeout(10_000)
    context.add_cookies([{"name": "tuntas_session", "value": shelf.token, "url": shelf.web}])
    return context


@contextmanager
def silence(town: Town) -> Iterator[None]:
    """Midtrans's notifications are lost meanwhile."""
    httpx.put(f"{town.simulator}/_control/faults", json={"drop": True}).raise_for_status()
    try:
        yield
    finally:
        httpx.put(f"{town.simulator}/_control/faults", json={}).raise_for_status()


@pytest.fixture
def phone(browser: Browser, shelf: Shelf) -> Iterator[Page]:
    context = opened(browser, shelf)
    yield context.new_page()
    context.close()


@pytest.fixture
def scriptless(browser: Browser, shelf: Shelf) -> Iterator[Page]:
    context = opened(browser, shelf, scripts=False)
    yield context.new_page()
    context.close()


def checkout(page: Page, shelf: Shelf) -> int:
    number = shelf.invitation("siti-arif")
    page.goto(f"{shelf.web}/checkout/{number}")
    return number


def test_an_old_browser_pays_in_the_popup(phone: Page, shelf: Shelf) -> None:
    phone.add_init_script(WITHOUT_TIMEOUT)
    checkout(phone, shelf)
    assert phone.evaluate("AbortSignal.timeout") is None
    phone.click("#pay")
    popup = phone.frame_locator("#snap-midtrans")
    popup.locator("[data-method=bca_va]").click()
    popup.locator("[data-action=confirm]").click()
    popup.locator("[data-action=finish]").click()
    phone.wait_for_url("**/payment/pending?order_id=*")
    expect(phone.locator("#copy-va")).to_be_visible()
    phone.go_back()
    expect(phone).to_have_url(re.compile("/checkout/")), "one step, as the popup was no page"


@pytest.mark.parametrize("snap", ["window.snap = { pay() { throw new Error('no'); } };", "", None])
def test_where_no_popup_opens_the_hosted_page_does(phone: Page, shelf: Shelf, snap: str | None) -> None:
    """It throws, it is another script, or it is blocked."""
    if snap is None:
        phone.route("**/snap/snap.js", lambda route: route.abort())
    else:
        phone.route("**/snap/snap.js", lambda route: route.fulfill(body=snap, content_type="text/javascript"))
    checkout(phone, shelf)
    phone.click("#pay")
    phone.wait_for_url(HOSTED)
    expect(phone.locator("[data-method=credit_card]")).to_be_visible()


def test_whatever_else_fails_there_is_one_sentence_and_one_way_on(phone: Page, shelf: Shelf) -> None:
    phone.route("**/create-snap-token", lambda route: route.fulfill(status=200, body="<p>a proxy's page</p>"))
    checkout(phone, shelf)
    phone.click("#pay")
    expect(phone.locator("#notice")).to_contain_text("tidak dapat dibuka di sini")
    phone.click("#elsewhere")
    phone.wait_for_url(HOSTED)


def test_without_scripts_a_customer_orders_pays_and_asks(scriptless: Page, shelf: Shelf, town: Town) -> None:
    number = checkout(scriptless, shelf)
    scriptless.click("#pay")
    scriptless.wait_for_url(HOSTED)
    order = shelf.order(number)
    shelf.choose(order, "bca_va")
    scriptless.goto(f"{shelf.web}/payment/pending?order_id={order['order_id']}")
    expect(scriptless.locator("[data-live]")).to_be_hidden()
    scriptless.click("#check")
    expect(scriptless.locator("#checked")).to_contain_text("belum ada perubahan")
    town.act(town.transactions(order["order_id"])[0]["transaction_id"], "pay")
    scriptless.click("#check")
    expect(scriptless.locator(".hero .word")).to_have_text("Lunas")


def test_checking_now_asks_midtrans(phone: Page, shelf: Shelf, town: Town) -> None:
    order = shelf.order(shelf.invitation("cek-sekarang"))
    shelf.choose(order, "bca_va", asked=False)
    with silence(town):
        town.act(town.transactions(order["order_id"])[0]["transaction_id"], "pay")
        phone.goto(f"{shelf.web}/payment/pending?order_id={order['order_id']}")
        assert phone.locator(".hero .word").inner_text() == "Menunggu pembayaran"
        phone.click("#check")
        expect(phone.locator(".hero .word")).to_have_text("Lunas")


def test_back_closes_the_popup_and_not_the_shop(phone: Page, shelf: Shelf) -> None:
    phone.goto(f"{shelf.web}/invitations")
    number = checkout(phone, shelf)
    phone.click("#pay")
    expect(phone.frame_locator("#snap-midtrans").locator("[data-method=credit_card]")).to_be_visible()
    phone.go_back()
    expect(phone.locator("#snap-midtrans")).to_have_count(0)
    expect(phone).to_have_url(re.compile(f"/checkout/{number}$"))
    expect(phone.locator("#notice")).to_contain_text("Jendela pembayaran ditutup")
    phone.click("#pay")
    expect(phone.frame_locator("#snap-midtrans").locator("[data-method=credit_card]")).to_be_visible()
    phone.frame_locator("#snap-midtrans").locator("[data-action=close]").first.click()
    expect(phone.locator("#snap-midtrans")).to_have_count(0)
    phone.go_back()
    expect(phone).to_have_url(f"{shelf.web}/invitations")


def test_a_payment_page_changes_by_itself_in_an_old_web_view(phone: Page, shelf: Shelf, town: Town) -> None:
    phone.add_init_script("delete Element.prototype.replaceChildren; " + WITHOUT_TIMEOUT)
    order = shelf.order(shelf.invitation("tua"))
    shelf.choose(order, "bca_va")
    phone.goto(f"{shelf.web}/payment/pending?order_id={order['order_id']}")
    town.act(town.transactions(order["order_id"])[0]["transaction_id"], "pay")
    expect(phone.locator(".hero .word")).to_have_text("Lunas")
    expect(phone.locator("#payment .word")).to_have_count(1)


def test_scripts_and_styles_hold_nothing_that_phones_of_2020_cannot_read(phone: Page, shelf: Shelf) -> None:
    """One word that a browser does not know costs the whole file, or the whole rule."""
    phone.goto(f"{shelf.web}/login")
    for script in STATIC.glob("*.js"):
        source = re.sub(r"(?m)^(import .*|export )", "", script.read_text())
        assert phone.evaluate("(source) => void new Function(source)", source) is None, script.name
        assert not re.search(r"\.replaceChildren\(|\.at\(|structuredClone|\?\?=", source), script.name
    styles = re.sub(r"/\*.*?\*/", "", (STATIC / "tuntas.css").read_text(), flags=re.DOTALL)
    assert not re.search(r":is\(|:where\(|-(inline|block):|color-mix|@layer|\binset:", styles)


def test_a_page_older_than_the_money_that_came_asks_for_no_more(phone: Page, shelf: Shelf) -> None:
    number = checkout(phone, shelf)
    shelf.notify(str(shelf.order(number)["order_id"]), "capture", fraud_status="challenge")
    phone.click("#pay")
    expect(phone.locator("#notice")).to_contain_text("Jangan membayar lagi")
    expect(phone.locator("#pay")).to_be_hidden()
    phone.get_by_role("link", name="Lihat status").first.click()
    expect(phone.locator("#checkout")).to_have_attribute("data-payment-state", "in_review")


def test_without_scripts_a_form_says_that_the_language_comes_first(phone: Page, shelf: Shelf) -> None:
    """Chromium under test takes no `noscript` for shown, so that it is there must do."""
    for path in ("/invitations/new", "/account"):
        phone.goto(f"{shelf.web}{path}")
        told = phone.locator("main noscript").text_content() or ""
        assert "Ganti bahasa sebelum mengisi" in told
        expect(phone.get_by_text("Ganti bahasa sebelum mengisi")).to_be_hidden()


def test_what_was_typed_survives_switching_the_language(browser: Browser, shelf: Shelf) -> None:
    context = browser.new_context(locale="id-ID")
    page = context.new_page()
    page.goto(f"{shelf.web}/register?next=/account")
    page.fill("[name=name]", "Siti Rahma")
    page.fill("[name=password]", PASSWORD)
    page.click("[data-language]")
    page.wait_for_selector("html[lang=en]")
    assert (page.input_value("[name=name]"), page.input_value("[name=password]")) == ("Siti Rahma", PASSWORD)
    page.click("[data-reveal]")
    assert page.get_attribute("[name=password]", "type") == "text", "the page still works"
    page.fill("[name=email]", f"siti-{shelf.invitation('x')}@example.test")
    page.click("main form button[type=submit]")
    page.wait_for_url("**/account")
    context.close()


def test_back_after_logging_out_shows_nothing(browser: Browser, town: Town) -> None:
    theirs = new_shelf(town.web, town.simulator)
    with closing(theirs.http), opened(browser, theirs) as context:
        page = context.new_page()
        theirs.invitation("rahasia")
        page.goto(f"{theirs.web}/invitations")
        expect(page.locator("main")).to_contain_text("Kusumaningratnawati")
        page.locator("form[action='/logout'] button").click()
        page.wait_for_url("**/login")
        page.go_back()
        expect(page.locator("main")).not_to_contain_text("Kusumaningratnawati")


def test_without_a_cookie_who_comes_back_from_paying_is_told_kindly(browser: Browser, shelf: Shelf) -> None:
    context = browser.new_context(locale="id-ID", viewport={"width": 360, "height": 844})
    page = context.new_page()
    for outcome in ("success", "pending", "error"):
        page.goto(f"{shelf.web}/payment/{outcome}?order_id=INV-kusumaningratnawati")
        assert page.locator("main form").count() == 0
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        assert page.evaluate(CUT_OR_WIDE) == []
    context.close()


def test_without_a_cookie_the_shop_asks_who_it_is_and_comes_back(browser: Browser, shelf: Shelf) -> None:
    context = browser.new_context(locale="id-ID")
    page = context.new_page()
    page.goto(f"{shelf.web}/checkout/5")
    expect(page).to_have_url(re.compile(r"/login\?next=%2Fcheckout%2F5$"))
    page.fill("[name=email]", "demo@tuntas.test")
    page.fill("[name=password]", "a-wrong-password")
    page.click("#login button[type=submit]")
    expect(page.locator("#password-problem")).to_be_visible()
    assert page.evaluate("document.activeElement.id") == "password"
    context.close()
