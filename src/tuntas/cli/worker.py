"""`tuntas worker`: reconciliation, confirmations, retries; run as many as you like."""

import asyncio
from typing import Annotated

import typer

from tuntas.cli.environment import (
    DataDir,
    database_url,
    read_settings,
    require_current_schema,
    stop_on_signals,
    tell_doubts,
)
from tuntas.observability.logging import configure_logging
from tuntas.settings import Settings
from tuntas.usecases.backend import open_backend


def worker(
    concurrency: Annotated[int, typer.Option(min=1, max=64, help="Jobs at the same time.")] = 4,
    data_dir: DataDir = None,
) -> None:
    """Run the background work with the configuration of the environment."""
    settings = read_settings(Settings, tuntas_data_dir=data_dir)
    tell_doubts(settings)
    configure_logging(json=True)
    with database_url(settings) as url:
        require_current_schema(url)
        asyncio.run(_work(settings, url, concurrency))


async def _work(settings: Settings, url: str, concurrency: int) -> None:
    from tuntas.worker.worker import Worker

    backend = open_backend(settings, url)
    running = Worker(backend, url, concurrency=concurrency)
    try:
        with stop_on_signals() as stopped:
            await running.start()
            typer.echo("Working.")
            ended = asyncio.create_task(running.wait())
            await asyncio.wait(
                [ended, asyncio.create_task(stopped.wait())], return_when=asyncio.FIRST_COMPLETED
            )
            if ended.done():
                await ended
    finally:
        await running.stop()
        await backend.close()
