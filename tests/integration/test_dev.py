"""`tuntas dev`: the real program, started and stopped as scripts and people do."""

import hashlib
import json
import os
import pty
import signal
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.command import tuntas
from tests.program import (
    PROGRAM,
    Dev,
    environment,
    eventually,
    is_running,
    kill_postgres,
    postgres_of,
    ran,
    started,
    started_dev,
)
from tuntas.midtrans.wib import WIB
from tuntas.store.embedded import EmbeddedPostgres

DEMO = {"email": "demo@tuntas.test", "password": "demo-password"}
OPERATOR = {"email": "operator@tuntas.test", "password": "operator-password"}
SIMULATOR_KEY = "SB-Mid-server-simulator"


@pytest.fixture(scope="module")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dev]:
    """One for the tests that leave it running."""
    with started_dev(tmp_path_factory.mktemp("d")) as running:
        yield running


def log_in(url: str, person: dict[str, str] = DEMO) -> httpx.Response:
    return httpx.post(f"{url}/api/v1/login", json=person)


def order(url: str) -> str:
    """The request that the guides show, by the demo customer."""
    headers = {"Authorization": f"Bearer {log_in(url).json()['token']}"}
    body = {"invitation_id": 5, "amount": 299000}
    reply = httpx.post(f"{url}/api/midtrans/create-snap-token", json=body, headers=headers, timeout=30)
    assert reply.status_code in {200, 201}, reply.text
    return str(reply.json()["order_id"])


def settle(url: str, order_id: str, server_key: str = SIMULATOR_KEY) -> httpx.Response:
    """A settlement as the guides show it, signed by hand."""
    body = {
        "transaction_time": "2026-11-03 12:00:00",
        "transaction_status": "settlement",
        "transaction_id": "midtrans-tx-1234567890",
        "status_message": "midtrans payment success",
        "status_code": "200",
        "signature_key": hashlib.sha512(f"{order_id}200299000.00{server_key}".encode()).hexdigest(),
        "settlement_time": "2026-11-03 12:01:00",
        "payment_type": "credit_card",
        "order_id": order_id,
        "merchant_id": "G123456789",
        "gross_amount": "299000.00",
        "fraud_status": "accept",
        "currency": "IDR",
        "card_type": "credit",
        "bank": "bni",
    }
    return httpx.post(f"{url}/api/v1/midtrans/webhook", json=body)


def invitation(url: str) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {log_in(url).json()['token']}"}
    profile = httpx.get(f"{url}/api/v1/user-profile", headers=headers).json()
    assert isinstance(profile["invitation"], dict)
    return profile["invitation"]


def test_the_ready_file_says_where_everything_answers(dev: Dev) -> None:
    assert set(dev.ready) == {"web", "simulator", "pid"}
    assert dev.ready["pid"] == dev.program.process.pid
    assert httpx.get(f"{dev.url}/readyz").json() == {"status": "ok", "worker": "alive"}
    assert httpx.get(f"{dev.ready['simulator']}/_control/state").status_code == 200
    assert [path.name for path in dev.data_dir.parent.glob("ready*")] == ["ready.json"]


def test_the_terminal_says_where_to_go_and_whom_to_be(dev: Dev) -> None:
    shown = [dev.url, dev.ready["simulator"], f"{dev.url}/api/v1/midtrans/webhook"]
    shown += DEMO.values()
    dev.program.wait_for("Ctrl-C")
    assert [text for text in shown if text not in dev.program.printed] == []
    assert SIMULATOR_KEY not in dev.program.printed
    assert OPERATOR["email"] not in dev.program.printed, "a log-in that leads nowhere yet"


def test_the_log_in_page_offers_the_demo_customer(dev: Dev) -> None:
    assert DEMO["email"] in httpx.get(f"{dev.url}/login").text
    assert log_in(dev.url, OPERATOR).status_code == 200


def test_only_this_machine_can_reach_it(dev: Dev) -> None:
    for url in (dev.url, dev.ready["simulator"]):
        with socket.socket() as stranger, pytest.raises(OSError, match="refused"):
            stranger.connect(("127.0.0.2", urlsplit(url).port))


def test_the_story_of_the_guides_from_order_to_paid(dev: Dev) -> None:
    order_id = order(dev.url)
    assert invitation(dev.url)["payment_status"] in {"pending", "unpaid"}
    refused = settle(dev.url, order_id, server_key="SB-Mid-server-guessed")
    assert (refused.status_code, refused.json()) == (403, {"message": "Invalid signature"})
    reply = settle(dev.url, order_id)
    assert (reply.status_code, reply.json()) == (200, {"message": "Webhook processed successfully"})
    assert invitation(dev.url)["payment_status"] == "paid"


