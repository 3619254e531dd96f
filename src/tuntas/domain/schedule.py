"""When an order is asked about again, should no notification come."""

from datetime import datetime, timedelta

from tuntas.domain.ladder import PaymentStatus

_UNPAID = (2, 5, 15, 60)
"""Minutes after which an order that is not paid is asked about, one after the other."""
_HOURLY_CHECKS = 24
"""How many hourly questions follow those; after them one a day."""
_PAID = (10, 24 * 60, 48 * 60, 7 * 24 * 60, 30 * 24 * 60)
"""Minutes after which a paid order is asked about: reversals come soon, card batches the next day."""
GRACE = timedelta(minutes=30)
"""Expiry runs by a scheduler and settlement can come at the boundary: an order ends this much later."""


_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=30), timedelta(minutes=15)


def next_check(
    *, status: PaymentStatus, checks: int, now: datetime, payable_until: datetime, jitter: float
) -> datetime | None:
    """The next moment to ask Midtrans, or None when nothing more can happen.

    `checks` counts the questions already asked in this status; `jitter` in [0, 1) spreads many orders by
    up to a tenth of the interval, so that they do not all come at once.
    """
    if status in {PaymentStatus.PAID, PaymentStatus.REFUNDED}:
        return _after(_PAID[checks], now, jitter) if checks < len(_PAID) else None
    if now > payable_until + GRACE:
        return None
    last_word = payable_until + GRACE + timedelta(minutes=1)
    return min(_after(_unpaid_minutes(checks), now, jitter), last_word)


def is_over(status: PaymentStatus, payable_until: datetime, now: datetime) -> bool:
    """Whether an order that still waits can no longer be paid."""
    return status is PaymentStatus.PENDING and now > payable_until + GRACE


def pause_after_failure(failures: int) -> timedelta:
    """How long an order rests after so many failures in a row: doubled from 30 seconds to 15 minutes."""
    doublings = min(max(failures - 1, 0), 10)
    return min(_FIRST_PAUSE * (1 << doublings), _LONGEST_PAUSE)


def _after(minutes: int, now: datetime, jitter: float) -> datetime:
    return now + timedelta(minutes=minutes) * (1 + jitter / 10)


def _unpaid_minutes(checks: int) -> int:
    if checks < len(_UNPAID):
        return _UNPAID[checks]
    return 60 if checks < len(_UNPAID) + _HOURLY_CHECKS else 24 * 60
