"""Every page of the simulator under axe (WCAG 2.2 A and AA, best practices), light and dark."""

import fcntl
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

NODE = Path(__file__).parent / "node"
AXE = NODE / "node_modules" / "axe-core" / "axe.min.js"


@pytest.fixture(scope="module")
def axe() -> str:
    npm = shutil.which("npm")
    with (NODE / "package.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the tests of Tuntas's own pages may be doing the same
        if not AXE.is_file():
            if npm is None:
                pytest.skip("npm is not on this machine")
            subprocess.run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=NODE, check=True)
    return AXE.read_text(encoding="utf-8")


@pytest.fixture(params=["light", "dark"])
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    context = browser.new_context(color_scheme=request.param, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(8_000)
    yield page
    context.close()


def violations(page: Page, axe: str) -> list[str]:
    page.evaluate(axe)
    found = page.evaluate(
        "axe.run(document, {resultTypes: ['violations']}).then((result) => result.violations)"
    )
    return [f"{each['id']}: {node['html'][:160]}" for each in found for node in each["nodes"]]


@pytest.mark.parametrize("language", ["id", "en"])
def test_the_dashboard_is_clean(page: Page, shop: Any, axe: str, language: str) -> None:
    page.goto(f"{shop.simulator}/?language={language}")
    assert violations(page, axe) == []
    shop.control(f"sessions/{shop.token()}/choose", {"method": "bca_va"})
    shop.control("transactions/INV-1/pay")
    shop.control(f"sessions/{shop.token('INV-2')}/choose", {"method": "gopay"})
    shop.token("INV-3")
    shop.gateway.faults.replace({"drop": True})
    shop.control("clock", {"running": False})
    for order in ("INV-1", "INV-2", "INV-3"):
        page.goto(f"{shop.simulator}/?language={language}&order={order}")
        for summary in page.locator("summary").all():
            summary.click()
        assert violations(page, axe) == []


def test_the_payment_page_is_clean_from_list_to_receipt(page: Page, shop: Any, axe: str) -> None:
    page.goto(f"{shop.simulator}/snap/v4/redirection/{shop.token(credit_card={'secure': True})}")
    assert violations(page, axe) == []
    page.locator("[data-method=credit_card]").click()
    page.locator("[name=card_number]").wait_for()
    assert violations(page, axe) == []
    page.locator("[data-action=back]").click()
    page.locator("[data-method=echannel]").click()
    page.locator("[data-view=confirm]").wait_for()
    assert violations(page, axe) == []
    page.locator("[data-action=confirm]").click()
    page.locator("[data-view=pending]").wait_for()
    for summary in page.locator("summary").all():
        summary.click()
    assert violations(page, axe) == []
    page.locator("[data-action=change]").click()
    page.locator("[data-view=methods]").wait_for()
    assert violations(page, axe) == []
    page.locator("[data-action=keep]").click()
    page.locator("[data-action=pay]").click()
    page.locator("[data-view=success]").wait_for()
    assert violations(page, axe) == []


def test_the_pages_of_bank_till_and_app_are_clean(page: Page, shop: Any, axe: str) -> None:
    shop.control(f"sessions/{shop.token()}/choose", {"method": "bca_va"})
    [made] = shop.gateway.ledger.transactions()
    number = made.details["va_numbers"][0]["va_number"]
    paths = (
        f"/openapi/va/index?number={number}",
        "/indomaret/phoenix/index?number=1",
        "/v2/qris/index",
        "/nothing",
    )
    for path in paths:
        page.goto(f"{shop.simulator}{path}")
        assert violations(page, axe) == [], path
