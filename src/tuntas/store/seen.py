"""Rows of the tables as objects that no session knows: for looking at, through statements of text."""

from functools import cache
from typing import Any, TypeVar

from tuntas.store.models import Base

Kind = TypeVar("Kind", bound=Base)


def columns(kind: type[Base]) -> str:
    """All columns of a table for a statement's `select`, named so that those of several tables differ."""
    table = kind.__tablename__
    return ", ".join(f"{table}.{name} as {table}_{name}" for name in _names(kind).values())


def seen(kind: type[Kind], row: Any, **related: Any) -> Kind:  # noqa: ANN401  a row with `columns` of the kind
    """The object of a row; `related` are objects that it refers to. Changing it changes nothing stored."""
    return kind(**{name: getattr(row, column) for column, name in _names(kind).items()}, **related)


@cache
def _names(kind: type[Base]) -> dict[str, str]:
    """The columns' names in `columns`, and in the table."""
    return {f"{kind.__tablename__}_{column.name}": column.name for column in kind.__table__.columns}
