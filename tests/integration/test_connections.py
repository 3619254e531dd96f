"""What strangers may take from the HTTP server: sockets that say little, say too much, or never end."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from tests.stand import Stand
from tuntas.cli import connection

pytestmark = pytest.mark.anyio

ASK = b"GET /healthz HTTP/1.1\r\nHost: shop\r\n"
POST = b"POST /api/v1/login HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\n"

Wire = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def wire(stand: Stand) -> AsyncIterator[Wire]:
    """A bare connection; what is never read stays in the kernel."""
    host, _, port = stand.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port), limit=2**16)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def answer(opened: Wire, *pieces: bytes, within: float = 5) -> tuple[int, dict[str, object]]:
    """Status and body of what comes back before the server closes; status 0 when it says nothing."""
    reader, writer = opened
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        whole = await asyncio.wait_for(reader.read(), within)
    except ConnectionError:
        whole = b""
    if not whole:
        return 0, {}
    head, _, body = whole.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)


async def is_served(stand: Stand) -> bool:
    async with wire(stand) as opened:
        status, _ = await answer(opened, ASK + b"Connection: close\r\n\r\n")
        return status == 200


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seconds are tenths, so that a test waits for the real clock no longer than it must."""
    for name in ("HEAD_SECONDS", "BODY_SECONDS", "READ_ANSWER_SECONDS", "FAREWELL_SECONDS"):
        monkeypatch.setattr(connection, name, 0.3)


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize(
    "begun",
    [b"", b"\r\n", b"GET /heal", ASK, ASK + b"X-Long: "],
    ids=["nothing", "blank", "line", "head", "field"],
)
async def test_a_request_that_never_gets_to_its_end_is_given_up(stand: Stand, begun: bytes) -> None:
    async with wire(stand) as opened:
        status, body = await answer(opened, begun)
        assert (status, body["code"]) == (408, "request_too_slow")


@pytest.mark.usefixtures("hasty")
async def test_a_body_that_never_gets_to_its_end_is_given_up(stand: Stand) -> None:
    async with wire(stand) as opened:
        reader, writer = opened
        writer.write(POST + b"Content-Length: 50\r\n\r\n{")
        await asyncio.wait_for(reader.read(), 5)


@pytest.mark.usefixtures("hasty")
async def test_a_connection_kept_open_by_blank_lines_is_given_up(stand: Stand) -> None:
    async with wire(stand) as opened:
        reader, writer = opened
        writer.write(ASK + b"\r\n")
        assert await reader.readuntil(b"}")

        async def blanks() -> None:
            while not writer.is_closing():
                writer.write(b"\r\n")
                await asyncio.sleep(0.1)

        sender = asyncio.create_task(blanks())
        await asyncio.wait_for(reader.read(), 5)
        sender.cancel()


@pytest.mark.parametrize(
    "pieces",
    [
        [ASK + b"X-Long: " + b"a" * 40_000 + b"\r\n\r\n"],
        [ASK, b"X-Long: ", *[b"a" * 8_000] * 100],
        [b"GET /" + b"a" * 40_000 + b" HTTP/1.1\r\nHost: shop\r\n\r\n"],
        [ASK, *[b"X-Many: 1\r\n" * 500] * 100],
    ],
    ids=["one field", "one field without end", "the address", "fields without end"],
)
async def test_a_head_above_32_kib_is_refused(stand: Stand, pieces: list[bytes]) -> None:
    async with wire(stand) as opened:
        status, body = await answer(opened, *pieces)
        assert (status, body.get("code")) in {(431, "head_too_large"), (0, None)}
    assert await is_served(stand)


async def test_a_head_just_below_the_bound_is_served(stand: Stand) -> None:
    async with wire(stand) as opened:
        status, _ = await answer(opened, ASK + b"Connection: close\r\nX-Long: " + b"a" * 30_000 + b"\r\n\r\n")
        assert status == 200


@pytest.mark.parametrize("chunk", [b"1\r\na\r\n", b"1;" + b"x" * 1000 + b"\r\na\r\n"], ids=["tiny", "wordy"])
async def test_a_body_in_pieces_without_end_is_cut_off(stand: Stand, chunk: bytes) -> None:
    async with wire(stand) as opened:
        _, writer = opened
        writer.write(POST + b"Transfer-Encoding: chunked\r\n\r\n")
        sent = await sent_before_the_end(writer, chunk * 200)
        assert sent < 16 * connection.REQUEST_BYTES_MAX, "more than the buffers on the way hold"
    assert await is_served(stand)


async def sent_before_the_end(writer: asyncio.StreamWriter, piece: bytes) -> int:
    """How many bytes of pieces without end were taken before the server closed the connection."""
    sent = 0
    try:
        while sent < 64 * connection.REQUEST_BYTES_MAX:
            writer.write(piece)
            await writer.drain()
            sent += len(piece)
    except ConnectionError:
        pass
    return sent


async def test_what_is_not_http_is_refused_in_the_usual_form(stand: Stand) -> None:
    async with wire(stand) as opened:
        status, body = await answer(opened, b"\x16\x03\x01 hello\r\n\r\n")
        assert (status, body["code"]) == (400, "invalid_http")


async def test_half_requests_never_keep_others_out(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "CONNECTIONS_MAX", 20)
    async with AsyncExitStack() as stack:
        half = [await stack.enter_async_context(wire(stand)) for _ in range(60)]
        for _, writer in half:
            writer.write(b"POST / HTTP/1.1\r\n")
        assert await is_served(stand)
        ended = [reader for reader, _ in half if await ends(reader)]
        assert len(ended) >= 40


async def ends(reader: asyncio.StreamReader) -> bool:
    try:
        return await asyncio.wait_for(reader.read(), 0.05) is not None
    except TimeoutError:
        return False
    except ConnectionError:
        return True


async def test_requests_at_work_are_not_given_up_for_newcomers(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "CONNECTIONS_MAX", 3)
    async with AsyncExitStack() as stack:
        at_work = [await stack.enter_async_context(wire(stand)) for _ in range(3)]
        for _, writer in at_work:
            writer.write(POST + b"Content-Length: 2\r\nConnection: close\r\n\r\n{")
        await asyncio.sleep(0)
        newcomer = await stack.enter_async_context(wire(stand))
        status, body = await answer(newcomer, ASK + b"\r\n")
        assert (status, body["code"]) == (503, "busy")
        for opened in at_work:
            assert (await answer(opened, b"}"))[0] == 422


@pytest.mark.usefixtures("hasty")
async def test_who_never_reads_the_answer_is_parted_with(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "PIPELINED_MAX", 10_000)
    async with wire(stand) as opened:
        _, writer = opened
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        page = b"GET /api/openapi.json HTTP/1.1\r\nHost: shop\r\n\r\n"
        async with asyncio.timeout(20):
            await sent_before_the_end(writer, page)
    assert await is_served(stand)


async def test_many_requests_sent_ahead_are_not_queued_without_end(stand: Stand) -> None:
    async with wire(stand) as opened:
        reader, writer = opened
        writer.write((ASK + b"\r\n") * 2_000)
        whole = await asyncio.wait_for(reader.read(), 5)
        assert whole.count(b"200 OK") <= connection.PIPELINED_MAX + 1
    assert await is_served(stand)
