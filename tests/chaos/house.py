"""The processes of a run: PostgreSQL, `tuntas serve` twice, `tuntas worker` twice, `midtrans-simulator`."""

import asyncio
import os
import signal
import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.chaos.garbler import Garbler
from tests.chaos.plan import WEBS, WORKERS, Part, Plan
from tests.program import PROGRAM, environment, is_running, postgres_of
from tuntas.store.embedded import EmbeddedPostgres

SERVER_KEY = "SB-Mid-server-simulator"
CLIENT_KEY = "SB-Mid-client-simulator"
_SIMULATOR = PROGRAM.with_name("midtrans-simulator")
_READY_SECONDS = 60
_SUPERVISION_SECONDS = 0.3
_SUPERVISED = (*WEBS, *WORKERS)
WEBHOOK = "/api/v1/midtrans/webhook"


class HouseError(RuntimeError):
    """A process does not do what a run needs; the text ends with what it printed last."""


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended; `code` is negative when it was killed."""

    code: int
    output: str
    errors: str


@dataclass
class House:
    folder: Path
    plan: Plan
    postgres: EmbeddedPostgres = field(init=False)
    garbler: Garbler = field(init=False)
    urls: dict[Part, str] = field(init=False)
    """Of the two web processes."""
    simulator_url: str = field(init=False)
    struck: Counter[str] = field(default_factory=Counter)
    fell: Counter[tuple[str, int]] = field(default_factory=Counter)
    """How often a process ended by itself and was started again, by its exit code."""
    _running: dict[str, asyncio.subprocess.Process] = field(default_factory=dict)
    _down: set[Part] = field(default_factory=set)
    _hands: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Whoever kills or starts a part holds it, so that none is ever started twice."""

    def __post_init__(self) -> None:
        self.postgres = EmbeddedPostgres(self.folder)
        first, second, self.simulator_url = (f"http://127.0.0.1:{_free_port()}" for _ in range(3))
        self.urls = {Part.WEB_1: first, Part.WEB_2: second}
        self.garbler = Garbler(self.simulator_url, self.plan.seed)

    async def start(self) -> None:
        await asyncio.to_thread(self.postgres.start)
        await self.garbler.start()
        migrated = await self.run("migrate")
        if migrated.code != 0:
            raise HouseError(f"tuntas migrate: {migrated.errors}")
        await self._spawn(
            "simulator", _SIMULATOR, "--port", self.simulator_url.rpartition(":")[2],
            "--notify", f"{self.urls[Part.WEB_1]}{WEBHOOK}", "--seed", str(self.plan.seed),
        )  # fmt: skip
        await self._answering(f"{self.simulator_url}/_control/clock", "simulator")
        for part in _SUPERVISED:
            await self._start(part)
        await self.ready()

    async def stop(self) -> None:
        """End everything that `start` started, and wait until it is gone."""
        self._down.update(Part)
        for process in self._running.values():
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        await self.garbler.stop()
        await asyncio.to_thread(self.postgres.stop)

    async def strike(self, part: Part, how: signal.Signals) -> None:
        """SIGKILL: no last words, nothing flushed. PostgreSQL also ends as `pg_ctl restart` makes it."""
        async with self._hands:
            self._down.add(part)
            self.struck[f"{part} {how.name}"] += 1
            if part is Part.POSTGRES:
                await self._end_postgres(how)
            else:
                process = self._running[part]
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()

    async def revive(self, part: Part) -> None:
        """Start it again; returns once it answers."""
        async with self._hands:
            if part is Part.POSTGRES:
                await asyncio.to_thread(self._restart_postgres)
            else:
                await self._start(part)
            self._down.discard(part)
        if part in self.urls:
            await self._ready(part)

    async def supervise(self) -> None:
        """Start again what ended by itself, until cancelled."""
        while True:
            await asyncio.sleep(_SUPERVISION_SECONDS)
            async with self._hands:
                for part in _SUPERVISED:
                    code = self._running[part].returncode
                    if part not in self._down and code is not None:
                        self.fell[part, code] += 1
                        await self._start(part)

    async def ready(self) -> None:
        """Returns once both web processes answer and reach their database."""
        for part in self.urls:
            await self._ready(part)

    async def _ready(self, part: Part) -> None:
        await self._answering(f"{self.urls[part]}/readyz", part)

    async def run(self, *arguments: str, kill_after: float | None = None) -> Ran:
        """A `tuntas …` command to its end, or to its death by SIGKILL after so many seconds."""
        process = await asyncio.create_subprocess_exec(
            PROGRAM, *arguments,
            cwd=self.folder, env=self._environment(), stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        talk = asyncio.ensure_future(process.communicate())
        try:
            if kill_after is not None:
                await asyncio.wait([talk], timeout=kill_after)
                if not talk.done():
                    process.kill()
            output, errors = await talk
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        return Ran(process.returncode or 0, output.decode(), errors.decode())

    def printed(self, name: str) -> str:
        """The end of what a process has printed."""
        log = self.folder / f"{name}.log"
        return log.read_text(errors="replace")[-3_000:] if log.exists() else ""

    async def _start(self, part: Part) -> None:
        """What one web process sells, the other is notified of: none may rely on what only it remembers."""
        if part in self.urls:
            (other,) = self.urls.keys() - {part}
            variables = {"MIDTRANS_NOTIFICATION_URL": f"{self.urls[other]}{WEBHOOK}"}
            port = self.urls[part].rpartition(":")[2]
            await self._spawn(part, PROGRAM, "serve", "--port", port, "--processes", "1", **variables)
        else:
            await self._spawn(part, PROGRAM, "worker")

    async def _spawn(self, name: str, program: Path, *arguments: str, **variables: str) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self._running[name] = await asyncio.create_subprocess_exec(
                program, *arguments,
                cwd=self.folder, env=self._environment() | variables, stdin=asyncio.subprocess.DEVNULL,
                stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    async def _answering(self, url: str, name: str) -> None:
        deadline = asyncio.get_running_loop().time() + _READY_SECONDS
        async with httpx.AsyncClient(timeout=5) as http:
            while asyncio.get_running_loop().time() < deadline:
                with suppress(httpx.HTTPError):
                    if (await http.get(url)).is_success:
                        return
                await asyncio.sleep(0.05)
        raise HouseError(f"{name} does not answer at {url}:\n{self.printed(name)}")

    async def _end_postgres(self, how: signal.Signals) -> None:
        """By SIGKILL the server with all its children, as a power cut would; else by its own way to end."""
        server = postgres_of(self.folder)
        if server is None:
            return
        if how is signal.SIGKILL:
            os.kill(server, signal.SIGSTOP)  # no child is born while we count them
        numbers = [server, *_children_of(server)]
        for number in numbers if how is signal.SIGKILL else [server]:
            with suppress(ProcessLookupError):
                os.kill(number, how)
        while any(map(is_running, numbers)):  # noqa: ASYNC110  other processes set no events
            await asyncio.sleep(0.01)

    def _restart_postgres(self) -> None:
        self.postgres.stop()
        self.postgres.start()

    def _environment(self) -> dict[str, str]:
        """Nothing of the caller's own configuration, but the same code."""
        path = {"PYTHONPATH": os.environ["PYTHONPATH"]} if "PYTHONPATH" in os.environ else {}
        return environment(
            DATABASE_URL=self.postgres.url,
            MIDTRANS_SERVER_KEY=SERVER_KEY,
            MIDTRANS_CLIENT_KEY=CLIENT_KEY,
            MIDTRANS_SNAP_URL=f"{self.simulator_url}/snap/v1",
            MIDTRANS_CORE_URL=self.garbler.url,
            MIDTRANS_TIMEOUT_SECONDS="2",
            TUNTAS_BASE_URL=self.urls[Part.WEB_1],
            TUNTAS_DATA_DIR=str(self.folder),
            TUNTAS_CONFIRM=self.plan.confirm,
            TUNTAS_CHECKS_PER_SECOND="50",
            **path,
        )


def _free_port() -> int:
    """A port that a process may be killed and started again on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _children_of(parent: int) -> Iterator[int]:
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            _state, number, *_ = stat.read_text().rpartition(")")[2].split()
            if int(number) == parent:
                yield int(stat.parent.name)
