"""The chaos run in its short form; `make chaos` is the long one."""

import asyncio
import dataclasses
import json
from pathlib import Path

import pytest

from tests.chaos.acknowledged import Victim, run_round
from tests.chaos.garbler import SPOILS
from tests.chaos.plan import FULL, SMALL, Part, Plan, Size, draw_plan
from tests.chaos.run import SHORT, Limits, run
from tests.program import postgres_of


def plan(seed: int) -> Plan:
    return draw_plan(seed, SMALL, confirm="after")


def test_a_plan_is_repeatable() -> None:
    assert plan(7) == plan(7)
    assert plan(7) != plan(8)


@pytest.mark.parametrize("size", [SMALL, FULL], ids=["small", "full"])
def test_a_plan_of_either_size_holds_every_trouble(size: Size) -> None:
    found = draw_plan(7, size, confirm="after")
    assert {blow.part for blow in found.blows if blow.how.name == "SIGKILL"} == set(Part)
    assert {blow.how.name for blow in found.blows} == {"SIGKILL", "SIGINT", "SIGQUIT"}
    assert found.holds
    assert found.garbled
    assert found.facts * 2 >= 0.9 * size.notifications, "each fact is told about twice"


def test_every_way_to_spoil_an_answer_spoils_it() -> None:
    refund = {"reason": "late"}
    answer = {"transaction_id": "t", "order_id": "o", "status_message": "found", "refunds": [refund]}
    whole = json.dumps(answer).encode()
    spoilt = {name: spoil(answer) for name, spoil in SPOILS.items()}
    assert len(set(spoilt.values()) | {whole}) == len(SPOILS) + 1
    assert json.loads(spoilt["half an emoji"])["refunds"][0]["reason"] == "x\ud83d"


def test_nothing_is_lost_or_doubled_whatever_is_struck(short_dir: Path) -> None:
    """What is compared: `tests/chaos/audit.py`.

    Tried: a webhook that answers before it has stored (notifications answered with 200 are not there), a
    last-writer-wins status (late notifications take payments back), a grant for each paid initial order.
    """
    said: list[str] = []
    report = asyncio.run(run(plan(1), short_dir, limits=SHORT, say=said.append))
    assert report.passed, "\n".join([*said, *report.wrong])
    kills = {f"{part} SIGKILL": 1 for part in Part}
    assert report.did["struck"] == {**kills, "postgres SIGINT": 1, "postgres SIGQUIT": 1}
    assert set(report.did["garbled answers"]) == set(SPOILS), "every kind of unreadable answer came"
    assert report.did["rows held"] == SMALL.holds
    assert report.did["paid twice"] > 0
    assert postgres_of(short_dir) is None


def test_a_fault_that_the_simulator_does_not_have_fails_the_run(short_dir: Path) -> None:
    """Dropped in silence, a misspelt fault would be a run that tries nothing."""
    misspelt = dataclasses.replace(plan(1), faults={"dorp": True})
    report = asyncio.run(run(misspelt, short_dir, limits=Limits(whole_run=60, jobs=0), say=lambda _: None))
    assert any("no fault is called 'dorp'" in sentence for sentence in report.wrong), report.wrong


@pytest.mark.parametrize("victim", [Victim.ALL, Victim.POSTGRESQL])
def test_what_was_acknowledged_is_stored_whoever_is_killed(short_dir: Path, victim: Victim) -> None:
    found = asyncio.run(run_round(short_dir, victim, before=150))
    assert found.acknowledged >= 150
    assert found.lost == frozenset()
