"""Notifications on their way: through the faults, in their lanes, and again when they were not taken."""

import random
import uuid
from collections import defaultdict
from datetime import datetime, timedelta

from midtrans_simulator.notifications.lanes import Lane, Lanes
from midtrans_simulator.notifications.postman import Postman
from midtrans_simulator.protocol.model import Delivery, DeliveryState
from midtrans_simulator.protocol.retries import EARLIEST, TAKEN, minutes_until_next
from midtrans_simulator.state import faults as fault
from midtrans_simulator.state.clock import Clock
from midtrans_simulator.state.faults import Faults
from midtrans_simulator.state.store import Store
from midtrans_simulator.state.timers import Timers

DELIVER = "deliver"


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
        self._jitter = jitter
        self._deliveries = {delivery.id: delivery for delivery in store.load(Delivery)}
        self._held: dict[Lane, list[Delivery]] = defaultdict(list)
        for delivery in self._deliveries.values():
            if delivery.held:
                self._held[delivery.url, delivery.order_id].append(delivery)
        made = (attempt.sequence for delivery in self._deliveries.values() for attempt in delivery.tries)
        self._postman = Postman(clock=clock, faults=faults, timeout=timeout, tried=max(made, default=0))
        self._lanes = Lanes(self._deliver)
        timers.on(DELIVER, self._due)

    async def start(self) -> None:
        """Open the network, and send what an earlier run did not get to send."""
        self._postman.start()
        for delivery in self._deliveries.values():
            unfinished = delivery.state in {DeliveryState.QUEUED, DeliveryState.RETRYING}
            if unfinished and delivery.next_try_at is None:
                self._lanes.put(delivery)

    async def stop(self) -> None:
        await self._lanes.stop()
        self._postman.stop()

    async def quiet(self) -> None:
        """Wait until nothing is being posted."""
        await self._lanes.quiet()

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
        self._lanes.put(copy)
        return copy

    def delivery(self, delivery_id: str) -> Delivery | None:
        return self._deliveries.get(delivery_id)

    def deliveries(self, order_id: str | None = None) -> list[Delivery]:
        """Oldest first."""
        found = self._deliveries.values()
        return [delivery for delivery in found if order_id in {None, delivery.order_id}]

    def clear(self) -> None:
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
            self._lanes.put(delivery)
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
        self._lanes.put(delivery)

    async def _deliver(self, delivery: Delivery) -> None:
        """One try, and what follows from it."""
        attempt = await self._postman.attempt(delivery)
        delivery.tries.append(attempt)
        wait = self._pause(attempt.http_status, len(delivery.tries))
        if attempt.http_status in TAKEN:
            delivery.state = DeliveryState.DELIVERED
        elif wait is None:
            delivery.state = DeliveryState.FAILED
        else:
            delivery.state = DeliveryState.RETRYING
            self._try_at(delivery, attempt.at + wait)
        self._store.put(delivery)

    def _pause(self, reply: int | None, tries: int) -> timedelta | None:
        """Time from this try to the next; None: there is none."""
        minutes = minutes_until_next(reply, tries)
        if minutes is None:
            return None
        share = self._draw.uniform(EARLIEST, 1.0) if self._jitter else 1.0
        return timedelta(minutes=minutes) * share
