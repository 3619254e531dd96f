"""The connection to PostgreSQL."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, suppress
from enum import Enum
from typing import Any, TypeVar

import asyncpg
from sqlalchemy import URL, event, exc, make_url, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from tuntas.domain.texts import is_keepable
from tuntas.store.direct import Direct

UnitOfWork = AsyncSession
"""What a transaction hands out: the argument of every query in this package."""

Result = TypeVar("Result")
Session = TypeVar("Session")

_TRIES = 5
_USED_AT = "used_at"
"""In monotonic seconds, beside each connection of a pool."""

POOL_SIZE = 10
POOL_WAIT_SECONDS = 3
"""For a connection of the pool; longer than LOCK_WAIT_SECONDS: who queues behind a stuck row gets one."""
CONNECT_SECONDS = 5
"""For PostgreSQL to take a new connection, unless `connect_timeout` in DATABASE_URL says otherwise."""
LOCK_WAIT_SECONDS = 2
"""For a row that another session holds; our own hold theirs for milliseconds."""
STATEMENT_SECONDS = 5
PATIENT_STATEMENT_SECONDS = 600
"""For one statement of an inspection over all rows, which keeps nobody waiting."""
SILENCE_SECONDS = 1
"""How much longer than a statement may take we wait for its answer: a machine that froze gives none."""
PATIENT_POOL_SIZE = 2
INTAKE_POOL_SIZE = 2
QUIET_SECONDS = 1
"""A connection that nobody used for so long is asked whether it lives before it is used again."""
IDLE_SECONDS = 10
"""Between two statements of one transaction: a process that hangs gives its locks back."""

PLANNED_EACH_TIME = {"plan_cache_mode": "force_custom_plan", "random_page_cost": "1.1", "jit": "off"}
"""How statements are planned: anew each time, by the size that the tables have at that moment.

A driver's prepared statement keeps its plan for as long as the connection lives. One made while a table
was empty scans it for ever, or walks the wrong index. Planning costs 0.01 to 0.04 ms a statement.
"""
BY_KEY_ONLY = dict.fromkeys(
    ("enable_seqscan", "enable_hashjoin", "enable_mergejoin", "enable_material"), "off"
)
"""Rows are looked up one by one, by an index, however many are asked for."""
PLANNED_BY_KEY = BY_KEY_ONLY | {"plan_cache_mode": "force_generic_plan", "jit": "off"}
"""For connections whose statements, and foreign keys, all look rows up by a key that has an index.

Planned once and rightly, whatever the tables' size: there is only one way left. Nothing with `order by`
and `limit` over a growing table belongs on such a connection.
"""

_AWAY = ("08", "28", "3D", "53", "55000", "57P", "58", "25006")
"""How SQLSTATEs begin that say: PostgreSQL cannot serve anybody now.

Connection lost, we are refused, no such database, out of connections, memory or disk, shutting down or
starting, trouble of its machine; 55000 is a database that is closed to connections for maintenance, 25006
a read-only standby.
"""
_BUSY = {"57014", "25P03"}
"""SQLSTATEs of a statement, and of a pause in a transaction, that took longer than the limits above."""
_LOCKED = "55P03"
"""The SQLSTATE of a lock that was waited for too long."""
_WORTH_ANOTHER_TRY = {"40P01", "40001"}
"""SQLSTATEs of a deadlock and of a serialization failure: nobody did wrong, the next try may pass."""


class DatabaseUnusable(RuntimeError):
    """The configured database cannot serve; the text says why."""


class UnsupportedDatabase(DatabaseUnusable):
    """The address is not of a PostgreSQL 14 or newer."""


class DatabaseUnreachable(DatabaseUnusable):
    """Nothing answers at the database's address, or it can serve nobody now: restarting, full, read-only."""


class DatabaseBusy(DatabaseUnusable):
    """PostgreSQL is well, but this piece of work had to wait too long; later it may pass."""


class RowLocked(DatabaseBusy):
    """Another session holds a row that this work needs."""


class Collided(DatabaseBusy):
    """This transaction was undone for the sake of another one."""


class Overtaken(Collided):
    """Another transaction has just stored what this one was about to."""


class Pool(Enum):
    """Connections for one kind of work, which another kind never takes."""

    ORDINARY = "ordinary"
    INTAKE = "intake"
    """What Midtrans sends, taken in together."""
    PATIENT = "patient"
    """Inspections of whole tables: one statement may take ten minutes."""


