"""A running Tuntas and a running simulator for tests, and short words for what tests do with them."""

import hashlib
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import psycopg
from psycopg.rows import dict_row

from midtrans_simulator import SimulatorConfig
from midtrans_simulator import create_app as create_simulator
from tuntas.app import Application
from tuntas.cli.environment import DevelopmentSettings
from tuntas.cli.server import Site, Sites, listen, port_of
from tuntas.observability.logging import configure_logging
from tuntas.store import jobs
from tuntas.store.demo_data import DEMO_EMAIL, DEMO_PASSWORD
from tuntas.usecases.backend import Backend, Resolver, addresses_of, open_backend
from tuntas.worker.worker import Worker

SERVER_KEY = "SB-Mid-server-simulator"
PRICE = 299_000
INVITATION = 5


class TestClock:
    """Real time, moved forward by hand."""

    __test__ = False

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@dataclass
class Stand:
    url: str
    simulator_url: str
    database_url: str
    backend: Backend
    clock: TestClock
    http: httpx.AsyncClient
    tokens: dict[str, str] = field(default_factory=dict)

    async def bearer(self, email: str = DEMO_EMAIL, password: str = DEMO_PASSWORD) -> dict[str, str]:
        """The Authorization header of a user, logged in once."""
        if email not in self.tokens:
            reply = await self.http.post("/api/v1/login", json={"email": email, "password": password})
            assert reply.status_code == 200, reply.text
            self.tokens[email] = reply.json()["token"]
        return {"Authorization": f"Bearer {self.tokens[email]}"}

    async def register(self, email: str) -> dict[str, str]:
        """A new customer's Authorization header."""
        body = {"name": "Siti", "email": email, "password": "a-long-password"}
        reply = await self.http.post("/api/v1/register", json=body)
        assert reply.status_code == 201, reply.text
        self.tokens[email] = reply.json()["token"]
        return await self.bearer(email)

    async def ask_token(self, **changes: Any) -> httpx.Response:
        """The request that the guides show, by the demo customer."""
        body = {"invitation_id": INVITATION, "amount": PRICE, **changes}
        return await self.http.post("/api/midtrans/create-snap-token", json=body, headers=await self.bearer())

    async def order(self, **changes: Any) -> str:
        """The order id of a live token."""
        reply = await self.ask_token(**changes)
        assert reply.is_success, reply.text
        order_id = reply.json()["order_id"]
        assert isinstance(order_id, str)
        return order_id

    async def notify(self, order_id: str, status: str, **changes: Any) -> httpx.Response:
        """Deliver a correctly signed notification; `changes` replace fields before signing."""
        return await self.http.post(
            "/api/v1/midtrans/webhook", json=notification(order_id, status, **changes)
        )

    async def control(self, path: str, **body: Any) -> dict[str, Any]:
        """Act on the simulator as a payer, a bank or the clock would."""
        reply = await self.http.post(f"{self.simulator_url}/_control/{path}", json=body)
        assert reply.is_success, reply.text
        document = reply.json()
        assert isinstance(document, dict)
        return document

    async def choose(self, order_id: str, method: str, **options: Any) -> None:
        """The customer picks a payment method in the popup."""
        (session,) = self.rows("select snap_token from orders where order_id = %s", order_id)
        await self.control(f"sessions/{session['snap_token']}/choose", method=method, **options)

    async def pay(self, order_id: str, method: str = "gopay", **options: Any) -> None:
        """The customer picks a method and pays; a card is paid by choosing it."""
        await self.choose(order_id, method, **options)
        if method != "credit_card":
            await self.control(f"transactions/{order_id}/pay")

    async def act(self, order_id: str, act: str, **options: Any) -> None:
        """A bank, the fraud desk or the merchant's dashboard acts on the order's newest attempt."""
        await self.control(f"transactions/{order_id}/{act}", **options)

    async def pass_time(self, **amount: float) -> None:
        """Both clocks go forward, ours and the simulator's."""
        step = timedelta(**amount)
        self.clock.ahead += step
        await self.control("clock", advance=f"{int(step.total_seconds())}s")

    async def transactions(self, order_id: str) -> list[dict[str, Any]]:
        """Midtrans's truth about an order."""
        state = (await self.http.get(f"{self.simulator_url}/_control/state")).json()
        return [found for found in state["transactions"] if found["order_id"] == order_id]

    async def work(self, *tasks: str) -> None:
        """Run the jobs that are due, these tasks of the clock among them."""
        async with self.backend.database.transaction() as session:
            for task in tasks:
                await jobs.defer(session, task, timestamp=0)
        await Worker(self.backend, self.database_url).drain()

    async def profile(self) -> dict[str, Any]:
        reply = await self.http.get("/api/v1/user-profile", headers=await self.bearer())
        assert reply.status_code == 200, reply.text
        document = reply.json()
        assert isinstance(document, dict)
        return document

    async def invitation(self) -> dict[str, Any]:
        found = (await self.profile())["invitation"]
        assert isinstance(found, dict)
        return found

    def rows(self, query: str, *values: Any) -> list[dict[str, Any]]:
        """Look into the database from outside."""
        with psycopg.connect(self.database_url, row_factory=dict_row) as connection:
            return connection.execute(query, values).fetchall()  # type: ignore[arg-type]


