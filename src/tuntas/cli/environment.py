"""What a command works with: settings, and the database of this machine or of DATABASE_URL.

Read only when a command begins to work: see `cli.options`.
"""

import asyncio
import fcntl
import json
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeVar

import typer
from pydantic import SecretStr, ValidationError

from tuntas.cli.options import EXIT_MISSING, EXIT_UNUSABLE, fail
from tuntas.clock import Clock, SystemClock
from tuntas.observability.logging import configure_logging, log_what_python_prints
from tuntas.settings import Settings

if TYPE_CHECKING:
    from tuntas.store.database import Database
    from tuntas.usecases.backend import Backend

Result = TypeVar("Result")

_DEV_FILE = "dev.json"


class DevelopmentSettings(Settings):
    """At a desk nothing needs to be configured; what is configured still counts."""

    midtrans_server_key: SecretStr = SecretStr("SB-Mid-server-simulator")
    midtrans_client_key: str = "SB-Mid-client-simulator"


def read_settings(kind: type[Settings] = Settings, **overrides: Any) -> Settings:  # noqa: ANN401  pydantic checks each
    """The settings, or exit with one line for each thing wrong with them.

    Every command's work begins here, so here its log lines get their way out.
    """
    configure_logging(json=False)
    log_what_python_prints()
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
def database_url(settings: Settings, *, create: bool = False) -> Iterator[str]:
    """The address of the configured database, or of the embedded one for as long as the block runs.

    Without `create` an embedded one must be there: whoever only looks, in the wrong folder, makes none.
    """
    if settings.database_url is not None:
        yield settings.database_url
        return
    from tuntas.store.embedded import EmbeddedPostgres, EmbeddedPostgresError

    postgres = EmbeddedPostgres(settings.tuntas_data_dir)
    if not create and not postgres.exists:
        fail(_no_database(settings.tuntas_data_dir), EXIT_MISSING)
    try:
        postgres.start()
    except EmbeddedPostgresError as error:
        fail(str(error), EXIT_MISSING)
    try:
        yield postgres.url
    finally:
        postgres.stop()


def _no_database(data_dir: Path) -> str:
    return (
        f"There is no database in {data_dir.resolve()}, and DATABASE_URL is not set.\n"
        "Is this the right folder? Go there, or name its data folder with --data-dir.\n"
        "To begin a new one here: tuntas dev, or tuntas migrate."
    )


def clock(settings: Settings) -> Clock:
    """The time that counts: a running `tuntas dev` follows its simulator, and so does who helps it along."""
    running = running_dev(settings.tuntas_data_dir)
    if running is None:
        return SystemClock()
    from tuntas.cli.dev_clock import clock_of

    return clock_of(running["simulator"])


def require_current_schema(url: str) -> None:
    """Exit with a sentence when the database cannot be used by this version."""

    from tuntas.store.database import Database

    async def look() -> None:
        database = Database(url)
        try:
            await _require_current_schema(database)
        finally:
            await database.close()

    _awaited(look)


async def _require_current_schema(database: "Database") -> None:
    from tuntas.store import schema

    if not await schema.is_current(database):
        fail("The database has another schema than this version. Run: tuntas migrate", EXIT_MISSING)


def run(settings: Settings, act: "Callable[[Backend], Awaitable[Result]]") -> Result:
    """Carry out one act with a backend of its own."""

    from tuntas.usecases.backend import open_backend

    async def acted(url: str) -> Result:
        backend = open_backend(settings, url, clock=clock(settings))
        try:
            await _require_current_schema(backend.database)
            return await act(backend)
        finally:
            await backend.close()

    with database_url(settings) as url:
        return _awaited(lambda: acted(url))


def _awaited(act: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
    from tuntas.store.database import DatabaseUnreachable, DatabaseUnusable, UnsupportedDatabase

    try:
        return asyncio.run(act())
    except UnsupportedDatabase as error:
        fail(str(error), EXIT_MISSING)
    except DatabaseUnreachable as error:
        fail(f"The database cannot be reached: {_cause(error)}", EXIT_MISSING)
    except DatabaseUnusable as error:
        fail(f"The database cannot serve: {error}.", EXIT_MISSING)


def _cause(error: BaseException) -> str:
    """What the driver says of it: the name of a database that is not there, the port that refuses."""
    inner = error.__cause__
    told = str(getattr(inner, "orig", None) or inner or error)
    return told.rpartition(">: ")[2] or told
