"""The rules of the configuration: what starts, what is refused, and what is never shown."""

import os
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from tuntas.settings import Confirm, Settings, mask

SANDBOX = {
    "MIDTRANS_SERVER_KEY": "SB-Mid-server-simulator",
    "MIDTRANS_CLIENT_KEY": "SB-Mid-client-simulator",
}
PRODUCTION = {
    "MIDTRANS_SERVER_KEY": "Mid-server-example",
    "MIDTRANS_CLIENT_KEY": "Mid-client-example",
    "MIDTRANS_IS_PRODUCTION": "true",
    "TUNTAS_BASE_URL": "https://undangan.example.test",
    "TUNTAS_SECRET_KEY": "a long random text",
    "DATABASE_URL": "postgresql://tuntas@db.example.test/tuntas",
}


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No developer's own settings, in no file and no variable."""
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.upper() in {field.upper() for field in Settings.model_fields}:
            monkeypatch.delenv(name)


def settings(monkeypatch: pytest.MonkeyPatch, variables: dict[str, Any]) -> Settings:
    """As read from these environment variables; None leaves one out."""
    for name, value in variables.items():
        if value is not None:
            monkeypatch.setenv(name, value)
    return Settings()  # type: ignore[call-arg]  # from the environment


def problem(monkeypatch: pytest.MonkeyPatch, variables: dict[str, Any]) -> str:
    """Why these are refused; what a person reads of it never shows a value."""
    with pytest.raises(ValidationError) as raised:
        settings(monkeypatch, variables)
    found = raised.value.errors(include_input=False, include_url=False)
    return "; ".join(f"{'.'.join(map(str, error['loc'])).upper()} {error['msg']}" for error in found)


def test_two_sandbox_keys_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    found = settings(monkeypatch, SANDBOX)
    assert found.snap_url == "https://app.sandbox.midtrans.com/snap/v1"
    assert found.core_url == "https://api.sandbox.midtrans.com"
    assert found.snap_js_url == "https://app.sandbox.midtrans.com/snap/snap.js"
    assert found.base_url == "http://localhost:8000"
    assert found.confirm is Confirm.OFF
    assert found.signature_keys == ("SB-Mid-server-simulator",)
    assert (found.database_url, found.tuntas_language) == (None, "id")


def test_production_goes_to_the_production_hosts_and_asks_back(monkeypatch: pytest.MonkeyPatch) -> None:
    found = settings(monkeypatch, PRODUCTION)
    assert found.snap_url == "https://app.midtrans.com/snap/v1"
    assert found.core_url == "https://api.midtrans.com"
    assert found.snap_js_url == "https://app.midtrans.com/snap/snap.js"
    assert found.confirm is Confirm.AFTER


@pytest.mark.parametrize("name", ["MIDTRANS_SERVER_KEY", "MIDTRANS_CLIENT_KEY"])
def test_a_key_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    assert name in problem(monkeypatch, {**SANDBOX, name: None})


@pytest.mark.parametrize("name", ["MIDTRANS_SERVER_KEY", "MIDTRANS_CLIENT_KEY"])
@pytest.mark.parametrize("value", ["   ", "SB-Mid key", "SB-Mid\tkey"])
def test_a_key_with_blanks_inside_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    assert name in problem(monkeypatch, {**SANDBOX, name: value})


def test_blanks_around_a_key_come_from_copying(monkeypatch: pytest.MonkeyPatch) -> None:
    found = settings(monkeypatch, {"MIDTRANS_SERVER_KEY": " SB-a\n", "MIDTRANS_CLIENT_KEY": "\tSB-b "})
    assert (found.server_key, found.midtrans_client_key) == ("SB-a", "SB-b")


