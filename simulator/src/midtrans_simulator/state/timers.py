"""Everything that happens later: one heap of due events on the virtual clock, kept in the store.

An event names what to do and with what (`expire`, a transaction id). Whoever handles it looks at the state
it finds, so an event that time has overtaken does nothing.
"""

import asyncio
import heapq
import itertools
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from midtrans_simulator.state.clock import Clock
from midtrans_simulator.state.store import Store

Handler = Callable[[str], None]

_FAILURES_KEPT = 50
_log = logging.getLogger(__name__)


@dataclass(slots=True, order=True)
class Timer:
    due: datetime
    sequence: int
    id: str = field(compare=False)
    event: str = field(compare=False)
    subject: str = field(compare=False)


@dataclass(slots=True)
class ClockMark:
    """Where the clock stood and when that was noted, so a restart resumes it."""

    id: str
    virtual: datetime
    real: datetime
    speed: float
    running: bool


@dataclass(frozen=True, slots=True)
class Failure:
    """An event that could not be carried out. The clock goes on, and somebody is told."""

    at: datetime
    event: str
    subject: str
    error: str


class Timers:
    def __init__(self, clock: Clock, store: Store) -> None:
        self._clock = clock
        self._store = store
        self._handlers: dict[str, Handler] = {}
        self._failures: deque[Failure] = deque(maxlen=_FAILURES_KEPT)
        self._changed = asyncio.Event()
        self._stepping = asyncio.Lock()
        self._heap = store.load(Timer)
        heapq.heapify(self._heap)
        self._sequence = itertools.count(max((timer.sequence for timer in self._heap), default=0) + 1)
        self._resume_clock()

    def on(self, event: str, handler: Handler) -> None:
        self._handlers[event] = handler

    def schedule(self, due: datetime, event: str, subject: str) -> None:
        sequence = next(self._sequence)
        timer = Timer(due.astimezone(UTC), sequence, f"{sequence:012}", event, subject)
        heapq.heappush(self._heap, timer)
        self._store.put(timer)
        self._changed.set()

    async def run(self) -> None:
        """Fire events as they fall due, until cancelled."""
        while True:
            self._changed.clear()
            async with self._stepping:
                while self._heap and self._heap[0].due <= self._clock.now():
                    self._fire_next()
            pause = self._clock.real_seconds_until(self._heap[0].due) if self._heap else None
            try:
                async with asyncio.timeout(pause):
                    await self._changed.wait()
            except TimeoutError:
                continue

    async def advance(self, by: timedelta, settled: Callable[[], Awaitable[None]]) -> None:
        """Jump ahead. Each event on the way happens at its own moment; after each, `settled` is awaited.

        So a notification that fails during the jump is retried at the moment its schedule says.
        """
        if by < timedelta():
            raise ValueError("time only moves forward")
        async with self._stepping:
            await settled()
            target = self._clock.now() + by
            was_running = self._clock.running
            self._clock.stop()
            try:
                while self._heap and self._heap[0].due <= target:
                    self._clock.move_to(max(self._clock.now(), self._heap[0].due))
                    self._fire_next()
                    await settled()
                self._clock.move_to(target)
            finally:
                if was_running:
                    self._clock.run()
        self.clock_changed()

    def clock_changed(self) -> None:
        """Note the clock's new course and look again at what is due."""
        clock = self._clock
        self._store.put(ClockMark("clock", clock.now(), datetime.now(UTC), clock.speed, clock.running))
        self._changed.set()

    def clear(self) -> None:
        self._heap.clear()
        self._failures.clear()
        self._changed.set()

    def failures(self) -> list[Failure]:
        """Events whose handler raised, oldest first; the latest of them, so many as are kept."""
        return list(self._failures)

    def pending(self) -> list[Timer]:
        return sorted(self._heap)

    def _fire_next(self) -> None:
        timer = heapq.heappop(self._heap)
        self._store.remove(timer)
        try:
            self._handlers[timer.event](timer.subject)
        except Exception as problem:  # noqa: BLE001 - one event's trouble must not stop the clock
            _log.exception("the event %s of %s failed", timer.event, timer.subject)
            said = f"{type(problem).__name__}: {problem}"
            self._failures.append(Failure(self._clock.now(), timer.event, timer.subject, said))

    def _resume_clock(self) -> None:
        for mark in self._store.load(ClockMark):
            self._clock.scale(mark.speed)
            asleep = (datetime.now(UTC) - mark.real) * mark.speed if mark.running else timedelta()
            self._clock.move_to(mark.virtual + asleep)
            if not mark.running:
                self._clock.stop()
