"""Midtrans writes times in WIB (UTC+7) without an offset; this is the edge where they become aware."""

from datetime import UTC, datetime, timedelta, timezone

WIB = timezone(timedelta(hours=7), "WIB")
_FORMAT = "%Y-%m-%d %H:%M:%S"


def parse_wib(text: str) -> datetime | None:
    """Read ``"2025-11-03 12:01:00"`` as WIB and return it in UTC; None for what is no such time."""
    try:
        return datetime.strptime(text, _FORMAT).replace(tzinfo=WIB).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def format_wib(moment: datetime) -> str:
    """The gateway's notation for an aware moment, without offset."""
    return moment.astimezone(WIB).strftime(_FORMAT)
