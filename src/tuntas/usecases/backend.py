"""What every use case needs, handed in once at the entrance."""

import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tuntas.clock import Clock, SystemClock
from tuntas.midtrans.core import CoreClient
from tuntas.midtrans.http import MidtransHttp
from tuntas.midtrans.snap import SnapClient
from tuntas.settings import Settings
from tuntas.store.database import Database
from tuntas.usecases.flights import Flights
from tuntas.usecases.turns import Turns

if TYPE_CHECKING:
    import httpx

Resolver = Callable[[str], frozenset[str]]
"""The network addresses of a host name, none when it has none; may block for seconds."""


def addresses_of(host: str) -> frozenset[str]:
    """What the DNS says."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        return frozenset()
    return frozenset(str(entry[4][0]) for entry in found)


@dataclass(frozen=True, slots=True)
class Backend:
    settings: Settings
    clock: Clock
    database: Database
    snap: SnapClient
    core: CoreClient
    turns: Turns
    connections: tuple[MidtransHttp, ...]
    resolve: Resolver = addresses_of
    flights: Flights = field(default_factory=Flights)

    async def close(self) -> None:
        """What is under way is broken off first: it still needs the database to give its leases back."""
        await self.flights.end()
        for connection in self.connections:
            await connection.aclose()
        await self.database.close()


def open_backend(
    settings: Settings,
    database_url: str,
    *,
    clock: Clock | None = None,
    transport: "httpx.AsyncBaseTransport | None" = None,
    resolve: Resolver = addresses_of,
) -> Backend:
    """Connect the use cases to their database and gateway.

    `transport` replaces the network to Midtrans, `resolve` the DNS.
    """
    clock = clock or SystemClock()
    override = settings.midtrans_notification_url
    snap, core = (
        MidtransHttp(
            base_url=url,
            server_key=settings.server_key,
            timeout_seconds=settings.midtrans_timeout_seconds,
            headers=headers,
            transport=transport,
        )
        for url, headers in (
            (settings.snap_url, {"X-Override-Notification": override} if override else {}),
            (settings.core_url, {}),
        )
    )
    database = Database(database_url)
    return Backend(
        settings=settings,
        clock=clock,
        database=database,
        turns=Turns(database, clock),
        snap=SnapClient(snap),
        core=CoreClient(core, clock),
        connections=(snap, core),
        resolve=resolve,
    )
