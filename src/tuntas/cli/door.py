"""Where clients come in, one at a time: processes that share a socket share the work as well.

asyncio's own server takes in all who wait at once. The process that wakes first would have most of them, and
keep them for as long as they live. Here each takes one and looks again when it has seen to what it has: who
has much to do takes fewer.
"""

import asyncio
import socket
from collections.abc import Callable

import structlog

log = structlog.get_logger()

QUEUE_MAX = 1_024
"""Clients that the kernel lets wait in front of the door."""
_PAUSE_SECONDS = 1.0
"""When the process may open no more files: others may have room, or somebody leaves."""

Protocol = Callable[[], asyncio.Protocol]


class Door:
    """Open from the beginning until `close`."""

    def __init__(self, bound: socket.socket, protocol: Protocol) -> None:
        self._socket = bound
        self._protocol = protocol
        self._loop = asyncio.get_running_loop()
        self._entering: set[asyncio.Task[object]] = set()
        bound.settimeout(0)
        self._open()

    async def close(self) -> None:
        """Let in who waits already, then nobody any more."""
        self._loop.remove_reader(self._socket)
        for _ in range(QUEUE_MAX):
            if not self._let_in():
                break
        self._socket.close()
        await asyncio.gather(*self._entering, return_exceptions=True)

    def _open(self) -> None:
        if self._socket.fileno() >= 0:
            self._loop.add_reader(self._socket, self._let_in)

    def _let_in(self) -> bool:
        """Whether somebody came in."""
        try:
            connection, _ = self._socket.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):  # another process took it in
            return False
        except OSError as error:
            log.warning("no_more_connections", error=type(error).__name__, outcome="tried again in a second")
            self._loop.remove_reader(self._socket)
            self._loop.call_later(_PAUSE_SECONDS, self._open)
            return False
        connection.settimeout(0)
        entering = self._loop.create_task(self._enter(connection))
        self._entering.add(entering)
        entering.add_done_callback(self._entering.discard)
        return True

    async def _enter(self, connection: socket.socket) -> None:
        try:
            await self._loop.connect_accepted_socket(self._protocol, connection)
        except OSError:  # gone before it was in
            connection.close()