def test_a_second_one_on_the_same_folder_is_refused(dev: Dev) -> None:
    second = ran(
        dev.data_dir.parent, "dev", "--port", "0", "--simulator-port", "0", "--data-dir", dev.data_dir
    )
    assert second.returncode == 2
    assert str(dev.data_dir) in second.stderr
    assert "--data-dir" in second.stderr
    assert "Traceback" not in second.stderr
    assert httpx.get(f"{dev.url}/readyz").status_code == 200


@pytest.mark.parametrize("option", ["--port", "--simulator-port"])
def test_a_taken_port_is_named_with_the_way_out(short_dir: Path, option: str) -> None:
    other = {"--port": "--simulator-port", "--simulator-port": "--port"}[option]
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        result = ran(short_dir, "dev", option, port, other, "0", "--data-dir", short_dir)
    assert result.returncode == 2
    assert port in result.stderr
    assert option in result.stderr
    assert not (short_dir / "postgres").exists()


def test_it_never_runs_in_production(short_dir: Path) -> None:
    """Refused before anything starts, whatever else is configured."""
    result = ran(
        short_dir, "dev", "--port", "0", "--simulator-port", "0", "--data-dir", short_dir / "data",
        MIDTRANS_IS_PRODUCTION="true",
        MIDTRANS_SERVER_KEY="Mid-server-simulator",
        MIDTRANS_CLIENT_KEY="Mid-client-simulator",
    )  # fmt: skip
    assert result.returncode == 2
    assert "production" in result.stderr.lower()
    assert "Traceback" not in result.stderr
    assert not (short_dir / "data" / "postgres").exists()


