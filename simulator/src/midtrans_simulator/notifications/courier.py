"""Notifications on their way: one lane per URL and order, the documented retries, a log of every try."""

import asyncio
import itertools
import logging
import random
import time
import uuid
from collections import defaultdict, deque
from datetime import datetime, timedelta

from midtrans_simulator.notifications.posting import Answer, Poster, Unreachable, resolved
from midtrans_simulator.protocol.model import Delivery, DeliveryState, Try
from midtrans_simulator.state import faults as fault
from midtrans_simulator.state.clock import Clock
from midtrans_simulator.state.faults import Faults
from midtrans_simulator.state.store import Store
from midtrans_simulator.state.timers import Timers

DELIVER = "deliver"
_log = logging.getLogger(__name__)
HEADERS = {"User-Agent": "Veritrans", "Accept": "application/json", "Content-Type": "application/json"}

_MINUTES = (2, 10, 30, 90, 210)
RETRIES: dict[int, tuple[int, ...]] = {
    500: _MINUTES[:1],
    400: _MINUTES[:2],
    404: _MINUTES[:2],
    503: _MINUTES[:4],
}
"""Minutes to the next try by the reply; any other reply or none gets all five.

Midtrans, "HTTP notifications".
"""
NEVER_RETRIED = frozenset({301, 302, 303})
REPOSTED = frozenset({307, 308})
MAX_HOPS = 5
EARLIEST = 33 / 120
"""Intervals are upper bounds; the documented example is 33 seconds in place of 2 minutes."""

_CONCURRENT_PER_URL = 32
_REPLY_KEPT = 2_000
_DELIVERED = range(200, 300)

Lane = tuple[str, str]