class Database:
    """Pools of connections, and the few ways to talk through them.

    `transaction` writes, `reading` looks; `direct` and `looking` do the same on the driver itself.
    """

    def __init__(self, url: str, *, pool_size: int = POOL_SIZE) -> None:
        self._engines = {
            Pool.ORDINARY: _engine(url, STATEMENT_SECONDS, pool_size, PLANNED_EACH_TIME),
            Pool.INTAKE: _engine(url, STATEMENT_SECONDS, INTAKE_POOL_SIZE, PLANNED_BY_KEY),
            Pool.PATIENT: _engine(url, PATIENT_STATEMENT_SECONDS, PATIENT_POOL_SIZE, PLANNED_EACH_TIME),
        }
        self._reading = self._engines[Pool.ORDINARY].execution_options(isolation_level="AUTOCOMMIT")

    @asynccontextmanager
    async def transaction(self, pool: Pool = Pool.ORDINARY) -> AsyncIterator[AsyncSession]:
        """One transaction: committed at the end of the block, rolled back when it raises.

        Raises DatabaseUnreachable when PostgreSQL is away, DatabaseBusy when a wait had no end; after the
        former it is unknown whether the last commit counted.
        """
        with _told():
            async with AsyncSession(self._engines[pool], expire_on_commit=False) as session, session.begin():
                yield session

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """For looking only: no transaction, which would cost two more round trips than its statements.

        Each statement sees what was committed when it began, as within `transaction`. Raises the same.
        """
        with _told():
            async with AsyncSession(self._reading, expire_on_commit=False) as session:
                yield session

    @asynccontextmanager
    async def looking(self) -> AsyncIterator[Direct]:
        """As `reading`, on the driver itself: for what customers look at again and again."""
        async with self._on_driver(Pool.ORDINARY) as connection:
            yield connection

    @asynccontextmanager
    async def direct(self, pool: Pool = Pool.ORDINARY) -> AsyncIterator[Direct]:
        """As `transaction`, on the driver itself: for what is done by the hundred at the same time."""
        async with self._on_driver(pool) as connection, connection.begin_nested():
            yield connection

    async def commit(self, work: Callable[[AsyncSession], Awaitable[Result]]) -> Result:
        """Run `work` in one transaction; when it collides with another at its cost, run it again.

        `work` must do nothing but talk to the database. Raises what `transaction` raises.
        """
        return await _again_when_collided(self.transaction, work)

    async def commit_direct(
        self, work: Callable[[Direct], Awaitable[Result]], pool: Pool = Pool.ORDINARY
    ) -> Result:
        """As `commit`, in a transaction of `direct`."""
        return await _again_when_collided(lambda: self.direct(pool), work)

    @asynccontextmanager
    async def _on_driver(self, pool: Pool) -> AsyncIterator[Direct]:
        with _told():
            async with self._engines[pool].connect() as connection:
                driver: Any = (await connection.get_raw_connection()).driver_connection
                yield Direct(driver)

    async def ping(self) -> None:
        """Whether it can store something now. Raises what `transaction` raises."""
        with _told():
            async with self._engines[Pool.ORDINARY].connect() as connection:
                answer = await connection.execute(text("select current_setting('transaction_read_only')"))
                if answer.scalar_one() == "on":
                    raise DatabaseUnreachable("the database can only be read now")

    async def close(self) -> None:
        for engine in self._engines.values():
            await engine.dispose()


async def _again_when_collided(
    begin: Callable[[], AbstractAsyncContextManager[Session]], work: Callable[[Session], Awaitable[Result]]
) -> Result:
    for _ in range(_TRIES - 1):
        with suppress(Collided):
            async with begin() as session:
                return await work(session)
    async with begin() as session:
        return await work(session)


def trouble_of(error: BaseException) -> DatabaseUnusable | None:
    """What an error says about the database, None when it says something about the work.

    A savepoint's block that survives errors of its own must let these pass: nothing more can be said
    to a database that is away, and a lock that another session holds is no fault of the data.
    """
    match error:
        case DatabaseUnusable():
            return error
        case exc.TimeoutError():
            return DatabaseBusy("no connection became free in time")
        case OSError():
            return DatabaseUnreachable("the database does not answer")
        case exc.DBAPIError() | asyncpg.PostgresError() | asyncpg.InterfaceError():
            return _trouble_of_state(sqlstate_of(error) or "", lost=_is_connection_lost(error))
        case _:
            return None


def _trouble_of_state(state: str, *, lost: bool) -> DatabaseUnusable | None:
    if state == _LOCKED:
        return RowLocked("another session holds what is needed")
    if state in _WORTH_ANOTHER_TRY:
        return Collided("others were at work on the same rows")
    if state in _BUSY:
        return DatabaseBusy("the database took too long")
    if lost or state.startswith(_AWAY):
        return DatabaseUnreachable(f"the database cannot serve now ({state or 'connection lost'})")
    return None


