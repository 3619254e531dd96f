"""Midtrans writes times in WIB (UTC+7), mostly without an offset; at this edge they become aware."""

import re
from datetime import UTC, datetime, timedelta, timezone

WIB = timezone(timedelta(hours=7), "WIB")
EARLIEST, BEYOND = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
"""A time outside is no time of a payment, and would break the arithmetic of days that follows."""

_WIB_FORMAT = "%Y-%m-%d %H:%M:%S"
_SPELLING = re.compile(
    r"(?P<moment>\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?) ?(?P<offset>Z|[+-]\d\d(?::?\d\d)?)?"
)


def parse_time(text: str) -> datetime | None:
    """Read ``"2025-11-03 12:01:00"`` as WIB, or ISO 8601 with an offset as what it says; in UTC.

    None for what is no such time, or none between 2000 and 2100.
    """
    spelled = _SPELLING.fullmatch(text.strip().upper()) if text.isascii() else None
    if spelled is None:
        return None
    try:
        moment = datetime.fromisoformat(spelled["moment"] + (spelled["offset"] or ""))
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=WIB)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment if EARLIEST <= moment < BEYOND else None


def format_wib(moment: datetime) -> str:
    """The gateway's notation for an aware moment, without offset."""
    return moment.astimezone(WIB).strftime(_WIB_FORMAT)
