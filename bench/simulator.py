"""What the simulator carries: sessions paid with their notifications delivered, a second; memory; start.

    .venv/bin/python bench/simulator.py [--sessions 3000]

One session is a token by Snap, a method confirmed, the payment, and both notifications answered by a shop on
a real socket: five HTTP exchanges. Simulator and shop are two processes on this machine. Figures are of one
run.
"""

import argparse
import asyncio
import base64
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

KEY = base64.b64encode(b"SB-Mid-server-simulator:").decode()
STARTS = 5
LANES = 32
"""Customers at the same time."""
GOAL_SESSIONS, GOAL_MEGABYTES, GOAL_SECONDS = 1_000, 80, 1.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--sessions", type=int, default=3_000)
    options = parser.parse_args()
    starts = [asyncio.run(_started_and_stopped()) for _ in range(STARTS)]
    began = statistics.median(start for start, _ in starts)
    memory = statistics.median(memory for _, memory in starts)
    rate, cpu, after = asyncio.run(_paid_a_second(options.sessions))
    print(f"start to first answer {began:.2f} s (goal {GOAL_SECONDS:g}, {began / GOAL_SECONDS:.2f} of it)")
    print(
        f"idle memory           {memory:.0f} MB (goal {GOAL_MEGABYTES}, {memory / GOAL_MEGABYTES:.2f} of it)"
    )
    print(
        f"sessions paid         {rate:.0f}/s with both notifications delivered"
        f" (goal {GOAL_SESSIONS}, {rate / GOAL_SESSIONS:.2f} of it)"
    )
    print(f"processor             {cpu * 1e3:.2f} ms a session, so {1 / cpu:.0f}/s on a core of its own")
    print(f"memory after          {after:.0f} MB with {options.sessions} sessions kept")


class Shop:
    """A notification endpoint that answers 200 and counts."""

    def __init__(self, expected: int) -> None:
        self.received = 0
        self.expected = expected
        self.all_in = asyncio.Event()

    def factory(self) -> asyncio.Protocol:
        return _Answering(self)

    def count(self) -> None:
        self.received += 1
        if self.received >= self.expected:
            self.all_in.set()


class _Answering(asyncio.Protocol):
    _REPLY = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while b"\r\n\r\n" in self._buffer:
            head, _, rest = self._buffer.partition(b"\r\n\r\n")
            length = _content_length(head)
            if len(rest) < length:
                return
            self._buffer = rest[length:]
            self._shop.count()
            self._transport.write(self._REPLY)  # type: ignore[attr-defined] # TCP transports write


async def _paid_a_second(sessions: int) -> tuple[float, float, float]:
    """Sessions a second, processor seconds of the simulator a session, and its megabytes after."""
    shop = Shop(expected=2 * sessions)
    server = await asyncio.get_running_loop().create_server(shop.factory, "127.0.0.1", 0)
    notify = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/notify"
    process, port = await _start("--notify", notify)
    try:
        numbers = iter(range(sessions))
        began, used = time.perf_counter(), _processor_seconds(process)
        async with asyncio.TaskGroup() as lanes:
            for _ in range(LANES):
                lanes.create_task(_customers(port, numbers))
        await asyncio.wait_for(shop.all_in.wait(), 60)
        took, used = time.perf_counter() - began, _processor_seconds(process) - used
        return sessions / took, used / sessions, _megabytes(process)
    finally:
        _stop(process)
        server.close()


async def _customers(port: int, numbers: Iterator[int]) -> None:
    call, close = await _connection(port)
    for number in numbers:
        order = f"INV-{number}"
        details = {"order_id": order, "gross_amount": 299_000}
        made = await call("POST", "/snap/v1/transactions", {"transaction_details": details})
        await call("POST", f"/_control/sessions/{made['token']}/choose", {"method": "bca_va"})
        paid = await call("POST", f"/_control/transactions/{order}/pay", {})
        assert paid["transaction_status"] == "settlement", paid
    close()


async def _connection(
    port: int,
) -> tuple[Callable[[str, str, dict[str, Any]], Awaitable[dict[str, Any]]], Callable[[], None]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)

    async def call(method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        raw = json.dumps(body).encode()
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Basic {KEY}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(raw)}\r\n\r\n"
        )
        writer.write(head.encode() + raw)
        answer = await reader.readuntil(b"\r\n\r\n")
        found: dict[str, Any] = json.loads(await reader.readexactly(_content_length(answer)))
        return found

    return call, writer.close


def _content_length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


async def _started_and_stopped() -> tuple[float, float]:
    began = time.perf_counter()
    process, port = await _start()
    try:
        call, close = await _connection(port)
        await call("GET", "/_control/clock", {})
        took = time.perf_counter() - began
        close()
        return took, _megabytes(process)
    finally:
        _stop(process)


async def _start(*options: str) -> tuple[subprocess.Popen[str], int]:
    command = [str(Path(sys.executable).parent / "midtrans-simulator"), "--port", "0", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: ASYNC220 - nothing else runs
    assert process.stdout is not None
    said = await asyncio.to_thread(process.stdout.readline)
    return process, int(said.rsplit(":", 1)[1])


def _stop(process: "subprocess.Popen[str]") -> None:
    process.terminate()
    process.communicate(timeout=10)


def _processor_seconds(process: "subprocess.Popen[str]") -> float:
    ticks = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


def _megabytes(process: "subprocess.Popen[str]") -> float:
    """Resident memory."""
    pages = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


if __name__ == "__main__":
    main()
