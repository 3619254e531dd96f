"""A real PostgreSQL for the whole run and a fresh database for each test."""

import asyncio
import itertools
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest

from tuntas.cli.environment import DevelopmentSettings
from tuntas.settings import Settings
from tuntas.store import migrations
from tuntas.store.embedded import EmbeddedPostgres
from tuntas.usecases.backend import open_backend
from tuntas.usecases.demo import add_demo_data

_names = itertools.count()


@pytest.fixture(scope="session", autouse=True)
def clean_environment() -> Iterator[None]:
    """No test sees a developer's own keys and addresses."""
    with pytest.MonkeyPatch.context() as patch:
        for name in Settings.model_fields:
            patch.delenv(name.upper(), raising=False)
        yield


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedPostgres]:
    """The server; its own database is the migrated template of all others.

    Not in pytest's own folder: another run of the same user closes that to the server's account.
    """
    with TemporaryDirectory(prefix="tuntas-") as folder, EmbeddedPostgres(Path(folder)) as server:
        migrations.upgrade(server.url)
        asyncio.run(_add_demo_data(server.url))
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute("alter system set fsync = off")  # processes die in tests, machines do not
            connection.execute("select pg_reload_conf()")
        yield server


async def _add_demo_data(url: str) -> None:
    backend = open_backend(DevelopmentSettings(_env_file=None), url)
    await add_demo_data(backend)
    await backend.close()


@pytest.fixture
def database_url(postgres: EmbeddedPostgres) -> Iterator[str]:
    """A database of its own with the present schema and the demo data."""
    name = f"test_{next(_names)}"
    host = postgres.url.partition("host=")[2]
    with psycopg.connect(f"postgresql://postgres@/postgres?host={host}", autocommit=True) as connection:
        connection.execute(f"create database {name} template tuntas")
        yield f"postgresql://postgres@/{name}?host={host}"
        connection.execute(f"drop database {name} with (force)")


@pytest.fixture
def short_dir() -> Iterator[Path]:
    """A data folder whose path is short enough for a socket, as people's are; not in pytest's, as above."""
    with TemporaryDirectory(prefix="tuntas-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)
