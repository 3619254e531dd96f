"""`tuntas serve`: the web application alone, as in production."""

from typing import TYPE_CHECKING, Annotated

import typer

from tuntas.cli.options import EXIT_MISSING, DataDir, fail

if TYPE_CHECKING:
    from tuntas.settings import Settings


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 picks a free one.")] = 8000,
    data_dir: DataDir = None,
) -> None:
    """Serve the API and the pages with the configuration of the environment."""
    import asyncio

    from tuntas.cli.environment import database_url, read_settings, require_current_schema, tell_doubts
    from tuntas.observability.logging import configure_logging
    from tuntas.settings import Settings
    from tuntas.store import migrations

    settings = read_settings(Settings, tuntas_data_dir=data_dir)
    tell_doubts(settings)
    configure_logging(json=True)
    with database_url(settings, create=True) as url:
        if settings.database_url is None:
            migrations.upgrade(url)
        require_current_schema(url)
        asyncio.run(_serve(settings, url, host, port))


async def _serve(settings: "Settings", url: str, host: str, port: int) -> None:
    from tuntas.app import Application
    from tuntas.cli.server import Site, Sites, listen, port_of
    from tuntas.usecases.backend import open_backend
    from tuntas.usecases.liveness import watching

    try:
        bound = listen(host, port)
    except OSError as error:
        fail(f"Cannot listen on {host}:{port}: {error.strerror}", EXIT_MISSING)
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
