"""Bringing a database to the schema of this version, by Alembic."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.exc import OperationalError

from tuntas.store.database import DatabaseUnreachable, driver_url

_PACKAGED = Path(__file__).parents[1] / "migrations"
_CHECKOUT = Path(__file__).parents[3] / "migrations"


def upgrade(url: str) -> str:
    """Apply what is missing and return the revision. Processes that call it at once take turns.

    Raises UnsupportedDatabase or DatabaseUnreachable.
    """
    config = _config(url)
    try:
        command.upgrade(config, "head")
    except OperationalError as error:
        raise DatabaseUnreachable(f"The database cannot be reached: {error.orig}") from error
    return str(ScriptDirectory.from_config(config).get_current_head())


def is_current(url: str) -> bool:
    """Whether the database has the schema of this version.

    Raises UnsupportedDatabase or DatabaseUnreachable.
    """
    engine = create_engine(driver_url(url, "psycopg"), hide_parameters=True)
    try:
        with engine.connect() as connection:
            revision = MigrationContext.configure(connection).get_current_revision()
    except OperationalError as error:
        raise DatabaseUnreachable(f"The database cannot be reached: {error.orig}") from error
    finally:
        engine.dispose()
    return revision == ScriptDirectory.from_config(_config(url)).get_current_head()


def _config(url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_PACKAGED if _PACKAGED.exists() else _CHECKOUT))
    config.attributes["url"] = driver_url(url, "psycopg")
    return config
