"""The machine, in words: without it a figure tells nothing."""

import os
import platform
import re
from pathlib import Path

from bench import ground


def described() -> dict[str, str]:
    """What decides the figures; nothing that names the machine or its owner."""
    kilobytes = int(_first(r"MemTotal:\s+(\d+)", Path("/proc/meminfo")) or 0)
    return {
        "cores": str(os.cpu_count()),
        "processor": _first(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo")) or platform.processor(),
        "memory": f"{kilobytes / 1e6:.0f} GB",
        "kernel": platform.release(),
        "disk": ground.file_system(Path(__file__).parent),
        "python": platform.python_version(),
        "load before": f"{os.getloadavg()[0]:.1f}",
    }


def _first(pattern: str, file: Path) -> str | None:
    found = re.search(pattern, file.read_text()) if file.exists() else None
    return found.group(1).strip() if found else None
