"""PostgreSQL's own benchmark: the same statements, or one function, at any number of clients."""

import os
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench import ground
from bench.ground import Ground
from bench.measurement import Measurement, growth_of
from tuntas.store.database import PLANNED_BY_KEY


@dataclass(frozen=True, slots=True)
class Script:
    key: str
    name: str
    file: str
    size: int
    """Notifications in one transaction."""
    clients: tuple[int, ...]
    """The numbers of clients among which the best is sought."""


ONE_BY_ONE = Script(
    "pgbench", "pgbench, the same statements one by one", "one_by_one.sql", 1, (4, 8, 16, 32, 64)
)
SET_BASED = Script(
    "set_based", "pgbench, one set-based function, 64 at a time", "set_based_calls.sql", 64, (1, 2, 4, 8)
)


_PLANNED = " ".join(f"-c {name}={value}" for name, value in PLANNED_BY_KEY.items())
"""The plans of Tuntas's own intake: by key, whatever the size of the tables."""


def run(place: Ground, script: Script, *, clients: int, seconds: int) -> Measurement:
    """One round on a database of its own."""
    with place.fresh() as url, tempfile.TemporaryDirectory() as folder:
        call(url, script, "--log", "--time", str(seconds), clients=clients, folder=Path(folder))
        transactions = sorted(_logged(Path(folder)))
        held = ground.count(url)
    return _measured(transactions, script, seconds, held, place.prepared)


def call(url: str, script: Script, *limits: str, clients: int, folder: Path) -> None:
    """Run pgbench in `folder` until its limits are reached."""
    command: list[str | Path] = [
        ground.program("pgbench"), "--no-vacuum", "--protocol", "prepared", "--client", str(clients),
        "--jobs", "1", "--file", ground.SQL / script.file,
        "--define", "turn=-1", "--define", f"clients={clients}", *limits, url,
    ]  # fmt: skip
    environment = os.environ | {"PGOPTIONS": _PLANNED}
    result = subprocess.run(command, check=False, capture_output=True, text=True, cwd=folder, env=environment)
    if result.returncode != 0:
        raise RuntimeError(f"pgbench failed: {result.stderr}")


def _measured(
    transactions: list[tuple[float, float]], script: Script, seconds: int, held: dict[str, int], prepared: int
) -> Measurement:
    """From each transaction's end and milliseconds."""
    done = len(transactions) * script.size
    began, ended = transactions[0][0], transactions[-1][0]
    slices = Counter(int((end - began) * 20 / (ended - began + 1e-6)) for end, _ in transactions)
    waits = sorted(took for _, took in transactions)
    wrong = {name: number for name, number in held.items() if number != done}
    void = f"{done} done, but {wrong}" if wrong else None
    if done >= prepared:
        void = f"more than the {prepared} prepared"
    return Measurement(
        rate=done / max(ended - began, seconds / 2),
        p50_ms=waits[len(waits) // 2],
        p99_ms=waits[len(waits) * 99 // 100],
        growth=growth_of([slices[index] for index in range(20)]),
        void=void,
    )


def _logged(folder: Path) -> Iterator[tuple[float, float]]:
    """pgbench's own log: client, number, microseconds, script, end in seconds, and its microseconds."""
    for log in folder.glob("pgbench_log.*"):
        for line in log.read_text().splitlines():
            _, _, took, _, second, microsecond, *_ = line.split()
            yield int(second) + int(microsecond) / 1e6, int(took) / 1e3
