"""Several processes that serve one socket: begun by a parent, begun again when one dies, ended together.

The parent serves nobody: it has loaded the application, forks, and waits. So a process is there within
milliseconds and shares the code in memory with the others; the socket outlives each of them, and what waits
in its queue is let in by whoever is left.

uvicorn has a supervisor too. It starts each process anew from nothing, begins again at once however often one
dies, and when it is killed itself its children live on and keep the port.
"""

import asyncio
import gc
import logging
import os
import select
import signal
import sys
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import structlog

log = structlog.get_logger()

_START_SECONDS_MAX = 30
"""From the fork until it serves."""
_END_SECONDS_MAX = 8
"""For all to answer what they have taken in; who is not done then is killed."""
_PAUSES_SECONDS = (0, 1, 2, 5, 10, 30)
"""Before one that died is begun again: the first time, the second time in a row, and so on."""
_STEADY_SECONDS = 60
"""Who lived that long before it died does not count as failing in a row."""
_STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class CannotStart(RuntimeError):
    """A process ended before it served anybody; its own log lines say why."""


@dataclass(frozen=True, slots=True)
class Ties:
    """What a process has to do with its parent."""

    _ready: int
    _parent: int

    def tell_ready(self) -> None:
        """From now on this process answers."""
        with suppress(BrokenPipeError):  # the parent is gone; `parent_gone` tells
            os.write(self._ready, b"r")

    async def parent_gone(self) -> None:
        """Returns when the parent has died, however that happened."""
        gone = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_reader(self._parent, gone.set)
        try:
            await gone.wait()
        finally:
            loop.remove_reader(self._parent)


Serve = Callable[[Ties], Coroutine[Any, Any, None]]
"""What each process does; returns on SIGTERM, and when the parent is gone."""


