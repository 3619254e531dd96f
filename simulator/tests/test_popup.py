"""The popup in a real browser, opened by a page on another origin."""

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, FrameLocator, Page, expect

from midtrans_simulator.http.texts import date_time

pytestmark = pytest.mark.browser

PHONE = (
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/126.0.0.0 Mobile Safari/537.36"
)


@pytest.fixture
def page(browser: Browser, shop: Any) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(8_000)
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda line: problems.append(line.text) if line.type == "error" else None)
    page.goto(shop.merchant)
    yield page
    context.close()
    assert problems == []


def pay(page: Page, token: str, options: str = "window.callbacks") -> FrameLocator:
    page.evaluate(f"snap.pay('{token}', {options})")
    return page.frame_locator("#snap-midtrans")


def heard(page: Page) -> list[Any]:
    page.wait_for_function("window.heard.length > 0")
    return page.evaluate("window.heard")


def fill_card(popup: FrameLocator, number: str) -> None:
    popup.locator("[name=card_number]").fill(number)
    popup.locator("[name=card_exp]").fill("12/30")
    popup.locator("[name=card_cvv]").fill("123")
    popup.locator("[data-action=confirm]").click()


def test_a_card_is_paid_with_its_otp(page: Page, shop: Any) -> None:
    popup = pay(page, shop.token(credit_card={"secure": True}))
    popup.locator("[data-method=credit_card]").click()
    fill_card(popup, "4811 1111 1111 1114")
    popup.locator("[name=otp]").fill("112233")
    popup.locator("[data-action=confirm]").click()
    expect(popup.locator("[data-view=success]")).to_be_visible()
    popup.locator("[data-action=finish]").click()
    [(name, result)] = heard(page)
    assert name == "success"
    assert result["transaction_status"] == "capture"
    assert result["status_code"] == "200"
    assert result["masked_card"] == "48111111-1114"
    assert page.locator("#snap-midtrans").count() == 0
    assert [body["transaction_status"] for body in shop.told()] == ["pending", "capture"]


def test_a_denied_card_is_tried_again_in_the_same_popup(page: Page, shop: Any) -> None:
    popup = pay(page, shop.token())
    popup.locator("[data-method=credit_card]").click()
    fill_card(popup, "4911 1111 1111 1113")
    expect(popup.locator("[data-view=denied]")).to_be_visible()
    popup.locator("[data-method=credit_card]").click()
    fill_card(popup, "4411 1111 1111 1118")
    popup.locator("[data-view=success] [data-action=finish]").click()
    [(name, result)] = heard(page)
    assert (name, result["transaction_status"]) == ("success", "capture")
    ids = {body["transaction_id"]: body["transaction_status"] for body in shop.told()}
    assert sorted(ids.values()) == ["capture", "deny"]


def test_four_denials_end_in_an_error(page: Page, shop: Any) -> None:
    popup = pay(page, shop.token())
    popup.locator("[data-method=credit_card]").click()
    for left in range(4):
        fill_card(popup, "4911 1111 1111 1113")
        if left < 3:
            popup.locator("[data-view=denied] [data-method=credit_card]").click()
    popup.locator("[data-view=failed] [data-action=finish]").click()
    [(name, result)] = heard(page)
    assert name == "error"
    assert isinstance(result["status_message"], list)


def test_a_mistyped_card_is_asked_again_and_keeps_what_was_typed(page: Page, shop: Any) -> None:
    popup = pay(page, shop.token())
    popup.locator("[data-method=credit_card]").click()
    fill_card(popup, "4811 1111 1111 1115")
    expect(popup.locator("[role=alert]").first).to_contain_text("Nomor kartu")
    expect(popup.locator("[name=card_number]")).to_have_value("4811 1111 1111 1115")
    expect(popup.locator("[name=card_exp]")).to_have_value("12/30")
    assert shop.status()["status_code"] == "404"


