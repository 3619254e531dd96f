"""What one round of one rival tells, and the middle of several."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Measurement:
    """One round."""

    rate: float
    """Notifications stored and applied, a second."""
    p50_ms: float
    p99_ms: float
    growth: float
    """The rate of the last fifth of the round over that of the first: 1 is as fast as it began."""
    paced_p99_ms: float | None = None
    """At a constant offered rate; None where the rival cannot carry it, or takes no requests."""
    megabytes: float | None = None
    """Memory of the largest process that answers, after the round."""
    void: str | None = None
    """Why the round does not count."""


@dataclass(slots=True)
class Contender:
    """A rival and what its rounds told."""

    key: str
    name: str
    rounds: list[Measurement] = field(default_factory=list)

    @property
    def valid(self) -> list[Measurement]:
        return [found for found in self.rounds if found.void is None]

    def middle(self, figure: str) -> tuple[float, float, float] | None:
        """Median, least and most of a figure over the rounds that count; None when none has it."""
        found = [value for one in self.valid if (value := getattr(one, figure)) is not None]
        return (statistics.median(found), min(found), max(found)) if found else None


@dataclass(frozen=True, slots=True)
class Run:
    """Everything that one call of the bench found."""

    seconds: int
    rounds: int
    contenders: Sequence[Contender]
    skipped: Sequence[str]
    """Who was not measured, and why."""
    clients: dict[str, dict[int, float]]
    """What pgbench reached with each number of clients."""
    machine: dict[str, str]

    def ratio(self, one: Contender, yardstick: str) -> float | None:
        """How many times the median rate of another contender."""
        base = next((found.middle("rate") for found in self.contenders if found.key == yardstick), None)
        rate = one.middle("rate")
        return rate[0] / base[0] if rate is not None and base is not None and base[0] > 0 else None


def growth_of(counts: Sequence[float]) -> float:
    """The last fifth of equal slices of time over the first."""
    fifth = max(1, len(counts) // 5)
    return sum(counts[-fifth:]) / max(1, sum(counts[:fifth]))
