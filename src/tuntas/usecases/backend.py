"""What every use case needs, handed in once at the entrance."""

from dataclasses import dataclass

import httpx

from tuntas.clock import Clock, SystemClock
from tuntas.midtrans.snap import SnapClient
from tuntas.settings import Settings
from tuntas.store.database import Database


@dataclass(frozen=True, slots=True)
class Backend:
    settings: Settings
    clock: Clock
    database: Database
    snap: SnapClient

    async def close(self) -> None:
        await self.snap.aclose()
        await self.database.close()


def open_backend(
    settings: Settings,
    database_url: str,
    *,
    clock: Clock | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
) -> Backend:
    """Connect the use cases to their database and gateway; `transport` replaces the network to Midtrans."""
    return Backend(
        settings=settings,
        clock=clock or SystemClock(),
        database=Database(database_url),
        snap=SnapClient(
            base_url=settings.snap_url,
            server_key=settings.server_key,
            notification_url=settings.midtrans_notification_url,
            timeout_seconds=settings.midtrans_timeout_seconds,
            transport=transport,
        ),
    )
