"""When an order is asked about again, should no notification come."""

from datetime import datetime, timedelta

from tuntas.domain.ladder import PaymentStatus

_UNPAID = (2, 5, 15, 60)
"""Minutes after which an order that is not paid is asked about, one after the other."""
_HOURLY_UNTIL = 24
_PAID = (10, 24 * 60, 48 * 60, 7 * 24 * 60, 30 * 24 * 60)
"""Minutes after which a paid order is asked about: reversals come soon, card batches the next day."""
GRACE = timedelta(minutes=30)
"""Expiry runs by a scheduler and settlement can come at the boundary: an order ends this much later."""


def next_check(
    *, status: PaymentStatus, checks: int, now: datetime, payable_until: datetime, jitter: float
) -> datetime | None:
    """The next moment to ask Midtrans, or None when nothing more can happen.

    `checks` counts the questions already asked in this status; `jitter` in [0, 1) spreads many orders by
    up to a tenth of the interval, so that they do not all come at once.
    """
    if status in {PaymentStatus.PAID, PaymentStatus.REFUNDED}:
        minutes = _PAID[checks] if checks < len(_PAID) else None
    elif now > payable_until + GRACE:
        minutes = None
    else:
        minutes = _unpaid_minutes(checks)
    if minutes is None:
        return None
    moment = now + timedelta(minutes=minutes) * (1 + jitter / 10)
    if status in {PaymentStatus.PAID, PaymentStatus.REFUNDED}:
        return moment
    last_word = payable_until + GRACE + timedelta(minutes=1)
    return min(moment, last_word) if now < last_word else moment


def _unpaid_minutes(checks: int) -> int:
    if checks < len(_UNPAID):
        return _UNPAID[checks]
    return 60 if checks < len(_UNPAID) + _HOURLY_UNTIL else 24 * 60
