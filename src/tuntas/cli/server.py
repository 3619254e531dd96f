"""Running web applications in this process."""

import asyncio
import contextlib
import resource
import socket
from collections.abc import Awaitable, Iterator, Sequence
from dataclasses import dataclass

import uvicorn
from starlette.types import ASGIApp

from tuntas.cli.connection import CONNECTIONS_MAX, Connection
from tuntas.cli.door import QUEUE_MAX, Door
from tuntas.cli.signals import ending_signals

_DRAIN_SECONDS = 3
_TICK_SECONDS = 1
"""How often the connections are checked and the time in the header `Date` goes on."""
_LOOK_SECONDS = 0.01
"""How often it is seen, at the end, whether all are gone."""
_OTHER_FILES = 256
"""What the process opens beside the connections of clients: the database, Midtrans, modules, logs."""


@dataclass(frozen=True, slots=True)
class Site:
    """An application and the socket it answers on."""

    app: ASGIApp
    socket: socket.socket


class _Server(uvicorn.Server):
    """uvicorn's, told of its end in place of looking ten times a second whether it has come."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._end = asyncio.Event()
        self._doors: list[Door] = []

    def end(self) -> None:
        self._end.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to `Sites`: several servers share one process."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=[])
        self._doors = [Door(bound, self._connection) for bound in sockets or []]

    async def main_loop(self) -> None:
        while not self._end.is_set():
            await self.on_tick(0)
            now = asyncio.get_running_loop().time()
            for connection in list(self.server_state.connections):
                if isinstance(connection, Connection):
                    connection.check(now)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._end.wait(), _TICK_SECONDS)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let in who waits, answer all of them, break off what takes too long."""
        del sockets
        for door in self._doors:
            await door.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        try:
            async with asyncio.timeout(_DRAIN_SECONDS):
                while self.server_state.connections or self.server_state.tasks:  # noqa: ASYNC110  nobody tells
                    await asyncio.sleep(_LOOK_SECONDS)
        except TimeoutError:
            for task in self.server_state.tasks:
                task.cancel()
        await self.lifespan.shutdown()

    def _connection(self) -> Connection:
        return Connection(self.config, self.server_state, self.lifespan.state)


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 picks a free one. Raises OSError when the port is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio sends small answers at once (TCP_NODELAY) only through sockets made expressly for TCP;
    # the others wait for the delayed acknowledgement, 40 ms on Linux.
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
        bound.listen(QUEUE_MAX)
    except OSError:
        bound.close()
        raise
    return bound


def port_of(bound: socket.socket) -> int:
    port = bound.getsockname()[1]
    return int(port)


class Sites:
    """Serves its sites from `start` until `stop`."""

    def __init__(self, sites: Sequence[Site]) -> None:
        self._servers = [
            _Server(
                uvicorn.Config(
                    site.app,
                    log_level="warning",
                    http=Connection,
                    ws="none",
                    log_config=None,  # like every other library's, its lines take our way out
                    access_log=False,
                    server_header=False,
                )
            )
            for site in sites
        ]
        self._sockets = [site.socket for site in sites]
        self._running: list[asyncio.Task[None]] = []
        self._stop = asyncio.Event()

    def end_on_signals(self) -> None:
        """From now on Ctrl-C and its like end `wait` instead of the process."""
        loop = asyncio.get_running_loop()
        for number in ending_signals():
            loop.add_signal_handler(number, self._stop.set)

    async def start(self) -> None:
        """Returns when every site accepts requests. Raises RuntimeError when one cannot start."""
        _allow_files(len(self._servers) * CONNECTIONS_MAX + _OTHER_FILES)
        self._running = [
            asyncio.create_task(server.serve(sockets=[bound]))
            for server, bound in zip(self._servers, self._sockets, strict=True)
        ]
        while not all(server.started for server in self._servers):
            if any(task.done() for task in self._running):
                await self.stop()
                raise RuntimeError("a server ended while it was starting")
            await asyncio.sleep(0.01)

    async def wait(self, *ends: Awaitable[None]) -> None:
        """Returns when a signal came or one of `ends`, or when a server ended by itself."""
        waiting = [asyncio.ensure_future(end) for end in (self._stop.wait(), *ends)]
        await asyncio.wait([*waiting, *self._running], return_when=asyncio.FIRST_COMPLETED)
        for one in waiting:
            one.cancel()

    async def stop(self) -> None:
        """Finish what is being answered, then end."""
        for server in self._servers:
            server.end()
        await asyncio.gather(*self._running, return_exceptions=True)


def _allow_files(wanted: int) -> None:
    """Each connection is an open file; many systems allow a process 1,024 unless it asks for more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < allowed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
