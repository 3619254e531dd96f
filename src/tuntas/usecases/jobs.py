"""Looking after jobs: what a dead worker left is taken over, and what was given up is told."""

from collections.abc import Awaitable, Callable

import structlog

from tuntas.store import jobs
from tuntas.store.alerts import AlertKind, raise_alert, resolve
from tuntas.store.jobs import StoppedJob
from tuntas.usecases.backend import Backend

log = structlog.get_logger()

_AT_ONCE = 100
"""So many jobs a round; the next one is seconds away."""


async def look_after_jobs(backend: Backend) -> None:
    """Take over what killed workers were doing, and tell of jobs that ended without success."""
    await _tell_of_ended(backend)
    async with backend.database.transaction() as session:
        stalled = await jobs.stalled(session, limit=_AT_ONCE)
    for job in stalled:
        try:
            await _take_over(backend, job)
        except Exception as error:  # noqa: BLE001  it stays stalled and is tried again; the others go on
            log.warning("job_not_taken_over", outcome=job.subject, error=type(error).__name__)


async def run_job(
    backend: Backend, task: str, argument: str, number: int, work: Callable[[Backend, int], Awaitable[object]]
) -> None:
    """Do a job now that was given up or waits; what was told of it is closed. Raises what the work raises."""
    await work(backend, number)
    async with backend.database.transaction() as session:
        await jobs.forget(session, task, **{argument: number})
        subject = jobs.subject_of(task, number)
        await resolve(session, AlertKind.JOB_FAILED, subject, at=backend.clock.now())


async def _take_over(backend: Backend, job: StoppedJob) -> None:
    async with backend.database.transaction() as session:
        taken = await jobs.take_over(session, job)
    if taken:
        log.warning("job_taken_over", outcome=job.subject)


async def _tell_of_ended(backend: Backend) -> None:
    """The job's row becomes an alert, in one transaction, so that none is lost and none is told twice.

    The clock's own jobs and those that an operator cancelled go without a word.
    """
    async with backend.database.transaction() as session:
        for job in await jobs.take_ended(session, limit=_AT_ONCE):
            if not job.of_the_clock:
                detail = {"task": job.task, "arguments": job.arguments}
                await raise_alert(
                    session, AlertKind.JOB_FAILED, job.subject, at=backend.clock.now(), detail=detail
                )
