"""One lane for each URL and order: an order's notifications go out one by one, and nothing else waits."""

import asyncio
import logging
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable

from midtrans_simulator.protocol.model import Delivery

_CONCURRENT_PER_URL = 32
_log = logging.getLogger(__name__)

Lane = tuple[str, str]


class Lanes:
    """`deliver` sends one delivery. When it raises, that one is given up and the lane goes on."""

    def __init__(self, deliver: Callable[[Delivery], Awaitable[None]]) -> None:
        self._deliver = deliver
        self._lanes: dict[Lane, deque[Delivery]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._slots: dict[str, asyncio.Semaphore] = defaultdict(
            lambda: asyncio.Semaphore(_CONCURRENT_PER_URL)
        )

    def put(self, delivery: Delivery) -> None:
        lane = (delivery.url, delivery.order_id)
        waiting = self._lanes.get(lane)
        if waiting is not None:
            waiting.append(delivery)
            return
        self._lanes[lane] = deque([delivery])
        task = asyncio.get_running_loop().create_task(self._run(lane))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def quiet(self) -> None:
        """Wait until nothing is on its way."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    def clear(self) -> None:
        """Give up what is on its way."""
        for task in self._tasks:
            task.cancel()
        self._lanes.clear()

    async def stop(self) -> None:
        self.clear()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _run(self, lane: Lane) -> None:
        waiting = self._lanes[lane]
        try:
            while waiting:
                delivery = waiting.popleft()
                async with self._slots[delivery.url]:
                    await self._send(delivery)
        finally:
            if self._lanes.get(lane) is waiting:
                del self._lanes[lane]

    async def _send(self, delivery: Delivery) -> None:
        try:
            await self._deliver(delivery)
        except Exception:  # noqa: BLE001 - told in the log; the lane goes on with the next
            _log.exception("notification %s to %s was given up", delivery.id, delivery.url)
