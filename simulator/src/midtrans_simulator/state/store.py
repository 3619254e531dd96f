"""Rows kept through a restart: dataclasses as JSON in one SQLite file, or nowhere.

The simulator works on objects in memory; the store only remembers them. Changes made in one turn of the
event loop are committed together, so a crash never separates a payment from its notification.
"""

import asyncio
import dataclasses
import functools
import json
import sqlite3
import types
import typing
from collections.abc import Callable, Hashable
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol, TypeVar


class Row(Protocol):
    """A dataclass with an `id`; its class name is its table."""

    @property
    def id(self) -> str: ...


RowT = TypeVar("RowT", bound=Row)


class Store:
    def __init__(self, path: Path | str | None = None) -> None:
        """Open or create the file. Raises sqlite3.DatabaseError when it is no state file."""
        self._db: sqlite3.Connection | None = None
        if path is not None:
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            try:
                self._db.execute("PRAGMA journal_mode = WAL")
                self._db.execute("PRAGMA synchronous = NORMAL")
                self._db.execute(
                    "CREATE TABLE IF NOT EXISTS rows (kind TEXT, id TEXT, body TEXT, UNIQUE (kind, id))"
                )
            except sqlite3.DatabaseError:
                self.close()
                raise

    def put(self, row: Row) -> None:
        if self._db is None:
            return
        body = json.dumps(dataclasses.asdict(row), default=datetime.isoformat)  # type: ignore[call-overload] # rows are dataclasses
        self._begin(self._db)
        self._db.execute(
            "INSERT INTO rows VALUES (?, ?, ?) ON CONFLICT (kind, id) DO UPDATE SET body = excluded.body",
            (type(row).__name__, row.id, body),
        )

    def remove(self, row: Row) -> None:
        if self._db is None:
            return
        self._begin(self._db)
        self._db.execute("DELETE FROM rows WHERE kind = ? AND id = ?", (type(row).__name__, row.id))

    def load(self, kind: type[RowT]) -> list[RowT]:
        """All rows of a class in the order they were first put."""
        if self._db is None:
            return []
        query = "SELECT body FROM rows WHERE kind = ? ORDER BY rowid"
        found = self._db.execute(query, (kind.__name__,)).fetchall()
        return [_decode(kind, json.loads(body)) for (body,) in found]

    def clear(self) -> None:
        if self._db is not None:
            self._begin(self._db)
            self._db.execute("DELETE FROM rows")

    def commit(self) -> None:
        if self._db is not None and self._db.in_transaction:
            self._db.execute("COMMIT")

    def close(self) -> None:
        self.commit()
        if self._db is not None:
            self._db.close()
            self._db = None

    def _begin(self, db: sqlite3.Connection) -> None:
        if db.in_transaction:
            return
        db.execute("BEGIN")
        try:
            asyncio.get_running_loop().call_soon(self.commit)
        except RuntimeError:  # no loop runs while the simulator is put together
            db.execute("COMMIT")


def _decode(kind: type[Any], body: dict[str, Any]) -> Any:  # noqa: ANN401 - nested rows need no id
    return kind(**{name: read(body[name]) for name, read in _readers(kind).items() if name in body})  # type: ignore[arg-type] # classes are hashable


@functools.cache
def _readers(kind: Hashable) -> dict[str, Callable[[Any], Any]]:
    if not isinstance(kind, type) or not dataclasses.is_dataclass(kind):
        raise TypeError(f"{kind} is no dataclass")
    hints = typing.get_type_hints(kind)
    return {item.name: _reader(hints[item.name]) for item in dataclasses.fields(kind)}


def _reader(hint: Any) -> Callable[[Any], Any]:  # noqa: ANN401 - type hints have no common type
    if isinstance(hint, types.UnionType):
        optional = _reader(next(member for member in hint.__args__ if member is not types.NoneType))
        return lambda value: None if value is None else optional(value)
    if typing.get_origin(hint) is list:
        member = _reader(hint.__args__[0])
        return lambda values: [member(value) for value in values]
    if hint is datetime:
        return datetime.fromisoformat
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return hint
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return lambda body: _decode(hint, body)
    return lambda value: value
