"""The real program and a real Chromium, as a newcomer has them after `make dev`."""

import fcntl
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.program import started_dev

NODE = Path(__file__).parents[2] / "simulator" / "tests" / "node"
AXE = NODE / "node_modules" / "axe-core" / "axe.min.js"
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
]  # fmt: skip


@dataclass(frozen=True)
class Town:
    """A running `tuntas dev`: the shop, and the simulator's bank."""

    web: str
    simulator: str

    def act(self, transaction_id: str, act: str) -> None:
        """Do what a bank or a payer would."""
        httpx.post(f"{self.simulator}/_control/transactions/{transaction_id}/{act}").raise_for_status()

    def transactions(self, order_id: str) -> list[dict[str, Any]]:
        state = httpx.get(f"{self.simulator}/_control/state").json()
        return [found for found in state["transactions"] if found["order_id"] == order_id]


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with started_dev(tmp_path_factory.mktemp("town")) as dev:
        yield Town(dev.ready["web"], dev.ready["simulator"])
        assert dev.program.end() == 0


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    names = ("chromium", "chromium-browser", "google-chrome")
    path = os.environ.get("CHROMIUM_PATH") or next(filter(None, map(shutil.which, names)), None)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core, which looks for what keeps people out of a page."""
    npm = shutil.which("npm")
    with (NODE / "package.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the simulator's tests may be doing the same
        if not AXE.is_file():
            if npm is None:
                pytest.skip("npm is not on this machine")
            subprocess.run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=NODE, check=True)
    return AXE.read_text(encoding="utf-8")


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A phone; the test fails when a page reports an error to its console."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, locale="id-ID")
    opened = context.new_page()
    opened.set_default_timeout(10_000)
    problems: list[str] = []
    opened.on("pageerror", lambda error: problems.append(str(error)))
    yield opened
    context.close()
    assert problems == []


@pytest.fixture
def customer(page: Page, town: Town) -> Page:
    """A new customer, registered through the pages, with one unpaid invitation open at its checkout."""
    name = f"c{time.monotonic_ns()}"
    page.goto(f"{town.web}/register")
    page.fill("[name=name]", "Siti Rahma")
    page.fill("[name=email]", f"{name}@example.test")
    page.fill("[name=password]", "a-long-password")
    page.click("main form button[type=submit]")
    page.wait_for_url("**/invitations")
    page.goto(f"{town.web}/invitations/new")
    page.locator("[name=package_id]").nth(1).check(force=True)
    page.fill("[name=domain]", name)
    page.fill("[name=title]", "Siti & Arif")
    page.locator("main form button[type=submit]").click()
    page.wait_for_url("**/checkout/*")
    expect(page.locator("#pay")).to_be_visible()
    return page