def test_a_virtual_account_is_paid_after_the_popup_was_closed(page: Page, shop: Any) -> None:
    popup = pay(page, shop.token())
    popup.locator("[data-method=bca_va]").click()
    popup.locator("[data-action=confirm]").click()
    number = popup.locator("[data-number]").get_attribute("data-number")
    popup.locator("[data-action=close]").click()
    [(name, result)] = heard(page)
    assert (name, result["status_code"]) == ("pending", "201")
    assert result["bca_va_number"] == number
    assert result["finish_redirect_url"].startswith(f"{shop.merchant}/finish?order_id=INV-1&status_code=201")
    shop.control("transactions/INV-1/pay")
    assert shop.status()["transaction_status"] == "settlement"


def test_closing_right_after_confirming_tells_of_the_payment_left_behind(page: Page, shop: Any) -> None:
    popup = pay(page, shop.token())
    popup.locator("[data-method=bca_va]").click()
    close = "document.querySelector('[data-action=close]').click()"
    popup.locator("[data-action=confirm]").evaluate(f"(confirm) => {{ confirm.click(); {close} }}")
    [(name, result)] = heard(page)
    assert (name, result["transaction_status"]) == ("pending", "pending")


def test_a_payment_made_elsewhere_shows_in_the_open_popup(page: Page, shop: Any) -> None:
    popup = pay(page, shop.token())
    popup.locator("[data-method=bni_va]").click()
    popup.locator("[data-action=confirm]").click()
    expect(popup.locator("[data-view=pending]")).to_be_visible()
    shop.control("transactions/INV-1/pay")
    expect(popup.locator("[data-view=success]")).to_be_visible()


def test_qris_is_paid_from_the_simulator_strip_and_finishes_by_itself(page: Page, shop: Any) -> None:
    popup = pay(page, shop.token())
    popup.locator("[data-method=other_qris]").click()
    popup.locator("[data-action=confirm]").click()
    expect(popup.locator("svg.qr")).to_be_visible()
    popup.locator("[data-action=pay]").click()
    [(name, result)] = heard(page)
    assert (name, result["payment_type"], result["transaction_status"]) == ("success", "qris", "settlement")


@pytest.mark.parametrize(("agent", "payment_type"), [(None, "qris"), (PHONE, "gopay")])
def test_gopay_is_qris_on_a_desktop_and_gopay_on_a_phone(
    browser: Browser, shop: Any, agent: str | None, payment_type: str
) -> None:
    with browser.new_context(user_agent=agent, viewport={"width": 390, "height": 844}) as context:
        page = context.new_page()
        page.goto(shop.merchant)
        popup = pay(page, shop.token())
        popup.locator("[data-method=gopay]").click()
        popup.locator("[data-action=confirm]").click()
        expect(popup.locator("[data-view=pending]")).to_be_visible()
        assert shop.status()["payment_type"] == payment_type


def test_an_expired_payment_can_be_chosen_anew(page: Page, shop: Any) -> None:
    popup = pay(page, shop.token())
    popup.locator("[data-method=gopay]").click()
    popup.locator("[data-action=confirm]").click()
    popup.locator("[data-action=expire]").click()
    expect(popup.locator("[data-view=denied]")).to_be_visible()
    popup.locator("[data-action=back]").click()
    expect(popup.locator("[data-method=bca_va]")).to_be_visible()


def test_closing_before_a_choice_calls_on_close(page: Page, shop: Any) -> None:
    popup = pay(page, shop.token())
    popup.locator("[data-action=close]").click()
    assert heard(page)[0][0] == "close"
    assert shop.status()["status_code"] == "404"


def test_without_callbacks_the_page_goes_to_the_finish_url(page: Page, shop: Any) -> None:
    popup = pay(page, shop.token(callbacks={"finish": f"{shop.merchant}/finish?a=b"}), "{}")
    popup.locator("[data-method=other_qris]").click()
    popup.locator("[data-action=confirm]").click()
    popup.locator("[data-action=pay]").click()
    page.wait_for_url("**/finish?*")
    assert page.locator("#query").inner_text() == (
        "a=b&order_id=INV-1&status_code=200&transaction_status=settlement"
    )


