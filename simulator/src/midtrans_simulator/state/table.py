"""Rows found by id, kept in memory and in the store."""

from typing import Generic

from midtrans_simulator.state.store import RowT, Store


class Table(Generic[RowT]):
    def __init__(self, kind: type[RowT], store: Store) -> None:
        self._store = store
        self._rows: dict[str, RowT] = {row.id: row for row in store.load(kind)}

    def get(self, row_id: str) -> RowT | None:
        return self._rows.get(row_id)

    def all(self) -> list[RowT]:
        """Oldest first."""
        return list(self._rows.values())

    def put(self, row: RowT) -> None:
        self._rows[row.id] = row
        self._store.put(row)

    def remove(self, row: RowT) -> None:
        self._rows.pop(row.id, None)
        self._store.remove(row)

    def clear(self) -> None:
        """Forget them here; the store is cleared as a whole."""
        self._rows.clear()
