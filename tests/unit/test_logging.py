"""What reaches the log: approved fields, one line each, and never a value nobody approved."""

import json
import logging
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from sqlalchemy.exc import IntegrityError

from tuntas.observability import quota
from tuntas.observability.logging import configure_logging
from tuntas.observability.printable import printable

PASSWORD = "-".join(["kata", "sandi"])

as_json_and_not = pytest.mark.parametrize("as_json", [True, False], ids=["server", "desk"])


@pytest.fixture(autouse=True)
def _restore(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    root = logging.getLogger()
    for library in ("uvicorn", "uvicorn.error"):  # other tests may have let uvicorn configure itself
        monkeypatch.setattr(logging.getLogger(library), "propagate", True)
        monkeypatch.setattr(logging.getLogger(library), "handlers", [])
    before, level = list(root.handlers), root.level
    yield
    structlog.reset_defaults()
    for handler in [handler for handler in root.handlers if handler not in before]:
        root.removeHandler(handler)
    root.setLevel(level)


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


@as_json_and_not
def test_a_field_that_nobody_approved_is_left_out(capsys: pytest.CaptureFixture[str], as_json: bool) -> None:
    """F29"""
    configure_logging(json=as_json)
    structlog.get_logger("tuntas").info(
        "webhook_processed", order_id="INV-1", signature_key="signed", body="raw", email="siti@example.test"
    )
    line = capsys.readouterr().err
    assert "webhook_processed" in line
    assert "INV-1" in line
    for secret in ("signed", "raw", "siti"):
        assert secret not in line


@as_json_and_not
def test_an_error_shows_where_it_happened_and_no_values(
    capsys: pytest.CaptureFixture[str], as_json: bool
) -> None:
    configure_logging(json=as_json)
    try:
        int(PASSWORD)
    except ValueError:
        structlog.get_logger().exception("request_failed", path="/login")
    printed = capsys.readouterr().err
    assert "test_an_error_shows_where" in printed
    assert "ValueError" in printed
    assert PASSWORD not in printed
    if as_json:
        assert json.loads(printed)["path"] == "/login"


def test_an_error_of_the_database_shows_its_sqlstate_and_not_the_row(
    capsys: pytest.CaptureFixture[str],
) -> None:
    class Refused(Exception):
        sqlstate = "23505"

    configure_logging(json=True)
    error = IntegrityError("insert into users", {"password": PASSWORD}, Refused(f"Key ({PASSWORD}) exists"))
    structlog.get_logger().error("request_failed", exc_info=error)
    (line,) = lines(capsys)
    assert line["exception"][0] == "sqlalchemy.exc.IntegrityError 23505"
    assert PASSWORD not in str(line)


def test_an_error_deep_down_is_told_in_short(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def deep(left: int) -> None:
        if left == 0:
            raise ValueError(PASSWORD)
        try:
            deep(left - 1)
        except ValueError as error:
            raise KeyError(PASSWORD) from error if left < 50 else None

    configure_logging(json=True)
    try:
        deep(100)
    except KeyError:
        structlog.get_logger().exception("request_failed")
    assert len(capsys.readouterr().err) < 3_000


def test_lines_of_libraries_have_the_same_shape_and_lose_their_values(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logging(json=True)
    for name in ("uvicorn.error", "procrastinate.worker", "asyncio", "sqlalchemy.pool.impl", "elsewhere"):
        logging.getLogger(name).error("Could not take %r in", PASSWORD, exc_info=ValueError(PASSWORD))
    found = lines(capsys)
    assert len(found) == 5
    for line in found:
        assert set(line) == {"event", "level", "timestamp", "logger", "exception"}
        assert (line["event"], line["exception"]) == ("Could not take %r in", ["builtins.ValueError"])


@pytest.mark.parametrize(
    "said",
    [
        "Task exception was never retrieved\nfuture: <Task exception=ValueError('kata-sandi')>",
        "could not connect to postgresql://tuntas:kata-sandi@db.internal/tuntas",
        "no mail to kata-sandi@example.test",
        "refused: " + "kata-sandi" * 8,
        ValueError("kata-sandi"),
    ],
    ids=["asyncio", "address", "mail", "key", "error"],
)
def test_what_a_library_wrote_into_its_sentence_is_taken_out(
    capsys: pytest.CaptureFixture[str], said: object
) -> None:
    configure_logging(json=True)
    logging.getLogger("library").error(said)
    assert PASSWORD not in capsys.readouterr().err


@as_json_and_not
def test_a_strangers_line_ends_make_no_lines_of_their_own(
    capsys: pytest.CaptureFixture[str], as_json: bool
) -> None:
    configure_logging(json=as_json)
    structlog.get_logger().warning("webhook_rejected", order_id="INV-1\n2026 paid\x1b[2J\u202e" + "x" * 5_000)
    printed = capsys.readouterr().err
    assert printed.count("\n") == 1
    assert "\x1b[2J" not in printed
    assert len(printed) < 700


def test_a_line_that_cannot_be_written_shows_no_values(capsys: pytest.CaptureFixture[str]) -> None:
    class Unprintable:
        def __str__(self) -> str:
            raise RuntimeError(PASSWORD)

    configure_logging(json=True)
    structlog.get_logger().warning("token_failed", order_id=Unprintable())
    assert [line["event"] for line in lines(capsys)] == ["log_line_lost"]


def test_repeated_trouble_is_told_up_to_a_bound_and_then_counted(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quota, "WINDOW_SECONDS", 0.05)
    configure_logging(json=True)
    log = structlog.get_logger("tuntas")
    for number in range(1_000):
        log.error("request_failed", path=f"/{number}", error="DatabaseUnreachable")
        log.info("webhook_processed", order_id=f"INV-{number}")
    for timer in [thread for thread in threading.enumerate() if isinstance(thread, threading.Timer)]:
        timer.join(5)
    found = lines(capsys)
    assert sum(line["event"] == "webhook_processed" for line in found) == 1_000, "never limited"
    told = sum(line["event"] == "request_failed" for line in found)
    counted = [line["count"] for line in found if line["event"] == "more_like_this"]
    assert told + sum(counted) == 1_000
    assert told <= quota.LINES_MAX * (1 + len(counted))


def test_kinds_of_trouble_are_counted_apart_but_not_without_end() -> None:
    bounded = quota.Quota(monotonic=time.monotonic)

    def passes(event: str) -> bool:
        return bounded.filter(logging.LogRecord("library", logging.ERROR, "", 0, event, None, None))

    assert all(passes("one") for _ in range(quota.LINES_MAX))
    assert not passes("one")
    assert passes("another")
    let_through = sum(passes(f"kind {number}") for number in range(10 * quota.KINDS_MAX))
    assert let_through <= quota.KINDS_MAX + quota.LINES_MAX


def test_the_last_count_is_told_when_the_program_ends(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(json=True)
    for _ in range(50):
        structlog.get_logger().error("request_failed")
    configure_logging(json=True)
    (summary,) = [line for line in lines(capsys) if line["event"] == "more_like_this"]
    assert (summary["about"], summary["count"]) == ("request_failed", 50 - quota.LINES_MAX)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("INV-1", "INV-1"),
        ("Rani & Bima – é 婚", "Rani & Bima – é 婚"),
        ("a\nb\r\x1b[31m\x00\x9b", "a\\nb\\r\\x1b[31m\\x00\\x9b"),
        ("\u202e\u2028\u200b", "\\u202e\\u2028\\u200b"),
        ("\ud800", "\\ud800"),
    ],
)
def test_only_what_can_be_seen_is_printed(text: str, shown: str) -> None:
    assert printable(text) == shown
