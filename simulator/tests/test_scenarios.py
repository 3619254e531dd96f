"""Scenario files, the `run` command, and the pytest fixtures: how others use the simulator."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from midtrans_simulator import SimulatorConfig, running
from midtrans_simulator.cli import main
from midtrans_simulator.client import Refused, Simulator
from midtrans_simulator.scenario.player import play
from midtrans_simulator.scenario.story import BadScenario, load, read, shipped

RUN = ["run", "--port", "0"]


@pytest.fixture(scope="module")
def simulator() -> Any:
    with running(SimulatorConfig(server_key="SB-Mid-server-simulator")) as url, Simulator(url) as client:
        yield client


@pytest.mark.parametrize("name", shipped())
def test_every_shipped_scenario_goes_as_it_says(simulator: Simulator, name: str) -> None:
    report = play(load(name), simulator, notify_url=f"{simulator.url}/_control/sink")
    assert report.passed, [step for step in report.steps if not step.passed]
    assert load(name).name
    assert load(name).about
    assert simulator.state()["faults"]["active"] == {}


def test_a_dozen_and_more_are_shipped() -> None:
    assert len(shipped()) > 12


def test_a_story_that_does_not_come_true_fails(tmp_path: Path, capsys: Any) -> None:
    story = tmp_path / "wish.yaml"
    story.write_text(
        "name: A wish\nsteps:\n- shop: orders 10000\n- customer: chooses bca_va\n"
        "- expect: {status: settlement}\n- customer: pays\n"
    )
    assert main([*RUN, str(story)]) == 1
    said = capsys.readouterr().out
    assert "FAIL expect status: settlement" in said
    assert 'status is "pending", not "settlement"' in said
    assert "customer pays" not in said


def test_the_report_for_programs(capsys: Any) -> None:
    assert main([*RUN, "--json", "paid-twice", "taken-back"]) == 0
    first, second = json.loads(capsys.readouterr().out)
    assert first["passed"]
    assert first["steps"][0] == {"step": "shop orders 299000", "passed": True, "problem": None}
    assert second["order_id"].startswith("STORY-")


def test_the_list(capsys: Any) -> None:
    assert main(["run", "--list"]) == 0
    assert "refund-in-two-parts" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("steps: [", "no YAML"),
        ("name: nothing", "a list of steps"),
        ("steps: []\nmood: good", "mood"),
        ("steps: [pays]", "step 1"),
        ("steps: [{postman: rings}]", "'postman' is nobody"),
        ("steps: [{faults: all}]", "faults takes a mapping"),
        ("steps: []\nseed: x", "seed is a whole number"),
    ],
)
def test_what_is_no_scenario_is_said(text: str, problem: str) -> None:
    with pytest.raises(BadScenario, match=problem):
        read(text)


def test_a_verb_nobody_knows_is_said_before_anything_happens(tmp_path: Path, capsys: Any) -> None:
    story = tmp_path / "dance.yaml"
    story.write_text("name: x\nsteps:\n- shop: orders 10000\n- customer: dances\n")
    assert main([*RUN, str(story)]) == 2
    assert "the customer does not know 'dances'" in capsys.readouterr().err
    assert main([*RUN, "no-such-story"]) == 2


@pytest.mark.parametrize(
    "step",
    [
        "customer: pays",
        "customer: chooses bca_va",
        "shop: orders much",
        "shop: cancels",
        "expect: {mood: good}",
        "shop: is asked GET /x",
        "faults: {magic: true}",
        "midtrans: resends it",
        "time: passes soon",
    ],
)
def test_a_step_that_cannot_be_is_a_failure_with_a_reason(simulator: Simulator, step: str) -> None:
    report = play(read(f"name: x\nsteps:\n- {step}"), simulator)
    assert not report.passed
    assert report.steps[0].problem


def test_a_shop_takes_its_own_order_and_is_asked_about_it(shop: Any) -> None:
    story = read(
        f"""
name: A shop of its own
steps:
- shop: is asked GET /finish
- shop: takes an order
  within: 5s
- customer: chooses gopay
- customer: pays
- shop: is asked GET {shop.simulator}/_control/deliveries?order_id={{order}}
  keep: {{first: 0.state}}
- shop: is asked POST {shop.simulator}/_control/clock
  json: {{advance: 1s}}
  says: {{running: true}}
- expect: {{status: settlement, delivered: true}}
"""
    )
    with Simulator(shop.simulator) as simulator:
        before: list[str] = []

        def told(step: Any) -> None:
            before.append(step.sentence)
            if len(before) == 1:
                shop.token("SHOP-1")

        report = play(story, simulator, shop_url=shop.merchant, told=told)
    assert report.passed, report.steps
    assert report.order_id == "SHOP-1"
    assert [body["transaction_status"] for body in shop.told()] == ["pending", "settlement"]


def test_a_shop_that_answers_otherwise_fails_the_story(shop: Any) -> None:
    story = "name: x\nsteps:\n- shop: is asked GET /nowhere"
    with Simulator(shop.simulator) as simulator:
        report = play(read(story), simulator, shop_url=shop.merchant)
        assert "answered 404" in str(report.steps[0].problem)
        with pytest.raises(Refused) as refused:
            simulator.pay("none")
    assert refused.value.http_status == 404


def test_the_pytest_fixtures(tmp_path: Path) -> None:
    (tmp_path / "test_shop.py").write_text(
        """
def test_first(midtrans_simulator):
    token = midtrans_simulator.create_token("INV-1", 10_000)
    midtrans_simulator.choose(token, "bca_va")
    midtrans_simulator.pay("INV-1")
    assert midtrans_simulator.status("INV-1")["transaction_status"] == "settlement"

def test_second(midtrans_simulator, midtrans_simulator_url):
    assert midtrans_simulator.state()["transactions"] == []
    assert midtrans_simulator.snap_js_url == midtrans_simulator_url + "/snap/snap.js"
"""
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert "2 passed" in done.stdout, done.stdout
