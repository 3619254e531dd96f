"""The command line: what it prints, and the exit codes that scripts rely on."""

import json
import re
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.command import DONE, MISSING, NOWHERE, SANDBOX, UNUSABLE, WRONG, tuntas
from tests.program import Dev, started, started_dev
from tests.stand import notification

PRODUCTION = {
    "MIDTRANS_SERVER_KEY": "Mid-server-example",
    "MIDTRANS_CLIENT_KEY": "Mid-client-example",
    "MIDTRANS_IS_PRODUCTION": "true",
    "TUNTAS_BASE_URL": "https://undangan.example.test",
    "TUNTAS_SECRET_KEY": "a long random text",
}


@pytest.fixture(scope="module")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dev]:
    with started_dev(tmp_path_factory.mktemp("d")) as running:
        yield running


@pytest.fixture(scope="module")
def demo(dev: Dev) -> Iterator[httpx.Client]:
    """The demo customer, logged in at the running dev."""
    with httpx.Client(base_url=dev.url, timeout=30) as http:
        person = {"email": "demo@tuntas.test", "password": "demo-password"}
        token = http.post("/api/v1/login", json=person).json()["token"]
        http.headers["Authorization"] = f"Bearer {token}"
        yield http


def new_order(demo: httpx.Client, domain: str) -> tuple[int, str]:
    """A new invitation of 149000 rupiah and its order."""
    made = demo.post("/api/v1/invitations", json={"package_id": 1, "domain": domain})
    number = made.json()["id"]
    token = demo.post("/api/midtrans/create-snap-token", json={"invitation_id": number})
    assert token.status_code == 201, token.text
    return number, token.json()["order_id"]


def status_of(demo: httpx.Client, invitation_id: int) -> str:
    return str(demo.get(f"/api/v1/invitations/{invitation_id}").json()["payment_status"])


def test_every_command_explains_itself() -> None:
    listed = tuntas("--help").out
    for command in (
        ["dev"], ["serve"], ["migrate"], ["logs"], ["config", "check"], ["webhook", "send"],
    ):  # fmt: skip
        assert command[0] in listed
        assert tuntas(*command, "--help").code == DONE
    assert tuntas("conjure").code == UNUSABLE


# config check


def test_config_check_shows_everything_but_the_keys() -> None:
    result = tuntas("config", "check", **SANDBOX)
    assert result.code == DONE
    shown = dict(re.split(r"\s{2,}", line, maxsplit=1) for line in result.out.splitlines())
    assert shown["Is Production"] == "NO"
    assert shown["Server Key"].startswith("SB-Mid-serv")
    assert shown["Snap URL"] == "https://app.sandbox.midtrans.com/snap/v1"
    assert shown["Webhook"] == "http://localhost:8000/api/v1/midtrans/webhook"
    assert shown["Database"].startswith("embedded in ")
    for key in SANDBOX.values():
        assert key not in result.out


def test_config_check_says_yes_to_production_and_shows_no_password() -> None:
    database = {"DATABASE_URL": "postgresql://tuntas:database-password@db.example.test/tuntas"}
    result = tuntas("config", "check", **PRODUCTION, **database)
    assert result.code == DONE
    assert re.search(r"^Is Production +YES$", result.out, re.MULTILINE)
    for secret in (*PRODUCTION.values(), "database-password"):
        assert secret in {"true", PRODUCTION["TUNTAS_BASE_URL"]} or secret not in result.out


@pytest.mark.parametrize("base", [SANDBOX, PRODUCTION], ids=["sandbox", "production"])
def test_a_doubtful_key_is_a_warning_and_no_refusal(base: dict[str, str]) -> None:
    database = {"DATABASE_URL": "postgresql://db.example.test/tuntas"}
    other = PRODUCTION if base is SANDBOX else SANDBOX
    doubtful = {**base, **database, "MIDTRANS_SERVER_KEY": other["MIDTRANS_SERVER_KEY"]}
    told = tuntas("config", "check", **doubtful)
    assert told.code == DONE
    assert "warning: MIDTRANS_SERVER_KEY" in told.err
    (warning,) = tuntas("config", "check", "--json", **doubtful).json["warnings"]
    assert warning in told.err
    assert tuntas("config", "check", "--json", **base, **database).json["warnings"] == []


def test_the_doctor_asks_midtrans_whose_the_key_is(dev: Dev) -> None:
    """A key without SB- is fine where the sandbox accepts it: the simulator stands for it."""
    assert "ok     server_key" in tuntas("doctor", "--data-dir", dev.data_dir).out
    refused = tuntas("doctor", "--data-dir", dev.data_dir, MIDTRANS_SERVER_KEY="Mid-server-example")
    assert refused.code == WRONG
    assert "WRONG  server_key" in refused.out
    assert "401" in refused.out
    (found,) = tuntas(
        "doctor", "--json", "--data-dir", dev.data_dir, MIDTRANS_SERVER_KEY="Mid-server-example"
    ).lines
    assert found["server_key"] == "refused"
    away = {"MIDTRANS_SERVER_KEY": "Mid-server-example", "MIDTRANS_CORE_URL": "http://127.0.0.1:9"}
    unknown = tuntas("doctor", "--data-dir", dev.data_dir, **away)
    assert "?      server_key" in unknown.out


