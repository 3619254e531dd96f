"""A simulator, a merchant's endpoint on a real socket, and a way to write a test as a story."""

import asyncio
import base64
import html
import json
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qs

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from midtrans_simulator import SimulatorConfig, create_app
from midtrans_simulator.gateway import Gateway

Result = TypeVar("Result")
SERVER_KEY = "SB-Mid-server-simulator"
CLIENT_KEY = "SB-Mid-client-simulator"
ACCEPTED = "4811111111111114"
DENIED = "4911111111111113"


@dataclass
class Reply:
    """What the merchant's endpoint answers; `hang` never does."""

    status: int = 200
    location: str | None = None
    hang: bool = False


@dataclass
class Post:
    headers: dict[str, str]
    raw: bytes
    path: str

    @property
    def body(self) -> dict[str, Any]:
        return json.loads(self.raw)


class Endpoint:
    """A merchant's notification endpoint. Replies are taken from `script`, then 200 for ever."""

    def __init__(self) -> None:
        self.posts: list[Post] = []
        self.script: list[Reply] = []
        self.port = 0
        self._arrived = asyncio.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/notify"

    @property
    def statuses(self) -> list[str]:
        return [post.body["transaction_status"] for post in self.posts]

    async def wait_for(self, count: int) -> list[Post]:
        async with asyncio.timeout(5):
            while len(self.posts) < count:
                self._arrived.clear()
                await self._arrived.wait()
        return self.posts

    @asynccontextmanager
    async def listening(self) -> AsyncIterator["Endpoint"]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = {
                name.strip().lower(): value.strip()
                for name, _, value in (line.partition(":") for line in head[1:])
                if name
            }
            raw = await reader.readexactly(int(headers.get("content-length", 0)))
            self.posts.append(Post(headers, raw, head[0].split()[1]))
            self._arrived.set()
            reply = self.script.pop(0) if self.script else Reply()
            if reply.hang:
                await reader.read()
            else:
                location = f"Location: {reply.location}\r\n" if reply.location else ""
                end = f"Content-Length: 0\r\nConnection: close\r\n{location}\r\n"
                writer.write(f"HTTP/1.1 {reply.status} X\r\n{end}".encode())
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@dataclass
class Bench:
    """One running simulator with a client that holds its server key."""

    api: httpx.AsyncClient
    gateway: Gateway
    endpoint: Endpoint

    async def token(self, order_id: str = "INV-1", amount: int = 299_000, **body: Any) -> str:
        request = {"transaction_details": {"order_id": order_id, "gross_amount": amount}, **body}
        reply = await self.api.post("/snap/v1/transactions", json=request)
        assert reply.status_code == 201, reply.text
        return str(reply.json()["token"])

    async def choose(self, token: str, method: str, **body: Any) -> dict[str, Any]:
        reply = await self.api.post(f"/_control/sessions/{token}/choose", json={"method": method, **body})
        assert reply.status_code == 200, reply.text
        return reply.json()

    async def begin(
        self, method: str, order_id: str = "INV-1", amount: int = 299_000, **body: Any
    ) -> dict[str, Any]:
        """A token, and a method confirmed on its page."""
        card = {name: body.pop(name) for name in ("card_number", "otp", "phone") if name in body}
        return await self.choose(await self.token(order_id, amount, **body), method, **card)

    async def act(self, reference: str, act: str, **body: Any) -> httpx.Response:
        return await self.api.post(f"/_control/transactions/{reference}/{act}", json=body)

    async def advance(self, by: str) -> None:
        reply = await self.api.post("/_control/clock", json={"advance": by})
        assert reply.status_code == 200, reply.text

    async def status(self, reference: str = "INV-1") -> dict[str, Any]:
        return (await self.api.get(f"/v2/{reference}/status")).json()

    async def core(self, reference: str, act: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        return (await self.api.post(f"/v2/{reference}/{act}", json=body)).json()

    def reply(self, status: int, *, location: str | None = None, hang: bool = False) -> Reply:
        return Reply(status, location, hang)

    async def quiet(self) -> None:
        await self.gateway.courier.quiet()


def run_apart(coroutine: Coroutine[Any, Any, Result]) -> Result:
    """Run it on a loop of its own thread: a browser of another test may hold this thread's loop."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()


Story = Callable[[Bench], Awaitable[None]]


@asynccontextmanager
async def opened(endpoint: Endpoint, **settings: Any) -> AsyncIterator[Bench]:
    settings = {
        "server_key": SERVER_KEY,
        "client_key": CLIENT_KEY,
        "notify_url": endpoint.url,
        "control_hosts": ("simulator.test",),
    } | settings
    app = create_app(SimulatorConfig(**settings))
    transport = httpx.ASGITransport(app)
    basic = base64.b64encode(f"{SERVER_KEY}:".encode()).decode()
    headers = {"Authorization": f"Basic {basic}"}
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://simulator.test", headers=headers) as api,
    ):
        yield Bench(api, app.state.gateway, endpoint)


@pytest.fixture
def bench() -> Callable[..., None]:
    """`bench(story, **settings)` runs an async story on a fresh simulator."""

    def run(story: Story, **settings: Any) -> None:
        async def play() -> None:
            async with Endpoint().listening() as endpoint, opened(endpoint, **settings) as opened_bench:
                await story(opened_bench)

        run_apart(play())

    return run


@pytest.fixture(scope="session")
def apart() -> Callable[..., Any]:
    return run_apart


@pytest.fixture
def reopened() -> Callable[..., None]:
    """`reopened([first, second], state_file=…)` runs each story on a simulator started anew from the file."""

    def run(stories: list[Story], **settings: Any) -> None:
        async def play() -> None:
            async with Endpoint().listening() as endpoint:
                for story in stories:
                    async with opened(endpoint, **settings) as opened_bench:
                        await story(opened_bench)

        run_apart(play())

    return run


@dataclass
class Shop:
    """Simulator and merchant on two origins, for a real browser."""

    simulator: str
    merchant: str
    gateway: Gateway
    notifications: list[dict[str, Any]]

    def token(self, order_id: str = "INV-1", amount: int = 299_000, **body: Any) -> str:
        request = {"transaction_details": {"order_id": order_id, "gross_amount": amount}, **body}
        reply = httpx.post(f"{self.simulator}/snap/v1/transactions", json=request, auth=(SERVER_KEY, ""))
        assert reply.status_code == 201, reply.text
        return str(reply.json()["token"])

    def control(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        reply = httpx.post(f"{self.simulator}/_control/{path}", json=body or {})
        assert reply.status_code == 200, reply.text
        return reply.json()

    def told(self) -> list[dict[str, Any]]:
        """What the merchant has heard, once nothing is on its way: a step of the clock waits for that."""
        self.control("clock", {"advance": "1s"})
        return self.notifications

    def status(self, order_id: str = "INV-1") -> dict[str, Any]:
        return httpx.get(f"{self.simulator}/v2/{order_id}/status", auth=(SERVER_KEY, "")).json()


MERCHANT_PAGE = """<!doctype html><html lang="id"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Toko</title><link rel="icon" href="data:,">
<script src="{simulator}/snap/snap.js" data-client-key="{client_key}"></script>
<h1>Toko</h1><p>Halaman toko di origin lain.</p><div id="place" style="max-width:420px;height:640px"></div>
<script>
window.heard = [];
const hear = (name) => (result) => window.heard.push([name, result]);
window.callbacks = {{
  onSuccess: hear("success"), onPending: hear("pending"), onError: hear("error"), onClose: hear("close"),
}};
</script></html>"""


CARD_FORM_PAGE = """<!doctype html><html lang="id"><meta charset="utf-8">
<title>Toko</title><link rel="icon" href="data:,">
<script id="midtrans-script" src="{simulator}/v2/assets/js/midtrans-new-3ds.min.js"
  data-environment="sandbox" data-client-key="{client_key}"></script>
<h1>Toko</h1><iframe id="bank" hidden></iframe>
<script>
window.heard = [];
const hear = (name) => (result) => window.heard.push([name, result]);
window.callbacks = {{
  performAuthentication: (url) => {{ bank.src = url; bank.hidden = false; }},
  onSuccess: hear("success"), onPending: hear("pending"), onFailure: hear("failure"),
}};
</script></html>"""


@pytest.fixture
def shop() -> Iterator[Shop]:
    notifications: list[dict[str, Any]] = []
    simulator_port, merchant_port = _bound(), _bound()
    simulator, merchant = (
        f"http://127.0.0.1:{port.getsockname()[1]}" for port in (simulator_port, merchant_port)
    )
    merchant = merchant.replace("127.0.0.1", "localhost")

    async def page(_: Request) -> Response:
        return HTMLResponse(MERCHANT_PAGE.format(simulator=simulator, client_key=CLIENT_KEY))

    async def notify(request: Request) -> Response:
        notifications.append(await request.json())
        return Response()

    async def finish(request: Request) -> Response:
        return HTMLResponse(
            f"<title>Selesai</title><link rel=icon href=data:,><p id=query>{request.url.query}</p>"
        )

    async def card_form(_: Request) -> Response:
        return HTMLResponse(CARD_FORM_PAGE.format(simulator=simulator, client_key=CLIENT_KEY))

    async def card_form_with_a_copy(_: Request) -> Response:
        form = CARD_FORM_PAGE.format(simulator=merchant, client_key=CLIENT_KEY)
        return HTMLResponse(form.replace("/v2/assets/js/", "/copies/"))

    async def script_copy(_: Request) -> Response:
        script = resources.files("midtrans_simulator") / "static" / "midtrans-new-3ds.js"
        return Response(script.read_bytes(), media_type="text/javascript")

    async def after_3ds(request: Request) -> Response:
        posted = parse_qs((await request.body()).decode())
        return HTMLResponse(
            f"<title>3DS</title><link rel=icon href=data:,><pre>{html.escape(posted['response'][0])}</pre>"
        )

    merchant_app = Starlette(
        routes=[
            Route("/", page),
            Route("/card", card_form),
            Route("/card-with-a-copy", card_form_with_a_copy),
            Route("/copies/midtrans-new-3ds.min.js", script_copy),
            Route("/3ds", after_3ds, methods=["POST"]),
            Route("/notify", notify, methods=["POST"]),
            Route("/finish", finish),
        ]
    )
    app = create_app(
        SimulatorConfig(
            server_key=SERVER_KEY,
            client_key=CLIENT_KEY,
            notify_url=f"{merchant}/notify",
            finish_url=f"{merchant}/finish",
        )
    )
    with _served(merchant_app, merchant_port), _served(app, simulator_port):
        yield Shop(simulator, merchant, app.state.gateway, notifications)


@pytest.fixture
def proxied(tmp_path: Path) -> Iterator[tuple[str, str, str]]:
    """The command with its proxy: the simulator's address, the proxy's, and the certificate to trust."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not on this machine")
    make = "openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=midtrans-simulator"
    names = ["-addext", "subjectAltName=DNS:api.sandbox.midtrans.com,DNS:app.sandbox.midtrans.com"]
    files = ["-keyout", "key.pem", "-out", "cert.pem"]
    subprocess.run([*make.split(), *names, *files], cwd=tmp_path, capture_output=True, check=True)
    options = ["--port", "0", "--proxy-port", "0", "--tls-cert", "cert.pem", "--tls-key", "key.pem"]
    command = [sys.executable, "-m", "midtrans_simulator", *options]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        own, proxy = (process.stdout.readline().split()[-1] for _ in range(2))
        yield own, proxy, str(tmp_path / "cert.pem")
    finally:
        process.terminate()
        process.communicate(timeout=10)
    assert process.returncode in {0, -signal.SIGTERM}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
    flags += ["--disable-background-networking", "--disable-component-update"]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=_chromium(), args=flags)
        yield chromium
        chromium.close()


def _chromium() -> str | None:
    """The system's Chromium, else the one Playwright installed (None)."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def _bound() -> socket.socket:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    return listener


@contextmanager
def _served(app: Starlette, listener: socket.socket) -> Iterator[None]:
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    listener.listen()
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()
