"""How long a Snap page and a payment live: `expiry` and `page_expiry` (Midtrans, "JSON objects")."""

from datetime import datetime, timedelta
from typing import Any

DEFAULT_PAGE_LIFE = timedelta(days=1)
LONGEST = timedelta(days=7)
SHORTEST = timedelta(seconds=20)

_FORMAT = "%Y-%m-%d %H:%M:%S %z"
_UNITS = {"day": timedelta(days=1), "hour": timedelta(hours=1), "minute": timedelta(minutes=1)}


def page_expiry(request: dict[str, Any], now: datetime) -> datetime:
    """When the page closes: `page_expiry` before `expiry` before the default; never over seven days."""
    chosen = request.get("page_expiry") or request.get("expiry")
    if not chosen:
        return now + DEFAULT_PAGE_LIFE
    return min(end(chosen, now), now + LONGEST)


def payment_expiry(expiry: dict[str, Any] | None, confirmed: datetime, lifetime: timedelta) -> datetime:
    """When a payment expires. Without `start_time` the duration counts from the confirmation."""
    if not expiry:
        return confirmed + lifetime
    return end(expiry, confirmed)


def end(expiry: dict[str, Any], now: datetime) -> datetime:
    """Raises ValueError when the three fields make no moment."""
    try:
        return (start_time(expiry) or now) + duration(expiry)
    except OverflowError:
        raise ValueError("duration is too long") from None


def duration(expiry: dict[str, Any]) -> timedelta:
    """Raises ValueError when `unit` or `duration` is none."""
    amount, unit = expiry.get("duration"), expiry.get("unit")
    if isinstance(amount, bool) or not isinstance(amount, int):
        raise ValueError("duration must be a number")  # noqa: TRY004 - reported like any wrong value
    if not isinstance(unit, str) or unit.removesuffix("s") not in _UNITS:
        raise ValueError("unit must be one of day, hour, minute")
    return amount * _UNITS[unit.removesuffix("s")]


def start_time(expiry: dict[str, Any]) -> datetime | None:
    """Raises ValueError when it is not written `yyyy-MM-dd HH:mm:ss Z`."""
    written = expiry.get("start_time")
    if written is None:
        return None
    try:
        return datetime.strptime(str(written), _FORMAT)  # noqa: DTZ007 - the format ends in %z
    except ValueError:
        raise ValueError("start_time must be written yyyy-MM-dd HH:mm:ss Z") from None
