"""Bringing a database to the schema of this version, by Alembic."""

from alembic import command
from alembic.config import Config
from sqlalchemy.exc import OperationalError

from tuntas.store.database import DatabaseUnreachable, driver_url
from tuntas.store.schema import MIGRATIONS, newest_revision


def upgrade(url: str) -> str:
    """Apply what is missing and return the revision. Processes that call it at once take turns.

    Raises UnsupportedDatabase or DatabaseUnreachable.
    """
    try:
        command.upgrade(_config(url), "head")
    except OperationalError as error:
        raise DatabaseUnreachable(f"The database cannot be reached: {error.orig}") from error
    return newest_revision()


def _config(url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["url"] = driver_url(url, "psycopg")
    return config
