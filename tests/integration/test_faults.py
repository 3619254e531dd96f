"""Machine faults against real processes: two `tuntas serve`, two `tuntas worker`, PostgreSQL, the simulator.

For each fault: what was acknowledged is there once, what should run runs again within a minute without a
person, `/readyz` told the truth meanwhile, and Midtrans was answered long before it gives up.
"""

import asyncio
import contextlib
import hashlib
import itertools
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from tests.chaos.house import WEBHOOK, House
from tests.chaos.plan import SMALL, Part, draw_plan
from tests.chaos.players import Customer, enter_customers

pytestmark = pytest.mark.anyio

ANSWERED_SECONDS_MAX = 10
"""Midtrans gives up after 15 (docs/midtrans.md, "Transport")."""
RECOVERY_SECONDS_MAX = 60
PACE_SECONDS = 0.5
KNOCKS = 6
"""Notifications during each fault: with the pace, for about three seconds."""
CONNECTIONS_MAX = 100
"""PostgreSQL's own limit, as it comes."""


@dataclass(frozen=True, slots=True)
class Fault:
    strike: Callable[[House], AbstractAsyncContextManager[None]]
    ready: bool | None
    """What `/readyz` must say meanwhile; None where the fault is over too soon to tell."""


@asynccontextmanager
async def restarted(house: House) -> AsyncIterator[None]:
    await house.strike(Part.POSTGRES, signal.SIGINT)
    await house.revive(Part.POSTGRES)
    yield


@asynccontextmanager
async def stopped(house: House) -> AsyncIterator[None]:
    await house.strike(Part.POSTGRES, signal.SIGINT)
    try:
        yield
    finally:
        await house.revive(Part.POSTGRES)


@asynccontextmanager
async def read_only(house: House) -> AsyncIterator[None]:
    """As a replica is, or a server whose disk somebody looks after."""
    with psycopg.connect(
        house.postgres.url, autocommit=True, options="-c default_transaction_read_only=off"
    ) as connection:
        connection.execute("alter system set default_transaction_read_only = on")
        connection.execute("select pg_reload_conf()")
        try:
            yield
        finally:
            connection.execute("alter system reset default_transaction_read_only")
            connection.execute("select pg_reload_conf()")


@asynccontextmanager
async def out_of_connections(house: House) -> AsyncIterator[None]:
    """Somebody else has taken every connection, ours included."""
    with contextlib.ExitStack() as taken:
        first = taken.enter_context(psycopg.connect(house.postgres.url, autocommit=True))
        mine = [first.info.backend_pid]
        others = "select pid from pg_stat_activity where backend_type = 'client backend' and pid <> all(%s)"
        for _ in range(CONNECTIONS_MAX):
            with contextlib.suppress(psycopg.OperationalError):
                for _ in range(CONNECTIONS_MAX):
                    one = taken.enter_context(psycopg.connect(house.postgres.url, autocommit=True))
                    mine.append(one.info.backend_pid)
            ended = first.execute(f"select pg_terminate_backend(pid) from ({others}) as o", [mine]).rowcount
            if not ended:
                break
        else:
            raise AssertionError("others keep getting connections")
        yield


@asynccontextmanager
async def midtrans(house: House, **faults: Any) -> AsyncIterator[None]:
    await switch(house, **faults)
    try:
        yield
    finally:
        await switch(house)


@asynccontextmanager
async def garbled(house: House) -> AsyncIterator[None]:
    house.garbler.share = 1
    try:
        yield
    finally:
        house.garbler.share = 0


FAULTS = {
    "PostgreSQL restarted": Fault(restarted, ready=None),
    "PostgreSQL stopped": Fault(stopped, ready=False),
    "PostgreSQL read-only": Fault(read_only, ready=False),
    "PostgreSQL out of connections": Fault(out_of_connections, ready=False),
    "Midtrans away": Fault(lambda house: midtrans(house, api_down=True), ready=True),
    "Midtrans slow": Fault(lambda house: midtrans(house, api_slow={"by": "10s"}), ready=True),
    "Midtrans garbled": Fault(garbled, ready=True),
}


@pytest.fixture(scope="module")
async def house() -> AsyncIterator[House]:
    """Under a service manager, which starts again what ended."""
    with tempfile.TemporaryDirectory(prefix="tuntas-", ignore_cleanup_errors=True) as folder:
        opened = House(Path(folder), draw_plan(1, SMALL, confirm="after"))
        try:
            await opened.start()
            manager = asyncio.create_task(opened.supervise())
            yield opened
            manager.cancel()
        finally:
            await opened.stop()


