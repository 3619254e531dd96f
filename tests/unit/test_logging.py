"""What reaches the log: approved fields, one line each, and never a value nobody approved."""

import json
from collections.abc import Iterator

import pytest
import structlog

from tuntas.observability.logging import configure_logging


@pytest.fixture(autouse=True)
def _restore() -> Iterator[None]:
    yield
    structlog.reset_defaults()


@pytest.mark.parametrize("as_json", [True, False], ids=["server", "desk"])
def test_a_field_that_nobody_approved_is_left_out(capsys: pytest.CaptureFixture[str], as_json: bool) -> None:
    """F29"""
    configure_logging(json=as_json)
    structlog.get_logger().info(
        "webhook_processed", order_id="INV-1", signature_key="signed", body="raw", email="siti@example.test"
    )
    line = capsys.readouterr().err
    assert "webhook_processed" in line
    assert "INV-1" in line
    for secret in ("signed", "raw", "siti"):
        assert secret not in line


@pytest.mark.parametrize("as_json", [True, False], ids=["server", "desk"])
def test_an_error_shows_where_it_happened_and_no_values(
    capsys: pytest.CaptureFixture[str], as_json: bool
) -> None:
    configure_logging(json=as_json)
    password = "-".join(["kata", "sandi"])
    try:
        int(password[:0])
    except ValueError:
        structlog.get_logger().exception("request_failed", path="/login")
    printed = capsys.readouterr().err
    assert "test_an_error_shows_where" in printed
    assert "kata-sandi" not in printed
    if as_json:
        assert json.loads(printed)["path"] == "/login"
