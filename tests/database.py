"""Databases on the test server, each a copy of the migrated template with the demo data."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from tuntas.store.embedded import EmbeddedPostgres

_numbers = itertools.count()


@contextmanager
def new_database(server: EmbeddedPostgres, *, template: str = "tuntas") -> Iterator[str]:
    """The address of a database that lives as long as the block; `template0` makes an empty one."""
    name = f"made_{next(_numbers)}"
    host = server.url.partition("host=")[2]
    with psycopg.connect(f"postgresql://postgres@/postgres?host={host}", autocommit=True) as connection:
        connection.execute(f"create database {name} template {template}")
        yield f"postgresql://postgres@/{name}?host={host}"
        connection.execute(f"drop database {name} with (force)")
