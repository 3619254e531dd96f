"""Switches for what happens once a year in production. Draws come from one seeded generator."""

import random
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from midtrans_simulator import durations

DUPLICATE = "duplicate"
DELAY = "delay"
DROP = "drop"
API_DOWN = "api_down"
_ERRORS = range(400, 600)

NAMES: dict[str, str] = {
    DUPLICATE: "each notification is sent twice",
    DELAY: "each notification is sent `by` later (default 30s)",
    DROP: "notifications are withheld; resend sends them",
    API_DOWN: "Snap and Core answer `status` (default 503)",
}


@dataclass(slots=True)
class Fault:
    """`share` of events it strikes, at most `times` of them; the other fields belong to some faults only."""

    share: float = 1.0
    times: int | None = None
    by: str | float = "30s"
    status: int = 503

    @property
    def delay(self) -> timedelta:
        return durations.parse(self.by)


class Faults:
    def __init__(self, draw: random.Random) -> None:
        self._draw = draw
        self._active: dict[str, Fault] = {}

    def strikes(self, name: str) -> Fault | None:
        """The fault, if it is on and strikes this time."""
        fault = self._active.get(name)
        if fault is None or fault.times == 0 or self._draw.random() >= fault.share:
            return None
        if fault.times is not None:
            fault.times -= 1
        return fault

    def replace(self, wanted: dict[str, Any]) -> None:
        """Switch on exactly these: `{"drop": true}`, `{"delay": {"by": "5m", "times": 1}}`.

        Raises ValueError with a sentence for an unknown name or option.
        """
        self._active = {
            name: _fault(name, options) for name, options in wanted.items() if options not in (False, None)
        }

    def as_json(self) -> dict[str, Any]:
        return {
            name: {"share": fault.share, "times": fault.times, **_own_options(name, fault)}
            for name, fault in self._active.items()
        }


def _own_options(name: str, fault: Fault) -> dict[str, Any]:
    if name == DELAY:
        return {"by": fault.by}
    return {"status": fault.status} if name == API_DOWN else {}


def _fault(name: str, options: object) -> Fault:
    if name not in NAMES:
        raise ValueError(f"no fault is called {name!r}; there are {', '.join(NAMES)}")
    if options is True:
        return Fault()
    allowed = {"share", "times", *_own_options(name, Fault())}
    if not isinstance(options, dict) or not set(options) <= allowed:
        raise ValueError(f"{name} takes true, or an object with {', '.join(sorted(allowed))}")
    share, times, status = options.get("share", 1.0), options.get("times"), options.get("status", 503)
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
        raise ValueError(f"{name}: share is a number from 0 to 1")
    if times is not None and (isinstance(times, bool) or not isinstance(times, int) or times < 0):
        raise ValueError(f"{name}: times is a whole number")
    if status not in _ERRORS:
        raise ValueError(f"{name}: status is an HTTP status from 400 to 599")
    by = options.get("by", "30s")
    durations.parse(by)
    return Fault(share, times, by, status)
