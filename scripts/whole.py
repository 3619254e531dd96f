"""Exit with a sentence when the environment this runs in lacks a file of what was installed into it."""

import re
import sys
from importlib.metadata import Distribution, distributions
from pathlib import Path

_PINNED = re.compile(r"^([A-Za-z0-9._-]+)==(?!.*;)", re.MULTILINE)
"""A name of the locked list; what is wanted only on some machines has a condition behind a semicolon."""
_LOCKED = Path(__file__).parents[1] / "requirements" / "dev.txt"


def main() -> None:
    installed: dict[str, Distribution] = {}
    for found in distributions():
        installed.setdefault(_plain(found.name), found)  # as for Python, the first one on the path counts
    wanted = {_plain(name) for name in _PINNED.findall(_LOCKED.read_text("utf-8"))} | {"tuntas"}
    missing = sorted(wanted - installed.keys())
    for name in sorted(wanted & installed.keys()):
        files = installed[name].files or []
        missing += [
            str(file) for file in files if file.suffix != ".pyc" and not Path(str(file.locate())).exists()
        ]
    if missing:
        sys.exit(f".venv is not whole: {missing[0]} is missing.")


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    main()
