"""Reading the fields of one JSON object: generously in spelling, and never silently.

Missing, null and empty are the same, and fine. What is there and cannot be read goes by name into
`unreadable`, which an alert tells to a person.
"""

from datetime import datetime
from typing import Any, Self

from tuntas.domain.ladder import UNREADABLE
from tuntas.domain.money import NotRupiah, Rupiah, read_rupiah
from tuntas.midtrans.jsontext import read_nested
from tuntas.midtrans.wib import parse_time

WORD_MAX = 64
"""Characters of a status, a payment type, a bank, an account number or a refund key."""


class Fields:
    """One object, and what of it could not be read so far. Objects within it share that list."""

    def __init__(self, document: dict[str, Any], unreadable: list[str] | None = None, path: str = "") -> None:
        self._document = document
        self._path = path
        self.unreadable: list[str] = [] if unreadable is None else unreadable

    def has(self, name: str) -> bool:
        return self._document.get(name) not in (None, "")

    def has_any(self, names: frozenset[str]) -> bool:
        """Whether one of these names stands there at all, with whatever value."""
        return not names.isdisjoint(self._document)

    def raw(self, name: str) -> object:
        return self._document.get(name)

    def cannot_read(self, name: str) -> None:
        """Remember a field by its name, once."""
        if (full := f"{self._path}{name}") not in self.unreadable:
            self.unreadable.append(full)

    def text(self, name: str, longest: int = WORD_MAX) -> str | None:
        """A text as it is. One that is too long is not cut: half an account number is a wrong one."""
        value = self._document.get(name)
        if value is None or value == "":
            return None
        if isinstance(value, str) and len(value) <= longest:
            return value
        self.cannot_read(name)
        return None

    def prose(self, name: str, longest: int) -> str | None:
        """A text for people, cut to what is stored."""
        value = self._document.get(name)
        return value[:longest] or None if isinstance(value, str) else self.text(name)

    def word(self, name: str) -> str | None:
        """One of Midtrans's own words, in small letters: `PENDING` and `pending` are the same."""
        value = self.text(name)
        return value.lower() if value else None

    def verdict(self, name: str) -> str | None:
        """A word on which acceptance rests: one that cannot be read is an unknown word, not a missing one."""
        return self.word(name) or (UNREADABLE if self.has(name) else None)

    def time(self, name: str) -> datetime | None:
        moment = parse_time(self.text(name) or "")
        if moment is None and self.has(name):
            self.cannot_read(name)
        return moment

    def amount(self, name: str) -> Rupiah | None:
        """A text or a number, read exactly."""
        if not self.has(name):
            return None
        try:
            return read_rupiah(self._document[name])
        except NotRupiah:
            self.cannot_read(name)
            return None

    def object(self, name: str, *, free: bool = False) -> Self | None:
        """An object, or a text that holds one; `free` for a field in which anything may stand."""
        value = read_nested(self._document.get(name))
        if isinstance(value, dict):
            return type(self)(value, self.unreadable, f"{self._path}{name}.")
        if self.has(name) and not free:
            self.cannot_read(name)
        return None

    def objects(self, name: str, most: int) -> list[Self]:
        """A list of objects, or a text that holds one; at most so many."""
        value = read_nested(self._document.get(name))
        if not self.has(name):
            return []
        entries = value if isinstance(value, list) else [value]
        found = [entry for entry in map(read_nested, entries[:most]) if isinstance(entry, dict)]
        if len(found) < len(entries):
            self.cannot_read(name)
        return [type(self)(entry, self.unreadable, f"{self._path}{name}.") for entry in found]
