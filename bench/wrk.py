"""Load from outside: wrk, from Debian."""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.measurement import growth_of

CONNECTIONS = 64
PACED_RATE = 500
"""A second, offered whether answered or not."""
_SCRIPT = Path(__file__).with_name("wrk.lua")
_SLICES = 20
"""Of a run, to see whether it slows down."""
_COPIED = ("answers", "p50_ms", "p99_ms", "refused", "broken", "exhausted")


class NoLoad(RuntimeError):
    """wrk is missing; the text says how to get it."""


@dataclass(frozen=True, slots=True)
class Load:
    """What wrk saw."""

    answers: int
    rate: float
    p50_ms: float
    p99_ms: float
    refused: int
    """Answers of 400 and above."""
    broken: int
    """Connections refused or cut, and answers that did not come."""
    exhausted: bool
    """Whether there were too few requests."""
    growth: float


def installed() -> Path:
    """wrk's path; installs it when we may."""
    if shutil.which("wrk") is None and shutil.which("apt-get") and os.geteuid() == 0:
        subprocess.run(["apt-get", "update", "-qq"], check=False)
        subprocess.run(["apt-get", "install", "-y", "-qq", "wrk"], check=False, stdout=subprocess.DEVNULL)
    found = shutil.which("wrk")
    if found is None:
        raise NoLoad("The load comes from wrk. Install it (Debian: apt-get install wrk) and try again.")
    return Path(found)


def run(url: str, bodies: Path, *, skip: int, seconds: int, rate: int = 0) -> Load:
    """Post one line after another, from line `skip` on; at `rate` a second, or as fast as it is answered."""
    command: list[str | Path] = [
        installed(), "--threads", "1", "--connections", str(CONNECTIONS), "--duration", f"{seconds}s",
        "--timeout", "30s", "--latency", "--script", _SCRIPT, url,
        "--", bodies, str(skip), str(seconds / _SLICES), str(rate),
    ]  # fmt: skip
    result = subprocess.run(command, check=True, capture_output=True, text=True, timeout=seconds + 60)
    said: dict[str, Any] = json.loads(result.stdout.splitlines()[-1])
    return Load(
        rate=said["answers"] / said["seconds"],
        growth=growth_of(said["slices"][:_SLICES]),
        **{name: said[name] for name in _COPIED},
    )
