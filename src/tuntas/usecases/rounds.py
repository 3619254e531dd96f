"""Work of the clock: it comes again by itself, so what fails is counted, and told when it keeps failing."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from tuntas.store import rounds
from tuntas.store.alerts import AlertKind, raise_alert, resolve
from tuntas.usecases.backend import Backend

log = structlog.get_logger()

_FAILURES_TOLD = 3
"""In a row: by then it is no passing weakness of database or gateway."""
_ROUND_SECONDS_MAX = 240
"""Shorter than the leases a round takes: nobody else may be at its work while it goes on."""


async def run_round(
    backend: Backend, name: str, work: Callable[[Backend], Awaitable[object]]
) -> Exception | None:
    """Do it once, for a bounded time. Returns what went wrong, which has been written down then.

    Raises DatabaseUnreachable when it cannot be written down.
    """
    try:
        async with asyncio.timeout(_ROUND_SECONDS_MAX):
            await work(backend)
    except Exception as error:  # noqa: BLE001  the next round comes, whatever this one met
        await _count(backend, name, error)
        return error
    async with backend.database.transaction() as session:
        await rounds.went_well(session, name)
        await resolve(session, AlertKind.ROUND_FAILS, name, at=backend.clock.now())
    return None


async def _count(backend: Backend, name: str, error: Exception) -> None:
    kind = type(error).__name__
    log.warning("round_failed", outcome=name, error=kind)
    async with backend.database.transaction() as session:
        failures = await rounds.failed(session, name)
        if failures >= _FAILURES_TOLD:
            detail = {"error": kind}
            await raise_alert(session, AlertKind.ROUND_FAILS, name, at=backend.clock.now(), detail=detail)
