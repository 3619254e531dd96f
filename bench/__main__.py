"""Run the bench: everything, or the programs named.

    python -m bench [PROGRAM …] [options of one program]

A run without options is kept in bench/results/: the first two write tables and a plot, the others their text.
"""

import subprocess
import sys
from pathlib import Path

_HERE = Path(__file__).parent
PROGRAMS = ("webhook", "hotspots", "tokens", "reads", "reconcile", "growth", "start", "simulator")
"""In the order in which they run; one whose file is not there is left out."""
_WRITE_THEIR_OWN = {"webhook", "hotspots"}


def main() -> None:
    names = [word for word in sys.argv[1:] if word in PROGRAMS]
    options = [word for word in sys.argv[1:] if word not in PROGRAMS]
    if options and len(names) != 1:
        raise SystemExit(f"Options belong to one program of: {', '.join(PROGRAMS)}.")
    failed = [
        name for name in names or PROGRAMS if (_HERE / f"{name}.py").exists() and not _ran(name, options)
    ]
    if failed:
        raise SystemExit(f"Failed: {', '.join(failed)}.")


def _ran(name: str, options: list[str]) -> bool:
    """Run one, show what it prints as it comes, and keep it."""
    print(f"== {name}", flush=True)
    command = [sys.executable, "-u", "-m", f"bench.{name}", *options]
    said: list[str] = []
    with subprocess.Popen(command, cwd=_HERE.parent, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        for line in program.stdout:
            print(line, end="", flush=True)
            said.append(line)
    if program.returncode == 0 and not options and name not in _WRITE_THEIR_OWN:
        (_HERE / "results").mkdir(exist_ok=True)
        (_HERE / "results" / f"{name}.txt").write_text("".join(said))
    return program.returncode == 0


if __name__ == "__main__":
    main()
