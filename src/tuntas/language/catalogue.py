"""The sentences, kept in `id.toml` and `en.toml` beside this file."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import cache
from typing import Any


class Language(StrEnum):
    """Values are the codes used in URLs, cookies and `<html lang>`."""

    ID = "id"
    EN = "en"


def text(key: str, language: Language, **values: object) -> str:
    """The sentence for a dotted key such as ``"checkout.pay_now"``, its ``{placeholders}`` filled in.

    Raises KeyError for an unknown key and for a placeholder without a value; values that the
    sentence does not use are ignored.
    """
    return sentences(language)[key].format(**values)


@cache
def sentences(language: Language) -> Mapping[str, str]:
    """All sentences by their keys; read when the first one is asked for."""
    import tomllib
    from importlib.resources import files

    source = files(__package__).joinpath(f"{language}.toml").read_text(encoding="utf-8")
    return dict(_flat(tomllib.loads(source)))


def _flat(table: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, entry in table.items():
        if isinstance(entry, dict):
            yield from _flat(entry, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", entry
