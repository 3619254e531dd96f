"""What people read of a run: the table, its figures as JSON and its plot, in bench/results/."""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from bench import plot
from bench.measurement import Contender, Run

RESULTS = Path(__file__).with_name("results")
_YARDSTICKS = (("pgbench", "× pgbench"), ("set_based", "× the limit"))
_BUSY = (
    "**The machine was busy with other work: these figures tell little.** Who works with many processes takes"
    " more than its share of such a machine, so pgbench looks better than it is."
)
_FIGURES = (
    ("rate", "a second", ".0f"),
    ("p50_ms", "p50, ms", ".1f"),
    ("p99_ms", "p99, ms", ".1f"),
    ("paced_p99_ms", "p99 at 500/s, ms", ".1f"),
    ("growth", "last fifth : first", ".2f"),
    ("megabytes", "MB a process", ".0f"),
)


def write(name: str, run: Run) -> None:
    """Keep the table, the figures of each round, and the plot."""
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.md").write_text(in_words(run))
    (RESULTS / f"{name}.svg").write_text(plot.bars(run))
    measured_at = datetime.now(UTC).isoformat(timespec="seconds")
    document = {"measured_at": measured_at} | asdict(run)
    (RESULTS / f"{name}.json").write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")


def in_words(run: Run) -> str:
    """The table, and what must be known to read it."""
    facts = ", ".join(f"{name} {value}" for name, value in run.machine.items())
    parts = [
        f"Medians of {run.rounds} rounds of {run.seconds} s that took turns, the range in brackets.",
        *([_BUSY] if _was_busy(run) else []),
        _table(run),
        *run.skipped,
        *(f"{one.name}: void, {found.void}." for one in run.contenders for found in one.rounds if found.void),
        *(f"{key} by clients: {_tried(found)}." for key, found in run.clients.items()),
        f"The machine: {facts}.",
    ]
    return "\n\n".join(parts) + "\n"


def _was_busy(run: Run) -> bool:
    """Whether others worked on more than half of the cores when the run began."""
    return float(run.machine.get("load before", 0)) > int(run.machine.get("cores", 1)) / 2


def _table(run: Run) -> str:
    heads = ["", *(title for _, title, _ in _FIGURES), *(title for _, title in _YARDSTICKS)]
    lines = [heads, ["---", *["---:"] * (len(heads) - 1)], *(_line(run, one) for one in run.contenders)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _line(run: Run, one: Contender) -> list[str]:
    figures = [_cell(one.middle(figure), form) for figure, _, form in _FIGURES]
    ratios = [run.ratio(one, key) for key, _ in _YARDSTICKS]
    return [one.name, *figures, *("–" if found is None else f"{found:.2f}" for found in ratios)]


def _cell(found: tuple[float, float, float] | None, form: str) -> str:
    if found is None:
        return "–"
    middle, least, most = (format(value, form) for value in found)
    return middle if least == most else f"{middle} ({least}–{most})"


def _tried(found: dict[int, float]) -> str:
    return ", ".join(f"{clients}: {rate:.0f}/s" for clients, rate in found.items())
