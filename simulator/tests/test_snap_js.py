"""snap.js as pages in the wild use it: its options (Midtrans, "snap.js") and what plugins do (seen live)."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.browser

PHONE = (
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/126.0.0.0 Mobile Safari/537.36"
)
FRAME = "#snap-midtrans"


@pytest.fixture
def page(browser: Browser, shop: Any) -> Iterator[Page]:
    with browser.new_context(viewport={"width": 1280, "height": 900}) as context:
        page = context.new_page()
        page.set_default_timeout(8_000)
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(shop.merchant)
        yield page
        assert problems == []


def heard(page: Page) -> list[Any]:
    page.wait_for_function("window.heard.length > 0")
    return page.evaluate("window.heard")


def test_a_method_can_be_opened_at_once_and_left_for_the_list(page: Page, shop: Any) -> None:
    page.evaluate(f"snap.pay('{shop.token()}', {{selectedPaymentType: 'bni_va', ...callbacks}})")
    popup = page.frame_locator(FRAME)
    expect(popup.locator("h1")).to_have_text("BNI Virtual Account")
    popup.locator("[data-action=back]").click()
    expect(popup.locator("[data-method=credit_card]")).to_be_visible()


def test_enabled_payments_filters_further(page: Page, shop: Any) -> None:
    token = shop.token(enabled_payments=["bca_va", "gopay", "indomaret"])
    page.evaluate(f"snap.pay('{token}', {{enabledPayments: ['cstore', 'gopay', 'bni_va']}})")
    popup = page.frame_locator(FRAME)
    expect(popup.locator("[data-method]").first).to_be_visible()
    shown = popup.locator("[data-method]").evaluate_all("all => all.map(one => one.dataset.method)")
    assert shown == ["gopay", "indomaret"]


@pytest.mark.parametrize("option", ["uiMode", "gopayMode"])
@pytest.mark.parametrize(
    ("agent", "mode", "payment_type"),
    [(PHONE, "qr", "qris"), (None, "deeplink", "gopay"), (PHONE, "auto", "gopay"), (None, "auto", "qris")],
)
def test_ui_mode_decides_between_qr_and_app(
    browser: Browser, shop: Any, option: str, agent: str | None, mode: str, payment_type: str
) -> None:
    with browser.new_context(user_agent=agent) as context:
        page = context.new_page()
        page.goto(shop.merchant)
        options = f"{{{option}: '{mode}', selectedPaymentType: 'gopay'}}"
        page.evaluate(f"snap.pay('{shop.token()}', {options})")
        popup = page.frame_locator(FRAME)
        popup.locator("[data-action=confirm]").click()
        expect(popup.locator("[data-view=pending]")).to_be_visible()
        assert shop.status()["payment_type"] == payment_type


def test_an_app_pays_in_its_own_window(page: Page, shop: Any) -> None:
    options = "{uiMode: 'deeplink', selectedPaymentType: 'gopay', ...callbacks}"
    page.evaluate(f"snap.pay('{shop.token()}', {options})")
    popup = page.frame_locator(FRAME)
    popup.locator("[data-action=confirm]").click()
    with page.expect_popup() as opened:
        popup.locator("[data-action=open]").click()
    opened.value.locator("[data-action=pay]").click()
    expect(opened.value.locator("[data-status=settlement]")).to_be_visible()
    opened.value.close()
    assert heard(page)[0][0] == "success"


def test_the_number_page_closes_itself_after_auto_close_delay(page: Page, shop: Any) -> None:
    options = "{autoCloseDelay: 1, selectedPaymentType: 'indomaret', ...callbacks}"
    page.evaluate(f"snap.pay('{shop.token()}', {options})")
    page.frame_locator(FRAME).locator("[data-action=confirm]").click()
    [(name, result)] = heard(page)
    assert (name, result["status_code"]) == ("pending", "201")
    assert len(result["payment_code"]) == 16


def test_callbacks_are_optional_and_strange_options_are_ignored(page: Page, shop: Any) -> None:
    token = shop.token()
    page.evaluate(f"snap.pay('{token}', {{skipOrderSummary: true, language: 'xx', onClose: 'no function'}})")
    popup = page.frame_locator(FRAME)
    expect(popup.locator("h1")).to_have_text("Pilih cara bayar")
    popup.locator("[data-action=close]").click()
    expect(page.locator(FRAME)).to_have_count(0)
    page.evaluate(f"snap.pay('{token}')")
    expect(page.frame_locator(FRAME).locator("h1")).to_be_visible()


def test_an_unknown_token_is_an_error(page: Page) -> None:
    page.evaluate("snap.pay('00000000-0000-4000-8000-000000000000', callbacks)")
    page.frame_locator(FRAME).locator("[data-view=closed] [data-action=close]").last.click()
    [(name, result)] = heard(page)
    assert (name, result) == ("error", {"status_code": "404", "status_message": ["token not found"]})


def test_escape_closes_and_the_page_gets_its_focus_and_scroll_back(page: Page, shop: Any) -> None:
    page.evaluate(
        "document.body.insertAdjacentHTML('beforeend', '<button id=buy>Beli</button>'); buy.focus()"
    )
    page.evaluate(f"snap.pay('{shop.token()}', callbacks)")
    popup = page.frame_locator(FRAME)
    expect(popup.locator("h1")).to_be_visible()
    page.frames[-1].wait_for_load_state()  # its script hears keys only then
    assert page.evaluate("document.documentElement.style.overflow") == "hidden"
    popup.locator("h1").press("Escape")
    assert heard(page)[0][0] == "close"
    assert page.evaluate("[document.activeElement.id, document.documentElement.style.overflow]") == [
        "buy",
        "",
    ]


def test_show_waits_and_hide_goes_without_a_callback(page: Page, shop: Any) -> None:
    page.evaluate("snap.show()")
    expect(page.frame_locator(FRAME).locator("[data-view=loading]")).to_be_visible()
    page.evaluate(f"snap.pay('{shop.token()}', callbacks)")
    expect(page.frame_locator(FRAME).locator("[data-method=bca_va]")).to_be_visible()
    page.evaluate("snap.hide()")
    expect(page.locator(FRAME)).to_have_count(0)
    assert page.evaluate("window.heard") == []
    assert shop.status()["status_code"] == "404"


def test_an_embed_keeps_its_least_size_and_excludes_a_popup(page: Page, shop: Any) -> None:
    page.evaluate("document.getElementById('place').style.cssText = 'width:100px'")
    page.evaluate(f"snap.embed('{shop.token()}', {{embedId: 'place', ...callbacks}})")
    box = page.locator("#place iframe").bounding_box()
    assert box is not None
    assert (box["width"], box["height"]) == (320, 560)
    caught = "(call) => { try { call(); return '' } catch (error) { return error.message } }"
    assert "hide" in page.evaluate(f"({caught})(() => snap.pay('{shop.token('INV-2')}'))")
    assert "no element" in page.evaluate(f"({caught})(() => snap.embed('x', {{embedId: 'nowhere'}}))")
    frame = page.frame_locator("#place iframe")
    frame.locator("[data-method=bca_va]").click()
    frame.locator("[data-action=confirm]").click()
    frame.locator("[data-action=finish]").click()
    assert heard(page)[0][0] == "pending"


def test_a_script_made_late_with_its_key_set_after_works(page: Page, shop: Any) -> None:
    page.goto(f"{shop.merchant}/card")  # a page without snap.js
    page.evaluate("document.querySelectorAll('[data-client-key]').forEach((each) => each.remove())")
    page.evaluate(
        """([source, key]) => new Promise((ready) => {
            const script = document.createElement("script");
            script.src = source;
            script.onload = ready;
            document.head.append(script);
            script.setAttribute("data-client-key", key);
        })""",
        [f"{shop.simulator}/snap/snap.js", "SB-Mid-client-simulator"],
    )
    page.evaluate(f"snap.pay('{shop.token()}')")
    source = page.locator(FRAME).get_attribute("src") or ""
    assert "client_key=SB-Mid-client-simulator" in source
    expect(page.frame_locator(FRAME).locator("[data-method=bca_va]")).to_be_visible()


def test_the_script_loaded_twice_keeps_the_open_popup(page: Page, shop: Any) -> None:
    page.evaluate(f"snap.pay('{shop.token()}', callbacks)")
    page.add_script_tag(url=f"{shop.simulator}/snap/snap.js")
    page.frame_locator(FRAME).locator("[data-action=close]").click()
    assert [name for name, _ in heard(page)] == ["close"]
    expect(page.locator(FRAME)).to_have_count(0)


def test_a_plugin_that_tries_every_second_opens_once(page: Page, shop: Any) -> None:
    page.goto(f"{shop.merchant}/card")
    page.evaluate(
        """(token) => {
            window.tries = { failed: 0, opened: 0 };
            const again = setInterval(() => {
                try { snap.pay(token); tries.opened++; clearInterval(again); } catch { tries.failed++; }
            }, 100);
        }""",
        shop.token(),
    )
    page.wait_for_function("window.tries.failed > 1")
    page.add_script_tag(url=f"{shop.simulator}/snap/snap.js")
    expect(page.frame_locator(FRAME).locator("[data-method=bca_va]")).to_be_visible()
    assert page.evaluate("window.tries.opened") == 1
    assert page.locator(FRAME).count() == 1


def test_a_message_from_elsewhere_changes_nothing(page: Page, shop: Any) -> None:
    page.evaluate(f"snap.pay('{shop.token()}', callbacks)")
    expect(page.frame_locator(FRAME).locator("h1")).to_be_visible()
    page.evaluate("window.postMessage({event: 'success', result: {status_code: '200'}}, '*')")
    page.evaluate("new Promise((done) => setTimeout(done, 100))")
    assert page.evaluate("window.heard") == []
    assert page.locator(FRAME).count() == 1


def test_the_time_running_out_closes_the_page_by_itself(page: Page, shop: Any) -> None:
    shop.control("clock", {"speed": 150})
    page.evaluate(f"snap.pay('{shop.token(page_expiry={'duration': 5, 'unit': 'minutes'})}', callbacks)")
    popup = page.frame_locator(FRAME)
    expect(popup.locator("[data-view=methods]")).to_be_visible()
    expect(popup.locator("[data-view=closed]")).to_be_visible()
