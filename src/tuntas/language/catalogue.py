"""The sentences, kept in `id.toml` and `en.toml` beside this file."""

import tomllib
from collections.abc import Iterator
from enum import StrEnum
from importlib.resources import files
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
    return _CATALOGUES[language][key].format(**values)


def _flat(table: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, entry in table.items():
        if isinstance(entry, dict):
            yield from _flat(entry, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", entry


def _load(language: Language) -> dict[str, str]:
    source = files(__package__).joinpath(f"{language}.toml").read_text(encoding="utf-8")
    return dict(_flat(tomllib.loads(source)))


_CATALOGUES = {language: _load(language) for language in Language}
