"""Run the bench: everything, or the programs named.

python -m bench [PROGRAM …] [options of one program]
"""

import subprocess
import sys
from pathlib import Path

_HERE = Path(__file__).parent
PROGRAMS = ("webhook", "tokens", "reads", "growth", "start", "simulator")
"""In the order in which they run."""


def main() -> None:
    names = [word for word in sys.argv[1:] if word in PROGRAMS]
    options = [word for word in sys.argv[1:] if word not in PROGRAMS]
    if options and len(names) != 1:
        raise SystemExit(f"Options belong to one program of: {', '.join(PROGRAMS)}.")
    for name in names or PROGRAMS:
        if (_HERE / f"{name}.py").exists():
            print(f"== {name}", flush=True)
            command = [sys.executable, "-m", f"bench.{name}", *options]
            if (failed := subprocess.run(command, cwd=_HERE.parent, check=False).returncode) != 0:
                raise SystemExit(failed)


if __name__ == "__main__":
    main()
