"""How many connections PostgreSQL lets us have, asked before processes are begun that share them."""

from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from tuntas.store.database import (
    INTAKE_POOL_SIZE,
    PATIENT_POOL_SIZE,
    POOL_SIZE,
    DatabaseUnreachable,
    driver_url,
)

CONNECTIONS_PER_PROCESS = POOL_SIZE + INTAKE_POOL_SIZE + PATIENT_POOL_SIZE
CONNECTIONS_OF_OTHERS = 24
"""Left to a worker and to the commands that people run meanwhile."""

_ALLOWED = text("""
    select least(
        (select sum(case name when 'max_connections' then setting::int else -setting::int end)
         from pg_settings
         where name in ('max_connections', 'superuser_reserved_connections', 'reserved_connections')),
        (select nullif(rolconnlimit, -1) from pg_roles where rolname = current_user),
        (select nullif(datconnlimit, -1) from pg_database where datname = current_database()))
""")


def connections_allowed(url: str) -> int:
    """To all of ours on all machines together. Raises UnsupportedDatabase or DatabaseUnreachable."""
    engine = create_engine(driver_url(url, "psycopg"), hide_parameters=True)
    try:
        with engine.connect() as connection:
            return int(connection.execute(_ALLOWED).scalar_one())
    except OperationalError as error:
        raise DatabaseUnreachable(f"The database cannot be reached: {error.orig}") from error
    finally:
        engine.dispose()


def processes_possible(url: str) -> int:
    """How many web processes find theirs, at least one. Raises what `connections_allowed` raises."""
    return max(1, (connections_allowed(url) - CONNECTIONS_OF_OTHERS) // CONNECTIONS_PER_PROCESS)
