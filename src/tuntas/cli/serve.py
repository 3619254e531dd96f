"""`tuntas serve`: the web application alone, as in production, in one process a processor."""

import socket
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated

import typer

from tuntas.cli.options import EXIT_MISSING, EXIT_UNUSABLE, EXIT_WRONG, DataDir, fail

if TYPE_CHECKING:
    from tuntas.cli.processes import Ties
    from tuntas.settings import Settings

PROCESSES_MAX = 64


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 picks a free one.")] = 8000,
    processes: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=PROCESSES_MAX,
            show_default=False,
            help="Default: one a processor, as far as the connections of PostgreSQL go.",
        ),
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Serve the API and the pages with the configuration of the environment."""
    from tuntas.cli.environment import database_url, read_settings, require_current_schema, tell_doubts
    from tuntas.observability.logging import configure_logging
    from tuntas.settings import Settings
    from tuntas.store.capacity import processes_possible

    settings = read_settings(Settings, tuntas_data_dir=data_dir)
    tell_doubts(settings)
    configure_logging(json=True)
    with database_url(settings, create=True) as url:
        if settings.database_url is None:
            from tuntas.store import migrations  # Alembic: some megabytes that else nobody needs

            migrations.upgrade(url)
        require_current_schema(url)
        count = _count(processes, processes_possible(url))
        with _listen(host, port) as bound:
            port = bound.getsockname()[1]
            _run(settings, url, bound, count, lambda: typer.echo(f"Serving on http://{host}:{port}"))


def _count(wanted: int | None, possible: int) -> int:
    """How many processes; refuses more than PostgreSQL has connections for."""
    from tuntas.cli.processes import processors

    if wanted is not None and wanted > possible:
        fail(
            f"PostgreSQL has connections for {possible} processes, not for {wanted}. "
            f"Start with --processes {possible}, or raise its max_connections.",
            EXIT_UNUSABLE,
        )
    return wanted or min(processors(), possible, PROCESSES_MAX)


def _listen(host: str, port: int) -> socket.socket:
    from tuntas.cli.server import listen

    try:
        return listen(host, port)
    except OSError as error:
        fail(f"Cannot listen on {host}:{port}: {error.strerror}", EXIT_MISSING)


def _run(
    settings: "Settings", url: str, bound: socket.socket, count: int, announce: Callable[[], None]
) -> None:
    """Serve until a signal comes: in this process when it is to be the only one, else in children of it."""
    import tuntas.app  # noqa: F401  loaded once, before the children are made, who share its memory
    from tuntas.cli import loop

    if count == 1:
        loop.run(_serve(settings, url, bound, announce))
        return

    async def child(ties: "Ties") -> None:
        await _serve(settings, url, bound, ties.tell_ready, ties.parent_gone())

    from tuntas.cli.processes import CannotStart, Processes

    try:
        Processes(child, count).run(announce)
    except CannotStart as error:
        fail(str(error), EXIT_WRONG)


async def _serve(
    settings: "Settings", url: str, bound: socket.socket, on_ready: Callable[[], None], *ends: Awaitable[None]
) -> None:
    """Answer until a signal comes or one of `ends`."""
    import gc

    from tuntas.app import Application
    from tuntas.cli.server import Site, Sites
    from tuntas.usecases.backend import open_backend
    from tuntas.usecases.liveness import watching

    backend = open_backend(settings, url)
    sites = Sites([Site(Application(backend), bound)])
    sites.end_on_signals()
    try:
        async with watching(backend):
            await sites.start()
            gc.collect()
            gc.freeze()  # what lives as long as the process need not be looked at in each collection
            on_ready()
            await sites.wait(*ends)
    finally:
        await sites.stop()
        await backend.close()
