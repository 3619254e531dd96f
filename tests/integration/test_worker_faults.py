"""Real workers on a PostgreSQL of their own: both are killed, stopped and restarted."""

import asyncio
import itertools
import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
import pytest

from tests.command import DONE, SANDBOX, WRONG
from tests.program import Program, eventually, postgres_of, started
from tests.stand import notification, open_stand
from tuntas.store import migrations
from tuntas.store.embedded import EmbeddedPostgres
from tuntas.usecases.backend import open_backend
from tuntas.usecases.demo import add_demo_data

pytestmark = pytest.mark.anyio

_numbers = itertools.count()
UNKNOWN = {"status_code": "404", "status_message": "Transaction doesn't exist."}


@dataclass
class House:
    """A server that a test may stop, and a database on it."""

    folder: Path
    server: EmbeddedPostgres
    url: str

    def worker(self, **variables: str) -> AbstractContextManager[Program]:
        return started(self.folder, "worker", DATABASE_URL=self.url, **SANDBOX, **variables)

    def sql(self, statement: str) -> list[Any]:
        with psycopg.connect(self.url) as connection:
            cursor = connection.execute(statement)  # type: ignore[call-overload]
            return cursor.fetchall() if cursor.description else []

    def defer(self, lane: str, task: str, times: int = 1, **arguments: int) -> None:
        job = f"'{lane}', '{task}', 0, null, null, '{json.dumps(arguments)}'::jsonb, null"
        one = f"procrastinate_defer_jobs_v1(array[row({job})::procrastinate_job_to_defer_v1])"
        self.sql(f"select {one} from generate_series(1, {times})")

    def confirming(self) -> bool:
        return bool(self.sql("select 1 from procrastinate_jobs where task_name = 'confirm'"))

    def beating(self) -> bool:
        return bool(self.sql("select 1 from workers where beat_at > now() - interval '15 seconds'"))

    def nobody_beats(self) -> None:
        """As if the workers so far had been silent for long."""
        self.sql("update procrastinate_workers set last_heartbeat = now() - interval '1 hour'")

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """The server hangs: it holds its connections and answers nothing."""
        number = postgres_of(self.folder)
        assert number is not None
        parents = {
            int(path.name): int((path / "stat").read_text().rpartition(")")[2].split()[1])
            for path in Path("/proc").glob("[0-9]*")
            if (path / "stat").exists()
        }
        processes = [number, *(child for child, parent in parents.items() if parent == number)]
        for process in processes:
            with suppress(ProcessLookupError):  # one that served a connection may end meanwhile
                os.kill(process, signal.SIGSTOP)
        try:
            yield
        finally:
            for process in processes:
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGCONT)


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[Path, EmbeddedPostgres]]:
    with TemporaryDirectory(prefix="tuntas-") as folder, EmbeddedPostgres(Path(folder)) as running:
        migrations.upgrade(running.url)
        asyncio.run(_demo(running.url))
        yield Path(folder), running


async def _demo(url: str) -> None:
    from tuntas.cli.environment import DevelopmentSettings

    backend = open_backend(DevelopmentSettings(_env_file=None), url)
    await add_demo_data(backend)
    await backend.close()


@pytest.fixture
def house(server: tuple[Path, EmbeddedPostgres]) -> Iterator[House]:
    folder, running = server
    name = f"faults_{next(_numbers)}"
    host = running.url.partition("host=")[2]

    def administer(statement: str) -> None:
        with psycopg.connect(f"postgresql://postgres@/postgres?host={host}", autocommit=True) as connection:
            connection.execute(statement)  # type: ignore[call-overload]

    administer(f"create database {name} template tuntas")
    yield House(folder, running, f"postgresql://postgres@/{name}?host={host}")
    administer(f"drop database {name} with (force)")


@dataclass
class Gateway:
    """Stands in for Midtrans's status API: says `answer` when `open` is set, and notes when it was asked."""

    url: str = ""
    answer: dict[str, Any] = field(default_factory=lambda: UNKNOWN)
    asked: list[float] = field(default_factory=list)
    open: threading.Event = field(default_factory=threading.Event)


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    state = Gateway()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # the name that http.server calls
            state.asked.append(time.monotonic())
            state.open.wait(60)
            body = json.dumps(state.answer).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """The test looks at `asked`."""

        def handle(self) -> None:
            try:
                super().handle()
            except OSError:  # the worker that asked was killed
                return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        state.url = f"http://127.0.0.1:{listening.server_address[1]}"
        threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.05}).start()
        yield state
        state.open.set()
        listening.shutdown()


def soon(check: Callable[[], object], what: str, *, within: float = 90) -> None:
    """A beat on its way makes a silent worker look alive for 20 seconds more, and rounds come every 15."""
    eventually(lambda: check() or None, within=within, what=what)


