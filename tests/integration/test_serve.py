"""`tuntas migrate` and `tuntas serve`: the server alone, on a database it makes or is given."""

import json
import re
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path

import httpx
import psycopg
import pytest
import structlog
from alembic.script import ScriptDirectory

from tests.command import DONE, MISSING, NOWHERE, SANDBOX, UNUSABLE, WRONG, tuntas
from tests.database import new_database
from tests.program import Program, eventually, postgres_of, started
from tests.stand import notification
from tuntas.store.embedded import EmbeddedPostgres
from tuntas.store.schema import MIGRATIONS


def head_of_the_chain() -> str | None:
    return ScriptDirectory(str(MIGRATIONS)).get_current_head()


def test_migrate_can_be_repeated(postgres: EmbeddedPostgres) -> None:
    with new_database(postgres, template="template0") as url:
        first = tuntas("migrate", DATABASE_URL=url)
        assert first.code == DONE
        assert "revision" in first.out
        again = tuntas("migrate", "--json", DATABASE_URL=url)
        assert (again.code, set(again.json)) == (DONE, {"revision"})
        assert again.json["revision"] in first.out
        assert head_of_the_chain() == again.json["revision"], "the newest file is the last one of the chain"
        assert tuntas("logs", DATABASE_URL=url).code == DONE


def test_migrate_makes_the_embedded_database(short_dir: Path) -> None:
    assert tuntas("migrate", "--data-dir", short_dir).code == DONE
    assert postgres_of(short_dir) is None, "stopped again"
    assert tuntas("logs", "--data-dir", short_dir).code == DONE


@pytest.mark.parametrize("command", [["migrate"], ["logs"], ["webhook", "send", "INV-1", "settlement"]])
def test_a_database_that_cannot_serve_is_said_to(postgres: EmbeddedPostgres, command: list[str]) -> None:
    for url, said in (
        (NOWHERE, "cannot be reached"),
        (postgres.url.replace("/tuntas?", "/no_such_database?"), "no_such_database"),
        ("mysql://root:secret@127.0.0.1/tuntas", "postgresql://"),
        ("not an address with a secret", "postgresql://"),
    ):
        result = tuntas(*command, DATABASE_URL=url)
        assert result.code == MISSING
        assert said in result.err
        assert "secret" not in result.err


def test_an_unmigrated_database_is_refused_with_the_way_out(
    postgres: EmbeddedPostgres, tmp_path: Path
) -> None:
    with new_database(postgres, template="template0") as url:
        result = tuntas("logs", DATABASE_URL=url)
        assert (result.code, "tuntas migrate" in result.err) == (MISSING, True)
        with started(tmp_path, "serve", "--port", "0", DATABASE_URL=url, **SANDBOX) as program:
            assert program.process.wait(30) == MISSING
            assert "tuntas migrate" in program.printed
        with psycopg.connect(url) as connection:
            assert connection.execute("select 1 from pg_tables where schemaname = 'public'").fetchall() == []


def served(folder: Path, *options: str, **variables: str) -> AbstractContextManager[Program]:
    return started(folder, "serve", "--port", "0", *options, **SANDBOX, **variables)


def url_of(program: Program) -> str:
    program.wait_for("Serving on http")
    found = re.search(r"Serving on (\S+)", program.printed)
    assert found
    return found[1]


def test_serve_on_a_given_database_logs_lines_that_reveal_nothing(tmp_path: Path, database_url: str) -> None:
    body = notification("INV-of-nobody", "settlement")
    with served(tmp_path, DATABASE_URL=database_url) as program:
        url = url_of(program)
        assert httpx.get(f"{url}/readyz").json() == {"status": "ok", "worker": "never_seen"}
        assert "demo" not in httpx.get(f"{url}/login").text
        assert httpx.post(f"{url}/api/v1/midtrans/webhook", json=body).status_code == 200
        assert program.end() == DONE
        lines = [json.loads(line) for line in program.printed.splitlines() if line.startswith("{")]
        assert [line["outcome"] for line in lines if line.get("order_id") == "INV-of-nobody"] == [
            "unknown_order"
        ]
        for secret in (body["signature_key"], *SANDBOX.values()):
            assert secret not in program.printed


def test_serve_tells_of_workers_that_fell_silent(tmp_path: Path, database_url: str) -> None:
    """Whoever still can: the worker itself tells nothing any more."""
    with psycopg.connect(database_url) as connection:
        connection.execute("insert into workers (id, beat_at) values ('gone', now() - interval '2 minutes')")

    def told() -> bool:
        with psycopg.connect(database_url) as connection:
            found = connection.execute("select subject from alerts where kind = 'worker_silent'").fetchall()
        return found == [("worker",)]

    with served(tmp_path, DATABASE_URL=database_url) as program:
        reply = httpx.get(f"{url_of(program)}/readyz")
        assert (reply.status_code, reply.json()["status"]) == (503, "worker_silent")
        eventually(told, within=30, what="an alert")
        assert program.end() == DONE
    assert "Start one: tuntas worker" in tuntas("doctor", DATABASE_URL=database_url).out


def test_a_worker_that_cannot_go_on_ends_with_a_sentence(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tuntas.worker.worker.beat", None)  # a mistake: it cannot be called
    try:
        result = tuntas("worker", DATABASE_URL=database_url, **SANDBOX)
    finally:
        structlog.reset_defaults()
    assert (result.code, "The worker cannot go on (TypeError" in result.err) == (WRONG, True)


def test_serve_without_a_database_makes_its_own(short_dir: Path) -> None:
    with served(short_dir, "--data-dir", str(short_dir)) as program:
        url = url_of(program)
        assert httpx.get(f"{url}/readyz").json() == {"status": "ok", "worker": "never_seen"}
        assert httpx.get(f"{url}/api/v1/packages").json() == [], "no demo data in production"
        assert program.end() == DONE
    assert postgres_of(short_dir) is None


def test_serve_needs_its_keys(short_dir: Path) -> None:
    result = tuntas("serve", "--port", "0", "--data-dir", short_dir)
    assert result.code == UNUSABLE
    assert "MIDTRANS_SERVER_KEY is not set" in result.err
    assert list(short_dir.iterdir()) == []


def test_serve_on_a_taken_port_says_so(tmp_path: Path, database_url: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with started(tmp_path, "serve", "--port", port, DATABASE_URL=database_url, **SANDBOX) as program:
            assert program.process.wait(30) == MISSING
            assert port in program.printed
            assert "Traceback" not in program.printed


def test_a_request_under_way_at_the_end_is_told_to_come_again(tmp_path: Path, database_url: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, ThreadPoolExecutor() as meanwhile:
        gateway = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with served(tmp_path, DATABASE_URL=database_url, MIDTRANS_SNAP_URL=gateway) as program:
            with httpx.Client(base_url=url_of(program), timeout=20) as client:
                person = {"email": "demo@tuntas.test", "password": "demo-password"}
                token = client.post("/api/v1/login", json=person).json()["token"]
                client.headers["Authorization"] = f"Bearer {token}"
                asked = meanwhile.submit(
                    client.post, "/api/midtrans/create-snap-token", json={"invitation_id": 5}
                )
                with silent.accept()[0] as call:
                    assert call.recv(1), "Midtrans is asked, and does not answer"
                    assert program.end() == DONE
                    reply = asked.result(10)
            assert (reply.status_code, reply.json()["code"]) == (503, "shutting_down")
            assert int(reply.headers["retry-after"]) > 0
            assert "Traceback" not in program.printed
