"""What the worker does: jobs that a change asked for, and rounds that the clock begins."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from math import ceil

import structlog
from procrastinate import App

from tuntas.store.jobs import Lane
from tuntas.usecases.backend import Backend
from tuntas.usecases.check_invariants import check_invariants
from tuntas.usecases.confirm import confirm, confirm_overdue
from tuntas.usecases.jobs import look_after_jobs
from tuntas.usecases.liveness import forget_old_workers
from tuntas.usecases.reconcile import reconcile_due
from tuntas.usecases.refund import resume_refunds
from tuntas.usecases.replay import retry_inbox
from tuntas.usecases.rounds import run_round
from tuntas.worker.retries import UntilItWorks

log = structlog.get_logger()

_JOB_SECONDS_MAX = 240
"""What hangs for longer gives its slot to others, and is tried again."""
_RECONCILIATION_SECONDS = 50
"""A round ends then, and the next minute's goes on."""
_RECONCILED_AT_ONCE = 5
"""Orders taken together: few, so that all are asked about within their lease even by a gateway that hangs."""
_LANES_MAX = 6
"""Questions under way at the same time, never more than are allowed in a second."""


@dataclass(frozen=True, slots=True)
class Job:
    """Enqueued by `store.jobs.defer` with one number."""

    argument: str
    work: Callable[[Backend, int], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Round:
    """Comes by itself. Of one that is `alone` no two go on at once, in all workers together."""

    cron: str
    work: Callable[[Backend], Awaitable[object]]
    alone: bool = True


async def _reconcile(backend: Backend) -> None:
    """In several lanes, so that waiting for an answer does not slow the pace that is allowed."""
    ends = time.monotonic() + _RECONCILIATION_SECONDS

    async def lane() -> None:
        while await reconcile_due(backend, limit=_RECONCILED_AT_ONCE) and time.monotonic() < ends:
            pass

    lanes = min(_LANES_MAX, ceil(backend.settings.tuntas_checks_per_second))
    ended = await asyncio.gather(*(lane() for _ in range(lanes)), return_exceptions=True)
    for error in ended:
        if error is not None:
            raise error


async def _check(backend: Backend) -> None:
    for breach in await check_invariants(backend):
        log.error("invariant_broken", outcome=breach.invariant.name)


JOBS = {"confirm": Job("notification_id", confirm)}

ROUNDS = {
    "retry_inbox": Round("* * * * *", retry_inbox),
    "confirm_overdue": Round("* * * * *", confirm_overdue),
    "reconcile_due": Round("* * * * *", _reconcile),
    "resume_refunds": Round("*/2 * * * *", resume_refunds),
    "check_invariants": Round("*/10 * * * *", _check),
    "forget_old_workers": Round("0 * * * *", forget_old_workers),
    # Not alone: what a killed worker holds is given free by this round, so it must not wait for it itself.
    "look_after_jobs": Round("* * * * * */15", look_after_jobs, alone=False),
}


def register(app: App, backend: Backend, *, clock: bool = True) -> None:
    """Tell procrastinate what there is to do; without the clock no round comes by itself."""
    for name, job in JOBS.items():
        _register_job(app, backend, name, job)
    for name, found in ROUNDS.items():
        _register_round(app, backend, name, found, clock=clock)


def _register_job(app: App, backend: Backend, name: str, job: Job) -> None:
    @app.task(name=name, queue=Lane.URGENT, retry=UntilItWorks())
    async def _job(**arguments: int) -> None:
        async with asyncio.timeout(_JOB_SECONDS_MAX):
            await job.work(backend, arguments[job.argument])


def _register_round(app: App, backend: Backend, name: str, found: Round, *, clock: bool) -> None:
    @app.task(name=name, queue=Lane.ROUNDS, queueing_lock=name, lock=name if found.alone else None)
    async def _round(timestamp: int) -> None:  # noqa: ARG001  procrastinate hands it to every periodic task
        await run_round(backend, name, found.work)

    if clock:
        app.periodic(cron=found.cron)(_round)
