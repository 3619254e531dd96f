"""An environment of which a part is gone is noticed, so that `make setup` makes it anew."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
WHOLE = ROOT / "scripts" / "whole.py"


def examined(python: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([python, "-I", WHOLE], capture_output=True, text=True, check=False)


def test_a_whole_environment_is_left_alone() -> None:
    assert (examined(sys.executable).returncode, examined(sys.executable).stderr) == (0, "")


def test_a_missing_file_and_a_missing_package_are_named(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path], check=True)
    python = tmp_path / "bin" / "python"
    site = next(tmp_path.glob("lib/python3*/site-packages"))
    ours = next(Path(entry) for entry in sys.path if entry.endswith("site-packages"))
    (site / "rest.pth").write_text(str(ours))
    assert examined(python).returncode == 0, "with all of ours it is whole"
    info = site / "structlog-0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: structlog\nVersion: 0\n")
    (info / "RECORD").write_text("structlog/gone.py,,\n")
    damaged = examined(python)
    assert damaged.returncode == 1
    assert "structlog/gone.py is missing" in damaged.stderr
    (site / "rest.pth").unlink()
    assert "is missing" in examined(python).stderr
