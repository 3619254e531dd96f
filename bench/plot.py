"""The rates as bars with their range, as SVG that reads on light and dark pages."""

from html import escape

from bench.measurement import Contender, Run

_WIDTH, _LEFT, _RIGHT, _ROW, _TOP = 900, 360, 130, 34, 46
_STYLE = """
  text { font: 14px system-ui, sans-serif; fill: #1f2426; }
  .quiet { fill: #5b6569; font-size: 12px; }
  .bar { fill: #9db4b8; } .ours { fill: #0f6b6b; } .range { stroke: #1f2426; stroke-width: 1.5; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e8eaea; } .quiet { fill: #a3adb0; } .bar { fill: #5d7175; } .ours { fill: #3fa7a0; }
    .range { stroke: #e8eaea; }
  }"""


def bars(run: Run) -> str:
    """One bar for each contender, fastest first."""
    measured = [(found[0], one) for one in run.contenders if (found := one.middle("rate")) is not None]
    ranked = [one for _, one in sorted(measured, key=lambda pair: -pair[0])]
    longest = max((one.middle("rate") or (0, 0, 0))[2] for one in ranked) if ranked else 1
    rows = "".join(_bar(run, one, index, longest) for index, one in enumerate(ranked))
    height = _TOP + _ROW * len(ranked) + 12
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img"'
        f' aria-label="Notifications stored and applied, a second">\n<style>{_STYLE}\n</style>\n'
        f'<text x="12" y="24">Notifications stored and applied, a second</text>\n'
        f'<text x="{_WIDTH - 12}" y="24" text-anchor="end" class="quiet">medians of {run.rounds} rounds,'
        f" their range, and times pgbench</text>\n{rows}</svg>\n"
    )


def _bar(run: Run, one: Contender, index: int, longest: float) -> str:
    middle, least, most = one.middle("rate") or (0.0, 0.0, 0.0)
    scale = (_WIDTH - _LEFT - _RIGHT) / (longest or 1)
    y, ours = _TOP + _ROW * index, one.key.startswith("tuntas")
    ratio = run.ratio(one, "pgbench")
    times = "" if ratio is None else f" ({ratio:.2g} ×)"
    return (
        f'<text x="{_LEFT - 10}" y="{y + 17}" text-anchor="end">{escape(one.name)}</text>\n'
        f'<rect x="{_LEFT}" y="{y + 2}" width="{max(1, middle * scale):.1f}" height="22" rx="3"'
        f' class="{"ours" if ours else "bar"}"/>\n'
        f'<line x1="{_LEFT + least * scale:.1f}" x2="{_LEFT + most * scale:.1f}" y1="{y + 13}" y2="{y + 13}"'
        f' class="range"/>\n'
        f'<text x="{_LEFT + most * scale + 8:.1f}" y="{y + 18}">{middle:,.0f}{times}</text>\n'
    )
