"""`tuntas dev`: everything on this machine, nothing to configure, no real money."""

import json
import os
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tuntas.cli.options import EXIT_MISSING, EXIT_UNUSABLE, EXIT_WRONG, fail
from tuntas.cli.worker import cannot_go_on

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from tuntas.settings import Settings

_HOST = "127.0.0.1"
_SHOP = "Undangan Tuntas"
"""What the simulator's payment page calls the merchant."""
_TEST_CARD = "4811 1111 1111 1114, any date to come, CVV 123, OTP 112233"
"""Midtrans's own card for payments that succeed (Midtrans, "Testing payment on sandbox")."""


@dataclass(frozen=True, slots=True)
class _Sockets:
    web: socket.socket
    simulator: socket.socket

    @property
    def web_url(self) -> str:
        return f"http://localhost:{self.web.getsockname()[1]}"

    @property
    def simulator_url(self) -> str:
        return f"http://localhost:{self.simulator.getsockname()[1]}"


def dev(
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Of the web server; 0 picks a free one.")
    ] = 8000,
    simulator_port: Annotated[int, typer.Option(min=0, max=65535, help="0 picks a free one.")] = 8100,
    data_dir: Annotated[Path, typer.Option(help="Database and state live here.")] = Path(".data"),
    demo: Annotated[bool, typer.Option(help="Insert the demo customer and packages.")] = True,
    ready_file: Annotated[
        Path | None, typer.Option(help="Receives one JSON object once all parts answer.")
    ] = None,
) -> None:
    """Start PostgreSQL, the simulator and the web server with demo data; Ctrl-C stops them all."""
    from tuntas.cli import loop
    from tuntas.cli.environment import database_url, dev_lock, tell_doubts
    from tuntas.store import migrations
    from tuntas.store.database import DatabaseUnusable

    data_dir.mkdir(parents=True, exist_ok=True)
    with dev_lock(data_dir) as ours:
        if ours is None:
            fail(f"Another `tuntas dev` is running in {data_dir}. Stop it, or use --data-dir.", EXIT_UNUSABLE)
        sockets = _Sockets(_listen(port, "--port"), _listen(simulator_port, "--simulator-port"))
        settings = _settings(data_dir, sockets)
        tell_doubts(settings)
        typer.echo("Starting PostgreSQL …")
        with database_url(settings, create=True) as url:
            try:
                migrations.upgrade(url)
            except DatabaseUnusable as error:
                fail(str(error), EXIT_MISSING)
            loop.run(_run(settings, url, sockets, demo=demo, ready_file=ready_file))
    typer.echo("Stopped.")


def _listen(port: int, option: str) -> socket.socket:
    from tuntas.cli.server import listen

    try:
        return listen(_HOST, port)
    except OSError as error:
        fail(f"Port {port} cannot be used ({error.strerror}). Choose another with {option}.", EXIT_UNUSABLE)


def _settings(data_dir: Path, sockets: _Sockets) -> "Settings":
    """What is configured counts; everything else points at the parts started here."""
    from tuntas.cli.environment import DevelopmentSettings, addresses_of_parts, read_settings

    settings = read_settings(DevelopmentSettings, tuntas_data_dir=data_dir)
    if settings.midtrans_is_production:
        fail("`tuntas dev` never runs with MIDTRANS_IS_PRODUCTION=true: use `tuntas serve`.", EXIT_UNUSABLE)
    defaults = addresses_of_parts(sockets.web_url, sockets.simulator_url)
    missing = {name: url for name, url in defaults.items() if getattr(settings, name) is None}
    return read_settings(DevelopmentSettings, tuntas_data_dir=data_dir, **missing)


async def _run(
    settings: "Settings", url: str, sockets: _Sockets, *, demo: bool, ready_file: Path | None
) -> None:
    from tuntas.app import Application
    from tuntas.cli.server import Site, Sites
    from tuntas.store.demo_data import DEMO_EMAIL, DEMO_PASSWORD
    from tuntas.usecases.backend import open_backend
    from tuntas.usecases.demo import add_demo_data
    from tuntas.usecases.liveness import watching
    from tuntas.web.site import DemoLogIn
    from tuntas.worker.worker import working

    simulator = _simulator(settings, sockets)
    # One time for both: whoever turns the simulator's clock on by a day means the shop's day, too.
    backend = open_backend(settings, url, clock=simulator.state.gateway.clock)
    log_in = DemoLogIn(DEMO_EMAIL, DEMO_PASSWORD) if demo else None
    web = Application(backend, demo=log_in, at_a_desk=True)
    sites = Sites([Site(web, sockets.web), Site(simulator, sockets.simulator)])
    sites.end_on_signals()
    try:
        if demo:
            await add_demo_data(backend)
        async with working(backend, url) as worker, watching(backend):
            await sites.start()
            _announce(settings, sockets, demo=demo, ready_file=ready_file)
            broke = await worker.wait(sites.wait())
            typer.echo("Stopping …")
            await sites.stop()
    finally:
        await sites.stop()
        await backend.close()
    if broke is not None:
        fail(cannot_go_on(broke), EXIT_WRONG)


def _simulator(settings: "Settings", sockets: _Sockets) -> "Starlette":
    """Midtrans on localhost, with our keys; production installs come without it."""
    from tuntas.midtrans.notification import WEBHOOK_PATH

    try:
        from midtrans_simulator import SimulatorConfig, create_app
    except ImportError:
        fail("`tuntas dev` needs the simulator: pip install 'tuntas[simulator]'", EXIT_MISSING)
    return create_app(
        SimulatorConfig(
            server_key=settings.server_key,
            client_key=settings.midtrans_client_key,
            merchant_name=_SHOP,
            notify_url=f"{sockets.web_url}{WEBHOOK_PATH}",
            state_file=settings.tuntas_data_dir / "simulator.sqlite3",
        )
    )


def _announce(settings: "Settings", sockets: _Sockets, *, demo: bool, ready_file: Path | None) -> None:
    from tuntas.api.try_it import PATH as TRY_IT
    from tuntas.cli.environment import write_dev_file
    from tuntas.midtrans.notification import WEBHOOK_PATH
    from tuntas.store.demo_data import DEMO_EMAIL, DEMO_PASSWORD

    ready = {"web": sockets.web_url, "simulator": sockets.simulator_url, "pid": os.getpid()}
    write_dev_file(settings.tuntas_data_dir, ready)
    typer.echo(
        f"\n  Web        {sockets.web_url}\n"
        f"  Simulator  {sockets.simulator_url}   (no real money)\n"
        f"  Webhook    {sockets.web_url}{WEBHOOK_PATH}\n"
        f"  API        {sockets.web_url}{TRY_IT}   (try it)"
    )
    if demo:
        typer.echo(f"\n  Customer   {DEMO_EMAIL} / {DEMO_PASSWORD}")
    typer.echo(f"\n  Test card  {_TEST_CARD}\n\n  Ctrl-C stops everything.\n")
    if ready_file is not None:
        unfinished = ready_file.with_name(f"{ready_file.name}.unfinished")
        unfinished.write_text(json.dumps(ready))
        unfinished.replace(ready_file)
