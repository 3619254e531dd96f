"""Statements on the driver itself, for work that is measured in thousands a second.

The ORM's session costs ten times what a small statement costs on the driver. Whoever writes whole batches by
statements of text needs nothing of it: `Statements` is what both ways have in common, and all that such
code may use.
"""

from collections.abc import Awaitable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from functools import cache
from typing import Any, Protocol

import asyncpg
from sqlalchemy import TextClause
from sqlalchemy.dialects.postgresql import asyncpg as dialect
from sqlalchemy.engine.interfaces import Dialect


class Rows(Protocol):
    """What a statement answers: rows with their columns as attributes, or single values."""

    def __iter__(self) -> Iterator[Any]: ...

    def all(self) -> Sequence[Any]: ...


class Statements(Protocol):
    """A transaction that takes statements of text: a UnitOfWork, or a Direct one."""

    @property
    def info(self) -> dict[Any, Any]: ...

    def execute(self, statement: TextClause, values: Mapping[str, Any], /) -> Awaitable[Rows]: ...

    def scalars(self, statement: TextClause, values: Mapping[str, Any], /) -> Awaitable[Rows]: ...

    def begin_nested(self) -> AbstractAsyncContextManager[Any]:
        """A savepoint."""
        ...


class Direct:
    """Statements of one connection of the driver, whose transaction the caller begins and ends."""

    def __init__(self, connection: Any) -> None:  # noqa: ANN401  asyncpg has no types
        self._connection = connection
        self.info: dict[Any, Any] = {}

    async def execute(self, statement: TextClause, values: Mapping[str, Any], /) -> "_Rows":
        query, arguments = compiled(statement, values)
        return _Rows(await self._connection.fetch(query, *arguments, record_class=_Row))

    async def scalars(self, statement: TextClause, values: Mapping[str, Any], /) -> "_Rows":
        return _Rows(row[0] for row in await self.execute(statement, values))

    def begin_nested(self) -> AbstractAsyncContextManager[Any]:
        """A transaction; within one, a savepoint."""
        savepoint: AbstractAsyncContextManager[Any] = self._connection.transaction()
        return savepoint


class _Rows(list[Any]):
    def all(self) -> Sequence[Any]:
        return self


class _Row(asyncpg.Record):  # type: ignore[misc]  # asyncpg has no types
    __getattr__ = asyncpg.Record.__getitem__


def compiled(statement: TextClause, values: Mapping[str, Any]) -> tuple[str, list[Any]]:
    """The statement as the driver takes it, and its arguments in their order."""
    query, names = _compiled(statement)
    return query, [values[name] for name in names]


_DIALECT: Dialect = dialect.dialect()  # type: ignore[no-untyped-call]


@cache
def _compiled(statement: TextClause) -> tuple[str, Sequence[str]]:
    """The statement as the driver takes it, and the names of its arguments in their order."""
    found = statement.compile(dialect=_DIALECT)
    return found.string, tuple(found.positiontup or ())
