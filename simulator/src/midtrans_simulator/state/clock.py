"""The virtual clock that expiry, settlement, 3DS timeouts and retries follow."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta


class Clock:
    """Runs at `speed` virtual seconds per real second, stops, and moves to any moment."""

    def __init__(
        self,
        start: datetime | None = None,
        speed: float = 1.0,
        *,
        running: bool = True,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        if start is not None and start.tzinfo is None:
            raise ValueError("the clock starts at an aware datetime")
        if speed <= 0:
            raise ValueError("speed is positive; stop the clock to hold time")
        self._monotonic = monotonic
        self._base = start or datetime.now(UTC)
        self._since = monotonic()
        self._speed = speed
        self._running = running

    def now(self) -> datetime:
        if not self._running:
            return self._base
        return self._base + timedelta(seconds=(self._monotonic() - self._since) * self._speed)

    @property
    def running(self) -> bool:
        return self._running

    @property
    def speed(self) -> float:
        """Virtual seconds per real second while running."""
        return self._speed

    def move_to(self, moment: datetime) -> None:
        self._base = moment.astimezone(UTC)
        self._since = self._monotonic()

    def stop(self) -> None:
        self.move_to(self.now())
        self._running = False

    def run(self) -> None:
        if not self._running:
            self._since = self._monotonic()
            self._running = True

    def scale(self, speed: float) -> None:
        if speed <= 0:
            raise ValueError("speed is positive; stop the clock to hold time")
        self.move_to(self.now())
        self._speed = speed

    def real_seconds_until(self, moment: datetime) -> float | None:
        """Real seconds to wait for a virtual moment; None while the clock is stopped."""
        if not self._running:
            return None
        return max(0.0, (moment - self.now()).total_seconds() / self._speed)
