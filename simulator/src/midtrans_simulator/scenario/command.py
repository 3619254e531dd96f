"""`midtrans-simulator run scenario.yaml`: for a developer to watch, and for CI to judge."""

import argparse
import contextlib
import json
import sys
from urllib.parse import urlsplit

from midtrans_simulator.client import Simulator
from midtrans_simulator.scenario.player import Report, StepReport, play
from midtrans_simulator.scenario.story import BadScenario, Scenario, load, shipped
from midtrans_simulator.serving import running
from midtrans_simulator.state.config import DEFAULT_CLIENT_KEY, DEFAULT_SERVER_KEY, SimulatorConfig

PASSED, FAILED, NOT_RUN = 0, 1, 2


def main(arguments: list[str]) -> int:
    """Exit code 0 when every scenario passed, 1 when one failed, 2 when one could not be played."""
    options = _parser().parse_args(arguments)
    if options.list:
        for name in shipped():
            _say(f"{name:32} {load(name).name}")
        return PASSED
    try:
        chosen = [load(name) for name in (options.scenarios or shipped())]
        with contextlib.ExitStack() as stack:
            url = options.url or stack.enter_context(running(_config(options), port=options.port))
            simulator = stack.enter_context(Simulator(url, server_key=options.server_key))
            reports = [_played(scenario, simulator, options) for scenario in chosen]
    except (BadScenario, OSError) as problem:
        print(problem, file=sys.stderr)  # noqa: T201 - what a command line program says
        return NOT_RUN
    if options.json:
        _say(json.dumps([report.as_json() for report in reports], ensure_ascii=False, indent=2))
    else:
        good = sum(report.passed for report in reports)
        _say(f"{good} of {len(reports)} scenarios passed")
    return PASSED if all(report.passed for report in reports) else FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="midtrans-simulator run",
        description="Play scenarios: files, or names of those that come along (all of them without a name).",
    )
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO")
    parser.add_argument("--list", action="store_true", help="the scenarios that come along")
    parser.add_argument("--url", help="a simulator that is running (default: one of its own, for this run)")
    parser.add_argument("--port", type=int, default=8100, help="of its own one; 0 picks a free one")
    parser.add_argument("--notify", metavar="URL", help="your Payment Notification URL")
    parser.add_argument("--shop", metavar="URL", help="your shop's origin (default: that of --notify)")
    parser.add_argument("--server-key", default=DEFAULT_SERVER_KEY, metavar="KEY")
    parser.add_argument("--seed", type=int, help="of the faults (default: the scenario's)")
    parser.add_argument("--json", action="store_true", help="a report for programs")
    return parser


def _config(options: argparse.Namespace) -> SimulatorConfig:
    return SimulatorConfig(
        server_key=options.server_key, client_key=DEFAULT_CLIENT_KEY, notify_url=options.notify
    )


def _played(scenario: Scenario, simulator: Simulator, options: argparse.Namespace) -> Report:
    if not options.json:
        _say(f"{scenario.name}\n  {scenario.about}" if scenario.about else scenario.name)
    report = play(
        scenario,
        simulator,
        notify_url=options.notify or (None if options.url else f"{simulator.url}/_control/sink"),
        shop_url=options.shop or _origin(options.notify),
        seed=options.seed,
        told=(lambda _: None) if options.json else _tell,
    )
    if not options.json:
        _say("")
    return report


def _tell(step: StepReport) -> None:
    _say(f"  {'ok  ' if step.passed else 'FAIL'} {step.sentence}")
    if step.problem is not None:
        _say(f"       {step.problem}")


def _origin(url: str | None) -> str | None:
    parts = urlsplit(url or "")
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else None


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - what a command line program says
