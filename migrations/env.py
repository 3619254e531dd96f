"""Run by Alembic: one connection, one transaction, one process at a time."""

from alembic import context
from sqlalchemy import create_engine, text

from tuntas.store.database import UnsupportedDatabase
from tuntas.store.models import Base

_OLDEST = 140_000
_LOCK = 7_746_827

engine = create_engine(context.config.attributes["url"], hide_parameters=True)
with engine.begin() as connection:
    if int(connection.execute(text("show server_version_num")).scalar_one()) < _OLDEST:
        raise UnsupportedDatabase("Tuntas needs PostgreSQL 14 or newer")
    connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    context.configure(connection=connection, target_metadata=Base.metadata)
    context.run_migrations()
engine.dispose()
