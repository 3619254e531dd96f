"""Is anybody at work? The worker beats, and whoever still can notices when it stops."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import structlog

from tuntas.store import liveness
from tuntas.store.alerts import AlertKind, raise_alert, resolve
from tuntas.usecases.backend import Backend

log = structlog.get_logger()

BEAT_SECONDS = 10
_LOOK_SECONDS = 15
_LOOK_SECONDS_MAX = 5
"""A look that has no answer by then counts as failed."""
_SUBJECT = "worker"


class Pulse(StrEnum):
    """What can be said of the workers, all together."""

    ALIVE = "alive"
    SILENT = "silent"
    NEVER_SEEN = "never_seen"


@dataclass(frozen=True, slots=True)
class Workers:
    pulse: Pulse
    last_beat_at: datetime | None


async def beat(backend: Backend, worker_id: str) -> None:
    """This worker works; should its silence have been told, that is over."""
    async with backend.database.transaction() as session:
        await liveness.beat(session, worker_id)
        await resolve(session, AlertKind.WORKER_SILENT, _SUBJECT, at=backend.clock.now())


async def forget_old_workers(backend: Backend) -> None:
    """Keep the list of workers short."""
    async with backend.database.transaction() as session:
        await liveness.forget_old(session)


async def workers(backend: Backend) -> Workers:
    """How the workers are."""
    async with backend.database.transaction() as session:
        last = await liveness.last_beat(session)
    if last.beat_at is None:
        return Workers(Pulse.NEVER_SEEN, None)
    return Workers(Pulse.SILENT if last.silent else Pulse.ALIVE, last.beat_at)


async def tell_of_silence(backend: Backend) -> None:
    """Open an alert when there have been workers and none beats any more; its beat closes it."""
    found = await workers(backend)
    if found.pulse is not Pulse.SILENT or found.last_beat_at is None:
        return
    async with backend.database.transaction() as session:
        detail = {"last_beat_at": found.last_beat_at.isoformat()}
        await raise_alert(session, AlertKind.WORKER_SILENT, _SUBJECT, at=backend.clock.now(), detail=detail)


@asynccontextmanager
async def watching(backend: Backend) -> AsyncIterator[None]:
    """Watch the workers for as long as the block runs: for a web process, which lives on when they do not."""
    watch = asyncio.create_task(_watch(backend))
    try:
        yield
    finally:
        watch.cancel()
        await asyncio.wait([watch], timeout=_LOOK_SECONDS_MAX)


async def _watch(backend: Backend) -> None:
    """Look again and again. A database that is away is told here once each time it goes."""
    failing = False
    while True:
        try:
            async with asyncio.timeout(_LOOK_SECONDS_MAX):
                await tell_of_silence(backend)
            failing = False
        except Exception as error:  # noqa: BLE001  the watch goes on, whatever one look met
            if not failing:
                log.warning("worker_watch_failed", error=type(error).__name__)
            failing = True
        await asyncio.sleep(_LOOK_SECONDS)