def test_config_check_as_json() -> None:
    document = tuntas("config", "check", "--json", "--data-dir", "elsewhere", **SANDBOX).json
    assert document["Is Production"] is False
    assert document["Previous Server Key"] is None
    assert "elsewhere" in document["Database"]
    assert SANDBOX["MIDTRANS_SERVER_KEY"] not in json.dumps(document)


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({}, ["MIDTRANS_SERVER_KEY is not set", "MIDTRANS_CLIENT_KEY is not set"]),
        ({**SANDBOX, "MIDTRANS_CLIENT_KEY": ""}, ["MIDTRANS_CLIENT_KEY is not set"]),
        (
            {**SANDBOX, "MIDTRANS_CLIENT_KEY": SANDBOX["MIDTRANS_SERVER_KEY"]},
            ["MIDTRANS_CLIENT_KEY looks like the server key"],
        ),
        ({**SANDBOX, "TUNTAS_BASE_URL": "undangan.example.test"}, ["TUNTAS_BASE_URL"]),
        ({**SANDBOX, "DATABASE_URL": "mysql://db.example.test/tuntas"}, ["DATABASE_URL"]),
        (
            {**SANDBOX, "TUNTAS_LANGAUGE": "en"},
            ["TUNTAS_LANGAUGE is no setting: did you mean TUNTAS_LANGUAGE?"],
        ),
        ({**PRODUCTION, "TUNTAS_BASE_URL": "https://localhost"}, ["TUNTAS_BASE_URL must be"]),
        ({**PRODUCTION, "TUNTAS_SECRET_KEY": "x"}, ["TUNTAS_SECRET_KEY must be"]),
        (PRODUCTION, ["DATABASE_URL must name"]),
        ({**SANDBOX, "TUNTAS_LANGUAGE": "fr"}, ["TUNTAS_LANGUAGE"]),
    ],
    ids=str,
)
def test_an_unusable_configuration_is_named_line_by_line(variables: dict[str, str], named: list[str]) -> None:
    result = tuntas("config", "check", **variables)
    assert result.code == UNUSABLE
    assert result.out == ""
    lines = result.err.splitlines()
    assert len(lines) == len(named)
    for line, text in zip(lines, named, strict=True):
        assert line.startswith(f"configuration: {text}")
    for value in variables.values():
        assert value in {"", "true", "fr", "en", "x"} or value not in result.err


# webhook send


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["capture", "--payment-type", "credit_card"], "paid"),
        (["settlement"], "paid"),
        (["pending"], "pending"),
        (["challenge"], "pending"),
        (["capture", "--fraud", "challenge"], "pending"),
        (["deny"], "failed"),
        (["cancel"], "failed"),
        (["expire"], "failed"),
        (["refund"], "refunded"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)
def test_webhook_send_does_what_the_table_of_statuses_says(
    dev: Dev, demo: httpx.Client, arguments: list[str], expected: str
) -> None:
    number, order_id = new_order(demo, "-".join(arguments).replace("_", "-").replace("--", ""))
    result = tuntas("webhook", "send", order_id, *arguments, "--data-dir", dev.data_dir)
    assert result.code == DONE, result.err
    assert f"{order_id} - {arguments[0] if arguments[0] != 'challenge' else 'capture'}" in result.out
    assert 'HTTP 200  {"message":"Webhook processed successfully"}' in result.out
    assert status_of(demo, number) == expected


def test_webhook_send_goes_on_with_the_same_transaction(dev: Dev, demo: httpx.Client) -> None:
    number, order_id = new_order(demo, "satu-transaksi")
    results = [
        tuntas("webhook", "send", order_id, status, "--data-dir", dev.data_dir, "--json").json
        for status in ("pending", "settlement", "refund")
    ]
    assert [result["status"] for result in results] == [200, 200, 200]
    rows = dev.rows("select order_id, transaction_status from transactions")
    assert [row["transaction_status"] for row in rows if row["order_id"] == order_id] == ["refund"]
    assert status_of(demo, number) == "refunded"
    assert set(results[0]) == {"url", "sent", "status", "reply"}
    assert results[0]["sent"]["gross_amount"] == "149000.00"
    assert "signature_key" not in results[0]["sent"]


def test_webhook_send_about_another_amount_is_stored_and_grants_nothing(dev: Dev, demo: httpx.Client) -> None:
    number, order_id = new_order(demo, "jumlah-lain")
    result = tuntas("webhook", "send", order_id, "settlement", "--amount", "1", "--data-dir", dev.data_dir)
    assert result.code == DONE
    assert status_of(demo, number) != "paid"


def test_webhook_send_with_another_key_is_refused_by_the_webhook(dev: Dev, demo: httpx.Client) -> None:
    number, order_id = new_order(demo, "kunci-lain")
    result = tuntas(
        "webhook", "send", order_id, "settlement", "--data-dir", dev.data_dir,
        MIDTRANS_SERVER_KEY="SB-Mid-server-guessed",
    )  # fmt: skip
    assert result.code == WRONG
    assert "HTTP 403" in result.out
    assert "Invalid signature" in result.out
    assert status_of(demo, number) != "paid"


