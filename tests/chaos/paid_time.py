"""What payments buy, worked out the slow way: day by day, with a calendar and a pile of vouchers.

Nothing is imported from the rules under test, and nothing here adds up a duration: each voucher is good
for one day, the days of one order are used up before those of the next, and a voucher can be used only
from the moment it was paid.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Payment:
    """A paid order."""

    order_id: str
    is_initial: bool
    days: int
    paid_at: datetime


@dataclass(frozen=True, slots=True)
class Bought:
    """When what an order bought runs."""

    paid_at: datetime
    starts_at: datetime
    ends_at: datetime


def bought(payments: Iterable[Payment]) -> tuple[dict[str, Bought], set[str]]:
    """By order id, and the ids of orders that paid for the same once more and bought nothing."""
    in_turn = sorted(payments, key=lambda paid: (not paid.is_initial, paid.paid_at, paid.order_id))
    initial = [payment for payment in in_turn if payment.is_initial]
    surplus = {payment.order_id for payment in initial[1:]}
    days_used: dict[str, list[datetime]] = {}
    today: datetime | None = None
    for payment in in_turn:
        for _voucher in range(0 if payment.order_id in surplus else payment.days):
            if today is None or today < payment.paid_at:
                today = payment.paid_at
            days_used.setdefault(payment.order_id, []).append(today)
            today += ONE_DAY
    moments = {payment.order_id: payment.paid_at for payment in in_turn}
    grants = {
        order_id: Bought(moments[order_id], days[0], days[-1] + ONE_DAY)
        for order_id, days in days_used.items()
    }
    return grants, surplus
