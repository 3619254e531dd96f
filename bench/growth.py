"""What grows slower as the shop grows: the same questions to a small and to a large database, in turn.

python -m bench.growth [--small 10000] [--large 200000]

Sizes are orders; each has ten lines in the log. Median and 99th percentile of one run, in milliseconds;
the last column is the large database's median over the small one's: 1 is flat.
"""

import argparse
import asyncio
import json
import statistics
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
from tests.crowd import fill, settle
from tests.stand import notification

from tuntas.cli.environment import DevelopmentSettings
from tuntas.store import migrations, orders, payment_logs
from tuntas.store.database import Pool
from tuntas.store.direct import Statements
from tuntas.store.embedded import EmbeddedPostgres
from tuntas.usecases import payments, replay
from tuntas.usecases.backend import Backend, open_backend
from tuntas.usecases.check_invariants import check_invariants
from tuntas.usecases.confirm import confirm_overdue
from tuntas.usecases.demo import add_demo_data
from tuntas.usecases.ingest import take_in, verify
from tuntas.usecases.invitations import invitations_of
from tuntas.usecases.jobs import look_after_jobs
from tuntas.usecases.refund import resume_refunds

ROUNDS = 60
SELDOM = 5
"""Rounds of what takes longer."""
WARM_UP = 2
"""Rounds that open connections and prepare statements."""
BATCH = 64


class Shop:
    """A database of some size, and whom to ask about."""

    def __init__(self, backend: Backend, url: str) -> None:
        self.backend = backend
        with psycopg.connect(url) as connection:
            found = connection.execute(
                "select order_id, owner_id from orders join invitations on id = invitation_id "
                "where orders.status = 'paid' order by orders.created_at desc limit 500"
            ).fetchall()
        self._asked = count()
        self.known = [(str(order_id), int(owner_id)) for order_id, owner_id in found]

    def someone(self) -> tuple[str, int]:
        """Another order and its owner each time."""
        return self.known[next(self._asked) % len(self.known)]


async def profile(shop: Shop) -> None:
    await invitations_of(shop.backend, shop.someone()[1])


async def payment(shop: Shop) -> None:
    order_id, owner_id = shop.someone()
    await payments.payment(shop.backend, owner_id, order_id)


async def order_show(shop: Shop) -> None:
    await payments.order_book(shop.backend, shop.someone()[0])


async def orders_list(shop: Shop) -> None:
    await payments.recent_orders(shop.backend, status=None, limit=20)


async def orders_failed(shop: Shop) -> None:
    await payments.recent_orders(shop.backend, status="failed", limit=20)


async def logs(shop: Shop) -> None:
    async with shop.backend.database.transaction() as session:
        await payment_logs.recent(session, limit=20)


async def logs_of_an_event(shop: Shop) -> None:
    async with shop.backend.database.transaction() as session:
        await payment_logs.recent(session, event="refund_answered", limit=20)


async def logs_of_an_order(shop: Shop) -> None:
    async with shop.backend.database.transaction() as session:
        await payment_logs.recent(session, order_id=shop.someone()[0], limit=20)


async def webhook_list(shop: Shop) -> None:
    await replay.stored(shop.backend, outcomes=["incoherent"], order_id=None, limit=20)


async def sync_page(shop: Shop) -> None:
    before = shop.backend.clock.now() - timedelta(days=200)
    async with shop.backend.database.transaction() as session:
        found = await orders.older_than(session, before, after=None, limit=100)
        last = found[-1]
        await orders.older_than(session, before, after=(last.created_at, last.order_id), limit=100)


async def polling(shop: Shop) -> None:
    """What the worker asks while there is nothing to do."""
    now = shop.backend.clock.now()
    async with shop.backend.database.transaction() as session:
        await orders.take_due(session, now=now, lease_until=now, limit=5)
    for look in (replay.retry_inbox, confirm_overdue, resume_refunds, look_after_jobs):
        await look(shop.backend)


