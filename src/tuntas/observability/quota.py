"""How many lines of one kind reach the log: strangers and outages can repeat themselves without end."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog

log = structlog.get_logger()

LINES_MAX = 20
"""Of one kind in a minute; the rest is counted."""
WINDOW_SECONDS = 60
KINDS_MAX = 500
"""Kinds counted apart; when there are more, the others are one kind."""
_OTHERS = "other"
_KIND_CHARACTERS = 80
_SUMMARY = "more_like_this"


@dataclass(slots=True)
class _Window:
    began_at: float
    lines: int = 0

    @property
    def left_out(self) -> int:
        return max(0, self.lines - LINES_MAX)


class Quota(logging.Filter):
    """Lets warnings and errors through up to the bound; when its minute ends, one line tells how many more.

    What went well is not limited: it costs whoever causes it a payment.
    """

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._windows: dict[str, _Window] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno < logging.WARNING or _event(record) == _SUMMARY:
            return True
        with self._lock:
            window = self._window(_kind(record))
            window.lines += 1
            return window.lines <= LINES_MAX

    def tell(self, *, everything: bool = False) -> None:
        """One line for each kind of which lines were left out and whose minute is over."""
        with self._lock:
            over = [kind for kind, window in self._windows.items() if everything or self._is_over(window)]
            closed = {kind: self._windows.pop(kind) for kind in over}
        for kind, window in closed.items():
            if window.left_out:
                log.warning(_SUMMARY, about=kind, count=window.left_out)

    def _window(self, kind: str) -> _Window:
        if kind not in self._windows and len(self._windows) >= KINDS_MAX:
            kind = _OTHERS
        window = self._windows.setdefault(kind, _Window(self._monotonic()))
        if window.lines == LINES_MAX:
            later = threading.Timer(WINDOW_SECONDS, self.tell)
            later.daemon = True
            later.start()
        return window

    def _is_over(self, window: _Window) -> bool:
        return self._monotonic() - window.began_at >= WINDOW_SECONDS


def _event(record: logging.LogRecord) -> object:
    return record.msg.get("event") if isinstance(record.msg, dict) else record.msg


def _kind(record: logging.LogRecord) -> str:
    """The event with what makes it another one; of a library, its name and the beginning of its sentence."""
    if isinstance(record.msg, dict):
        named = (record.msg.get(name) for name in ("event", "error", "outcome"))
        return " ".join(str(part) for part in named if part is not None)[:_KIND_CHARACTERS]
    return f"{record.name} {record.msg!s}"[:_KIND_CHARACTERS]
