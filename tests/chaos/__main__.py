"""`python -m tests.chaos`: exit code 0 when nothing was lost and nothing counted twice, else 1."""

import argparse
import asyncio
import json
import secrets
import signal
import sys
import tempfile
from dataclasses import asdict, replace
from pathlib import Path

from tests.chaos.plan import FULL, SMALL, draw_plan
from tests.chaos.run import LONG, SHORT, Report, run


def main() -> int:
    options = _parser().parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # like Ctrl-C: end what was started, then end
    short = options.short
    seed = secrets.randbelow(10**6) if options.seed is None else options.seed
    wanted = {name: getattr(options, name) for name in ("notifications", "kills", "restarts", "holds")}
    size = replace(
        SMALL if short else FULL, **{name: count for name, count in wanted.items() if count is not None}
    )
    plan = draw_plan(seed, size, confirm=options.confirm)
    _say(f"seed {seed}: repeat this plan with --seed {seed}")
    with tempfile.TemporaryDirectory(prefix="tuntas-chaos-", ignore_cleanup_errors=True) as folder:
        report = asyncio.run(run(plan, Path(folder), limits=SHORT if short else LONG, say=_say))
    _print(report, as_json=options.json)
    return 0 if report.passed else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, help="repeats a plan; default: a random one, printed")
    for name, about in {
        "notifications": "about so many",
        "kills": "by SIGKILL, each part in turn",
        "restarts": "of PostgreSQL, fast and immediate in turn",
        "holds": "of a row that is needed",
    }.items():
        defaults = f"default: {getattr(FULL, name)}, short: {getattr(SMALL, name)}"
        parser.add_argument(f"--{name}", type=int, help=f"{about} ({defaults})")
    modes = ("off", "after", "before")
    parser.add_argument("--confirm", choices=modes, default="after", help="TUNTAS_CONFIRM")
    parser.add_argument("--short", action="store_true", help="under a minute; does not wait for all jobs")
    parser.add_argument("--json", action="store_true", help="the summary as one JSON object")
    return parser


def _say(line: str) -> None:
    sys.stderr.write(f"chaos: {line}\n")
    sys.stderr.flush()


def _print(report: Report, *, as_json: bool) -> None:
    if as_json:
        lines = [json.dumps(asdict(report) | {"passed": report.passed})]
    else:
        lines = [f"{name}: {value}" for name, value in report.did.items()]
        lines += [f"WRONG {sentence}" for sentence in report.wrong]
        verdict = (
            "Nothing lost, nothing double." if report.passed else f"{len(report.wrong)} things are wrong."
        )
        lines.append(f"{verdict} Seed {report.seed}.")
    sys.stdout.write("".join(f"{line}\n" for line in lines))


if __name__ == "__main__":
    sys.exit(main())
