"""Where the time of `tuntas serve` goes under full load: what runs Python, sampled by py-spy and added up.

    python -m bench.hotspots [--seconds 10]

py-spy comes from PyPI into an environment of its own below bench/.cache.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from bench import report, rivals, serving, wrk
from bench.ground import Ground, opened
from bench.webhook import CACHE

_HOME = CACHE / "py-spy"
_PREPARED_PER_SECOND = 12_000
_SAMPLES_PER_SECOND = 200
_KINDS = (
    ("the driver: asyncpg", r"asyncpg"),
    ("statements: SQLAlchemy", r"sqlalchemy"),
    ("reading JSON, hashes and signatures", r"jsontext|json/|orjson|msgspec|signature|hashlib|body_hash"),
    ("reading the notification: tuntas.midtrans", r"tuntas/midtrans"),
    ("the rules: tuntas.domain", r"tuntas/domain"),
    ("rows in and out: tuntas.store", r"tuntas/store"),
    ("one way in for money: tuntas.usecases", r"tuntas/usecases"),
    ("log lines: structlog", r"structlog|tuntas/observability|logging/"),
    ("queue and route: tuntas.intake", r"tuntas/intake"),
    (
        "HTTP: uvicorn, Starlette, our connection",
        r"uvicorn|starlette|fastapi|httptools|tuntas/(http|cli|app)",
    ),
    ("the event loop, sockets, and the driver's part in C", r"asyncio|uvloop"),
)
"""What a piece of code is for; a sample counts for the first kind that its innermost known frame is of."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seconds", type=int, default=10)
    options = parser.parse_args()
    prepared = (options.seconds + 5) * _PREPARED_PER_SECOND
    with opened(CACHE / "ground", prepared=prepared) as place:
        rate, stacks = _sampled(place, options.seconds)
    text = _in_words(rate, options.seconds, _by_kind(stacks))
    print(text)
    report.RESULTS.mkdir(exist_ok=True)
    (report.RESULTS / "hotspots.md").write_text(text)


def _sampled(place: Ground, seconds: int) -> tuple[float, list[tuple[list[str], int]]]:
    """The rate, and each stack, outermost frame first, with its samples."""
    rival, port = rivals.tuntas()[0], serving.free_port()
    address = f"http://127.0.0.1:{port}{rival.path}"
    with place.fresh() as url, tempfile.TemporaryDirectory() as folder:
        found = Path(folder) / "stacks.txt"
        with serving.served(rival.command(port), Path(folder), port, rival.variables(url)) as served:
            wrk.run(address, place.bodies, skip=0, seconds=2)
            command: list[str | Path] = [
                _py_spy(), "record", "--pid", str(served.pid), "--subprocesses", "--gil", "--format", "raw",
                "--duration", str(seconds), "--rate", str(_SAMPLES_PER_SECOND), "--output", found,
            ]  # fmt: skip
            with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as spy:
                load = wrk.run(address, place.bodies, skip=30_000, seconds=seconds + 1)
                spy.wait()
        lines = found.read_text().splitlines()
    parted = (line.rpartition(" ") for line in lines)
    return load.rate, [(stack.split(";"), int(count)) for stack, _, count in parted]


def _by_kind(stacks: Iterable[tuple[list[str], int]]) -> Counter[str]:
    found: Counter[str] = Counter()
    for frames, count in stacks:
        if any(re.search("uvicorn|asyncio|uvloop", frame) for frame in frames):
            found[_kind(frames)] += count
    return found


def _kind(frames: list[str]) -> str:
    for frame in reversed(frames):
        for name, pattern in _KINDS:
            if re.search(pattern, frame):
                return name
    return "else"


def _in_words(rate: float, seconds: int, kinds: Counter[str]) -> str:
    busy = sum(kinds.values())
    working = busy / (seconds * _SAMPLES_PER_SECOND)
    lines = [
        f"One process at {rate:.0f} notifications a second; it worked in {working:.0%} of the samples.",
        "",
        "| what the processor's time of the web process goes to | share |",
        "|---|---:|",
        *(f"| {name} | {count / busy:.0%} |" for name, count in kinds.most_common()),
    ]
    return "\n".join(lines) + "\n"


def _py_spy() -> Path:
    program = _HOME / "bin" / "py-spy"
    if not program.exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", _HOME], check=True)
        subprocess.run([_HOME / "bin" / "python", "-m", "pip", "install", "--quiet", "py-spy"], check=True)
    return program


if __name__ == "__main__":
    main()
