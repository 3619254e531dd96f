"""What the tables hold, in words that people read at a terminal."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tuntas.language import rupiah
from tuntas.midtrans.wib import format_wib
from tuntas.observability.printable import printable

_LISTED_MAX = 5


def moment(value: datetime | None) -> str:
    """In Indonesia's western time, the one on Midtrans's dashboard."""
    return "-" if value is None else f"{format_wib(value)} WIB"


def in_words(detail: Mapping[str, Any]) -> str:
    """What an alert or a line of the log tells beside its kind: `gross amount Rp1.000; payments a, b`."""
    told = (f"{printable(name).replace('_', ' ')} {_value(name, value)}" for name, value in detail.items())
    return "; ".join(told)


def _value(name: str, value: object) -> str:  # noqa: PLR0911  one line for each kind
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case int() if name.endswith("amount"):
            return rupiah(value)
        case str() if name.endswith("_at"):
            return moment(datetime.fromisoformat(value))
        case list():
            more = f" and {len(value) - _LISTED_MAX} more" if len(value) > _LISTED_MAX else ""
            return ", ".join(_value(name, entry) for entry in value[:_LISTED_MAX]) + more
        case dict():
            return f"({in_words(value)})"
        case _:
            return printable(value)
