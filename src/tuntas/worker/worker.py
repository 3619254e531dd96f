"""The worker: lanes of work for as long as the process lives, whatever becomes of the database meanwhile."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Coroutine, Iterable
from contextlib import asynccontextmanager
from typing import Any

import structlog
from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import ConnectorException

from tuntas.store.database import PLANNED_EACH_TIME
from tuntas.store.jobs import STALLED_SECONDS, Lane
from tuntas.usecases.backend import Backend
from tuntas.usecases.liveness import BEAT_SECONDS, beat
from tuntas.worker.ending import ended
from tuntas.worker.retries import MISTAKES, wait_seconds
from tuntas.worker.tasks import ROUNDS, register

log = structlog.get_logger()

_DRAIN_SECONDS = {Lane.URGENT: 3, Lane.ROUNDS: 0.5}
"""When the worker stops, what is being done may end within this time; else it is done again."""
_POOL_SECONDS_MAX = 3
"""A wait for a connection; procrastinate waits for several, one after the other, before it gives up."""
_END_SECONDS_MAX = 20
"""The lanes end within this time, also without a database, or are left to themselves."""
_STOP_SECONDS_MAX = 4.5
"""More than the drain needs; without a database nothing more can be done in any time."""
_OPEN_SECONDS_MAX = 10
_RECONNECT_SECONDS_MAX = 15
_BEAT_SECONDS_MAX = 20
_STEADY_SECONDS = 60
"""After so long a session counts as good: the next interruption is waited for shortly again."""
_MISTAKES_MAX = 3
"""In a row. A driver whose connection breaks has been seen to make one of its own."""
_CONNECTION = {
    "options": " ".join(f"-c {name}={value}" for name, value in PLANNED_EACH_TIME.items()),
    "connect_timeout": 5,
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
"""A database that vanished without a word is noticed within half a minute. The last is in milliseconds."""


class _Interrupted(ConnectorException):
    """A lane ended by itself, which it does when it loses the database."""


class Worker:
    """Runs jobs and rounds until `stop`; while the database is away it waits and tries again."""

    def __init__(self, backend: Backend, database_url: str, *, concurrency: int = 4) -> None:
        """`concurrency`: so many urgent jobs at the same time. Each round has a slot of its own besides."""
        self._backend = backend
        self._database_url = database_url
        self._slots = {Lane.URGENT: concurrency, Lane.ROUNDS: len(ROUNDS)}
        self._id = str(uuid.uuid4())
        self._running: asyncio.Task[None] | None = None
        self._away = False
        """Whether an interruption was told of and its end was not yet."""

    async def start(self) -> None:
        self._running = asyncio.create_task(self._work(), name="worker")

    async def wait(self, told: Awaitable[object]) -> BaseException | None:
        """Return when `told` does, or with what keeps the worker from going on at all."""
        if self._running is None:
            raise RuntimeError("a worker is waited for before it was started")
        ending = asyncio.ensure_future(told)
        await asyncio.wait([self._running, ending], return_when=asyncio.FIRST_COMPLETED)
        ending.cancel()
        return self._running.exception() if self._running.done() else None

    async def stop(self) -> None:
        """Finish what is being done, then end; what would not end in time is left behind."""
        if self._running is not None:
            await ended([self._running], within=_STOP_SECONDS_MAX)

    async def drain(self) -> None:
        """Run what is due now, without the clock, and return: for tests and for scripts."""
        async with self._app(clock=False).open_async() as app:
            await app.run_worker_async(
                wait=False,
                install_signal_handlers=False,
                listen_notify=False,
                concurrency=self._slots[Lane.URGENT],
                delete_jobs="successful",
            )

    async def _work(self) -> None:
        """One session after the other, for as long as it is not a mistake of ours that ends them."""
        failures = mistakes = 0
        while True:
            began = time.monotonic()
            try:
                await self._session()
            except Exception as error:  # the database is away, in one of its many ways to say so
                mistakes = mistakes + 1 if isinstance(error, MISTAKES) else 0
                if mistakes >= _MISTAKES_MAX:
                    raise
                if time.monotonic() - began > _STEADY_SECONDS:
                    failures = 0
                if not self._away:
                    log.warning("worker_interrupted", error=type(error.__cause__ or error).__name__)
                self._away = True
                await asyncio.sleep(min(wait_seconds(failures), _RECONNECT_SECONDS_MAX))
                failures += 1

    async def _session(self) -> None:
        """Work until something breaks, and raise what did."""
        async with asyncio.timeout(_OPEN_SECONDS_MAX):
            await beat(self._backend, self._id)
        app = self._app()
        try:
            async with asyncio.timeout(_OPEN_SECONDS_MAX):
                await app.open_async()
            if self._away:
                log.info("worker_resumed")
            self._away = False
            await _until_one_ends([*(self._lane(app, lane) for lane in Lane), self._beats()])
        finally:
            await app.close_async()

    async def _lane(self, app: App, lane: Lane) -> None:
        await app.run_worker_async(
            queues=[lane],
            name=lane,
            concurrency=self._slots[lane],
            install_signal_handlers=False,
            shutdown_graceful_timeout=_DRAIN_SECONDS[lane],
            delete_jobs="successful",
            update_heartbeat_interval=STALLED_SECONDS / 4,
            stalled_worker_timeout=STALLED_SECONDS,
        )

    async def _beats(self) -> None:
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            async with asyncio.timeout(_BEAT_SECONDS_MAX):
                await beat(self._backend, self._id)

    def _app(self, *, clock: bool = True) -> App:
        connections = sum(self._slots.values()) + 2
        connector = PsycopgConnector(
            conninfo=self._database_url,
            kwargs=_CONNECTION,
            min_size=1,
            max_size=connections,
            timeout=_POOL_SECONDS_MAX,
            reconnect_timeout=_POOL_SECONDS_MAX,
        )
        app = App(connector=connector)
        register(app, self._backend, clock=clock)
        return app


@asynccontextmanager
async def working(backend: Backend, database_url: str) -> AsyncIterator[Worker]:
    """A worker for as long as the block runs."""
    worker = Worker(backend, database_url)
    await worker.start()
    try:
        yield worker
    finally:
        await worker.stop()


async def _until_one_ends(parts: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Run the parts together; when one ends, so do the others. Raises why it ended."""
    running = [asyncio.create_task(part) for part in parts]
    try:
        done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await ended(running, within=_END_SECONDS_MAX)
    for part in done:
        part.result()
    raise _Interrupted
