"""What a command works with: settings, and the database of this machine or of DATABASE_URL."""

import asyncio
import fcntl
import json
import signal
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from getpass import getuser
from pathlib import Path
from typing import IO, Annotated, Any, NoReturn, TypeVar

import typer
from pydantic import SecretStr, ValidationError

from tuntas.observability.printable import printable
from tuntas.settings import Settings
from tuntas.store import migrations
from tuntas.store.database import DatabaseUnusable
from tuntas.store.embedded import EmbeddedPostgres, EmbeddedPostgresError
from tuntas.usecases.backend import Backend, open_backend

EXIT_WRONG = 1
EXIT_UNUSABLE = 2
EXIT_MISSING = 3

DataDir = Annotated[
    Path | None, typer.Option(help="Data folder; default: TUNTAS_DATA_DIR or .data.", show_default=False)
]
Json = Annotated[bool, typer.Option("--json", help="One JSON object a line, for programs.")]

Result = TypeVar("Result")

_LINE_MAX = 2_000
_DEV_FILE = "dev.json"


class DevelopmentSettings(Settings):
    """At a desk nothing needs to be configured; what is configured still counts."""

    midtrans_server_key: SecretStr = SecretStr("SB-Mid-server-simulator")
    midtrans_client_key: str = "SB-Mid-client-simulator"


def read_settings(kind: type[Settings] = Settings, **overrides: Any) -> Settings:  # noqa: ANN401  pydantic checks each
    """The settings, or exit with one line for each thing wrong with them."""
    given = {name: value for name, value in overrides.items() if value is not None}
    try:
        return kind(**given)
    except ValidationError as error:
        for entry in error.errors(include_input=False, include_url=False):
            name = ".".join(str(part) for part in entry["loc"]).upper()
            text = "is not set" if entry["type"] == "missing" else entry["msg"].removeprefix("Value error, ")
            typer.echo(f"configuration: {name} {text}".replace(":  ", ": "), err=True)
        raise typer.Exit(EXIT_UNUSABLE) from None


def tell_doubts(settings: Settings) -> None:
    """Print what may be a mistake, on standard error, before something long begins."""
    for warning in settings.warnings:
        typer.echo(f"warning: {warning}", err=True)


def desk_settings(data_dir: Path | None) -> Settings:
    """Settings for tools: the configuration, completed by what a running `tuntas dev` of this folder uses."""
    settings = read_settings(DevelopmentSettings, tuntas_data_dir=data_dir)
    running = running_dev(settings.tuntas_data_dir)
    if running is None:
        return settings
    addresses = addresses_of_parts(running["web"], running["simulator"])
    missing = {name: url for name, url in addresses.items() if getattr(settings, name) is None}
    return settings.model_copy(update=missing)


def addresses_of_parts(web: str, simulator: str) -> dict[str, str]:
    """The settings that tie the parts of a `tuntas dev` together."""
    return {
        "midtrans_snap_url": f"{simulator}/snap/v1",
        "midtrans_core_url": simulator,
        "midtrans_snap_js_url": f"{simulator}/snap/snap.js",
        "tuntas_base_url": web,
    }


@contextmanager
def dev_lock(data_dir: Path) -> Iterator[IO[str] | None]:
    """The lock that a `tuntas dev` holds on its folder; None when another holds it."""
    with (data_dir / "dev.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
        else:
            yield lock


def write_dev_file(data_dir: Path, content: dict[str, Any]) -> None:
    """Tell tools in other terminals where the parts are."""
    (data_dir / _DEV_FILE).write_text(json.dumps(content))


def running_dev(data_dir: Path) -> dict[str, Any] | None:
    """Where the parts of the `tuntas dev` in this folder listen; None when none is running."""
    path = data_dir / _DEV_FILE
    if not path.exists():
        return None
    with dev_lock(data_dir) as ours:
        found: dict[str, Any] | None = json.loads(path.read_text()) if ours is None else None
        return found


@contextmanager
def database_url(settings: Settings) -> Iterator[str]:
    """The address of the configured database, or of the embedded one for as long as the block runs."""
    if settings.database_url is not None:
        yield settings.database_url
        return
    settings.tuntas_data_dir.mkdir(parents=True, exist_ok=True)
    postgres = EmbeddedPostgres(settings.tuntas_data_dir)
    try:
        postgres.start()
    except EmbeddedPostgresError as error:
        fail(str(error), EXIT_MISSING)
    try:
        yield postgres.url
    finally:
        postgres.stop()


def require_current_schema(url: str) -> None:
    """Exit with a sentence when the database cannot be used by this version."""
    try:
        current = migrations.is_current(url)
    except DatabaseUnusable as error:
        fail(str(error), EXIT_MISSING)
    if not current:
        fail("The database has another schema than this version. Run: tuntas migrate", EXIT_MISSING)


def run(settings: Settings, act: Callable[[Backend], Awaitable[Result]]) -> Result:
    """Carry out one act with a backend of its own."""

    async def acted(backend: Backend) -> Result:
        try:
            return await act(backend)
        finally:
            await backend.close()

    with database_url(settings) as url:
        require_current_schema(url)
        try:
            return asyncio.run(acted(open_backend(settings, url)))
        except DatabaseUnusable as error:
            fail(f"The database cannot serve: {error}.", EXIT_MISSING)


@contextmanager
def stop_on_signals() -> Iterator[asyncio.Event]:
    """SIGINT and SIGTERM set the event instead of breaking off whatever is being awaited."""
    loop, stopped = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    try:
        yield stopped
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


def actor() -> str:
    """Who acts, as written into the payment log."""
    return f"cli:{getuser()}"


def fail(message: str, code: int) -> NoReturn:
    """Say what is wrong on standard error and exit."""
    for line in message.splitlines():
        typer.echo(printable(line, characters_max=_LINE_MAX), err=True)
    raise typer.Exit(code)