def sqlstate_of(error: BaseException) -> str | None:
    """PostgreSQL's five characters for what went wrong; None where it said nothing."""
    while not isinstance(state := getattr(error, "sqlstate", None), str):
        inner = getattr(error, "orig", None) or error.__cause__
        if not isinstance(inner, BaseException):
            return None
        error = inner
    return state


def _is_connection_lost(error: Exception) -> bool:
    """The driver found it out by itself; what it says of an argument (a ValueError) is our own mistake."""
    if not isinstance(error, exc.DBAPIError):
        return isinstance(error, asyncpg.InterfaceError) and not isinstance(error, ValueError)
    told = error.connection_invalidated or isinstance(error, exc.InterfaceError | exc.OperationalError)
    return told and not isinstance(getattr(error.orig, "__cause__", None), ValueError)


@contextmanager
def _told() -> Iterator[None]:
    """Errors of the driver as the few that callers tell apart."""
    try:
        yield
    except (OSError, exc.SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        trouble = trouble_of(error)
        if trouble is None:
            raise
        raise trouble from error


def storable(value: str | int) -> bool:
    """Whether a table can hold it at all; what none can hold equals nothing in one.

    A number fits into eight bytes.
    """
    if isinstance(value, int):
        return -(2**63) <= value < 2**63
    return is_keepable(value)


def driver_url(url: str, driver: str) -> URL:
    """Any common spelling of a PostgreSQL address as the URL of one driver. Raises UnsupportedDatabase."""
    try:
        parsed = make_url(url)
    except (exc.ArgumentError, ValueError):  # its text would show the address with its password
        parsed = None
    if parsed is None or parsed.get_backend_name() not in {"postgresql", "postgres"}:
        raise UnsupportedDatabase("DATABASE_URL must be an address that begins with postgresql://")
    return parsed.set(drivername=f"postgresql+{driver}")


def _engine(url: str, statement_seconds: int, pool_size: int, planning: Mapping[str, str]) -> AsyncEngine:
    address, arguments = _asyncpg(driver_url(url, "asyncpg"), statement_seconds, planning)
    engine = create_async_engine(
        address,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=POOL_WAIT_SECONDS,
        hide_parameters=True,
        connect_args=arguments,
    )
    event.listen(engine.sync_engine, "checkin", _remember_use)
    event.listen(engine.sync_engine, "checkout", _refuse_dead)
    return engine


def _remember_use(_connection: DBAPIConnection, record: ConnectionPoolEntry) -> None:
    record.info[_USED_AT] = time.monotonic()


def _refuse_dead(
    connection: DBAPIConnection, record: ConnectionPoolEntry, _proxy: PoolProxiedConnection
) -> None:
    """Have the pool begin anew in place of handing out what is dead.

    A connection that PostgreSQL has closed is known without asking. One that nobody used for a while is
    asked, for something on the way may have forgotten it.
    """
    adapted: Any = connection
    try:
        if adapted.driver_connection.is_closed():
            raise exc.InvalidatePoolError
        if time.monotonic() - record.info.get(_USED_AT, time.monotonic()) > QUIET_SECONDS:
            adapted.ping()
    except (OSError, exc.DBAPIError, adapted.dbapi.Error) as error:
        raise exc.InvalidatePoolError from error


def _asyncpg(url: URL, statement_seconds: int, planning: Mapping[str, str]) -> tuple[URL, dict[str, Any]]:
    """The options people write behind DATABASE_URL are libpq's; asyncpg calls them otherwise.

    Raises UnsupportedDatabase for one that it does not have.
    """
    limits = {
        **planning,
        "lock_timeout": f"{LOCK_WAIT_SECONDS:d}s",
        "statement_timeout": f"{statement_seconds:d}s",
        "idle_in_transaction_session_timeout": f"{IDLE_SECONDS:d}s",
    }
    arguments: dict[str, Any] = {
        "timeout": CONNECT_SECONDS,
        "command_timeout": statement_seconds + SILENCE_SECONDS,
        "server_settings": limits,
    }
    for name, value in url.query.items():
        match name, value:
            case "host" | "port", _:
                continue
            case "sslmode", str():
                arguments["ssl"] = value
            case "connect_timeout", str() if value.isdecimal():
                arguments["timeout"] = int(value)
            case "application_name", str():
                arguments["server_settings"] = limits | {"application_name": value}
            case _:
                raise UnsupportedDatabase(
                    f"DATABASE_URL cannot carry the option {name}. It may carry sslmode, connect_timeout "
                    "and application_name; certificates go into PGSSLROOTCERT."
                )
    return url.difference_update_query(["sslmode", "connect_timeout", "application_name"]), arguments
