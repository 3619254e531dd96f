"""The chaos run in its short form; `make chaos` is the long one."""

import asyncio
from pathlib import Path

from tests.chaos.plan import Part, Plan, draw_plan
from tests.chaos.run import SHORT, run
from tests.program import postgres_of


def plan(seed: int) -> Plan:
    return draw_plan(seed, notifications=400, kills=3, confirm="off")


def test_a_plan_is_repeatable_and_kills_every_part() -> None:
    assert plan(7) == plan(7)
    assert plan(7) != plan(8)
    assert {kill.part for kill in plan(7).kills} == set(Part)


def test_nothing_is_lost_or_doubled_when_processes_are_killed(short_dir: Path) -> None:
    """What is compared: `tests/chaos/audit.py`.

    Tried: a webhook that answers before it has stored (notifications answered with 200 are not there), a
    last-writer-wins status (late notifications take payments back), a grant for each paid initial order.
    """
    said: list[str] = []
    report = asyncio.run(run(plan(1), short_dir, limits=SHORT, say=said.append))
    assert report.passed, "\n".join([*said, *report.wrong])
    assert report.did["killed"] == {"backend": 1, "worker": 1, "postgres": 1}
    assert postgres_of(short_dir) is None
