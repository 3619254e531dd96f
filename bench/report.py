"""The table that people read, the same figures as JSON, and the plot."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from bench.measurement import Contender

RESULTS = Path(__file__).with_name("results")
_YARDSTICKS = ("pgbench", "set_based")
_FIGURES = (
    ("rate", "a second", ".0f"),
    ("p50_ms", "p50, ms", ".1f"),
    ("p99_ms", "p99, ms", ".1f"),
    ("paced_p99_ms", "p99 at 500/s, ms", ".1f"),
    ("growth", "last fifth : first", ".2f"),
    ("megabytes", "MB a process", ".0f"),
)


def told(
    contenders: Sequence[Contender],
    clients: dict[str, dict[int, float]],
    facts: dict[str, str],
    *,
    seconds: int,
    rounds: int,
) -> None:
    """Print the table and write it to bench/results/."""
    table = _table(contenders)
    print(f"\n{table}")
    RESULTS.mkdir(exist_ok=True)
    document = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds_a_round": seconds,
        "rounds": rounds,
        "machine": facts,
        "clients_tried": clients,
        "contenders": [asdict(one) for one in contenders],
    }
    (RESULTS / "webhook.json").write_text(json.dumps(document, indent=2) + "\n")
    described = "\n".join(f"- {name}: {value}" for name, value in facts.items())
    (RESULTS / "webhook.md").write_text(
        f"Medians of {rounds} rounds of {seconds} s, the range in brackets.\n\n{table}\n\n{described}\n"
    )


def _table(contenders: Sequence[Contender]) -> str:
    bases = {one.key: one.middle("rate") for one in contenders if one.key in _YARDSTICKS}
    heads = ["", *(title for _, title, _ in _FIGURES), "× pgbench", "× the limit"]
    lines = [heads, ["---", *(["---:"] * (len(heads) - 1))]]
    for one in contenders:
        cells = [_cell(one.middle(figure), form) for figure, _, form in _FIGURES]
        lines.append([one.name, *cells, *(_ratio(one, bases.get(base)) for base in _YARDSTICKS)])
    notes = [f"{one.name}: {one.skipped}" for one in contenders if one.skipped]
    notes += [f"{one.name}: {found.void} (void)" for one in contenders for found in one.rounds if found.void]
    return "\n".join([*(f"| {' | '.join(line)} |" for line in lines), *(f"\n{note}" for note in notes)])


def _cell(found: tuple[float, float, float] | None, form: str) -> str:
    if found is None:
        return "–"
    middle, least, most = (format(value, form) for value in found)
    return middle if least == most else f"{middle} ({least}–{most})"


def _ratio(one: Contender, base: tuple[float, float, float] | None) -> str:
    found = one.middle("rate")
    return "–" if found is None or base is None else f"{found[0] / base[0]:.2f}"