CODES = {
    "pending": "201",
    "challenge": "201",
    "deny": "202",
    "cancel": "202",
    "expire": "202",
    "failure": "202",
}


def notification(order_id: str, status: str, **changes: Any) -> dict[str, Any]:
    """A body as Midtrans writes it, signed by our own reading of docs/midtrans.md, "Signature"."""
    body: dict[str, Any] = {
        "transaction_time": "2026-11-03 12:00:00",
        "transaction_status": status,
        "transaction_id": str(uuid.uuid5(uuid.NAMESPACE_URL, order_id)),
        "status_message": "midtrans payment notification",
        "status_code": CODES.get(status, "200"),
        "payment_type": "bank_transfer",
        "order_id": order_id,
        "merchant_id": "G123456789",
        "gross_amount": f"{PRICE}.00",
        "fraud_status": "accept",
        "currency": "IDR",
        **changes,
    }
    if status in {"settlement", "refund", "partial_refund"} and "settlement_time" not in changes:
        body["settlement_time"] = "2026-11-03 12:01:00"
    signed = f"{body['order_id']}{body['status_code']}{body['gross_amount']}{SERVER_KEY}"
    body.setdefault("signature_key", hashlib.sha512(signed.encode()).hexdigest())
    return {name: value for name, value in body.items() if value is not ...}


@asynccontextmanager
async def open_stand(
    database_url: str,
    *,
    notified: bool = True,
    resolve: Resolver = addresses_of,
    transport: httpx.AsyncBaseTransport | None = None,
    **settings: Any,
) -> AsyncIterator[Stand]:
    """Both servers on free ports; `settings` override the development ones.

    Without `notified` every notification is lost: nobody told the simulator where we are. `resolve` is the
    DNS. A `transport` answers in the simulator's place.
    """
    configure_logging(json=False)  # as the programs do: without it a traceback takes seconds to draw
    web, gateway = listen("127.0.0.1", 0), listen("127.0.0.1", 0)
    url, simulator_url = (f"http://127.0.0.1:{port_of(bound)}" for bound in (web, gateway))
    clock = TestClock()
    backend = open_backend(
        DevelopmentSettings(
            **{
                "_env_file": None,
                "midtrans_snap_url": f"{simulator_url}/snap/v1",
                "midtrans_core_url": simulator_url,
                "midtrans_snap_js_url": f"{simulator_url}/snap/snap.js",
                "tuntas_base_url": url,
                **settings,
            }
        ),
        database_url,
        clock=clock,
        resolve=resolve,
        transport=transport,
    )
    simulator = create_simulator(
        SimulatorConfig(
            server_key=SERVER_KEY,
            client_key="SB-Mid-client-simulator",
            notify_url=f"{url}/api/v1/midtrans/webhook" if notified else None,
        )
    )
    async with AsyncExitStack() as stack:
        stack.push_async_callback(backend.close)
        sites = Sites([Site(Application(backend), web), Site(simulator, gateway)])
        stack.push_async_callback(sites.stop)
        await sites.start()
        http = await stack.enter_async_context(httpx.AsyncClient(base_url=url, timeout=30))
        yield Stand(url, simulator_url, database_url, backend, clock, http)
