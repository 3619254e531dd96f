"""`tuntas serve --processes`: several processes on one port, and what happens when some of them end."""

import asyncio
import contextlib
import json
import os
import re
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest

from tests.command import DONE, SANDBOX, UNUSABLE, tuntas
from tests.program import Program, eventually, is_running, started
from tests.stand import notification

pytestmark = pytest.mark.anyio

PROCESSES = 2
SENDERS = 16


@pytest.fixture
def program(tmp_path: Path, database_url: str) -> Iterator[Program]:
    options = ("serve", "--port", "0", "--processes", str(PROCESSES))
    with started(tmp_path, *options, DATABASE_URL=database_url, **SANDBOX) as opened:
        opened.wait_for("Serving on http")
        yield opened


def url_of(program: Program) -> str:
    found = re.search(r"Serving on (\S+)", program.printed)
    assert found
    return found[1]


def children_of(program: Program) -> list[int]:
    number = program.process.pid
    return [int(child) for child in Path(f"/proc/{number}/task/{number}/children").read_text().split()]


def may_be_bound(url: str) -> bool:
    """Whether a server could be started on this port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", httpx.URL(url).port or 0))
        except OSError:
            return False
    return True


async def test_one_that_is_killed_comes_back_and_the_others_serve_meanwhile(program: Program) -> None:
    first, second = children_of(program)
    os.kill(second, signal.SIGSTOP)  # what the other does alone is seen
    os.kill(first, signal.SIGKILL)
    eventually(lambda: children_of(program) != [first, second], within=10, what="one is begun again")
    async with httpx.AsyncClient(base_url=url_of(program), timeout=10) as http:
        assert (await http.get("/healthz")).is_success, "by the new one, for the old one is held"
    (new,) = set(children_of(program)) - {first, second}
    os.kill(second, signal.SIGCONT)
    os.kill(new, signal.SIGKILL)
    async with httpx.AsyncClient(base_url=url_of(program), timeout=10) as http:
        assert (await http.get("/readyz")).is_success, "by the old one, for the new one is dead"
    eventually(lambda: len(children_of(program)) == PROCESSES, within=10, what="begun again after a pause")
    assert program.printed.count('"web_process_died"') == 2
    assert program.end() == DONE


async def test_a_stop_under_load_leaves_no_request_without_an_answer(
    program: Program, database_url: str
) -> None:
    """Each sender keeps its connection and asks again at once; what was told 200 is stored.

    Tried: connections closed while the next request is on its way.
    """
    url, stored, begun = url_of(program), list[str](), asyncio.Event()

    async def send(sender: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", httpx.URL(url).port)
        with contextlib.closing(writer):
            for number in range(100_000):
                order_id = f"INV-{sender}-{number}"
                writer.write(look(url) if sender % 2 else settlement(url, order_id))
                answer = await reader.readuntil(b"}")  # raises when it is closed or reset before
                assert b" 200 OK\r\n" in answer, answer
                if not sender % 2:
                    stored.append(order_id)
                if len(stored) > 5 * SENDERS:
                    begun.set()
                if b"connection: close" in answer:
                    return

    senders = [asyncio.create_task(send(sender)) for sender in range(SENDERS)]
    await asyncio.wait_for(begun.wait(), 20)
    ended = asyncio.create_task(asyncio.to_thread(program.end))
    await asyncio.gather(*senders)
    assert await ended == DONE
    with psycopg.connect(database_url) as connection:
        kept = connection.execute("select order_id from notifications").fetchall()
    assert {order_id for (order_id,) in kept} >= set(stored)
    assert may_be_bound(url)
    assert "web_process_killed" not in program.printed


def look(url: str) -> bytes:
    return f"GET /healthz HTTP/1.1\r\nHost: {httpx.URL(url).netloc.decode()}\r\n\r\n".encode()


def settlement(url: str, order_id: str) -> bytes:
    body = json.dumps(notification(order_id, "settlement"))
    head = look(url).replace(b"GET /healthz", b"POST /api/v1/midtrans/webhook").removesuffix(b"\r\n")
    return head + f"Content-Length: {len(body)}\r\n\r\n{body}".encode()


async def test_when_the_parent_is_killed_nobody_stays_behind(program: Program) -> None:
    children = children_of(program)
    assert len(children) == PROCESSES
    program.process.kill()
    eventually(lambda: not any(map(is_running, children)), within=10, what="the children have ended")
    assert may_be_bound(url_of(program))


def test_no_more_processes_than_postgresql_has_connections_for(tmp_path: Path, database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        name = connection.info.dbname
        connection.execute(f"alter database {name} connection limit 40")
    refused = tuntas("serve", "--port", "0", "--processes", "2", DATABASE_URL=database_url, **SANDBOX)
    assert (refused.code, "Start with --processes 1, or raise" in refused.err) == (UNUSABLE, True)
    with started(tmp_path, "serve", "--port", "0", DATABASE_URL=database_url, **SANDBOX) as program:
        program.wait_for("Serving on http")
        assert children_of(program) == [], "by default as many as fit"
        assert program.end() == DONE
