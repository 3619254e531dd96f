"""The rules of the configuration: what starts, what is refused, and what is never shown."""

import os
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from tuntas.settings import Confirm, Settings, mask, unknown_names

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
    found = settings(
        monkeypatch, {"MIDTRANS_SERVER_KEY": " SB-Mid-one\n", "MIDTRANS_CLIENT_KEY": "\tSB-Mid-two "}
    )
    assert (found.server_key, found.midtrans_client_key) == ("SB-Mid-one", "SB-Mid-two")


@pytest.mark.parametrize("name", ["MIDTRANS_SERVER_KEY", "MIDTRANS_CLIENT_KEY"])
@pytest.mark.parametrize(
    ("base", "other"), [(SANDBOX, PRODUCTION), (PRODUCTION, SANDBOX)], ids=["sandbox", "production"]
)
def test_a_prefix_that_contradicts_the_environment_is_a_warning_with_both_possibilities(
    monkeypatch: pytest.MonkeyPatch, name: str, base: dict[str, str], other: dict[str, str]
) -> None:
    """F33: newer accounts get sandbox keys without SB-; only Midtrans knows whose a key is."""
    (warning,) = settings(monkeypatch, {**base, name: other[name]}).warnings
    assert name in warning
    assert "Either" in warning
    assert " or " in warning
    assert "tuntas doctor" in warning
    assert other[name] not in warning


@pytest.mark.parametrize("base", [SANDBOX, PRODUCTION], ids=["sandbox", "production"])
def test_keys_that_fit_their_environment_raise_no_doubt(
    monkeypatch: pytest.MonkeyPatch, base: dict[str, str]
) -> None:
    assert settings(monkeypatch, base).warnings == []


@pytest.mark.parametrize("key", [SANDBOX["MIDTRANS_SERVER_KEY"], "sb-mid-server-simulator"])
def test_production_refuses_a_sandbox_key_that_no_call_would_find_out(
    monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    """F33: the previous key only verifies; with one of the sandbox, sandbox notifications would pay."""
    said = problem(monkeypatch, {**PRODUCTION, "MIDTRANS_PREVIOUS_SERVER_KEY": key})
    assert "MIDTRANS_PREVIOUS_SERVER_KEY" in said
    assert key not in said


@pytest.mark.parametrize("base", [SANDBOX, PRODUCTION], ids=["sandbox", "production"])
@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("MIDTRANS_CLIENT_KEY", SANDBOX["MIDTRANS_SERVER_KEY"]),
        ("MIDTRANS_CLIENT_KEY", PRODUCTION["MIDTRANS_SERVER_KEY"]),
        ("MIDTRANS_CLIENT_KEY", "VT-SERVER-abcdefgh"),
        ("MIDTRANS_SERVER_KEY", SANDBOX["MIDTRANS_CLIENT_KEY"]),
        ("MIDTRANS_PREVIOUS_SERVER_KEY", PRODUCTION["MIDTRANS_CLIENT_KEY"]),
    ],
)
def test_swapped_keys_are_refused_before_the_secret_stands_in_a_page(
    monkeypatch: pytest.MonkeyPatch, base: dict[str, str], name: str, key: str
) -> None:
    said = problem(monkeypatch, {**base, name: key})
    assert name in said
    assert "swapped" in said
    assert key not in said


def test_one_key_cannot_be_both(monkeypatch: pytest.MonkeyPatch) -> None:
    both = {"MIDTRANS_SERVER_KEY": "abcdefghijklmnop", "MIDTRANS_CLIENT_KEY": "abcdefghijklmnop"}
    assert "MIDTRANS_CLIENT_KEY" in problem(monkeypatch, both)


@pytest.mark.parametrize(
    "name", ["MIDTRANS_SERVER_KEY", "MIDTRANS_CLIENT_KEY", "MIDTRANS_PREVIOUS_SERVER_KEY"]
)
@pytest.mark.parametrize(
    "value",
    [
        "x", "secret", "your-key-from-midtrans", "YOUR_KEY_HERE_PLEASE", "<the key of midtrans>",
        "SB-Mid-...........", "SB-Mid-key-…", "Mid-xxxxxxxxxxxx", "XXXXXXXXXXXXXXXX", "changeme-changeme",
        "change-me-please", "SB-Mid-{key}", "replace-this-please", "SB-Mid-********",
    ],
)  # fmt: skip
def test_what_stands_in_for_a_key_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    said = problem(monkeypatch, {**SANDBOX, name: value})
    assert name in said
    assert value not in said.replace("SB-Mid-", "") or len(value) < 8


