"""What a run will do, drawn from one seed: who pays how, what happens to it, what is struck when."""

import random
import signal
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Part(StrEnum):
    """What can be struck."""

    WEB_1 = "web-1"
    WEB_2 = "web-2"
    WORKER_1 = "worker-1"
    WORKER_2 = "worker-2"
    POSTGRES = "postgres"


WEBS = (Part.WEB_1, Part.WEB_2)
WORKERS = (Part.WORKER_1, Part.WORKER_2)
RESTARTS = (signal.SIGINT, signal.SIGQUIT)
"""How PostgreSQL is told to end at once: fast, rolling back what is open, and immediate, as in a crash."""


@dataclass(frozen=True, slots=True)
class Act:
    """What payer, bank, fraud desk, merchant do to an attempt; named as in the simulator's control plane."""

    name: str
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Visit:
    """A customer opens a payment page and picks a method; then `acts` happen to that attempt."""

    method: str
    acts: tuple[Act, ...]
    old_page: bool = False
    """In the tab of the customer's first order, left open: superseded orders are still payable."""


@dataclass(frozen=True, slots=True)
class Story:
    """One invitation's customer."""

    visits: tuple[Visit, ...]

    @property
    def facts(self) -> int:
        return sum(1 + len(visit.acts) for visit in self.visits)


@dataclass(frozen=True, slots=True)
class Blow:
    """A part ends, by SIGKILL or (PostgreSQL) as in a restart."""

    part: Part
    how: signal.Signals
    at: float
    """Share of all facts told by then."""
    pause: float
    """Seconds until it is started again."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Somebody's forgotten psql holds the row of an invitation that is being paid for."""

    at: float
    """Share of all facts told by then."""
    seconds: float


@dataclass(frozen=True, slots=True)
class Plan:
    seed: int
    confirm: str
    """`TUNTAS_CONFIRM`: with `off` the order of notifications is put right by the rules alone."""
    faults: dict[str, Any]
    """The simulator's fault switches; one that it does not have is an error."""
    garbled: float
    """Share of Midtrans's answers to GET status that cannot be read or stored (`garbler`)."""
    stories: tuple[Story, ...]
    blows: tuple[Blow, ...]
    """In the order of their moments."""
    holds: tuple[Hold, ...]
    refund_kills: tuple[float | None, ...]
    """For each refund by our operator in turn: after how many seconds `tuntas refund` is killed, if it is."""

    @property
    def facts(self) -> int:
        return sum(story.facts for story in self.stories)


OUR_REFUND = "our_refund"
"""The one act that is not the simulator's: our operator runs `tuntas refund`."""

_DUPLICATED = 0.75
_SENDINGS = 2
"""How often a fact is sent on average: duplicated, and again at the end (`run`)."""
_FAULTS: dict[str, Any] = {
    "duplicate": {"share": _DUPLICATED},
    "delay": {"share": 0.15, "by": "3s"},
    "swap": {"share": 0.10, "by": "3s"},
    "drop": {"share": 0.08},
    "api_down": {"share": 0.02},
    "api_lost": {"share": 0.02},
}

_HOLD_SECONDS_MIN = 2

_VA = ("bca_va", "bni_va", "bri_va", "permata_va", "echannel", "alfamart")
_REVERSIBLE = ("permata_va", "echannel", "indomaret")
_REFUNDABLE = ("gopay", "other_qris")
_WALLETS = (*_REFUNDABLE, "shopeepay")
_CARD = ("credit_card",)

_PART, _OTHER_PART = Act("refund", {"amount": 50_000}), Act("refund", {"amount": 20_000})
_PARTLY = {"partial": True}

