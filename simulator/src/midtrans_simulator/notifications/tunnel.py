"""For clients whose addresses cannot be changed: an HTTPS proxy behind which Midtrans is this simulator.

A client that is told to use it asks `CONNECT api.sandbox.midtrans.com:443`, speaks TLS with the certificate
made for this, and reaches the simulator's own port. Other hosts are refused: this is no way out to anywhere.
"""

import asyncio
import contextlib
import socket
import ssl
import threading
from collections.abc import Coroutine, Iterator

_HOSTS = (".midtrans.com", ".veritrans.co.id")
_REFUSED = (
    b"HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n"
    b"This proxy leads to Midtrans only. Name other hosts in NO_PROXY.\n"
)
_ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"
_CHUNK = 64 * 1024


@contextlib.contextmanager
def tunnel(listener: socket.socket, context: ssl.SSLContext, simulator_port: int) -> Iterator[None]:
    """Serve on `listener` in a thread until the block ends. `context` has the certificate."""
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    async def serve() -> None:
        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await _connected(reader, writer, context, simulator_port)

        server = await asyncio.start_server(connected, sock=listener)
        async with server:
            await stop.wait()

    thread = threading.Thread(target=lambda: _run(loop, serve()), name="midtrans-tunnel", daemon=True)
    thread.start()
    try:
        yield
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(5)


def certificate(cert: str, key: str | None) -> ssl.SSLContext:
    """Raises OSError or ssl.SSLError when the files are no certificate and key."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context


def _run(loop: asyncio.AbstractEventLoop, serve: Coroutine[None, None, None]) -> None:
    with contextlib.closing(loop):
        loop.run_until_complete(serve)
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))


async def _connected(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    context: ssl.SSLContext,
    simulator_port: int,
) -> None:
    with contextlib.suppress(OSError, EOFError, asyncio.LimitOverrunError), contextlib.closing(writer):
        method, target, *_ = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split(" ")
        if method != "CONNECT" or not target.rpartition(":")[0].endswith(_HOSTS):
            writer.write(_REFUSED)
            await writer.drain()
            return
        writer.write(_ESTABLISHED)
        await writer.drain()
        await writer.start_tls(context)
        inner, outer = await asyncio.open_connection("127.0.0.1", simulator_port)
        with contextlib.closing(outer):
            done, _ = await asyncio.wait(
                {asyncio.create_task(_copy(reader, outer)), asyncio.create_task(_copy(inner, writer))},
                return_when=asyncio.FIRST_COMPLETED,
            )
            for task in done:
                task.exception()


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    while chunk := await source.read(_CHUNK):
        target.write(chunk)
        await target.drain()
