"""The words of all pages in two languages: `id.toml` for customers, `id.workshop.toml` for developers."""

import functools
import tomllib
from collections.abc import Callable
from datetime import datetime
from importlib import resources

from midtrans_simulator.protocol.wib import WIB

LANGUAGES = ("id", "en")
_READ_AT_ONCE = 6


def translator(language: str) -> Callable[..., str]:
    """`t("pending.title", bank="BCA")`. Raises KeyError for an unknown key."""
    catalogue = _catalogue(language)

    def t(key: str, **values: object) -> str:
        return catalogue[key].format(**values)

    return t


def says(language: str, key: str) -> str | None:
    """The words for a key that may have none."""
    return _catalogue(language).get(key)


def rupiah(amount: int) -> str:
    """`Rp299.000`, a minus before it when negative."""
    return f"{'-' if amount < 0 else ''}Rp{abs(amount):,}".replace(",", ".")


def date_time(moment: datetime, language: str) -> str:
    """`3 November 2026 pukul 12.01 WIB`, or `3 November 2026, 12:01 WIB`."""
    local = moment.astimezone(WIB)
    month = _catalogue(language)[f"month.{local.month}"]
    if language == "id":
        return f"{local.day} {month} {local.year} pukul {local:%H.%M} WIB"
    return f"{local.day} {month} {local.year}, {local:%H:%M} WIB"


def grouped(number: str) -> str:
    """Long numbers in groups of four, for reading aloud; copying takes them without blanks."""
    if len(number) <= _READ_AT_ONCE:
        return number
    return " ".join(number[start : start + 4] for start in range(0, len(number), 4))


@functools.cache
def _catalogue(language: str) -> dict[str, str]:
    words: dict[str, str] = {}
    for name in (f"{language}.toml", f"{language}.workshop.toml"):
        source = resources.files("midtrans_simulator") / "language" / name
        tables = tomllib.loads(source.read_text(encoding="utf-8"))
        words |= {f"{table}.{key}": text for table, texts in tables.items() for key, text in texts.items()}
    return words