def lines(program: Program, event: str) -> list[dict[str, Any]]:
    """What it logged of one kind."""
    logged = [json.loads(line) for line in program.printed.splitlines() if line.startswith("{")]
    return [line for line in logged if line.get("event") == event]


def test_a_worker_outlives_restarts_of_its_database_and_tells_of_each_once(house: House) -> None:
    with house.worker() as worker:
        soon(house.beating, "it works")
        house.server.stop()
        soon(lambda: lines(worker, "worker_interrupted"), "it notices")
        house.server.start()
        house.defer("urgent", "confirm", notification_id=1)
        soon(lambda: not house.confirming(), "it works")
        assert len(lines(worker, "worker_interrupted")) == len(lines(worker, "worker_resumed")) == 1
        assert worker.process.poll() is None
        assert worker.end() == DONE


def test_a_worker_told_to_stop_while_its_database_is_away_or_hangs_does_not_wait_for_it(house: House) -> None:
    with house.worker() as worker:
        soon(house.beating, "it works")
        house.server.stop()
        try:
            assert worker.end() == DONE
        finally:
            house.server.start()
    with house.worker() as worker:
        worker.wait_for("Working.")
        soon(lambda: house.sql("select 1 from procrastinate_workers having count(*) = 2"), "both lanes work")
        with house.frozen():
            assert worker.end(within=15) in {DONE, WRONG}


@pytest.mark.parametrize("fault", ["worker killed", "worker hangs", "database restarted"])
async def test_what_was_answered_200_is_applied_although_its_confirmation_was_broken_off(
    house: House, gateway: Gateway, fault: str
) -> None:
    async with open_stand(house.url, tuntas_confirm="before") as stand:
        order_id = await stand.order()
        assert (await stand.notify(order_id, "settlement")).status_code == 200
        gateway.answer = notification(order_id, "settlement")
        with house.worker(MIDTRANS_CORE_URL=gateway.url) as first:
            await asyncio.to_thread(soon, lambda: gateway.asked, "Midtrans is asked")
            await asyncio.to_thread(_break, house, first, fault)
            gateway.open.set()
            house.nobody_beats()
            house.defer("rounds", "look_after_jobs", timestamp=0)  # as it comes every fifteen seconds
            with house.worker(MIDTRANS_CORE_URL=gateway.url):
                paid = "select 1 from invitations where payment_status = 'paid'"
                await asyncio.to_thread(soon, lambda: house.sql(paid), "it is applied")
                await asyncio.to_thread(soon, lambda: not house.confirming(), "nothing is left")


def _break(house: House, worker: Program, fault: str) -> None:
    match fault:
        case "worker killed":
            worker.end(signal.SIGKILL)
        case "worker hangs":
            worker.process.send_signal(signal.SIGSTOP)
        case "database restarted":
            house.server.stop()
            soon(lambda: lines(worker, "worker_interrupted"), "it notices")
            house.server.start()


def test_all_workers_together_keep_the_pace_and_what_is_urgent_passes_a_long_round(
    house: House, gateway: Gateway
) -> None:
    """400 due orders, more rounds than there are slots of any kind, ten questions a second whoever asks."""
    house.sql(
        "insert into orders (order_id, invitation_id, kind, gross_amount, days, created_at, expires_at,"
        " next_check_at) select 'INV-' || n, 5, 'initial', 299000, 365, now(), now() + interval '1 day',"
        " now() - interval '1 minute' from generate_series(1, 400) n"
    )
    gateway.open.set()
    paced = {"MIDTRANS_CORE_URL": gateway.url, "TUNTAS_CHECKS_PER_SECOND": "10"}
    with house.worker(**paced) as one, house.worker(**paced) as other:
        soon(lambda: house.sql("select 1 from procrastinate_workers having count(*) = 4"), "both work")
        house.defer("rounds", "reconcile_due", times=24, timestamp=0)
        soon(lambda: len(gateway.asked) >= 40, "they ask")
        assert gateway.asked[39] - gateway.asked[0] >= 39 / 10 - 0.5, (
            "the first may have been slow on its way"
        )
        house.defer("urgent", "confirm", notification_id=1)
        soon(lambda: not house.confirming(), "it passes", within=10)
        assert len(gateway.asked) < 300, "the rounds go on"
        for worker in (one, other):
            assert worker.end(within=10) == DONE
    left = house.sql("select 1 from procrastinate_jobs where status = 'doing'")
    assert left == [], "nothing is held by a worker that is gone"
    leased = "select 1 from orders where checks = 0 and next_check_at > now() + interval '6 minutes'"
    assert house.sql(leased) == [], "what was not asked is asked in minutes"
