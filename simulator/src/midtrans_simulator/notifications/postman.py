"""One try: a body is posted to where it belongs, and what came back is written down."""

import asyncio
import itertools
import logging
import time

from midtrans_simulator.notifications.posting import Answer, Poster, Unreachable, resolved
from midtrans_simulator.protocol.model import Delivery, Try
from midtrans_simulator.protocol.retries import MAX_HOPS, REPOSTED
from midtrans_simulator.state import faults as fault
from midtrans_simulator.state.clock import Clock
from midtrans_simulator.state.faults import Faults

HEADERS = {"User-Agent": "Veritrans", "Accept": "application/json", "Content-Type": "application/json"}

_REPLY_KEPT = 2_000
_log = logging.getLogger(__name__)


class Postman:
    """`timeout`: real seconds that an endpoint has. `tried`: the last number that a try was given."""

    def __init__(self, *, clock: Clock, faults: Faults, timeout: float, tried: int) -> None:
        self._clock = clock
        self._faults = faults
        self._timeout = timeout
        self._sequence = itertools.count(tried + 1)
        self._poster: Poster | None = None

    def start(self) -> None:
        """Open the network."""
        self._poster = Poster(HEADERS)

    def stop(self) -> None:
        if self._poster is not None:
            self._poster.close()
            self._poster = None

    async def attempt(self, delivery: Delivery) -> Try:
        """Whatever goes wrong stands in what it returns."""
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


def _since(started: float) -> int:
    """Milliseconds."""
    return round((time.monotonic() - started) * 1000)
