"""One asks, the others await its answer: calls for the same thing at the same time become one.

Who waits here holds no connection and no lock.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Any, TypeVar

Result = TypeVar("Result")

_END_SECONDS = 5
"""How long `end` waits for what it broke off to put things in order."""


class FlightEnded(Exception):
    """The work was broken off because this process is ending."""


@dataclass(slots=True)
class _Flight:
    task: asyncio.Task[Any]
    waiting: int = 0


class Flights:
    """The work under way in this process, by what it is for."""

    def __init__(self) -> None:
        self._joinable: dict[Hashable, _Flight] = {}
        self._tasks: set[asyncio.Task[Any]] = set()

    async def share(self, key: Hashable, work: Callable[[], Awaitable[Result]]) -> tuple[Result, bool]:
        """The result of `work`, and whether this call is the one that began it.

        Raises what `work` raises, to everyone who waits; FlightEnded when `end` broke it off. When the
        last one who waits is cancelled, so is the work: nobody wants it any more.
        """
        flight = self._joinable.get(key)
        begun_here = flight is None
        if flight is None:
            flight = self._joinable[key] = _Flight(asyncio.ensure_future(_run(work)))
            self._tasks.add(flight.task)
            flight.task.add_done_callback(lambda task: self._landed(key, task))
        flight.waiting += 1
        try:
            return await asyncio.shield(flight.task), begun_here
        except asyncio.CancelledError:
            if flight.task.cancelled() and not _is_cancelled_itself():
                raise FlightEnded from None
            raise
        finally:
            flight.waiting -= 1
            if flight.waiting == 0 and not flight.task.done():
                self._joinable.pop(key)  # who comes now begins anew
                flight.task.cancel()

    async def end(self) -> None:
        """Break off everything, and wait until it has put things in order."""
        self._joinable.clear()
        for task in self._tasks:
            if not task.cancelling():
                task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_END_SECONDS)

    def _landed(self, key: Hashable, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if (flight := self._joinable.get(key)) is not None and flight.task is task:
            del self._joinable[key]
        if not task.cancelled():
            task.exception()  # told to those who waited; if all have gone, to nobody


async def _run(work: Callable[[], Awaitable[Result]]) -> Result:
    return await work()


def _is_cancelled_itself() -> bool:
    current = asyncio.current_task()
    return current is not None and current.cancelling() > 0