def test_sigterm_ends_it_in_time_with_nothing_left(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Also while a browser keeps a connection and sends half a request."""
    with started_dev(tmp_path_factory.mktemp("d"), "--no-demo") as dev:
        assert log_in(dev.url).status_code == 401
        assert DEMO["email"] not in httpx.get(f"{dev.url}/login").text
        assert DEMO["email"] not in dev.program.printed
        postgres = postgres_of(dev.data_dir)
        assert postgres is not None
        with socket.create_connection(("127.0.0.1", urlsplit(dev.url).port or 0)) as browser:
            browser.sendall(b"POST /api/v1/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50\r\n\r\n{")
            assert dev.program.end(signal.SIGTERM, within=10) == 0
        assert "Stopped." in dev.program.printed
        assert not is_running(postgres)
        for url in (dev.url, dev.ready["simulator"]):
            with pytest.raises(httpx.ConnectError):
                httpx.get(url)


def test_ctrl_c_ends_it_with_nothing_left_and_killed_it_keeps_its_data(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("d")
    keys = {
        "MIDTRANS_SERVER_KEY": "Mid-server-from-the-environment",
        "MIDTRANS_CLIENT_KEY": "Mid-client-from-the-environment",
    }
    with started_dev(folder, **keys) as first:
        first.program.wait_for("warning: MIDTRANS_SERVER_KEY")
        order_id = order(first.url)
        assert settle(first.url, order_id).status_code == 403
        assert settle(first.url, order_id, keys["MIDTRANS_SERVER_KEY"]).status_code == 200
        before = invitation(first.url)
        assert before["payment_status"] == "paid"
        first.program.end(signal.SIGKILL)
        kill_postgres(first.data_dir)
    with started_dev(folder, **keys) as second:
        assert invitation(second.url) == before
        postgres = postgres_of(second.data_dir)
        assert postgres is not None
        os.killpg(second.program.process.pid, signal.SIGINT)
        assert second.program.process.wait(10) == 0
        assert not is_running(postgres)


def test_its_worker_works_on_when_postgresql_comes_back(tmp_path_factory: pytest.TempPathFactory) -> None:
    with started_dev(tmp_path_factory.mktemp("d")) as dev:
        assert httpx.get(f"{dev.url}/readyz").json()["worker"] == "alive"
        kill_postgres(dev.data_dir)
        assert httpx.get(f"{dev.url}/readyz").status_code == 503
        server = EmbeddedPostgres(dev.data_dir)
        server.start()
        began = dev.rows("select now() as at")[0]["at"]
        eventually(
            lambda: dev.rows("select max(beat_at) as at from workers")[0]["at"] > began,
            within=45,
            what="the worker beats again",
        )
        assert httpx.get(f"{dev.url}/readyz").json() == {"status": "ok", "worker": "alive"}
        server.stop()
        assert dev.program.end(within=15) == 0


def test_it_ends_with_a_sentence_when_its_worker_cannot_go_on(
    short_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tuntas.worker.worker.beat", None)  # a mistake: it cannot be called
    result = tuntas("dev", "--port", "0", "--simulator-port", "0", "--data-dir", short_dir)
    assert (result.code, "The worker cannot go on (TypeError" in result.err) == (1, True)
    assert postgres_of(short_dir) is None


def test_stopped_while_still_starting_it_leaves_nothing(short_dir: Path) -> None:
    arguments: list[str | Path] = ["dev", "--port", "0", "--simulator-port", "0", "--data-dir", short_dir]
    with started(short_dir, *arguments) as program:
        postgres = eventually(lambda: postgres_of(short_dir), within=30, what="PostgreSQL starts")
        os.killpg(program.process.pid, signal.SIGTERM)
        program.process.wait(10)
        gone = not is_running(postgres)
        kill_postgres(short_dir)
        assert gone
        assert "Traceback" not in program.printed


def test_what_dev_remembers_is_plain_json(dev: Dev) -> None:
    """Other commands in the same folder find it by this file."""
    assert json.loads((dev.data_dir / "dev.json").read_text()) == dev.ready


def test_a_closed_terminal_ends_it_with_nothing_left(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("d")
    data_dir, ready_file = folder / "data", folder / "ready.json"
    ports = ["--port", "0", "--simulator-port", "0"]
    words = [PROGRAM, "dev", *ports, "--data-dir", data_dir, "--ready-file", ready_file]
    number, terminal = pty.fork()
    if number == 0:
        os.chdir(folder)
        os.execve(PROGRAM, words, environment())  # noqa: S606  in place of this process
    try:
        eventually(ready_file.exists, within=60, what="tuntas dev is ready")
        server = postgres_of(data_dir)
        assert server is not None
        os.close(terminal)
        eventually(lambda: os.waitpid(number, os.WNOHANG)[0], within=15, what="it has ended")
        eventually(lambda: not is_running(server), within=2, what="PostgreSQL is gone")
    finally:
        kill_postgres(data_dir)


def test_a_program_of_nohup_lives_on_without_a_terminal(dev: Dev, tmp_path: Path) -> None:
    words = ["logs", "--follow", "--json", "--data-dir", dev.data_dir]
    another_order(dev.url, "tanpa-terminal")
    with started(tmp_path, *words, ignored=signal.SIGHUP) as program:
        program.wait_for("token_created")
        program.process.send_signal(signal.SIGHUP)
        another_order(dev.url, "masih-hidup")
        eventually(lambda: program.printed.count("token_created") > 1, within=10, what="it goes on")
        assert program.end(signal.SIGINT) == 0


def test_the_shop_follows_the_simulators_clock(dev: Dev) -> None:
    """Whoever turns it on to see payments expire can still pay, and is told the same day everywhere."""
    control = f"{dev.ready['simulator']}/_control"
    try:
        assert httpx.post(f"{control}/clock", json={"advance": "48h"}, timeout=30).is_success
        number, order_id = another_order(dev.url, "lusa")
        (made,) = dev.rows(f"select created_at from orders where order_id = '{order_id}'")
        now = datetime.fromisoformat(httpx.get(f"{control}/clock").json()["now"])
        assert abs(now - made["created_at"]) < timedelta(minutes=1)
        sent = tuntas("webhook", "send", order_id, "settlement", "--json", "--data-dir", dev.data_dir).json
        assert sent["reply"] == '{"message":"Webhook processed successfully"}'
        assert sent["sent"]["transaction_time"][:10] == now.astimezone(WIB).date().isoformat()
        shown = tuntas("orders", "show", order_id, "--json", "--data-dir", dev.data_dir).json
        assert (shown["invitation_id"], shown["status"]) == (number, "paid")
    finally:
        reset = httpx.post(f"{control}/reset", json={"clock": True}, timeout=30).json()
    assert abs(datetime.fromisoformat(reset["clock"]["now"]) - datetime.now(UTC)) < timedelta(minutes=1)


def another_order(url: str, domain: str) -> tuple[int, str]:
    """A new invitation of the demo customer and its order."""
    headers = {"Authorization": f"Bearer {log_in(url).json()['token']}"}
    with httpx.Client(base_url=url, headers=headers, timeout=30) as http:
        made = http.post("/api/v1/invitations", json={"package_id": 1, "domain": domain}).json()["id"]
        reply = http.post("/api/midtrans/create-snap-token", json={"invitation_id": made})
        assert reply.status_code == 201, reply.text
        return made, str(reply.json()["order_id"])