@pytest.mark.parametrize("name", ["MIDTRANS_SERVER_KEY", "MIDTRANS_CLIENT_KEY"])
def test_a_production_key_in_the_sandbox_is_refused(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """F33"""
    said = problem(monkeypatch, {**SANDBOX, name: PRODUCTION[name]})
    assert f"{name} belongs to the production environment" in said
    assert PRODUCTION[name] not in said


@pytest.mark.parametrize("name", ["MIDTRANS_SERVER_KEY", "MIDTRANS_CLIENT_KEY"])
def test_a_sandbox_key_in_production_is_refused(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """F33"""
    said = problem(monkeypatch, {**PRODUCTION, name: SANDBOX[name]})
    assert f"{name} belongs to the sandbox environment" in said
    assert SANDBOX[name] not in said


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TUNTAS_BASE_URL", None),
        ("TUNTAS_BASE_URL", "http://undangan.example.test"),
        ("TUNTAS_BASE_URL", "https://localhost:8000"),
        ("TUNTAS_BASE_URL", "https://127.0.0.1"),
        ("TUNTAS_BASE_URL", "https://[::1]:8000"),
        ("TUNTAS_BASE_URL", "https://rani.localhost"),
        ("TUNTAS_BASE_URL", "https://127.8.8.8"),
        ("TUNTAS_BASE_URL", "https://"),
        ("TUNTAS_BASE_URL", "undangan.example.test"),
        ("MIDTRANS_SNAP_URL", "http://localhost:8100/snap/v1"),
        ("MIDTRANS_SNAP_URL", "https://app.sandbox.midtrans.com/snap/v1"),
        ("MIDTRANS_CORE_URL", "https://api.sandbox.midtrans.com"),
        ("MIDTRANS_SNAP_JS_URL", "https://app.sandbox.midtrans.com/snap/snap.js"),
        ("TUNTAS_SECRET_KEY", None),
        ("TUNTAS_SECRET_KEY", "development-only"),
        ("DATABASE_URL", None),
        ("DATABASE_URL", ""),
    ],
)
def test_production_refuses_what_belongs_to_a_desk(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str | None
) -> None:
    assert name in problem(monkeypatch, {**PRODUCTION, name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MIDTRANS_IS_PRODUCTION", "perhaps"),
        ("MIDTRANS_TIMEOUT_SECONDS", "0"),
        ("MIDTRANS_TIMEOUT_SECONDS", "121"),
        ("MIDTRANS_TIMEOUT_SECONDS", "nan"),
        ("TUNTAS_CONFIRM", "sometimes"),
        ("TUNTAS_LANGUAGE", "fr"),
        ("TUNTAS_LANGUAGE", "id\n"),
        ("TUNTAS_ORDER_LIFETIME_MINUTES", "4"),
        ("TUNTAS_ORDER_LIFETIME_MINUTES", str(7 * 24 * 60 + 1)),
        ("TUNTAS_REFUND_REVOKES_DOMAIN", "maybe"),
    ],
)
def test_a_value_that_cannot_be_meant_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    assert name in problem(monkeypatch, {**SANDBOX, name: value})


def test_an_empty_variable_is_one_that_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in an example file that was copied and only partly filled in."""
    empty = {name.upper(): "" for name in Settings.model_fields}
    assert settings(monkeypatch, {**empty, **SANDBOX}) == settings(monkeypatch, SANDBOX)


def test_the_environment_counts_more_than_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text(
        "MIDTRANS_SERVER_KEY=SB-file\nMIDTRANS_CLIENT_KEY=SB-file\nTUNTAS_LANGUAGE=en\nUNRELATED=1\n"
    )
    found = settings(monkeypatch, {"MIDTRANS_SERVER_KEY": "SB-variable"})
    assert (found.server_key, found.midtrans_client_key) == ("SB-variable", "SB-file")
    assert found.tuntas_language == "en"


def test_during_a_rotation_both_keys_verify_the_present_one_first(monkeypatch: pytest.MonkeyPatch) -> None:
    found = settings(monkeypatch, {**SANDBOX, "MIDTRANS_PREVIOUS_SERVER_KEY": " SB-Mid-server-before "})
    assert found.signature_keys == ("SB-Mid-server-simulator", "SB-Mid-server-before")


def test_addresses_lose_their_last_slash(monkeypatch: pytest.MonkeyPatch) -> None:
    found = settings(monkeypatch, {**SANDBOX, "TUNTAS_BASE_URL": "https://undangan.example.test/"})
    assert found.base_url == "https://undangan.example.test"


def test_printing_the_settings_shows_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """F32"""
    secrets = {
        "MIDTRANS_SERVER_KEY": "SB-Mid-server-secret",
        "MIDTRANS_PREVIOUS_SERVER_KEY": "SB-Mid-server-older",
        "TUNTAS_SECRET_KEY": "signs-everything",
        "DATABASE_URL": "postgresql://tuntas:database-password@db/tuntas",
        "TUNTAS_MAIL_URL": "smtp://post:mail-password@mail:25",
    }
    found = settings(monkeypatch, {**SANDBOX, **secrets})
    for secret in ("server-secret", "server-older", "signs-everything", "database-password", "mail-password"):
        assert secret not in repr(found)
        assert secret not in str(found)


@pytest.mark.parametrize("key", ["", "x", "SB-Mid-server-simulator", "Mid-server-" + "x" * 24])
def test_a_mask_never_shows_more_than_half(key: str) -> None:
    shown = mask(key)
    visible = shown.partition("…")[0]
    assert key.startswith(visible)
    assert len(visible) <= min(14, len(key) // 2)
    assert not key or key not in shown
    assert str(len(key)) in shown
