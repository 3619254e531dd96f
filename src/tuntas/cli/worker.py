"""`tuntas worker`: reconciliation, confirmations, retries; run as many as you like."""

import os
from typing import TYPE_CHECKING, Annotated

import typer

from tuntas.cli.options import EXIT_WRONG, DataDir, fail
from tuntas.cli.signals import stop_on_signals

if TYPE_CHECKING:
    from tuntas.settings import Settings
    from tuntas.usecases.backend import Backend

_CLOSE_SECONDS_MAX = 2
_CANCEL_SECONDS_MAX = 1


def worker(
    concurrency: Annotated[int, typer.Option(min=1, max=64, help="Urgent jobs at the same time.")] = 4,
    data_dir: DataDir = None,
) -> None:
    """Run the background work with the configuration of the environment."""
    import asyncio

    from tuntas.cli.environment import database_url, read_settings, require_current_schema, tell_doubts
    from tuntas.observability.logging import configure_logging
    from tuntas.settings import Settings

    settings = read_settings(Settings, tuntas_data_dir=data_dir)
    tell_doubts(settings)
    configure_logging(json=True)
    with database_url(settings) as url:
        require_current_schema(url)
        asyncio.run(_work(settings, url, concurrency))


async def _work(settings: "Settings", url: str, concurrency: int) -> None:
    from tuntas.usecases.backend import open_backend
    from tuntas.worker.worker import Worker

    backend = open_backend(settings, url)
    running = Worker(backend, url, concurrency=concurrency)
    with stop_on_signals() as stopped:
        await running.start()
        typer.echo("Working.")
        broke = await running.wait(stopped.wait())
        await running.stop()
        await _end(backend)
    if broke is not None:
        fail(cannot_go_on(broke), EXIT_WRONG)


def cannot_go_on(broke: BaseException) -> str:
    """The sentence for a worker that ended by itself."""
    why = f"{type(broke).__name__}: {broke}"
    return f"The worker cannot go on ({why}). Start it again; if it stays so, go back a version."


async def _end(backend: "Backend") -> None:
    """Let go of everything; a database that hangs must not keep the process for ever."""
    import asyncio

    from tuntas.worker.ending import ended

    closing = asyncio.create_task(backend.close())
    await asyncio.wait([closing], timeout=_CLOSE_SECONDS_MAX)
    left = asyncio.all_tasks() - {asyncio.current_task()}
    if left and not await ended(left, within=_CANCEL_SECONDS_MAX):
        typer.echo("The database does not let go; ended without it. What was begun is done again.", err=True)
        os._exit(EXIT_WRONG)