class Courier:
    """Posts notifications. Orders never wait for each other's slow answers, nor URLs for each other's."""

    def __init__(
        self,
        *,
        clock: Clock,
        timers: Timers,
        store: Store,
        faults: Faults,
        draw: random.Random,
        timeout: float,
        jitter: bool,
    ) -> None:
        self._clock = clock
        self._timers = timers
        self._store = store
        self._faults = faults
        self._draw = draw
        self._timeout = timeout
        self._jitter = jitter
        self._deliveries = {delivery.id: delivery for delivery in store.load(Delivery)}
        self._lanes: dict[Lane, deque[Delivery]] = {}
        self._held: dict[Lane, list[Delivery]] = defaultdict(list)
        for delivery in self._deliveries.values():
            if delivery.held:
                self._held[delivery.url, delivery.order_id].append(delivery)
        self._tasks: set[asyncio.Task[None]] = set()
        self._slots: dict[str, asyncio.Semaphore] = defaultdict(
            lambda: asyncio.Semaphore(_CONCURRENT_PER_URL)
        )
        made = (attempt.sequence for delivery in self._deliveries.values() for attempt in delivery.tries)
        self._sequence = itertools.count(max(made, default=0) + 1)
        self._poster: Poster | None = None
        timers.on(DELIVER, self._due)

    async def start(self) -> None:
        """Open the network, and send what an earlier run did not get to send."""
        self._poster = Poster(HEADERS)
        for delivery in self._deliveries.values():
            unfinished = delivery.state in {DeliveryState.QUEUED, DeliveryState.RETRYING}
            if unfinished and delivery.next_try_at is None:
                self._enqueue(delivery)

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._lanes.clear()
        if self._poster is not None:
            self._poster.close()
            self._poster = None

    async def quiet(self) -> None:
        """Wait until nothing is being posted."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    def post(self, transaction_id: str, order_id: str, urls: list[str], body: str) -> None:
        """Send `body` to each of the URLs, through the faults that are switched on."""
        for url in urls:
            delivery = self._record(transaction_id, order_id, url, body)
            if self._faults.strikes(fault.DROP):
                delivery.state = DeliveryState.DROPPED
                self._store.put(delivery)
                continue
            overtaken = self._held.pop((url, order_id), [])
            swap = None if overtaken else self._faults.strikes(fault.SWAP)
            if swap is not None:
                self._hold(delivery, swap.by)
                continue
            late = self._faults.strikes(fault.DELAY)
            self._send(delivery, late.by if late else None)
            if self._faults.strikes(fault.DUPLICATE):
                twin = self._record(transaction_id, order_id, url, body, copy_of=delivery.id)
                self._send(twin, late.by if late else None)
            for earlier in overtaken:
                self._due(earlier.id)

    def resend(self, delivery: Delivery) -> Delivery:
        """Send the same body again, now, as a delivery of its own."""
        copy = self._record(
            delivery.transaction_id, delivery.order_id, delivery.url, delivery.body, copy_of=delivery.id
        )
        self._enqueue(copy)
        return copy

    def delivery(self, delivery_id: str) -> Delivery | None:
        return self._deliveries.get(delivery_id)

    def deliveries(self, order_id: str | None = None) -> list[Delivery]:
        """Oldest first."""
        found = self._deliveries.values()
        return [delivery for delivery in found if order_id in {None, delivery.order_id}]

    def clear(self) -> None:
        for task in self._tasks:
            task.cancel()
        self._lanes.clear()
        self._held.clear()
        self._deliveries.clear()

    def _record(
        self, transaction_id: str, order_id: str, url: str, body: str, *, copy_of: str | None = None
    ) -> Delivery:
        delivery = Delivery(
            id=str(uuid.uuid4()),
            transaction_id=transaction_id,
            order_id=order_id,
            url=url,
            body=body,
            created_at=self._clock.now(),
            copy_of=copy_of,
        )
        self._deliveries[delivery.id] = delivery
        self._store.put(delivery)
        return delivery

    def _send(self, delivery: Delivery, late_by: timedelta | None) -> None:
        if late_by is None:
            self._enqueue(delivery)
        else:
            self._try_at(delivery, self._clock.now() + late_by)

    def _hold(self, delivery: Delivery, at_most: timedelta) -> None:
        """Keep it back until the next of its order has gone, or for this long when none comes."""
        delivery.held = True
        self._held[delivery.url, delivery.order_id].append(delivery)
        self._try_at(delivery, self._clock.now() + at_most)

    def _try_at(self, delivery: Delivery, moment: datetime) -> None:
        delivery.next_try_at = moment
        self._store.put(delivery)
        self._timers.schedule(moment, DELIVER, delivery.id)

    def _due(self, delivery_id: str) -> None:
        """Time has come, unless it came before: a delivery that was held may have been let go."""
        delivery = self._deliveries.get(delivery_id)
        if delivery is None or delivery.next_try_at is None:
            return
        if delivery.held:
            delivery.held = False
            self._held.pop((delivery.url, delivery.order_id), None)
        delivery.next_try_at = None
        self._store.put(delivery)
        self._enqueue(delivery)

    def _enqueue(self, delivery: Delivery) -> None:
        lane = (delivery.url, delivery.order_id)
        waiting = self._lanes.get(lane)
        if waiting is not None:
            waiting.append(delivery)
            return
        self._lanes[lane] = deque([delivery])
        task = asyncio.get_running_loop().create_task(self._run_lane(lane))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run_lane(self, lane: Lane) -> None:
        waiting = self._lanes[lane]
        try:
            while waiting:
                delivery = waiting.popleft()
                async with self._slots[delivery.url]:
                    attempt = await self._try(delivery)
                self._conclude(delivery, attempt)
        finally:
            if self._lanes.get(lane) is waiting:
                del self._lanes[lane]

    async def _try(self, delivery: Delivery) -> Try:
        at, started, sequence = self._clock.now(), time.monotonic(), next(self._sequence)
        down = self._faults.strikes(fault.SHOP_DOWN)
        if down is not None:
            return Try(at, down.status, "", "not sent: the fault shop_down is on", 0, sequence)
        http_status, reply, error = None, "", None
        try:
            async with asyncio.timeout(self._timeout):
                answer = await self._post_following(delivery.url, delivery.body)
            http_status, reply = answer.http_status, answer.text[:_REPLY_KEPT]
        except TimeoutError:
            error = f"no answer within {self._timeout:g} s"
        except Unreachable as problem:
            error = str(problem)
        except Exception as problem:  # noqa: BLE001 - one delivery's trouble is not the others' of its lane
            error = f"{type(problem).__name__}: {problem}"
            _log.exception("notification %s to %s could not be sent", delivery.id, delivery.url)
        return Try(at, http_status, reply, error, _since(started), sequence)

    async def _post_following(self, url: str, body: str) -> Answer:
        if self._poster is None:
            raise RuntimeError("notifications are delivered while the app's lifespan runs")
        answer = await self._poster.post(url, body.encode())
        hops = 0
        while answer.http_status in REPOSTED and answer.location is not None and hops < MAX_HOPS:
            hops += 1
            url = resolved(url, answer.location)
            answer = await self._poster.post(url, body.encode())
        return answer

    def _conclude(self, delivery: Delivery, attempt: Try) -> None:
        delivery.tries.append(attempt)
        reply = attempt.http_status
        wait = self._pause(reply, len(delivery.tries))
        if reply in _DELIVERED:
            delivery.state = DeliveryState.DELIVERED
        elif wait is None:
            delivery.state = DeliveryState.FAILED
        else:
            delivery.state = DeliveryState.RETRYING
            self._try_at(delivery, attempt.at + wait)
        self._store.put(delivery)

    def _pause(self, reply: int | None, tries: int) -> timedelta | None:
        """Time from this try to the next; None: there is none."""
        if reply in NEVER_RETRIED:
            return None
        minutes = _MINUTES if reply is None else RETRIES.get(reply, _MINUTES)
        if tries > len(minutes):
            return None
        share = self._draw.uniform(EARLIEST, 1.0) if self._jitter else 1.0
        return timedelta(minutes=minutes[tries - 1]) * share


def _since(started: float) -> int:
    """Milliseconds."""
    return round((time.monotonic() - started) * 1000)
