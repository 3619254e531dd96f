"""Who takes in the notifications: Tuntas, and what others would have written."""

import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import ground, serving, wrk
from bench.ground import Ground
from bench.measurement import Measurement
from tuntas.midtrans.notification import WEBHOOK_PATH

SERVER_KEY = "SB-Mid-server-simulator"
"""Signs the notifications; see sql/deliveries.sql."""
_WARM_SECONDS, _PACED_SECONDS = 2, 5
_BIN = Path(sys.executable).parent
_IN_FLIGHT = 2 * wrk.CONNECTIONS
"""Requests that wrk may have taken up, or sent, whose answer it did not wait for."""
_HEADROOM = 1.2
"""A pace is offered to those whose full speed is at least so many times it."""


@dataclass(frozen=True, slots=True)
class Rival:
    """A program that takes notifications over HTTP."""

    key: str
    name: str
    command: Callable[[int], Sequence[str | Path]]
    """How to start it on a port."""
    path: str
    variables: Callable[[str], Mapping[str, str]]
    """Its environment, by the database's address."""
    template: str = ground.TEMPLATE
    """What its database begins as."""
    requests: Path | None = None
    """Other requests than the notifications that all others get."""
    count: Callable[[str], dict[str, int]] = ground.count
    """What stands afterwards; every number the same."""


def _tuntas(port: int, *more: str) -> Sequence[str | Path]:
    return [_BIN / "tuntas", "serve", "--port", str(port), *more]


def _orm_view(port: int) -> Sequence[str | Path]:
    return [
        _BIN / "uvicorn",
        "bench.orm_view:app",
        "--port",
        str(port),
        "--no-access-log",
        "--log-level",
        "warning",
    ]


def _variables(url: str) -> Mapping[str, str]:
    return {
        "DATABASE_URL": url,
        "MIDTRANS_SERVER_KEY": SERVER_KEY,
        "MIDTRANS_CLIENT_KEY": "SB-Mid-client-simulator",
        "PYTHONPATH": str(Path(__file__).parents[1]),
    }


def tuntas() -> list[Rival]:
    """`tuntas serve` with one process and with two, as far as this version knows processes."""
    said = subprocess.run([_BIN / "tuntas", "serve", "--help"], check=True, capture_output=True, text=True)
    if "--processes" not in said.stdout:
        return [Rival("tuntas_1", "tuntas serve", _tuntas, WEBHOOK_PATH, _variables)]
    return [_with_processes(1, "1 process"), _with_processes(2, "2 processes")]


def _with_processes(number: int, words: str) -> Rival:
    def command(port: int) -> Sequence[str | Path]:
        return _tuntas(port, "--processes", str(number))

    return Rival(f"tuntas_{number}", f"tuntas serve, {words}", command, WEBHOOK_PATH, _variables)


ORM_VIEW = Rival("orm_view", "an ordinary ORM view, 1 process", _orm_view, "/webhook", _variables)


def run(place: Ground, rival: Rival, folder: Path, *, seconds: int) -> Measurement:
    """One round: full speed, then a constant pace."""
    port = serving.free_port()
    address = f"http://127.0.0.1:{port}{rival.path}"
    requests = rival.requests or place.bodies
    with place.fresh(rival.template) as url:
        with serving.served(rival.command(port), folder, port, rival.variables(url)) as served:
            loads = [wrk.run(address, requests, skip=0, seconds=_WARM_SECONDS)]
            loads.append(wrk.run(address, requests, skip=_used(loads), seconds=seconds))
            full = loads[-1]
            paced = None
            if full.rate >= _HEADROOM * wrk.PACED_RATE:
                paced = wrk.run(
                    address, requests, skip=_used(loads), seconds=_PACED_SECONDS, rate=wrk.PACED_RATE
                )
                loads.append(paced)
            megabytes, complaint = served.megabytes, served.complaint
        held = rival.count(url)
    return Measurement(
        rate=full.rate,
        p50_ms=full.p50_ms,
        p99_ms=full.p99_ms,
        growth=full.growth,
        paced_p99_ms=paced.p99_ms if paced else None,
        megabytes=megabytes,
        void=_what_is_wrong(loads, held, complaint),
    )


def _used(loads: Sequence[wrk.Load]) -> int:
    """How many lines of the file may have been sent."""
    return sum(load.answers + _IN_FLIGHT for load in loads)


def _what_is_wrong(loads: Sequence[wrk.Load], held: dict[str, int], complaint: str) -> str | None:
    """Every answer stands in every table, and nothing else does but what nobody waited for."""
    if not all(load.answers for load in loads):
        return "no answers at all"
    answered, stands = sum(load.answers for load in loads), next(iter(held.values()))
    if any(load.exhausted for load in loads):
        return "too few notifications were prepared"
    refused, broken = (sum(getattr(load, kind) for load in loads) for kind in ("refused", "broken"))
    if refused or broken:
        return f"{refused} requests refused, {broken} cut or unanswered: {complaint}"
    if len(set(held.values())) != 1 or not answered <= stands <= answered + _IN_FLIGHT * len(loads):
        return f"{answered} answered, but {held}"
    return None
