"""`tuntas serve`: the web application alone, as in production."""

import asyncio
from typing import Annotated

import typer

from tuntas.cli.environment import (
    EXIT_MISSING,
    DataDir,
    database_url,
    fail,
    read_settings,
    require_current_schema,
    tell_doubts,
)
from tuntas.cli.server import Site, Sites, listen, port_of
from tuntas.observability.logging import configure_logging
from tuntas.settings import Settings
from tuntas.store import migrations
from tuntas.usecases.backend import open_backend
from tuntas.usecases.liveness import watching


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 picks a free one.")] = 8000,
    data_dir: DataDir = None,
) -> None:
    """Serve the API and the pages with the configuration of the environment."""
    settings = read_settings(Settings, tuntas_data_dir=data_dir)
    tell_doubts(settings)
    configure_logging(json=True)
    with database_url(settings) as url:
        if settings.database_url is None:
            migrations.upgrade(url)
        require_current_schema(url)
        asyncio.run(_serve(settings, url, host, port))


async def _serve(settings: Settings, url: str, host: str, port: int) -> None:
    try:
        bound = listen(host, port)
    except OSError as error:
        fail(f"Cannot listen on {host}:{port}: {error.strerror}", EXIT_MISSING)
    from tuntas.app import Application

    backend = open_backend(settings, url)
    sites = Sites([Site(Application(backend), bound)])
    sites.end_on_signals()
    try:
        async with watching(backend):
            await sites.start()
            typer.echo(f"Serving on http://{host}:{port_of(bound)}")
            await sites.wait()
    finally:
        await sites.stop()
        await backend.close()
