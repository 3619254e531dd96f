"""Turns: one order's trouble never takes the connections that other orders need.

Before work on an order takes a connection it waits for its turn here, where waiting costs nothing: one
piece of work about an order is under way in a process at a time, and those of all orders together leave
connections for everything else. When another session holds the order's rows, the order is in trouble for a
while: its work is refused at once, but for one attempt now and then, and few such attempts are under way at
a time. So a locked row costs one connection for LOCK_WAIT_SECONDS, and many locked rows cost a few.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import structlog

from tuntas.clock import Clock
from tuntas.store.alerts import AlertKind, raise_alert
from tuntas.store.database import POOL_SIZE, Database, DatabaseUnusable, RowLocked
from tuntas.usecases.errors import Busy

log = structlog.get_logger()

AT_WORK_MAX = POOL_SIZE - 3
"""Pieces of work under way, each with a connection; the rest of the pool is for what takes no turn."""
WAITING_MAX = 100
"""Pieces of work that wait for the turn of one order; more are refused."""
TURN_SECONDS = 7
"""How long one waits before it is refused."""
TROUBLE_SECONDS = 5
"""After a row was found locked, how long work on that order is refused without asking the database again."""
ATTEMPTS_MAX = 2
"""Orders in trouble that are attempted at a time."""
REMEMBERED_SECONDS = 60
"""How long an order counts as in trouble after it was last found locked."""
REMEMBERED_MAX = 10_000
"""Orders in trouble that are remembered; the oldest is forgotten first, which only costs one more attempt."""
_TELL_SECONDS = 1


@dataclass(slots=True)
class _Queue:
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    users: int = 0
    """At work or waiting."""


class Turns:
    """Who may work on which order now, in this process."""

    def __init__(
        self, database: Database, clock: Clock, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._database = database
        self._clock = clock
        self._monotonic = monotonic
        self._queues: dict[str, _Queue] = {}
        self._places = asyncio.Semaphore(AT_WORK_MAX)
        self._attempts = 0
        self._locked_at: dict[str, float] = {}
        """When an order's rows were last found locked, oldest first."""

    @asynccontextmanager
    async def of(self, order: str) -> AsyncIterator[None]:
        """Hold the turn of an order for the block, which may raise RowLocked: that opens an alert.

        Raises Busy.
        """
        self._refuse_if_in_trouble(order)
        queue = self._queues.setdefault(order, _Queue())
        if queue.users > WAITING_MAX:
            raise Busy
        queue.users += 1
        try:
            async with self._turn(queue), self._attempt(order):
                yield
        except RowLocked:
            await self._remember(order)
            raise
        finally:
            queue.users -= 1
            if not queue.users:
                del self._queues[order]

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Be one of those at work without a turn: for the end of work that had one. Bounded by the caller.

        Many who end together would else wait for a connection until the pool refuses them.
        """
        async with self._places:
            yield

    def is_in_trouble(self, order: str) -> bool:
        """Whether its rows were found locked lately: then it is attempted alone, in its turn."""
        return order in self._locked_at

    @asynccontextmanager
    async def _turn(self, queue: _Queue) -> AsyncIterator[None]:
        until = asyncio.get_running_loop().time() + TURN_SECONDS
        async with _within(until, queue.turn), _within(until, self._places):
            yield

    @asynccontextmanager
    async def _attempt(self, order: str) -> AsyncIterator[None]:
        self._refuse_if_in_trouble(order)  # the one before us may have found out
        in_trouble = order in self._locked_at
        self._attempts += in_trouble
        try:
            yield
            self._locked_at.pop(order, None)
        finally:
            self._attempts -= in_trouble

    def _refuse_if_in_trouble(self, order: str) -> None:
        if (locked_at := self._locked_at.get(order)) is None:
            return
        passed = self._monotonic() - locked_at
        if passed > REMEMBERED_SECONDS:
            del self._locked_at[order]
        elif passed < TROUBLE_SECONDS or self._attempts >= ATTEMPTS_MAX:
            raise Busy

    async def _remember(self, order: str) -> None:
        known = self._locked_at.pop(order, None) is not None
        self._locked_at[order] = self._monotonic()
        if len(self._locked_at) > REMEMBERED_MAX:
            del self._locked_at[next(iter(self._locked_at))]
        if not known:
            await self._tell(order)

    async def _tell(self, order: str) -> None:
        log.error("order_locked", order_id=order)
        try:
            async with asyncio.timeout(_TELL_SECONDS), self._database.transaction() as session:
                await raise_alert(session, AlertKind.ORDER_LOCKED, order, at=self._clock.now())
        except (TimeoutError, DatabaseUnusable) as error:
            log.warning("alert_not_stored", order_id=order, error=type(error).__name__)


@asynccontextmanager
async def _within(until: float, held: asyncio.Lock | asyncio.Semaphore) -> AsyncIterator[None]:
    """Hold the lock for the block. Raises Busy when it does not come until then (in the loop's time)."""
    try:
        async with asyncio.timeout_at(until):
            await held.acquire()
    except TimeoutError:
        raise Busy from None
    try:
        yield
    finally:
        held.release()