async def doctor(shop: Shop) -> None:
    await check_invariants(shop.backend)


async def notifications(shop: Shop) -> None:
    """A batch, as the webhook takes it in: chargebacks of orders paid lately."""
    told = [
        notification(shop.someone()[0], "partial_chargeback", number=str(uuid.uuid4())) for _ in range(BATCH)
    ]
    await _take_in(shop, told)


ASKED: tuple[tuple[str, Callable[[Shop], Awaitable[None]], int], ...] = (
    ("user-profile", profile, ROUNDS),
    ("a payment's state", payment, ROUNDS),
    ("orders show", order_show, ROUNDS),
    ("orders list", orders_list, ROUNDS),
    ("orders list --status failed", orders_failed, ROUNDS),
    ("logs", logs, ROUNDS),
    ("logs --event refund_answered", logs_of_an_event, ROUNDS),
    ("logs --order", logs_of_an_order, ROUNDS),
    ("webhook list --outcome incoherent", webhook_list, ROUNDS),
    ("sync: two pages", sync_page, ROUNDS),
    ("a worker's polling", polling, ROUNDS),
    ("doctor's checks", doctor, SELDOM),
    (f"{BATCH} notifications in a batch", notifications, ROUNDS),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--small", type=int, default=10_000)
    parser.add_argument("--large", type=int, default=200_000)
    options = parser.parse_args()
    with (
        TemporaryDirectory(prefix="tuntas-bench-") as folder,
        EmbeddedPostgres(Path(folder)) as server,
    ):
        small, large = (_made(server, size) for size in (options.small, options.large))
        print(f"{'milliseconds':<34}{options.small:>9} orders{options.large:>16} orders")
        asyncio.run(compare(small, large))


async def compare(small: str, large: str) -> None:
    """Print a line for each question."""
    async with _shop(small) as first, _shop(large) as second:
        for name, ask, rounds in ASKED:
            times: dict[Shop, list[float]] = {first: [], second: []}
            for turn in range(WARM_UP + rounds):
                for shop, taken in times.items():
                    began = time.perf_counter()
                    await ask(shop)
                    if turn >= WARM_UP:
                        taken.append((time.perf_counter() - began) * 1000)
            middles = [statistics.median(taken) for taken in times.values()]
            shown = "".join(
                f"{middle:>9.2f} p99 {_p99(taken):>7.2f}"
                for middle, taken in zip(middles, times.values(), strict=True)
            )
            print(f"{name:<34}{shown}{middles[1] / middles[0]:>8.2f} x", flush=True)


def _made(server: EmbeddedPostgres, size: int) -> str:
    """The address of a shop with so many orders, statistics known."""
    name = f"shop_{size}"
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(f"create database {name}")
    url = server.url.replace("/tuntas?", f"/{name}?")
    migrations.upgrade(url)
    asyncio.run(_add_packages(url))
    fill(url, size)
    settle(url)
    return url


async def _add_packages(url: str) -> None:
    backend = open_backend(DevelopmentSettings(_env_file=None), url)
    await add_demo_data(backend)
    await backend.close()


@asynccontextmanager
async def _shop(url: str) -> AsyncIterator[Shop]:
    backend = open_backend(DevelopmentSettings(_env_file=None), url)
    try:
        yield Shop(backend, url)
    finally:
        await backend.close()


async def _take_in(shop: Shop, told: list[dict[str, object]]) -> None:
    deliveries = [verify(shop.backend, json.dumps(body).encode()) for body in told]

    async def work(session: Statements) -> object:
        return await take_in(session, shop.backend, deliveries, wait=True)

    await shop.backend.database.commit_direct(work, Pool.INTAKE)


def _p99(taken: list[float]) -> float:
    return sorted(taken)[max(0, round(len(taken) * 0.99) - 1)]


if __name__ == "__main__":
    main()
