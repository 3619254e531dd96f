"""The PostgreSQL that all rivals share; each round gets a fresh database: orders that wait, else empty."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from tuntas.store import migrations
from tuntas.store.embedded import EmbeddedPostgres, find_binaries

SQL = Path(__file__).with_name("sql")
TEMPLATE = "bench_template"
"""Where the orders wait."""
_ROUND = "bench_round"
_IN_MEMORY = {"tmpfs", "ramfs"}


class NoFairGround(RuntimeError):
    """The figures would tell nothing; the text says why."""


class Ground:
    """A running server with a prepared template; make it with `opened`."""

    def __init__(self, server_url: str, bodies: Path, prepared: int) -> None:
        self.server_url = server_url
        self.bodies = bodies
        """The notifications as they are posted, one a line."""
        self.prepared = prepared

    @property
    def host(self) -> str:
        """The folder of the server's socket."""
        return self.server_url.partition("host=")[2]

    def url(self, database: str) -> str:
        return f"postgresql://postgres@/{database}?host={self.host}"

    @contextmanager
    def fresh(self, template: str = TEMPLATE) -> Iterator[str]:
        """The address of a database that nobody has used; gone afterwards."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as server:
            server.execute(f"drop database if exists {_ROUND} with (force)")
            server.execute(f"create database {_ROUND} template {template} strategy file_copy")
            server.execute("checkpoint")  # nobody pays for another's round
            yield self.url(_ROUND)
            server.execute(f"drop database {_ROUND} with (force)")

    def facts(self) -> dict[str, str]:
        """The settings that decide what a commit costs. Raises NoFairGround when one is off."""
        names = ("server_version", "fsync", "synchronous_commit", "full_page_writes", "shared_buffers",
                 "max_connections", "wal_sync_method")  # fmt: skip
        with psycopg.connect(self.url("postgres")) as server:
            found = {name: str(server.execute(f"show {name}").fetchone()[0]) for name in names}  # type: ignore[index]
        if not found["fsync"] == found["synchronous_commit"] == "on":
            raise NoFairGround("fsync and synchronous_commit must be on")
        return found


@contextmanager
def opened(folder: Path, *, prepared: int) -> Iterator[Ground]:
    """Start the embedded server in `folder`, as `tuntas` starts it, and prepare that many orders."""
    folder.mkdir(parents=True, exist_ok=True)
    if file_system(folder) in _IN_MEMORY:
        raise NoFairGround(f"{folder} is in memory, where a commit costs nothing")
    with EmbeddedPostgres(folder) as postgres:
        ground = Ground(postgres.url, folder / "bodies.txt", prepared)
        ground.facts()
        _prepare(ground)
        yield ground


def file_system(folder: Path) -> str:
    """The kind of disk under a folder."""
    command: list[str | Path] = ["stat", "--file-system", "--format=%T", folder]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def count(url: str) -> dict[str, int]:
    """What stands in a database of Tuntas after a round."""
    return counted(url, (SQL / "held.sql").read_text())


def counted(url: str, query: str) -> dict[str, int]:
    """The one row that a query of counts gives."""
    with psycopg.connect(url) as database:
        cursor = database.execute(query)
        row = cursor.fetchone()
        assert row is not None
        assert cursor.description is not None
        return {column.name: number for column, number in zip(cursor.description, row, strict=True)}


def fill(database: "psycopg.Connection[Any]", *, number: int) -> None:
    """Give a migrated database the bench's functions, and that many pending orders."""
    for script in ("deliveries", "set_based"):
        database.execute((SQL / f"{script}.sql").read_text())
    database.execute((SQL / "seed.sql").read_text() % {"number": number})


def program(name: str) -> Path:
    """A program of the same PostgreSQL as the server."""
    return find_binaries() / name


def _prepare(ground: Ground) -> None:
    with psycopg.connect(ground.url("postgres"), autocommit=True) as server:
        server.execute(f"drop database if exists {TEMPLATE} with (force)")
        server.execute(f"create database {TEMPLATE} template template0")
    migrations.upgrade(ground.url(TEMPLATE))
    with psycopg.connect(ground.url(TEMPLATE), autocommit=True) as template:
        fill(template, number=ground.prepared)
        # What autovacuum has done long before a sale; the tables that the rounds fill stay as they were made.
        for table in ("users", "packages", "invitations", "orders"):
            template.execute(f"vacuum analyze {table}")
        query = f"copy (select bench.body(i) from generate_series(1, {ground.prepared}) i) to stdout"
        with ground.bodies.open("wb") as file, template.cursor().copy(query) as lines:
            for line in lines:
                file.write(line)
