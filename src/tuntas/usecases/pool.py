"""Slow work in a few threads of its own, with a queue that ends: what is too much is refused at once."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from tuntas.usecases.errors import Overloaded

Result = TypeVar("Result")

_RETRY_SECONDS = 5


class Pool:
    """At most `threads` at work and `waiting_max` behind them, in this process."""

    def __init__(self, name: str, *, threads: int, waiting_max: int) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._inside_max = threads + waiting_max
        self._inside = 0

    async def run(self, work: Callable[..., Result], *arguments: object) -> Result:
        """The result of `work(*arguments)`. Raises Overloaded when the queue is full."""
        if self._inside >= self._inside_max:
            raise Overloaded(seconds=_RETRY_SECONDS)
        self._inside += 1
        running = asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)
        running.add_done_callback(self._left)
        return await asyncio.shield(running)  # who goes away leaves the thread at work: it still counts

    def _left(self, _: object) -> None:
        self._inside -= 1