def test_pay_throws_only_when_it_cannot_open(page: Page, shop: Any) -> None:
    caught = "(call) => { try { call(); return null } catch (error) { return error.message } }"
    assert "token" in page.evaluate(f"({caught})(() => snap.pay(''))")
    token = shop.token()
    assert page.evaluate(f"({caught})(() => snap.pay('{token}'))") is None
    assert "open already" in page.evaluate(f"({caught})(() => snap.pay('{token}'))")
    assert page.evaluate(f"({caught})(() => {{ snap.hide(); snap.show(); snap.pay('{token}') }})") is None


def test_embed_shows_the_page_inline(page: Page, shop: Any) -> None:
    page.evaluate(f"snap.embed('{shop.token()}', {{embedId: 'place', ...callbacks}})")
    frame = page.frame_locator("#place iframe")
    expect(frame.locator("[data-method=bca_va]")).to_be_visible()
    expect(frame.locator("[data-action=close]")).to_be_hidden()
    box = page.locator("#place iframe").bounding_box()
    assert box is not None
    assert box["width"] >= 320
    assert box["height"] >= 560


def test_the_language_is_the_callers_and_can_be_switched(page: Page, shop: Any) -> None:
    popup = pay(page, shop.token(), "{language: 'en'}")
    expect(popup.locator("h1")).to_have_text("Choose how to pay")
    popup.locator("[data-action=language]").click()
    expect(popup.locator("h1")).to_have_text("Pilih cara bayar")


def test_a_wrong_client_key_is_said_on_the_page(page: Page, shop: Any) -> None:
    page.evaluate(
        "document.querySelector('script[data-client-key]').dataset.clientKey = 'SB-Mid-client-other'"
    )
    popup = pay(page, shop.token())
    expect(popup.locator("[data-view=closed]")).to_contain_text("client or server key")


def test_a_replaced_token_says_so(page: Page, shop: Any) -> None:
    first = shop.token()
    shop.token()
    popup = pay(page, first)
    expect(popup.locator("[data-view=closed]")).to_contain_text("diganti")


def test_redirect_mode_returns_to_the_finish_url(page: Page, shop: Any) -> None:
    token = shop.token()
    page.goto(f"{shop.simulator}/snap/v3/redirection/{token}?language=en")
    page.locator("[data-method=permata_va]").click()
    page.locator("[data-action=confirm]").click()
    page.locator("[data-action=copy]").click()
    expect(page.locator("[data-action=copy]")).to_have_text("Copied")
    page.locator("[data-action=finish]").click()
    page.wait_for_url("**/finish?*")
    assert "transaction_status=pending" in page.locator("#query").inner_text()


def test_another_method_is_chosen_while_one_waits_and_either_can_be_paid(page: Page, shop: Any) -> None:
    popup = pay(page, shop.token())
    popup.locator("[data-method=bca_va]").click()
    popup.locator("[data-action=confirm]").click()
    popup.locator("[data-view=pending] [data-action=change]").click()
    popup.locator("[data-view=methods] [data-action=keep]").click()
    expect(popup.locator("[data-view=pending] .digits")).to_be_visible()
    popup.locator("[data-action=change]").click()
    popup.locator("[data-method=other_qris]").click()
    popup.locator("[data-action=confirm]").click()
    expect(popup.locator("[data-view=pending] .scan")).to_be_visible()
    va, qr = shop.gateway.ledger.transactions()
    assert (va.status, qr.status) == ("pending", "pending")
    shop.control(f"transactions/{va.id}/pay")
    expect(popup.locator("[data-view=success]")).to_be_visible()
    [(name, result)] = heard(page)
    assert (name, result["transaction_id"]) == ("success", va.id)


