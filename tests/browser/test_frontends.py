"""The guide's recipes, run as they stand there: frontends on other origins, behind a proxy, and in an app.

React and Vite themselves are not installed: what their recipe shares with the plain page is run, behind a
proxy that passes on what the recipe's `vite.config.js` names.
"""

import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Town
from tests.browser.test_customer_screen import look
from tests.browser.test_payment_line import ACCEPTED, enter_card, pay_by_card
from tests.program import started_dev

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
GUIDES = [ROOT / "docs" / language / "frontend.md" for language in ("en", "id")]
IN_THE_GUIDE = "http://localhost:8000"
_FENCE = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_PASSED_ON = ("authorization", "content-type", "accept-language")
_HEADERS_BACK = ("content-type", "location", "content-security-policy", "retry-after", "link")


def recipe(name: str) -> str:
    """The file that the guide shows under this name; the same in both languages."""
    shown = {block for guide in GUIDES for _, block in _FENCE.findall(guide.read_text("utf-8"))}
    (found,) = [block for block in shown if re.match(rf"(?://|<!--) {re.escape(name)}\b", block)]
    return found.partition("\n")[2]


def snippets() -> tuple[str, str, str]:
    """The three that every frontend needs: ask for a token, open the popup, ask how it stands."""
    shown = [block for _, block in _FENCE.findall(GUIDES[0].read_text("utf-8"))]
    ask = next(block for block in shown if block.startswith("const response = await fetch('/api/midtrans"))
    popup = next(block for block in shown if block.startswith("snap.pay("))
    check = next(block for block in shown if block.startswith("const checkStatus"))
    return ask, popup, check


@dataclass
class Frontend:
    """Somebody else's web server: its own files, and what it passes on."""

    url: str
    files: dict[str, str] = field(default_factory=dict)
    proxy: dict[str, str] = field(default_factory=dict)
    """Address by beginning of the path, as Vite has it."""

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> httpx.Response:
        target = next((address for begins, address in self.proxy.items() if path.startswith(begins)), None)
        if target is not None:
            sent = {name: headers[name] for name in _PASSED_ON if name in headers}
            return httpx.request(method, target + path, headers=sent, content=body)
        name = path.partition("?")[0].lstrip("/") or "index.html"
        kind = "text/javascript" if name.endswith(".js") else "text/html; charset=utf-8"
        if name not in self.files:
            return httpx.Response(404)
        return httpx.Response(200, headers={"content-type": kind}, content=self.files[name].encode())


@contextmanager
def frontend() -> Iterator[Frontend]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            headers = {name.lower(): value for name, value in self.headers.items()}
            reply = served.answer(self.command, self.path, headers, self.rfile.read(length))
            self.send_response(reply.status_code)
            for name in _HEADERS_BACK:
                if name in reply.headers:
                    self.send_header(name, reply.headers[name])
            self.send_header("content-length", str(len(reply.content)))
            self.end_headers()
            self.wfile.write(reply.content)

        do_POST = do_GET  # noqa: N815  the base class names it so

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served = Frontend(f"http://localhost:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def shop() -> Iterator[Frontend]:
    with frontend() as served:
        yield served


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory, shop: Frontend) -> Iterator[Town]:
    """A Tuntas that knows that one frontend."""
    folder = tmp_path_factory.mktemp("elsewhere")
    with started_dev(folder, TUNTAS_ALLOWED_ORIGINS=shop.url) as dev:
        yield Town(dev.ready["web"], dev.ready["simulator"])
        assert dev.program.end() == 0


@pytest.fixture
def token(town: Town) -> str:
    """The bearer token of the guide's customer, whose invitation 5 is paid for once, and then renewed."""
    body = {"email": "demo@tuntas.test", "password": "demo-password"}
    reply = httpx.post(f"{town.web}/api/v1/login", json=body)
    return str(reply.json()["token"])


@pytest.fixture
def invitation(town: Town, token: str) -> int:
    """An unpaid invitation of its own."""
    headers = {"Authorization": f"Bearer {token}"}
    shelf = httpx.get(f"{town.web}/api/v1/invitations", headers=headers).json()
    made = httpx.post(
        f"{town.web}/api/v1/invitations",
        headers=headers,
        json={"package_id": 2, "domain": f"undangan-{len(shelf)}"},
    )
    return int(made.json()["id"])


_LOAD_SNAP = """(url) => new Promise((loaded) => {
    const script = document.createElement('script');
    script.src = url;
    script.dataset.clientKey = 'SB-Mid-client-simulator';
    script.onload = loaded;
    document.head.append(script);
})"""


def without_cookie(page: Page, town: Town) -> None:
    """Nobody is logged in to Tuntas's own pages in this browser."""
    assert [cookie["name"] for cookie in page.context.cookies(town.web)] == []


