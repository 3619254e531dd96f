"""The worker: what runs when, and how often it is tried."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from procrastinate import App, PsycopgConnector, RetryStrategy
from procrastinate.jobs import Status

from tuntas.midtrans.errors import GatewayError
from tuntas.usecases.backend import Backend
from tuntas.usecases.check_invariants import check_invariants
from tuntas.usecases.confirm import confirm
from tuntas.usecases.reconcile import reconcile_due
from tuntas.usecases.refund import resume_refunds
from tuntas.usecases.replay import retry_inbox

log = structlog.get_logger()

_DRAIN_SECONDS = 5
_PERSISTENT = RetryStrategy(max_attempts=10, exponential_wait=4, retry_exceptions=[GatewayError])
"""About 4, 16, 64 seconds … until Midtrans can be asked again."""


class Worker:
    """Runs jobs until `stop`."""

    def __init__(self, backend: Backend, database_url: str, *, concurrency: int = 4) -> None:
        self._app = App(
            connector=PsycopgConnector(conninfo=database_url, min_size=1, max_size=concurrency + 2)
        )
        _register(self._app, backend)
        self._concurrency = concurrency
        self._running: asyncio.Task[None] | None = None

    async def start(self) -> None:
        await self._app.open_async()
        self._running = asyncio.create_task(
            self._app.run_worker_async(
                concurrency=self._concurrency,
                install_signal_handlers=False,
                shutdown_graceful_timeout=_DRAIN_SECONDS,
                delete_jobs="successful",
            )
        )

    async def wait(self) -> None:
        """Returns, or raises, when the worker ended by itself."""
        if self._running is not None:
            await self._running

    async def stop(self) -> None:
        """Finish what is being done, then end."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)
        await self._app.close_async()

    async def drain(self) -> None:
        """Run what is due now and return: for tests and for scripts."""
        async with self._app.open_async():
            await self._app.run_worker_async(
                wait=False, install_signal_handlers=False, listen_notify=False, concurrency=self._concurrency
            )


@asynccontextmanager
async def working(backend: Backend, database_url: str) -> AsyncIterator[Worker]:
    """A worker for as long as the block runs."""
    worker = Worker(backend, database_url)
    await worker.start()
    try:
        yield worker
    finally:
        await worker.stop()


def _register(app: App, backend: Backend) -> None:
    @app.task(name="confirm", retry=_PERSISTENT)
    async def _confirm(notification_id: int) -> None:
        await confirm(backend, notification_id)

    @app.periodic(cron="* * * * *")
    @app.task(name="reconcile_due", queueing_lock="reconcile_due")
    async def _reconcile_due(timestamp: int) -> None:  # noqa: ARG001  procrastinate hands it to every periodic task
        while await reconcile_due(backend):
            pass

    @app.periodic(cron="* * * * *")
    @app.task(name="retry_inbox", queueing_lock="retry_inbox")
    async def _retry_inbox(timestamp: int) -> None:  # noqa: ARG001  as above
        await retry_inbox(backend)

    @app.periodic(cron="*/2 * * * *")
    @app.task(name="resume_refunds", queueing_lock="resume_refunds")
    async def _resume_refunds(timestamp: int) -> None:  # noqa: ARG001  as above
        await resume_refunds(backend)

    @app.periodic(cron="* * * * *")
    @app.task(name="retry_stalled_jobs", queueing_lock="retry_stalled_jobs")
    async def _retry_stalled_jobs(timestamp: int) -> None:  # noqa: ARG001  as above
        await _take_over(app)

    @app.periodic(cron="*/10 * * * *")
    @app.task(name="check_invariants", queueing_lock="check_invariants")
    async def _check_invariants(timestamp: int) -> None:  # noqa: ARG001  as above
        for breach in await check_invariants(backend):
            log.error("invariant_broken", outcome=breach.invariant.name)


async def _take_over(app: App) -> None:
    """Run again what a killed worker was doing: nobody else would.

    The clock's own jobs are dropped instead: it brings them again, and may have done so already.
    """
    for job in await app.job_manager.get_stalled_jobs():
        log.warning("job_taken_over", outcome=job.task_name)
        if job.queueing_lock is None:
            await app.job_manager.retry_job(job)
        else:
            await app.job_manager.finish_job(job, Status.FAILED, delete_job=True)
