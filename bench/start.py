"""How soon `tuntas serve` answers once PostgreSQL is up, and how large a process is.

python -m bench start
"""

import statistics
import tempfile
import time
from pathlib import Path

from bench.serving import free_port, served
from bench.shop import KEYS, TUNTAS
from tuntas.store import migrations
from tuntas.store.embedded import EmbeddedPostgres

STARTS = 5
GOAL_SECONDS, GOAL_MEGABYTES = 1.5, 110


def main() -> None:
    with (
        tempfile.TemporaryDirectory(prefix="tuntas-bench-") as folder,
        EmbeddedPostgres(Path(folder)) as postgres,
    ):
        migrations.upgrade(postgres.url)
        starts = [_started(Path(folder), postgres.url) for _ in range(STARTS)]
    seconds, megabytes = (statistics.median(figures) for figures in zip(*starts, strict=True))
    print(f"ready       {seconds:.2f} s (goal {GOAL_SECONDS:g}, {seconds / GOAL_SECONDS:.2f} of it)")
    print(f"a process   {megabytes:.0f} MB (goal {GOAL_MEGABYTES}, {megabytes / GOAL_MEGABYTES:.2f} of it)")


def _started(folder: Path, url: str) -> tuple[float, float]:
    """Seconds until all processes serve, and megabytes of the largest."""
    port = free_port()
    begun = time.perf_counter()
    with served(
        [TUNTAS, "serve", "--port", str(port)], folder, port, KEYS | {"DATABASE_URL": url}
    ) as running:
        output = folder / "output.txt"
        while "Serving" not in output.read_text():
            time.sleep(0.01)
        return time.perf_counter() - begun, running.megabytes


if __name__ == "__main__":
    main()