# Methods, what happens to the attempt, and how often. What is legal: docs/midtrans.md, "Transitions and
# the reversal", "Payment methods".
_UNPAID: list[tuple[tuple[str, ...], tuple[Act, ...]]] = [
    (_VA, ()),
    (_VA, (Act("expire"),)),
    (_VA, (Act("cancel"),)),
    (_WALLETS, (Act("expire"),)),
    (_WALLETS, (Act("deny"),)),
    (_CARD, (Act("deny"),)),
    (_CARD, (Act("challenge"), Act("deny"))),
    (_CARD, (Act("challenge"), Act("cancel"))),
]
_PAID: list[tuple[tuple[str, ...], tuple[Act, ...]]] = [
    (_VA, (Act("pay"),)),
    (_WALLETS, (Act("pay"),)),
    (_CARD, (Act("pay"),)),
    (_CARD, (Act("pay"), Act("settle"))),
    (_CARD, (Act("challenge"), Act("approve"), Act("settle"))),
    (_REFUNDABLE, (Act("pay"), _PART)),
    (_CARD, (Act("pay"), Act("settle"), Act("chargeback", _PARTLY))),
]
_TAKEN_BACK: list[tuple[tuple[str, ...], tuple[Act, ...]]] = [
    (_REVERSIBLE, (Act("pay"), Act("reverse"))),
    (_CARD, (Act("pay"), Act("cancel"))),
    (_REFUNDABLE, (Act("pay"), _PART, _OTHER_PART, Act("refund"))),
    (_WALLETS, (Act("pay"), Act("refund"))),
    (_CARD, (Act("pay"), Act("settle"), _PART, Act("refund"))),
    (_CARD, (Act("pay"), Act("settle"), Act("chargeback", _PARTLY), Act("chargeback"))),
    (_CARD, (Act("pay"), Act("settle"), Act("chargeback"))),
]
_PAID_TWICE = Story(
    (
        Visit("bca_va", (Act("expire"),)),
        Visit("gopay", (Act("pay"),)),
        Visit("other_qris", (Act("pay"),), old_page=True),
    )
)
"""Of two initial orders for one invitation both are paid."""
_PAID_TWICE_AT_LEAST = 8
_OUR_REFUNDS = (Act(OUR_REFUND), Act(OUR_REFUND, {"amount": 40_000}))


@dataclass(frozen=True, slots=True)
class Size:
    """How much happens in a run."""

    notifications: int
    """About so many, lost and repeated ones included."""
    kills: int
    """By SIGKILL, each part in turn."""
    restarts: int
    """Of PostgreSQL, fast and immediate in turn."""
    holds: int
    hold_seconds_max: float
    garbled: float
    """Share of Midtrans's answers to GET status."""


FULL = Size(notifications=20_000, kills=50, restarts=12, holds=40, hold_seconds_max=20, garbled=0.05)
SMALL = Size(
    notifications=400, kills=len(Part), restarts=len(RESTARTS), holds=2, hold_seconds_max=4, garbled=0.3
)
"""At least one of each trouble."""


def draw_plan(seed: int, size: Size, *, confirm: str) -> Plan:
    """The plan of this size that the seed stands for."""
    draw = random.Random(seed)
    stories: list[Story] = []
    facts = 0
    while facts * _SENDINGS < size.notifications:
        stories.append(_story(draw))
        facts += stories[-1].facts
    refunds = max(2, size.notifications // 1_000)
    chosen = draw.sample(range(len(stories)), min(refunds + _PAID_TWICE_AT_LEAST, len(stories)))
    for number in chosen[:refunds]:
        visit = Visit(draw.choice(_REFUNDABLE), (Act("pay"), draw.choice(_OUR_REFUNDS)))
        stories[number] = Story((visit,))
    for number in chosen[refunds:]:
        stories[number] = _PAID_TWICE
    return Plan(
        seed=seed,
        confirm=confirm,
        faults=_FAULTS,
        garbled=size.garbled,
        stories=tuple(stories),
        blows=_blows(draw, size),
        holds=_holds(draw, size),
        refund_kills=tuple(draw.uniform(0.3, 2.5) if turn % 2 == 0 else None for turn in range(refunds)),
    )


def _story(draw: random.Random) -> Story:
    visits = [_visit(draw) for _ in range(draw.choice((1, 1, 2, 2, 3)))]
    if len(visits) > 1 and draw.random() < 0.3:
        methods, acts = draw.choice(_PAID)
        visits.append(Visit(draw.choice(methods), acts, old_page=True))
    return Story(tuple(visits))


def _visit(draw: random.Random) -> Visit:
    (table,) = draw.choices((_UNPAID, _PAID, _TAKEN_BACK), weights=(4, 4, 3))
    methods, acts = draw.choice(table)
    return Visit(draw.choice(methods), acts)


def _blows(draw: random.Random, size: Size) -> tuple[Blow, ...]:
    """Kills of every part and restarts of PostgreSQL in a drawn order, spread over the run."""
    struck = [(list(Part)[turn % len(Part)], signal.SIGKILL) for turn in range(size.kills)]
    struck += [(Part.POSTGRES, RESTARTS[turn % len(RESTARTS)]) for turn in range(size.restarts)]
    draw.shuffle(struck)
    moments = sorted(draw.uniform(0.03, 0.97) for _ in struck)
    return tuple(
        Blow(part, how, at, draw.uniform(0, 1.5)) for (part, how), at in zip(struck, moments, strict=True)
    )


def _holds(draw: random.Random, size: Size) -> tuple[Hold, ...]:
    moments = sorted(draw.uniform(0.05, 0.95) for _ in range(size.holds))
    return tuple(Hold(at, draw.uniform(_HOLD_SECONDS_MIN, size.hold_seconds_max)) for at in moments)
