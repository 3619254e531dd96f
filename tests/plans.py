"""Listening to every statement that the product sends, and what PostgreSQL would do for it."""

import inspect
import json
import pkgutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from types import FrameType
from typing import Any

import asyncpg
import greenlet
from sqlalchemy import Engine, TextClause, event

import tuntas.store
from tuntas.store import direct

GROWING = {
    "alerts",
    "domain_grants",
    "invitations",
    "notifications",
    "orders",
    "payment_logs",
    "refunds",
    "sessions",
    "throttles",
    "transactions",
    "users",
}
"""Tables that get rows for as long as the shop sells. The others stay as small as they are."""
ROWS_MAX = 300
"""So many rows of a growing table may a statement look at; all are many more in these tests."""


@dataclass
class Heard:
    """Each distinct statement with the values it came with first."""

    statements: dict[tuple[Engine | None, str, str], Any] = field(default_factory=dict)
    """By the pool that it went through, None on the driver itself, and the query that sent it."""
    walked: set[str] = field(default_factory=set)


@contextmanager
def listening() -> Iterator[Heard]:
    """Hear what every engine sends while the block runs, and what goes to the driver itself."""
    heard = Heard()

    def note(engine: Engine | None, statement: str, values: Any) -> None:
        found = [name for frame in _frames() if (name := _name_in_store(frame)) is not None]
        found = [name for name in found if not name.startswith("direct.")]
        heard.walked.update(found)
        heard.statements.setdefault((engine, found[0] if found else "?", statement), values)

    def hear(*arguments: Any) -> None:
        connection, _, statement, values, _, executemany = arguments
        note(connection.engine, statement, values[0] if executemany else values)

    def hear_direct(statement: TextClause, values: Mapping[str, Any]) -> tuple[str, list[Any]]:
        query, arguments = compiled(statement, values)
        note(None, query, arguments)
        return query, arguments

    event.listen(Engine, "before_cursor_execute", hear)
    compiled = direct.compiled
    direct.compiled = hear_direct
    try:
        yield heard
    finally:
        direct.compiled = compiled
        event.remove(Engine, "before_cursor_execute", hear)


def queries_of_the_store() -> set[str]:
    """Every public function of `store/` that talks to the database, as `module.function`."""
    found = set()
    for module in pkgutil.iter_modules(tuntas.store.__path__, "tuntas.store."):
        for name, function in vars(import_module(module.name)).items():
            if inspect.iscoroutinefunction(function) and function.__module__ == module.name:
                found.add(f"{module.name.removeprefix('tuntas.store.')}.{name}")
    return {name for name in found if not name.partition(".")[2].startswith("_")}


async def scans(connection: asyncpg.Connection, statement: str, values: Sequence[Any]) -> list[str]:
    """What the statement would read of growing tables beyond what it needs; nothing of it is kept."""
    words = set(statement.lower().split())
    reads_only = words & {"select", "with"} and not words & {"insert", "update", "delete"}
    options = "analyze, timing off, format json" if reads_only else "format json"
    transaction = connection.transaction()
    await transaction.start()
    try:
        (row,) = await connection.fetch(f"explain ({options}) {statement}", *values)
        partial = await connection.fetch(
            "select relname from pg_class join pg_index on indexrelid = oid where indpred is not null"
        )
    finally:
        await transaction.rollback()
    (document,) = json.loads(row[0])
    return list(_offences(document["Plan"], frozenset(found[0] for found in partial)))


def _offences(node: dict[str, Any], partial: frozenset[str], *, limited: bool = False) -> Iterator[str]:
    """Where the plan was carried out the rows count, where it was not its shape does."""
    kind, index = node["Node Type"], node.get("Index Name")
    table = node.get("Relation Name", index)
    if table in GROWING or index is not None:
        whole = index is not None and "Index Cond" not in node and index not in partial
        rows = _rows_looked_at(node)
        if kind == "Seq Scan":
            yield f"{kind} of {table}"
        elif rows is None and whole and not (limited and "Filter" not in node):
            yield f"the whole of {index}"
        elif rows is not None and rows > ROWS_MAX:
            yield f"{rows:.0f} rows of {table} by {index}"
    passes = kind in {"Limit", "LockRows", "Subquery Scan", "Result"}
    for child in node.get("Plans", ()):
        yield from _offences(child, partial, limited=kind == "Limit" or (limited and passes))


def _rows_looked_at(node: dict[str, Any]) -> float | None:
    """None when the plan was not carried out."""
    if "Actual Rows" not in node:
        return None
    names = ("Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck")
    rows: float = sum(node.get(name, 0) for name in names) * node["Actual Loops"]
    return rows


def _frames() -> Iterator[FrameType]:
    """The frames below this one, through the greenlets in which SQLAlchemy lets a driver wait."""
    frame = inspect.currentframe()
    current = greenlet.getcurrent()
    while True:
        while frame is not None:
            yield frame
            frame = frame.f_back
        if current.parent is None:
            return
        current = current.parent
        frame = current.gr_frame


def _name_in_store(frame: FrameType) -> str | None:
    module = frame.f_globals.get("__name__", "")
    if not module.startswith("tuntas.store."):
        return None
    return f"{module.removeprefix('tuntas.store.')}.{frame.f_code.co_name}"
