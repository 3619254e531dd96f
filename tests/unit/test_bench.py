"""What the bench reports is what its rounds told."""

import xml.etree.ElementTree as ET

from bench import plot, report
from bench.measurement import Contender, Measurement, Run, growth_of


def test_a_void_round_counts_for_nothing_and_its_reason_is_told() -> None:
    run = _run(_round(2_000), _round(9_000, void="9 requests refused"), _round(3_000))
    assert run.contenders[0].middle("rate") == (2_500, 2_000, 3_000)
    assert "void, 9 requests refused" in report.in_words(run)


def test_ratios_are_of_medians() -> None:
    run = _run(_round(1_500), _round(3_000), _round(9_000))
    assert run.ratio(run.contenders[0], "pgbench") == 3


def test_who_was_never_measured_has_neither_figures_nor_a_bar() -> None:
    run = _run(_round(100, void="nothing works"))
    assert run.ratio(run.contenders[0], "pgbench") is None
    assert "| tuntas serve | – | – |" in report.in_words(run)
    assert "tuntas serve" not in _texts(plot.bars(run))


def test_the_plot_shows_each_rival_with_its_rate_fastest_first() -> None:
    assert [text for text in _texts(plot.bars(_run(_round(3_000)))) if "(" in text or "serve" in text] == [
        "tuntas serve", "3,000 (3 ×)", "1,000 (1 ×)",
    ]  # fmt: skip


def test_figures_of_a_busy_machine_say_so() -> None:
    quiet, busy = _run(_round(1)), _run(_round(1))
    quiet.machine["load before"], busy.machine["load before"] = "0.4", "7.1"
    assert "busy" in report.in_words(busy)
    assert "busy" not in report.in_words(quiet)


def test_a_run_that_slows_down_is_seen() -> None:
    assert growth_of([100] * 20) == 1
    assert growth_of([100] * 4 + [60] * 12 + [50] * 4) == 0.5


def _run(*rounds: Measurement) -> Run:
    ours, base = Contender("tuntas_1", "tuntas serve", list(rounds)), Contender("pgbench", "pgbench & co")
    base.rounds.append(_round(1_000))
    return Run(10, len(rounds), [ours, base], [], {"pgbench": {4: 900, 8: 1_000}}, {"cores": "2"})


def _round(rate: float, void: str | None = None) -> Measurement:
    return Measurement(rate=rate, p50_ms=1, p99_ms=2, growth=1, void=void)


def _texts(svg: str) -> list[str]:
    drawn = ET.fromstring(svg)  # noqa: S314  our own
    return [element.text or "" for element in drawn.iter("{http://www.w3.org/2000/svg}text")]
