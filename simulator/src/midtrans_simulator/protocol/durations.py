"""Durations as people write them: `24h`, `1d12h`, `90s`."""

import re
from datetime import timedelta

_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_UNITS = {
    "ms": timedelta(milliseconds=1),
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
}


def parse(text: object) -> timedelta:
    """Read `1d12h`, `90s`, `250ms`, or a bare number of seconds.

    Raises ValueError with a sentence when it is neither.
    """
    if isinstance(text, int | float) and not isinstance(text, bool):
        return timedelta(seconds=text)
    if not isinstance(text, str):
        raise ValueError("a duration is a number of seconds or a text such as 24h")  # noqa: TRY004 - one error for callers
    parts = _PART.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text.replace(" ", ""):
        raise ValueError(f"{text!r} is no duration; write it like 24h, 1d12h, 90s or 250ms")
    return sum((float(number) * _UNITS[unit] for number, unit in parts), timedelta())
