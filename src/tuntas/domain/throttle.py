"""How often something may be tried before the next try has to wait, and how long."""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Limit:
    """`free` tries, then a wait that doubles with each; all is forgotten after `memory` without a try."""

    free: int
    first_wait: timedelta
    longest_wait: timedelta
    memory: timedelta


@dataclass(frozen=True, slots=True)
class Tries:
    """What is remembered of one account or address."""

    count: int
    last_at: datetime


ACCOUNT = Limit(10, timedelta(minutes=1), timedelta(minutes=15), memory=timedelta(days=1))
"""Wrong passwords for one account, from wherever they come."""
ADDRESS = Limit(30, timedelta(seconds=30), timedelta(minutes=15), memory=timedelta(hours=6))
"""Wrong passwords from one network address: one that many people share must not stay shut."""
REGISTRATIONS = Limit(60, timedelta(seconds=30), timedelta(hours=1), memory=timedelta(hours=6))
"""Registrations tried from one network address, whatever became of them."""
DOMAIN_CHECKS = Limit(10, timedelta(seconds=30), timedelta(minutes=15), memory=timedelta(hours=1))
"""How often one customer may have a domain looked up."""

FORGOTTEN_AFTER = max(limit.memory for limit in (ACCOUNT, ADDRESS, REGISTRATIONS, DOMAIN_CHECKS))


def wait_seconds(tries: Tries | None, limit: Limit, now: datetime) -> int:
    """How long the next try still has to wait; 0 when it may be now."""
    count = remembered(tries, limit, now)
    if tries is None or count < limit.free:
        return 0
    doublings = min(count - limit.free, 32)  # beyond that the longest wait holds anyway
    wait = min(limit.first_wait * (1 << doublings), limit.longest_wait)
    left = (tries.last_at + wait - now).total_seconds()
    return max(0, int(left) + (left > int(left)))


def remembered(tries: Tries | None, limit: Limit, now: datetime) -> int:
    """The tries that still count."""
    return 0 if tries is None or now >= tries.last_at + limit.memory else tries.count
