"""Midtrans's own word goes down: a refund returned by the bank, a chargeback won, a denial taken back.

A ladder that only climbs would stay wrong for ever. The same lower answer of GET status, three times over
a day, is taken for the truth; a person may take it at once. Either way it is recorded and begins a new epoch.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from tuntas.domain.ladder import Rung

_ANSWERS = 3
_PERIOD = timedelta(days=1)
_FIRST_PAUSE, _PAUSE = timedelta(minutes=2), timedelta(hours=8)


@dataclass(frozen=True, slots=True)
class Contradiction:
    """The same lower word of Midtrans about one transaction, again and again."""

    rung: Rung
    since: datetime
    answers: int
    """Of GET status; a notification alone is a reason to ask and counts for none."""

    @property
    def pause(self) -> timedelta:
        """How long until Midtrans is asked again: soon at first, a notification may have crossed it."""
        return _FIRST_PAUSE if self.answers <= 1 else _PAUSE

    def lasts(self, now: datetime) -> bool:
        """Whether it was said often and long enough to be taken for the truth."""
        return self.answers >= _ANSWERS and now - self.since >= _PERIOD


def told_again(before: Contradiction | None, rung: Rung, now: datetime) -> Contradiction:
    """One more answer of GET status that stands lower than our books."""
    if before is None or before.rung is not rung:
        return Contradiction(rung, since=now, answers=1)
    return Contradiction(rung, since=before.since, answers=before.answers + 1)