@pytest.fixture(scope="module")
async def told(house: House) -> Iterator[str]:
    """Settlements as Midtrans words and signs them, still to be delivered."""
    await switch(house)
    customers = enter_customers(house, KNOCKS * len(FAULTS))
    async with httpx.AsyncClient(base_url=house.urls[Part.WEB_1], timeout=30) as http:

        async def pay(customer: Customer) -> None:
            asked = await http.post(
                "/api/midtrans/create-snap-token",
                json={"invitation_id": customer.invitation_id},
                headers={"Authorization": f"Bearer {customer.bearer}"},
            )
            token = asked.json()["snap_token"]
            chosen = await control(http, house, f"sessions/{token}/choose", method="bca_va")
            await control(http, house, f"transactions/{chosen['transaction_id']}/pay")

        await asyncio.gather(*map(pay, customers))
        sent = (await http.get(f"{house.simulator_url}/_control/deliveries")).json()
    bodies = [body["body"] for body in sent if '"settlement"' in body["body"]]
    assert len(bodies) == len(customers)
    return iter(bodies)


@pytest.mark.parametrize("name", FAULTS)
async def test_after_a_fault_all_is_there_once_and_work_goes_on(
    house: House, told: Iterator[str], name: str
) -> None:
    """Tried: a webhook that answers before it stores, a `/readyz` that always says yes, no worker."""
    fault, bodies = FAULTS[name], list(itertools.islice(told, KNOCKS))
    fell = house.fell.copy()
    ((last_job,),) = rows(house, "select coalesce(max(id), 0) from procrastinate_jobs")
    async with httpx.AsyncClient(timeout=ANSWERED_SECONDS_MAX) as http:
        async with fault.strike(house):
            answers = []
            for url, body in zip(doors(house), bodies, strict=False):
                answers.append(await knock(http, url, body))
                await asyncio.sleep(PACE_SECONDS)
            ready = [await says_ready(http, url) for url in house.urls.values()]
        begun = time.monotonic()
        await eventually(lambda: all_ready(http, house), "both web processes are ready")
        for url, body in zip(doors(house), bodies, strict=False):  # as Midtrans does after a 503
            assert await knock(http, url, body) == 200
    assert set(answers) <= {200, 503}
    assert fault.ready is None or ready == [fault.ready, fault.ready]
    await eventually(lambda: nothing_waits(house, after=last_job), "every job is done", since=begun)
    kept = rows(
        house,
        "select n.body_hash, n.handled_at is not null, o.status from notifications n"
        " left join orders o on o.order_id = n.order_id where n.body_hash = any(%s)",
        [hashlib.sha256(body.encode()).digest() for body in bodies],
    )
    assert len({row[0] for row in kept}) == len(kept) == KNOCKS, "each is there, and once"
    assert [row[1:] for row in kept] == [(True, "paid")] * KNOCKS
    silent = [part for part, code in house.fell - fell if code == 0]
    assert silent == [], "whoever ends by itself says so with its exit code"


def doors(house: House) -> Iterator[str]:
    return itertools.cycle(house.urls.values())


async def knock(http: httpx.AsyncClient, url: str, body: str) -> int:
    """Deliver a notification; its answer must come in time."""
    reply = await http.post(f"{url}{WEBHOOK}", content=body)
    if reply.status_code == 503:
        assert reply.headers["Retry-After"]
    return reply.status_code


async def says_ready(http: httpx.AsyncClient, url: str) -> bool:
    return (await http.get(f"{url}/readyz")).is_success


async def all_ready(http: httpx.AsyncClient, house: House) -> bool:
    with contextlib.suppress(httpx.HTTPError):
        return all([await says_ready(http, url) for url in house.urls.values()])
    return False


async def nothing_waits(house: House, *, after: int) -> bool:
    """No confirmation is left of the jobs after this one; one that was given up is a failure at once."""
    query = (
        "select status, count(*) from procrastinate_jobs where task_name = 'confirm' and id > %s group by 1"
    )
    left = dict(await asyncio.to_thread(rows, house, query, after))
    assert "failed" not in left, f"jobs given up: {left}"
    return left == {}


async def eventually(check: Callable[[], Any], what: str, *, since: float | None = None) -> None:
    begun = time.monotonic() if since is None else since
    while not await check():
        assert time.monotonic() - begun < RECOVERY_SECONDS_MAX, f"not within a minute: {what}"
        await asyncio.sleep(0.1)


async def switch(house: House, **faults: Any) -> None:
    """Exactly these faults, and always that the simulator's own notifications stay where they are."""
    async with httpx.AsyncClient() as http:
        put = await http.put(f"{house.simulator_url}/_control/faults", json={"drop": True, **faults})
        assert put.is_success, put.text


async def control(http: httpx.AsyncClient, house: House, path: str, **body: Any) -> dict[str, Any]:
    reply = await http.post(f"{house.simulator_url}/_control/{path}", json=body)
    assert reply.is_success, reply.text
    found = reply.json()
    assert isinstance(found, dict)
    return found


def rows(house: House, query: str, *values: Any) -> list[tuple[Any, ...]]:
    with psycopg.connect(house.postgres.url) as connection:
        return connection.execute(query, values).fetchall()  # type: ignore[arg-type]