def test_closing_the_list_of_other_methods_leaves_the_waiting_payment_behind(page: Page, shop: Any) -> None:
    popup = pay(page, shop.token())
    popup.locator("[data-method=bca_va]").click()
    popup.locator("[data-action=confirm]").click()
    popup.locator("[data-action=change]").click()
    popup.locator("[data-view=methods] [data-action=close]").click()
    [(name, result)] = heard(page)
    assert (name, result["transaction_status"]) == ("pending", "pending")


def test_fields_are_large_enough_for_a_phone_and_can_be_seen(page: Page, shop: Any) -> None:
    """Safari zooms into fields below 16 px; borders want three to one against their paper (WCAG 1.4.11)."""
    popup = pay(page, shop.token())
    for method, field in (("credit_card", "card_number"), ("ovo", "payer_phone")):
        popup.locator(f"[data-method={method}]").click()
        size, border, paper = popup.locator(f"[name={field}]").evaluate(
            "field => [parseFloat(getComputedStyle(field).fontSize), getComputedStyle(field).borderTopColor,"
            " getComputedStyle(field.closest('.sheet')).backgroundColor]"
        )
        assert size >= 16
        assert _contrast(border, paper) >= 3
        popup.locator("[data-action=back]").click()


def _contrast(one: str, other: str) -> float:
    def luminance(colour: str) -> float:
        parts = [int(part) / 255 for part in re.findall(r"[0-9]+", colour)[:3]]
        linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("width", [320, 432])
def test_long_names_and_text_twice_as_large_keep_the_layout(page: Page, shop: Any, width: int) -> None:
    long = "Undangan" * 6
    items = [{"id": "a", "name": long + "ab", "price": 299_000, "quantity": 1}]
    who = {"first_name": "N" * 80, "email": f"{'a' * 60}@example.test"}
    token = shop.token("INV-" + "9" * 46, item_details=items, customer_details=who)
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{shop.simulator}/snap/v4/redirection/{token}")
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    fits = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    page.locator("summary").first.click()
    assert page.evaluate(fits)
    for step in ("[data-method=permata_va]", "[data-action=confirm]"):
        page.locator(step).click()
    expect(page.locator("[data-view=pending]")).to_be_visible()
    for summary in page.locator("details summary").all():
        summary.click()
    assert page.evaluate(fits)


def test_the_deadline_is_the_same_on_the_page_at_the_bank_and_in_the_instructions(
    page: Page, shop: Any
) -> None:
    token = shop.token()
    page.goto(f"{shop.simulator}/snap/v4/redirection/{token}")
    page.locator("[data-method=bca_va]").click()
    page.locator("[data-action=confirm]").click()
    deadline = page.locator(".deadline").inner_text()
    [made] = shop.gateway.ledger.transactions()
    assert date_time(made.expiry_time, "id") in deadline
    number = made.details["va_numbers"][0]["va_number"]
    page.goto(f"{shop.simulator}/openapi/va/index?number={number}")
    assert page.locator(".until").inner_text() == deadline
    instructions = httpx.get(f"{shop.simulator}/snap/v1/transactions/{token}/pdf").content.decode("latin-1")
    assert deadline.removesuffix(".") in instructions


def test_marks_are_words_and_every_channel_has_its_steps(page: Page, shop: Any) -> None:
    popup = pay(page, shop.token())
    expect(popup.locator(".methods .mark").first).to_be_visible()
    marks = popup.locator(".methods .mark").all_inner_texts()
    assert {"BCA", "GoPay", "Mandiri", "Alfamart"} <= set(marks)
    assert popup.locator(".methods img").count() == 0
    popup.locator("[data-method=bca_va]").click()
    popup.locator("[data-action=confirm]").click()
    expect(popup.locator(".steps summary")).to_have_text(["M-banking", "ATM", "Internet banking"])
    assert popup.locator(".steps li").count() == 9