def test_webhook_send_about_an_unknown_order(dev: Dev) -> None:
    result = tuntas("webhook", "send", "INV-unknown", "settlement", "--data-dir", dev.data_dir)
    assert result.code == MISSING
    assert "INV-unknown" in result.err
    assert "--amount" in result.err
    anyway = tuntas(
        "webhook", "send", "INV-unknown", "settlement", "--amount", "5000", "--data-dir", dev.data_dir
    )
    assert anyway.code == DONE


def test_webhook_send_of_an_unknown_status() -> None:
    result = tuntas("webhook", "send", "INV-1", "settled", DATABASE_URL=NOWHERE)
    assert result.code == UNUSABLE
    assert "settlement" in result.err, "the known ones are listed"


def test_webhook_send_to_nobody(database_url: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
    result = tuntas(
        "webhook", "send", "INV-1", "settlement", "--amount", "1000",
        DATABASE_URL=database_url, TUNTAS_BASE_URL=url,
    )  # fmt: skip
    assert result.code == MISSING
    assert url in result.err
    assert "tuntas dev" in result.err


def test_webhook_send_never_signs_with_a_production_key(dev: Dev) -> None:
    """F17, F33"""
    target = ["--url", f"{dev.url}/api/v1/midtrans/webhook", "--amount", "299000"]
    before = dev.rows("select count(*) from payment_logs")
    for variables in (
        {**PRODUCTION, "DATABASE_URL": NOWHERE},
        {"MIDTRANS_SERVER_KEY": "Mid-server-example", "MIDTRANS_CORE_URL": dev.ready["simulator"]},
        {"MIDTRANS_SERVER_KEY": "Mid-server-example", "MIDTRANS_CORE_URL": "http://127.0.0.1:9"},
        {"MIDTRANS_SERVER_KEY": "Mid-server-example", "MIDTRANS_IS_PRODUCTION": "true"},
    ):
        result = tuntas("webhook", "send", "INV-1", "settlement", *target, **variables)
        assert result.code == UNUSABLE
        assert "production" in result.err.lower()
        assert "Mid-server-example" not in result.err
    assert dev.rows("select count(*) from payment_logs") == before


# logs


def test_logs_show_the_newest_last(dev: Dev, demo: httpx.Client) -> None:
    _, order_id = new_order(demo, "catatan")
    for status in ("pending", "settlement"):
        tuntas("webhook", "send", order_id, status, "--data-dir", dev.data_dir)
    result = tuntas("logs", "--order", order_id, "--data-dir", dev.data_dir)
    assert result.code == DONE
    assert [line.split()[3] for line in result.out.splitlines()] == [
        "token_requested", "token_created",
        "webhook_received", "webhook_processed", "webhook_received", "webhook_processed",
    ]  # fmt: skip
    assert f"{order_id} - settlement" in result.out.splitlines()[-1]
    assert " WIB " in result.out
    asked = ["--event", "webhook_received", "--limit", "1", "--json"]
    (newest,) = tuntas("logs", *asked, "--data-dir", dev.data_dir).lines
    assert (newest["order_id"], newest["transaction_status"]) == (order_id, "settlement")
    assert newest["event_type"] == "webhook_received"


def test_logs_that_hold_nothing_of_a_kind_are_no_error_and_a_mistyped_order_is(dev: Dev) -> None:
    options = ["--data-dir", dev.data_dir]
    nothing = tuntas("logs", "--event", "order_closed", *options)
    assert (nothing.code, nothing.out) == (DONE, "")
    assert "Nothing logged" in nothing.err
    assert tuntas("logs", "--event", "order_closed", "--json", *options).err == ""
    for as_json in ([], ["--json"]):
        unknown = tuntas("logs", "--order", "INV-none", *as_json, *options)
        assert (unknown.code, unknown.out) == (MISSING, "")
        assert "No order INV-none" in unknown.err
    mistyped = tuntas("logs", "--event", "webhook_recieved", *options)
    assert mistyped.code == UNUSABLE
    assert "webhook_received" in mistyped.err, "the known ones are listed"
    assert tuntas("logs", "--limit", "0").code == UNUSABLE


def test_logs_follow_until_ctrl_c(dev: Dev, demo: httpx.Client, tmp_path: Path) -> None:
    _, order_id = new_order(demo, "ikuti")
    options = ["--order", order_id, "--follow", "--json"]
    with started(tmp_path, "logs", *options, "--data-dir", dev.data_dir) as program:
        program.wait_for("token_created")
        demo.post(
            "/api/v1/midtrans/webhook", json=notification(order_id, "pending", gross_amount="149000.00")
        )
        program.wait_for("webhook_processed")
        assert program.end(signal.SIGINT) == DONE
        events = [json.loads(line)["event_type"] for line in program.printed.splitlines()]
    assert events == ["token_requested", "token_created", "webhook_received", "webhook_processed"]
