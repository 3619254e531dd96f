"""Plays a scenario step by step, until its end or the first step that fails."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from midtrans_simulator.client import Refused, Simulator
from midtrans_simulator.scenario import acts, expectations
from midtrans_simulator.scenario.stage import Failed, Stage
from midtrans_simulator.scenario.story import BadScenario, Scenario, Step


@dataclass(frozen=True, slots=True)
class StepReport:
    sentence: str
    problem: str | None

    @property
    def passed(self) -> bool:
        return self.problem is None


@dataclass(slots=True)
class Report:
    scenario: Scenario
    order_id: str = ""
    steps: list[StepReport] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        return all(step.passed for step in self.steps)

    def as_json(self) -> dict[str, Any]:
        return {
            "scenario": self.scenario.name,
            "passed": self.passed,
            "order_id": self.order_id,
            "steps": [
                {"step": step.sentence, "passed": step.passed, "problem": step.problem} for step in self.steps
            ],
        }


def play(
    scenario: Scenario,
    simulator: Simulator,
    *,
    notify_url: str | None = None,
    shop_url: str | None = None,
    seed: int | None = None,
    told: Callable[[StepReport], None] = lambda _: None,
) -> Report:
    """`told` hears of each step as it is done. Faults are off before and after. Raises BadScenario.

    `seed` goes before the scenario's own.
    """
    for number, step in enumerate(scenario.steps, start=1):
        if step.actor not in {"faults", "expect"} and not acts.knows(step):
            raise BadScenario(f"step {number}: the {step.actor} does not know {step.verb!r}")
    simulator.set_faults(seed=scenario.seed if seed is None else seed)
    before = {session["token"] for session in simulator.state()["sessions"]}
    stage = Stage(simulator, notify_url, shop_url, seen=before)
    report = Report(scenario)
    try:
        for step in scenario.steps:
            done = StepReport(step.sentence, _problem(stage, step))
            report.steps.append(done)
            told(done)
            if not done.passed:
                break
    finally:
        simulator.set_faults()
    report.order_id = stage.order_id
    return report


def _problem(stage: Stage, step: Step) -> str | None:
    try:
        if step.actor == "faults":
            stage.simulator.set_faults(**step.argument)
        elif step.actor == "expect":
            expectations.check(stage, step.argument)
        else:
            acts.perform(stage, step)
    except (Failed, Refused) as failed:
        return str(failed)
    return None