class Processes:
    """Use `run`, from a process without threads and without an event loop."""

    def __init__(self, serve: Serve, count: int) -> None:
        self._serve = serve
        self._places = [_Place() for _ in range(count)]
        # Nobody writes: its end is read when all who hold the other side are gone, which is the parent alone.
        self._alive_read, self._alive_write = os.pipe()

    def run(self, on_ready: Callable[[], None]) -> None:
        """Returns when SIGINT, SIGTERM or SIGHUP came and all have ended; calls `on_ready` once all serve.

        Raises CannotStart.
        """
        gc.collect()
        gc.freeze()  # a collection that visits what was loaded would copy its memory into each process
        signal.pthread_sigmask(signal.SIG_BLOCK, _STOPS)
        try:
            for place in self._places:
                self._begin(place)
            while not all(place.ready for place in self._places):
                self._look_after(starting=True)
            on_ready()
            while True:
                self._look_after(starting=False)
        except KeyboardInterrupt:  # from _wait alone, elsewhere signals are held back
            pass
        finally:
            for number in _STOPS:
                signal.signal(number, signal.SIG_IGN)
            self._end()
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPS)

    def _look_after(self, *, starting: bool) -> None:
        """Wait until something happens, and do what follows from it."""
        for place in self._wait(self._next_at()):
            if os.read(place.pipe, 1):
                place.ready = True
            else:
                self._bury(place, starting=starting)
        now = time.monotonic()
        for place in self._places:
            if place.pid is None and place.again_at <= now:
                self._begin_again(place)
            elif place.pid is not None and not place.ready and now - place.begun_at > _START_SECONDS_MAX:
                os.kill(place.pid, signal.SIGKILL)

    def _next_at(self) -> float | None:
        """When something is due by itself, in monotonic seconds."""
        idle = [place.again_at for place in self._places if place.pid is None]
        begun = [place.begun_at for place in self._places if place.pid is not None and not place.ready]
        return min([*idle, *(at + _START_SECONDS_MAX for at in begun)], default=None)

    def _wait(self, until: float | None) -> "list[_Place]":
        """Who has something to tell. Raises KeyboardInterrupt when we are to stop."""
        living = {place.pipe: place for place in self._places if place.pid is not None}
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPS)
        try:
            seconds = None if until is None else max(0.0, until - time.monotonic())
            told, _, _ = select.select(list(living), [], [], seconds)
        finally:
            signal.pthread_sigmask(signal.SIG_BLOCK, _STOPS)
        return [living[pipe] for pipe in told]

    def _begin_again(self, place: "_Place") -> None:
        try:
            self._begin(place)
        except OSError as error:  # no memory or no more processes now
            self._put_off(place, type(error).__name__)

    def _begin(self, place: "_Place") -> None:
        place.pipe, ready = os.pipe()
        try:
            pid = os.fork()
        except OSError:
            os.close(place.pipe)
            os.close(ready)
            raise
        if pid == 0:
            os.close(self._alive_write)
            self._live(Ties(ready, self._alive_read))
        os.close(ready)  # from now on its end is read when the child has died
        place.pid, place.ready, place.begun_at = pid, False, time.monotonic()

    def _live(self, ties: Ties) -> NoReturn:
        """The life of a child. It leaves through `_exit`: what stands above on the stack is the parent's."""
        code = 1
        try:
            for number in _STOPS:  # Ctrl-C and a closed terminal reach all; the parent passes on what matters
                signal.signal(number, signal.SIG_DFL if number is signal.SIGTERM else signal.SIG_IGN)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPS)
            asyncio.run(self._serve(ties))
            code = 0
        except BaseException:
            log.exception("web_process_failed")
        finally:
            logging.shutdown()
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def _bury(self, place: "_Place", *, starting: bool) -> None:
        """Collect one that died; it is begun again unless it never was of use."""
        how = place.bury()
        if starting:
            raise CannotStart(f"A web process ended before it could serve ({how}).")
        if time.monotonic() - place.begun_at > _STEADY_SECONDS:
            place.failures = 0
        self._put_off(place, how)

    def _put_off(self, place: "_Place", how: str) -> None:
        """Say that one is missing, and when it is begun again."""
        pause = _PAUSES_SECONDS[min(place.failures, len(_PAUSES_SECONDS) - 1)]
        place.failures += 1
        place.again_at = time.monotonic() + pause
        log.error("web_process_died", error=how, outcome=f"begun again in {pause} s")

    def _end(self) -> None:
        """All of them, each after it has answered what it had taken in."""
        living = {place.pipe: place for place in self._places if place.pid is not None}
        for place in living.values():
            place.send(signal.SIGTERM)
        until = time.monotonic() + _END_SECONDS_MAX
        while living and (left := until - time.monotonic()) > 0:
            for pipe in select.select(list(living), [], [], left)[0]:
                if not os.read(pipe, 1):
                    living.pop(pipe).bury()
        for place in living.values():
            log.error("web_process_killed", outcome=f"not done {_END_SECONDS_MAX} s after it was told to end")
            place.send(signal.SIGKILL)
            place.bury()
        os.close(self._alive_write)
        os.close(self._alive_read)


@dataclass(slots=True)
class _Place:
    """For one process at a time."""

    pid: int | None = None
    pipe: int = -1
    """A byte when the process serves, the end when it has died."""
    ready: bool = False
    begun_at: float = 0.0
    again_at: float = 0.0
    failures: int = 0
    """Deaths in a row."""

    def send(self, number: signal.Signals) -> None:
        if self.pid is not None:
            os.kill(self.pid, number)  # not collected yet, so the number is still its own

    def bury(self) -> str:
        """Collect what is left of the process; how it ended."""
        if self.pid is None:
            return "not begun"
        _, status = os.waitpid(self.pid, 0)
        os.close(self.pipe)
        self.pid = None
        code = os.waitstatus_to_exitcode(status)
        return signal.Signals(-code).name if code < 0 else f"exit code {code}"


def processors() -> int:
    """How many this process may use: as the machine has, fewer in a container with less."""
    mine = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        return max(1, min(mine, int(quota) // int(period)))
    except (OSError, ValueError):  # no such bound: not Linux, an older one, or the word "max"
        return mine
