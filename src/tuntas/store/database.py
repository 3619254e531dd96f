"""The connection to PostgreSQL."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from sqlalchemy import URL, exc, make_url, text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from tuntas.domain.texts import is_keepable

UnitOfWork = AsyncSession
"""What a transaction hands out: the argument of every query in this package."""

Result = TypeVar("Result")

_TRIES = 5
_WORTH_ANOTHER_TRY = {"40P01", "40001"}
"""SQLSTATEs of a deadlock and of a serialization failure: nobody did wrong, the next try may pass."""


class DatabaseUnusable(RuntimeError):
    """The configured database cannot serve; the text says why."""


class UnsupportedDatabase(DatabaseUnusable):
    """The address is not of a PostgreSQL 14 or newer."""


class DatabaseUnreachable(DatabaseUnusable):
    """Nothing answers at the database's address, or it refuses us."""


class Database:
    """A pool of connections; `transaction()` is the only way to talk through it."""

    def __init__(self, url: str, *, pool_size: int = 10) -> None:
        address, arguments = _asyncpg(driver_url(url, "asyncpg"))
        self._engine: AsyncEngine = create_async_engine(
            address, pool_size=pool_size, max_overflow=0, pool_pre_ping=True, connect_args=arguments
        )
        self._sessions = async_sessionmaker(self._engine, expire_on_commit=False)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """One transaction: committed at the end of the block, rolled back when it raises.

        Raises DatabaseUnreachable when PostgreSQL is away; whether the last commit counted is then unknown.
        """
        try:
            async with self._sessions.begin() as session:
                yield session
        except (OSError, exc.InterfaceError, exc.OperationalError, exc.TimeoutError) as error:
            raise DatabaseUnreachable("the database does not answer") from error

    async def commit(self, work: Callable[[AsyncSession], Awaitable[Result]]) -> Result:
        """Run `work` in one transaction; when PostgreSQL breaks a deadlock at its cost, run it again.

        `work` must do nothing but talk to the database. Raises what `transaction` raises.
        """
        for _ in range(_TRIES - 1):
            try:
                async with self.transaction() as session:
                    return await work(session)
            except exc.DBAPIError as error:
                if getattr(error.orig, "sqlstate", None) not in _WORTH_ANOTHER_TRY:
                    raise
        async with self.transaction() as session:
            return await work(session)

    async def ping(self) -> None:
        async with self._engine.connect() as connection:
            await connection.execute(text("select 1"))

    async def close(self) -> None:
        await self._engine.dispose()


def storable(text: str) -> bool:
    """Whether a text can be in a table at all: one that cannot be kept equals nothing there."""
    return is_keepable(text)


def driver_url(url: str, driver: str) -> URL:
    """Any common spelling of a PostgreSQL address as the URL of one driver. Raises UnsupportedDatabase."""
    try:
        parsed = make_url(url)
    except (exc.ArgumentError, ValueError):  # its text would show the address with its password
        parsed = None
    if parsed is None or parsed.get_backend_name() not in {"postgresql", "postgres"}:
        raise UnsupportedDatabase("DATABASE_URL must be an address that begins with postgresql://")
    return parsed.set(drivername=f"postgresql+{driver}")


def _asyncpg(url: URL) -> tuple[URL, dict[str, Any]]:
    """The options people write behind DATABASE_URL are libpq's; asyncpg calls them otherwise.

    Raises UnsupportedDatabase for one that it does not have.
    """
    arguments: dict[str, Any] = {}
    for name, value in url.query.items():
        match name, value:
            case "host" | "port", _:
                continue
            case "sslmode", str():
                arguments["ssl"] = value
            case "connect_timeout", str() if value.isdecimal():
                arguments["timeout"] = int(value)
            case "application_name", str():
                arguments["server_settings"] = {"application_name": value}
            case _:
                raise UnsupportedDatabase(
                    f"DATABASE_URL cannot carry the option {name}. It may carry sslmode, connect_timeout "
                    "and application_name; certificates go into PGSSLROOTCERT."
                )
    return url.difference_update_query(["sslmode", "connect_timeout", "application_name"]), arguments
