"""Notifications wait here for the transaction that takes them in together.

What waits at a moment is one batch; the batch under way is what the next one waits for, and nothing else.
Each sender is answered after the commit. What cannot go together goes alone: an order that another session
holds, and every notification of a batch that failed, so that one's trouble is never another's.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from tuntas.store.books import Held
from tuntas.store.database import Collided, DatabaseUnusable, Pool, RowLocked
from tuntas.usecases.backend import Backend
from tuntas.usecases.errors import Overloaded
from tuntas.usecases.ingest import Delivery, log_concluded, take_in

log = structlog.get_logger()

BATCH_MAX = 256
WAITING_MAX = 4096
"""Notifications that wait at a time; more are refused."""
WAITING_BYTES_MAX = 16 * 1024 * 1024
"""And the size of their bodies together."""
ANSWER_SECONDS = 8
"""Midtrans gives up after 15 s (docs/midtrans.md, "Transport"); our 503 must be there well before."""
_COME_AGAIN_SECONDS = 60
_BREATH_SECONDS = 0.001
"""After a batch of several: whoever was just answered sends the next one meanwhile, and it goes along."""


@dataclass(eq=False, slots=True)
class _Waiting:
    delivery: Delivery
    stored: asyncio.Future[None]
    """Its sender waits for this; done already when the sender was told to come again."""


class Intake:
    """The notifications that one process is taking in."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._queue: deque[_Waiting] = deque()
        self._alone: set[asyncio.Task[None]] = set()
        self._waiting = 0
        self._waiting_bytes = 0
        self._runs: asyncio.Task[None] | None = None
        self._began = 0.0
        """When the batch under way began, in the loop's time."""
        self._last_seconds = 0.0
        """How long the batch before took."""

    async def put(self, delivery: Delivery) -> None:
        """Returns when it is stored: durable, and applied unless it is poison, which the inbox retries.

        Raises Overloaded, Busy, DatabaseUnusable, TimeoutError: then it is not known to be stored.
        """
        size = len(delivery.body)
        self._refuse_if_full(size)
        waiting = _Waiting(delivery, asyncio.get_running_loop().create_future())
        self._waiting += 1
        self._waiting_bytes += size
        try:
            if self._backend.turns.is_in_trouble(delivery.notification.order_id):
                self._each_alone([waiting])
            else:
                self._queue.append(waiting)
                self._run()
            async with asyncio.timeout(ANSWER_SECONDS):
                await waiting.stored
        finally:
            self._waiting -= 1
            self._waiting_bytes -= size

    def _refuse_if_full(self, size: int) -> None:
        """What would wait longer than its sender does is better refused now. Raises Overloaded."""
        under_way = asyncio.get_running_loop().time() - self._began if self._runs else 0.0
        ahead = len(self._queue) // BATCH_MAX + 1
        if (
            self._waiting >= WAITING_MAX
            or self._waiting_bytes + size > WAITING_BYTES_MAX
            or (self._queue and ahead * max(self._last_seconds, under_way) > ANSWER_SECONDS)
        ):
            raise Overloaded(_COME_AGAIN_SECONDS)

    def _run(self) -> None:
        if self._runs is None:
            self._began = asyncio.get_running_loop().time()
            self._runs = asyncio.create_task(self._take_in_what_waits())

    async def _take_in_what_waits(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._queue:
                self._began = loop.time()
                batch = self._next_batch()
                await self._take_in(batch)
                self._last_seconds = loop.time() - self._began
                if len(batch) > 1:
                    await asyncio.sleep(_BREATH_SECONDS)
        finally:
            self._runs = None

    def _next_batch(self) -> list[_Waiting]:
        batch: list[_Waiting] = []
        while self._queue and len(batch) < BATCH_MAX:
            waiting = self._queue.popleft()
            if not waiting.stored.done():
                batch.append(waiting)
        return batch

    async def _take_in(self, batch: Sequence[_Waiting]) -> None:
        """One transaction; what it cannot take in is sent alone or refused."""
        deliveries = [waiting.delivery for waiting in batch]
        try:
            concluded = await self._backend.database.commit_direct(
                lambda session: take_in(session, self._backend, deliveries, wait=False), Pool.INTAKE
            )
        except Held as held:
            free, others = _parted(batch, held.order_ids)
            self._each_alone(others)
            if free:
                await self._take_in(free)
        except (RowLocked, Collided):
            self._each_alone(batch)
        except Exception as error:
            if isinstance(error, DatabaseUnusable) or len(batch) == 1:
                for waiting in batch:
                    _refuse(waiting, error)
            else:
                log.warning("batch_not_taken_in", exc_info=error)
                self._each_alone(batch)
        else:
            log_concluded(concluded)
            for waiting in batch:
                _answer(waiting)

    def _each_alone(self, batch: Sequence[_Waiting]) -> None:
        for waiting in batch:
            task = asyncio.create_task(self._take_in_alone(waiting))
            self._alone.add(task)
            task.add_done_callback(self._alone.discard)

    async def _take_in_alone(self, waiting: _Waiting) -> None:
        """In its order's turn, waiting for whoever holds the order's rows."""
        delivery = waiting.delivery
        try:
            async with self._backend.turns.of(delivery.notification.order_id):
                concluded = await self._backend.database.commit(
                    lambda session: take_in(session, self._backend, [delivery], wait=True)
                )
        except Exception as error:  # noqa: BLE001  the sender is told
            _refuse(waiting, error)
        else:
            log_concluded(concluded)
            _answer(waiting)


def _parted(batch: Sequence[_Waiting], order_ids: frozenset[str]) -> tuple[list[_Waiting], list[_Waiting]]:
    """Those that are not about these orders, and those that are."""
    free: list[_Waiting] = []
    others: list[_Waiting] = []
    for waiting in batch:
        about_them = waiting.delivery.notification.order_id in order_ids
        (others if about_them else free).append(waiting)
    return free, others


def _answer(waiting: _Waiting) -> None:
    if not waiting.stored.done():
        waiting.stored.set_result(None)


def _refuse(waiting: _Waiting, error: Exception) -> None:
    if not waiting.stored.done():
        waiting.stored.set_exception(error)