@pytest.mark.parametrize("value", ["SB-Mid-server-", "Mid-server-", "SB-Mid-server"])
def test_a_prefix_alone_is_no_key(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    assert "MIDTRANS_SERVER_KEY" in problem(monkeypatch, {**SANDBOX, "MIDTRANS_SERVER_KEY": value})


def test_real_keys_may_hold_any_letters(monkeypatch: pytest.MonkeyPatch) -> None:
    key = "Mid-server-aXxxB_yourK-9xxx-qTodo"
    assert settings(monkeypatch, {**SANDBOX, "MIDTRANS_SERVER_KEY": key}).server_key == key


@pytest.mark.parametrize(
    "name",
    [
        "MIDTRANS_SNAP_URL",
        "MIDTRANS_CORE_URL",
        "MIDTRANS_SNAP_JS_URL",
        "MIDTRANS_NOTIFICATION_URL",
        "TUNTAS_BASE_URL",
    ],
)
@pytest.mark.parametrize(
    "value",
    [
        "host.example.test", "//host.example.test", "https://", "https:host.example.test",
        "ftp://host.example.test", "https://host.example.test:port", "https://[broken",
        "https://host.example.test/a b", "https:///path", "/path",
    ],
)  # fmt: skip
def test_an_address_needs_scheme_and_host(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    assert name in problem(monkeypatch, {**SANDBOX, name: value})


def test_notifications_may_go_to_three_addresses_and_each_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    three = [f"https://{name}.example.test/webhook" for name in ("one", "two", "three")]
    found = settings(monkeypatch, {**SANDBOX, "MIDTRANS_NOTIFICATION_URL": ", ".join(three)})
    assert found.midtrans_notification_url == ",".join(three)
    for wrong in ([*three, "https://four.example.test"], [three[0], "two.example.test"], [three[0], ""]):
        assert "MIDTRANS_NOTIFICATION_URL" in problem(
            monkeypatch, {**SANDBOX, "MIDTRANS_NOTIFICATION_URL": ",".join(wrong)}
        )


@pytest.mark.parametrize("value", ["mail.example.test", "http://mail.example.test", "smtp://", "smtp:"])
def test_mail_goes_to_a_file_or_a_server(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    assert "TUNTAS_MAIL_URL" in problem(monkeypatch, {**SANDBOX, "TUNTAS_MAIL_URL": value})


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("MIDTRANS_SNAP_URL", "https://app.midtrans.com/snap/v1"),
        ("MIDTRANS_CORE_URL", "https://API.midtrans.com"),
        ("MIDTRANS_SNAP_JS_URL", "https://app.midtrans.com/snap/snap.js"),
    ],
)
def test_the_sandbox_never_talks_to_production(
    monkeypatch: pytest.MonkeyPatch, name: str, address: str
) -> None:
    assert name in problem(monkeypatch, {**SANDBOX, name: address})


def test_at_a_desk_every_process_signs_alike_without_a_key_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    derived = settings(monkeypatch, SANDBOX).signing_key
    assert derived == settings(monkeypatch, SANDBOX).signing_key
    assert b"SB-Mid" not in derived
    chosen = settings(monkeypatch, {**SANDBOX, "TUNTAS_SECRET_KEY": "a long random text"}).signing_key
    assert chosen == b"a long random text" != derived


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("https://shop.example.test", ("https://shop.example.test",)),
        (
            " https://Shop.Example.test:443/ , http://localhost:5173,",
            ("https://shop.example.test", "http://localhost:5173"),
        ),
        ("https://a.test,https://a.test", ("https://a.test",)),
        ("capacitor://localhost,http://[::1]:3000", ("capacitor://localhost", "http://[::1]:3000")),
    ],
)
def test_origins_are_kept_as_browsers_send_them(
    monkeypatch: pytest.MonkeyPatch, given: str, meant: tuple[str, ...]
) -> None:
    assert settings(monkeypatch, {**SANDBOX, "TUNTAS_ALLOWED_ORIGINS": given}).allowed_origins == meant


@pytest.mark.parametrize(
    "given",
    [
        "*", "null", "shop.example.test", "https://*.example.test", "https://shop.example.test/cart",
        "https://shop.example.test?x", "https://user@shop.example.test", "javascript://a.test", "https://",
        "https://a.test:99999", ",".join(f"https://{count}.test" for count in range(51)),
    ],
)  # fmt: skip
def test_what_is_no_exact_origin_is_refused(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    assert "TUNTAS_ALLOWED_ORIGINS" in problem(monkeypatch, {**SANDBOX, "TUNTAS_ALLOWED_ORIGINS": given})


def test_names_that_no_setting_has_are_found_with_what_was_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("TUNTAS_LANGAUGE=en\nOTHER=1\ntuntas_confirm=off\n")
    monkeypatch.setenv("MIDTRANS_SERVERKEY", "x")
    monkeypatch.setenv("TUNTAS_", "x")
    monkeypatch.setenv("TUNTASX", "x")
    assert unknown_names(os.environ) == {
        "MIDTRANS_SERVERKEY": "MIDTRANS_SERVER_KEY",
        "TUNTAS_": None,
        "TUNTAS_LANGAUGE": "TUNTAS_LANGUAGE",
    }


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
        ("TUNTAS_SECRET_KEY", "x"),
        ("TUNTAS_ALLOWED_ORIGINS", "http://shop.example.test"),
        ("TUNTAS_SECRET_KEY", "changeme-changeme"),
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
        ("TUNTAS_CONTACT", "call us"),
        ("TUNTAS_CONTACT", "javascript:alert(1)"),
        ("TUNTAS_CONTACT", "http://wa.me/1"),
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
        "MIDTRANS_SERVER_KEY=SB-Mid-file\nMIDTRANS_CLIENT_KEY=SB-Mid-file-too\nTUNTAS_LANGUAGE=en\nUNRELATED=1\n"
    )
    found = settings(monkeypatch, {"MIDTRANS_SERVER_KEY": "SB-variable"})
    assert (found.server_key, found.midtrans_client_key) == ("SB-variable", "SB-Mid-file-too")
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