@pytest.mark.parametrize("proxied", [False, True], ids=["without proxy", "with proxy"])
def test_the_recipe_pays_from_another_origin(
    page: Page, shop: Frontend, town: Town, token: str, invitation: int, proxied: bool
) -> None:
    """A plain page on another port; and what the React recipe shares with it, with a proxy and without."""
    module = recipe("tuntas.js")
    assert module.count(IN_THE_GUIDE) == 1
    shop.files = {
        "index.html": recipe("index.html").replace("pay(token, 5,", f"pay(token, {invitation},"),
        "tuntas.js": module.replace(IN_THE_GUIDE, "" if proxied else town.web),
    }
    passed_on = re.findall(r"'(/\w+)': '([^']+)'", recipe("vite.config.js"))
    assert {target for _, target in passed_on} == {IN_THE_GUIDE}
    shop.proxy = {begins: town.web for begins, _ in passed_on} if proxied else {}
    assert "from './tuntas.js'" in recipe("PayButton.jsx")
    page.goto(shop.url)
    page.evaluate("token => sessionStorage.setItem('token', token)", token)
    page.reload()
    page.click("#pay")
    pay_by_card(page.frame_locator("#snap-midtrans"))
    expect(page.locator("#state")).to_have_text("paid")
    without_cookie(page, town)


def test_an_origin_that_nobody_named_is_kept_out(page: Page, town: Town, token: str) -> None:
    with frontend() as other:
        other.files = {"index.html": "<!doctype html><title>x</title>"}
        page.goto(other.url)
        call = """([url, token]) => fetch(url, {headers: {Authorization: `Bearer ${token}`}})
            .then(() => 'answered', () => 'kept out')"""
        assert page.evaluate(call, [f"{town.web}/api/v1/user-profile", token]) == "kept out"


@pytest.mark.parametrize("same_origin", [True, False], ids=["same origin", "behind its own server"])
def test_the_three_snippets_verbatim_with_a_bearer_token_only(
    page: Page, shop: Frontend, town: Town, token: str, invitation: int, same_origin: bool
) -> None:
    ask, popup, check = snippets()
    shop.files = {"index.html": "<!doctype html><title>Toko</title>"}
    shop.proxy = dict.fromkeys(("/api", "/payment", "/static"), town.web)
    page.goto(f"{town.web}/login" if same_origin else shop.url)
    page.evaluate(_LOAD_SNAP, f"{town.simulator}/snap/snap.js")
    ours = ask.replace("invitation_id: 5", f"invitation_id: {invitation}")
    page.evaluate(f"async (token) => {{ {ours} {popup} }}", token)
    frame = page.frame_locator("#snap-midtrans")
    frame.locator("[data-method=credit_card]").click()
    enter_card(frame, ACCEPTED)
    frame.locator("[name=otp]").fill("112233")
    frame.locator("[data-action=confirm]").click()
    frame.locator("[data-view=success] [data-action=finish]").click()
    page.wait_for_url("**/payment/success")
    expect(page.locator("h1")).to_have_text("Terima kasih")
    expect(page.locator("[type=password]")).to_have_count(0)
    without_cookie(page, town)
    paid = f"async (token) => {{ {check.replace('// Payment successful!', 'return true;')} return false; }}"
    assert page.evaluate(paid, token) is True


def asked_for(town: Town, token: str, **wish: object) -> dict[str, str]:
    """What an app gets from its own backend: an order with its address."""
    headers = {"Authorization": f"Bearer {token}"}
    reply = httpx.post(f"{town.web}/api/midtrans/create-snap-token", headers=headers, json=wish)
    assert reply.is_success, reply.text
    answer: dict[str, str] = reply.json()
    return answer


def test_an_app_that_only_has_the_address_comes_back_to_a_page_that_knows(
    page: Page, town: Town, token: str, invitation: int, axe: str
) -> None:
    """`redirect_url` in a WebView: no cookie, no script of ours."""
    asked = asked_for(town, token, invitation_id=invitation)
    page.goto(asked["redirect_url"])
    page.locator("[data-method=echannel]").click()
    page.locator("[data-action=confirm]").click()
    page.locator("[data-action=close], [data-action=finish]").first.click()
    page.wait_for_url(f"{town.web}/payment/success?pass=*")
    address = page.url
    expect(page.locator("h1")).to_have_text("Menunggu pembayaran")
    expect(page.locator(".account")).to_have_count(2, timeout=15_000)
    look(page, address, axe)
    (transaction,) = town.transactions(asked["order_id"])
    town.act(transaction["transaction_id"], "pay")
    page.goto(address)
    expect(page.locator("h1")).to_have_text("Lunas", timeout=15_000)
    expect(page.locator("[type=password]")).to_have_count(0)
    look(page, address, axe)
    look(page, f"{town.web}/payment/error?order_id={asked['order_id']}", axe)


def test_an_app_with_an_address_of_its_own_comes_back_there(
    page: Page, shop: Frontend, town: Town, token: str, invitation: int
) -> None:
    shop.files, shop.proxy = {"index.html": "<!doctype html><title>app</title>"}, {}
    finish = f"{shop.url}/?from=app"
    asked = asked_for(town, token, invitation_id=invitation, finish_url=finish)
    page.goto(asked["redirect_url"])
    pay_by_card(page)
    page.wait_for_url(f"{finish}&order_id={asked['order_id']}&*")
