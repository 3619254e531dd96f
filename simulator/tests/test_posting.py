"""How notifications travel: against real sockets that behave badly (Midtrans, "HTTP notifications")."""

import asyncio
import shutil
import ssl
import subprocess
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from midtrans_simulator.notifications.posting import Answer, Poster, Unreachable, resolved

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def answering(*parts: bytes, close: bool = False, seen: list[bytes] | None = None) -> Handler:
    """Answers every request with `parts`, each written by itself."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = next(
                    int(line.split(b":")[1])
                    for line in head.split(b"\r\n")
                    if line.lower().startswith(b"content-length")
                )
                body = await reader.readexactly(length)
                if seen is not None:
                    seen.append(head + body)
                for part in parts:
                    writer.write(part)
                    await writer.drain()
                    await asyncio.sleep(0)
                if close:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    return handler


async def posted(handler: Handler, *, times: int = 1, path: str = "/hook?a=1", **server: Any) -> list[Answer]:
    listening = await asyncio.start_server(handler, "127.0.0.1", 0, **server)
    scheme = "https" if server else "http"
    poster = Poster({"User-Agent": "Veritrans"})
    url = f"{scheme}://127.0.0.1:{listening.sockets[0].getsockname()[1]}{path}"
    try:
        return [await poster.post(url, b'{"a":1}') for _ in range(times)]
    finally:
        poster.close()
        listening.close()


def test_a_post_is_what_midtrans_sends(apart: Any) -> None:
    seen: list[bytes] = []
    answering_ok = answering(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", seen=seen)
    [answer] = apart(posted(answering_ok))
    assert (answer.http_status, answer.text, answer.location) == (200, "ok", None)
    assert seen[0].startswith(b"POST /hook?a=1 HTTP/1.1\r\nHost: 127.0.0.1:")
    assert b"\r\nUser-Agent: Veritrans\r\n" in seen[0]
    assert seen[0].endswith(b'Content-Length: 7\r\n\r\n{"a":1}')


@pytest.mark.parametrize(
    "parts",
    [
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",),
        (b"HTTP/1.1 200", b" OK\r\nContent-", b"Length: 2\r\n\r\no", b"k"),
        (b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
    ],
)
def test_answers_come_in_every_shape(apart: Any, parts: tuple[bytes, ...]) -> None:
    answers = apart(posted(answering(*parts), times=3))
    assert [(answer.http_status, answer.text) for answer in answers] == [(200, "ok")] * 3


def test_the_end_of_the_connection_may_be_the_end_of_the_body(apart: Any) -> None:
    answers = apart(posted(answering(b"HTTP/1.0 503 Busy\r\n\r\nwait", close=True), times=2))
    assert [(answer.http_status, answer.text) for answer in answers] == [(503, "wait")] * 2


def test_a_connection_closed_between_posts_is_opened_again(apart: Any) -> None:
    keeps = answering(b"HTTP/1.1 204 No Content\r\n\r\n", close=True)
    assert [answer.http_status for answer in apart(posted(keeps, times=3))] == [204] * 3


@pytest.mark.parametrize("answer", [b"SSH-2.0-OpenSSH\r\n", b""])
def test_what_is_no_answer_is_said(apart: Any, answer: bytes) -> None:
    with pytest.raises(Unreachable):
        apart(posted(answering(answer, close=True)))


@pytest.mark.parametrize("url", ["no-url", "ftp://a/b", "http://", "http://a:b/", "http://a b/", "http://é/"])
def test_what_is_no_url_is_said(apart: Any, url: str) -> None:
    async def post() -> None:
        await Poster({}).post(url, b"")

    with pytest.raises(Unreachable, match="URL"):
        apart(post())


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not on this machine")
def test_tls_ends_at_1_2_and_certificates_are_checked(apart: Any, tmp_path: Path) -> None:
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=shop.test"
    files = ["-keyout", "key.pem", "-out", "cert.pem"]
    subprocess.run([*command.split(), *files], cwd=tmp_path, capture_output=True, check=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    ok = answering(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    with pytest.raises(Unreachable, match="CERTIFICATE_VERIFY_FAILED"):
        apart(posted(ok, ssl=context))
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    with pytest.raises(Unreachable) as refused:  # before any certificate is looked at
        apart(posted(ok, ssl=context))
    assert "CERTIFICATE" not in str(refused.value)


@pytest.mark.parametrize("location", ["http://[::1", "//[", "http://[x]/"])
def test_a_location_that_is_no_address_is_told_with_its_words(location: str) -> None:
    with pytest.raises(Unreachable, match="is no URL"):
        resolved("http://127.0.0.1:8000/notify", location)
