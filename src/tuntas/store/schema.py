"""Whether a database has the schema of this version: a question of every command, so it costs one query."""

from pathlib import Path

from sqlalchemy import text

from tuntas.store.database import Database, UnitOfWork

_PACKAGED = Path(__file__).parents[1] / "migrations"
_CHECKOUT = Path(__file__).parents[3] / "migrations"

MIGRATIONS = _PACKAGED if _PACKAGED.exists() else _CHECKOUT

_FOUND = text("select to_regclass('alembic_version') is not null")
_REVISION = text("select version_num from alembic_version")


def newest_revision() -> str:
    """The revision of this version; the files are numbered, and each follows the one before it."""
    return max(path.name.partition("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*_*.py"))


async def revision(session: UnitOfWork) -> str | None:
    """Where the database stands; None before its first migration."""
    if not (await session.scalars(_FOUND)).one():
        return None
    return (await session.scalars(_REVISION)).one_or_none()


async def is_current(database: Database) -> bool:
    """Raises DatabaseUnreachable."""
    async with database.transaction() as session:
        return await revision(session) == newest_revision()
