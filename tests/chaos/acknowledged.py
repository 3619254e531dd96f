"""`python -m tests.chaos.acknowledged`: what was answered with 200 is stored, whoever is killed meanwhile.

Many senders post distinct notifications to `tuntas serve` with two processes as fast as it answers. In the
middle of it all web processes, one of them, or PostgreSQL are killed. Then the senders' list of what was
acknowledged is held against the tables.
"""

import argparse
import asyncio
import os
import re
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import httpx
import psycopg

from tests.command import SANDBOX
from tests.program import Program, eventually, is_running, kill_postgres, started
from tests.stand import notification
from tuntas.store import migrations
from tuntas.store.embedded import EmbeddedPostgres

SENDERS = 48
_SECONDS_MAX = 60


class Victim(Enum):
    """Who is killed."""

    ALL = "the web server and its processes"
    ONE = "one of its processes"
    POSTGRESQL = "PostgreSQL"


@dataclass(frozen=True, slots=True)
class Round:
    victim: Victim
    acknowledged: int
    lost: frozenset[str]
    """Order ids that a sender was answered 200 for, and that are not paid."""


async def run_round(folder: Path, victim: Victim, *, before: int) -> Round:
    """Kill after so many were acknowledged."""
    acknowledged: set[str] = set()
    with EmbeddedPostgres(folder) as postgres:
        orders = _prepare(postgres.url, 20 * before)
        options = ("serve", "--port", "0", "--processes", "2")
        with started(folder, *options, DATABASE_URL=postgres.url, **SANDBOX) as program:
            program.wait_for("Serving on http")
            children = _children(program)
            enough = asyncio.Event()
            sending = asyncio.create_task(_send(_url(program), iter(orders), acknowledged, before, enough))
            async with asyncio.timeout(_SECONDS_MAX):
                await enough.wait()
            _kill(victim, program, children, folder)
            if victim is not Victim.ONE:
                await sending
            else:
                sending.cancel()
                await asyncio.gather(sending, return_exceptions=True)
        eventually(lambda: not any(map(is_running, children)), within=20, what="the web processes are gone")
    with EmbeddedPostgres(folder) as postgres, psycopg.connect(postgres.url) as database:
        rows = database.execute(
            "select o.order_id from orders o join notifications n using (order_id)"
            " where o.status = 'paid' and n.outcome = 'applied'"
        )
        paid = {order_id for (order_id,) in rows}
    return Round(victim, len(acknowledged), frozenset(acknowledged - paid))


async def _send(
    url: str, orders: Iterator[str], acknowledged: set[str], before: int, enough: asyncio.Event
) -> None:
    """Until nobody answers any more; says when enough were acknowledged."""

    async def sender() -> None:
        async with httpx.AsyncClient(base_url=url, timeout=10) as http:
            for order_id in orders:
                body = notification(order_id, "settlement")
                try:
                    reply = await http.post("/api/v1/midtrans/webhook", json=body)
                except httpx.TransportError:
                    return
                if reply.status_code == 200:
                    acknowledged.add(order_id)
                if len(acknowledged) >= before:
                    enough.set()

    await asyncio.gather(*(sender() for _ in range(SENDERS)))


def _kill(victim: Victim, program: Program, children: list[int], folder: Path) -> None:
    match victim:
        case Victim.ALL:
            for number in (program.process.pid, *children):
                os.kill(number, signal.SIGKILL)
        case Victim.ONE:
            os.kill(children[0], signal.SIGKILL)
        case Victim.POSTGRESQL:
            kill_postgres(folder)
            for number in (program.process.pid, *children):
                os.kill(number, signal.SIGKILL)


def _prepare(url: str, count: int) -> list[str]:
    migrations.upgrade(url)
    with psycopg.connect(url) as database:
        rows = database.execute(
            "with owner as ("
            " insert into users (name, email, password_hash) values ('Siti', 'siti@tuntas.test', 'none')"
            " returning id), package as ("
            " insert into packages (name, description, price, days) values ('Melati', '', 299000, 365)"
            " returning id, price, days), added as ("
            " insert into invitations (owner_id, package_id, price, days, domain, payment_status)"
            " select owner.id, package.id, price, days, 'tamu-' || i, 'pending'"
            " from owner, package, generate_series(1, %s) i returning id, price, days)"
            " insert into orders (order_id, invitation_id, kind, gross_amount, days, created_at, expires_at)"
            " select 'INV-' || id, id, 'initial', price, days, now(), now() + interval '1 day' from added"
            " returning order_id",
            [count],
        )
        return [order_id for (order_id,) in rows]


def _url(program: Program) -> str:
    found = re.search(r"Serving on (\S+)", program.printed)
    assert found, program.printed
    return found[1]


def _children(program: Program) -> list[int]:
    number = program.process.pid
    return [int(child) for child in Path(f"/proc/{number}/task/{number}/children").read_text().split()]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.acknowledged", description=__doc__)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--before", type=int, default=1500, help="acknowledged before somebody is killed")
    options = parser.parse_args()
    lost = 0
    for number in range(options.rounds):
        victim = list(Victim)[number % len(Victim)]
        folder = Path(tempfile.mkdtemp(prefix="tuntas-kill-"))
        try:
            found = asyncio.run(run_round(folder, victim, before=options.before))
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        lost += len(found.lost)
        told = f"{found.acknowledged} acknowledged, {len(found.lost)} lost"
        sys.stdout.write(f"{victim.value} killed: {told}\n")
        sys.stdout.flush()
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
