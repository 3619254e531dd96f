"""The chaos run in its short form; `make chaos` is the long one."""

import asyncio
from pathlib import Path

from tests.chaos.plan import Part, draw_plan
from tests.chaos.run import SHORT, run


def test_a_plan_is_repeatable_and_kills_every_part() -> None:
    plan = draw_plan(7, notifications=400, kills=3)
    assert plan == draw_plan(7, notifications=400, kills=3)
    assert plan != draw_plan(8, notifications=400, kills=3)
    assert {kill.part for kill in plan.kills} == set(Part)


def test_nothing_is_lost_or_doubled_when_processes_are_killed(short_dir: Path) -> None:
    """What is compared: `tests/chaos/audit.py`."""
    said: list[str] = []
    report = asyncio.run(
        run(draw_plan(1, notifications=400, kills=3), short_dir, limits=SHORT, say=said.append)
    )
    assert report.passed, "\n".join([*said, *report.wrong])
    assert report.did["killed"] == {"backend": 1, "worker": 1, "postgres": 1}
