"""What a command costs before it does anything: it reads no more of the program than it works with."""

import json
import subprocess
import sys
import tempfile

from tests.command import SANDBOX
from tests.program import environment

RUNS = """
import contextlib, io, json, sys
from tuntas.cli import main
with contextlib.redirect_stdout(io.StringIO()):
    for line in json.loads(sys.argv.pop()):
        sys.argv[1:] = line
        with contextlib.suppress(SystemExit):
            main()
print(json.dumps(sorted(name for name, module in sys.modules.items() if module is not None)))
"""
"""The program run with each of some command lines; then the modules that were read for them."""

FOR_SERVERS = {
    "alembic", "argon2", "fastapi", "jinja2", "midtrans_simulator", "procrastinate", "psycopg", "rich",
    "starlette", "uvicorn",
}  # fmt: skip
FOR_WORK = {
    "asyncpg", "httpx", "pydantic_settings", "sqlalchemy", "structlog", "tuntas.settings", "tuntas.store",
    "tuntas.usecases",
}  # fmt: skip


def read_by(*lines: str, **variables: str) -> set[str]:
    with tempfile.TemporaryDirectory() as empty:
        run = subprocess.run(
            [sys.executable, "-c", RUNS, json.dumps([line.split() for line in lines])],
            cwd=empty,
            env=environment(**variables),
            capture_output=True,
            text=True,
            check=False,
        )
    assert "Traceback" not in run.stderr
    return set(json.loads(run.stdout))


def test_help_reads_nothing_that_commands_work_with() -> None:
    commands = [
        *("dev", "serve", "migrate", "worker", "logs", "sync", "refund", "doctor", "resolve", "orders"),
        *("orders list", "orders show", "orders sync", "packages", "packages add", "config check"),
        *("webhook send", "jobs run"),
    ]
    read = read_by("--help", "-h", "--version", *(f"{command} --help" for command in commands))
    assert read & (FOR_SERVERS | FOR_WORK) == set()


def test_a_question_to_our_own_books_reads_neither_servers_nor_the_way_to_midtrans(database_url: str) -> None:
    read = read_by("logs", "orders list", "packages list", DATABASE_URL=database_url, **SANDBOX)
    assert "tuntas.store.payment_logs" in read
    assert read & (FOR_SERVERS | {"httpx"}) == set()


def test_checking_the_configuration_opens_no_database() -> None:
    read = read_by("config check", **SANDBOX)
    assert read & (FOR_SERVERS | {"asyncpg", "httpx", "sqlalchemy"}) == set()
