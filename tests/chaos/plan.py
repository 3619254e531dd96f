"""What a run will do, drawn from one seed: who pays how, what happens to it, what is killed when."""

import random
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Part(StrEnum):
    """What can be killed."""

    BACKEND = "backend"
    WORKER = "worker"
    POSTGRES = "postgres"


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
class Kill:
    part: Part
    at: float
    """Share of all facts told by then."""
    pause: float
    """Seconds until it is started again."""


@dataclass(frozen=True, slots=True)
class Plan:
    seed: int
    confirm: str
    """`TUNTAS_CONFIRM`: with `off` the order of notifications is put right by the rules alone."""
    faults: dict[str, Any]
    """The simulator's fault switches; those it does not have are left out."""
    stories: tuple[Story, ...]
    kills: tuple[Kill, ...]
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

_VA = ("bca_va", "bni_va", "bri_va", "permata_va", "echannel", "alfamart")
_REVERSIBLE = ("permata_va", "echannel", "indomaret")
_REFUNDABLE = ("gopay", "other_qris")
_WALLETS = (*_REFUNDABLE, "shopeepay")
_CARD = ("credit_card",)

_PART, _OTHER_PART = Act("refund", {"amount": 50_000}), Act("refund", {"amount": 20_000})
_PARTLY = {"partial": True}

# Methods, what happens to the attempt, and how often. Fact sheet 6.1 and 9.2 say what is legal.
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
_OUR_REFUNDS = (Act(OUR_REFUND), Act(OUR_REFUND, {"amount": 40_000}))


def draw_plan(seed: int, *, notifications: int, kills: int, confirm: str) -> Plan:
    """A plan of about so many notifications, lost and repeated ones included."""
    draw = random.Random(seed)
    stories: list[Story] = []
    facts = 0
    while facts * _SENDINGS < notifications:
        stories.append(_story(draw))
        facts += stories[-1].facts
    refunds = max(2, notifications // 1_000)
    for number in draw.sample(range(len(stories)), min(refunds, len(stories))):
        visit = Visit(draw.choice(_REFUNDABLE), (Act("pay"), draw.choice(_OUR_REFUNDS)))
        stories[number] = Story((visit,))
    return Plan(
        seed=seed,
        confirm=confirm,
        faults=_FAULTS,
        stories=tuple(stories),
        kills=_kills(draw, kills),
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


def _kills(draw: random.Random, count: int) -> tuple[Kill, ...]:
    """Every part in turn, in a drawn order, spread over the run."""
    parts = [list(Part)[turn % len(Part)] for turn in range(count)]
    draw.shuffle(parts)
    moments = sorted(draw.uniform(0.03, 0.97) for _ in parts)
    return tuple(Kill(part, at, draw.uniform(0, 1.5)) for part, at in zip(parts, moments, strict=True))
