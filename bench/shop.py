"""A shop to be asked: `tuntas serve` in one process, with customers who are logged in."""

import base64
import hashlib
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from bench.serving import Served, free_port, served
from tuntas.store import migrations
from tuntas.store.embedded import EmbeddedPostgres

TUNTAS = Path(sys.executable).with_name("tuntas")
KEYS = {
    "MIDTRANS_SERVER_KEY": "SB-Mid-server-simulator",
    "MIDTRANS_CLIENT_KEY": "SB-Mid-client-simulator",
}


@dataclass(frozen=True, slots=True)
class Shop:
    port: int
    served: Served
    customers: list[tuple[str, int]]
    """The bearer token of each, and the id of an unpaid invitation of theirs."""


@contextmanager
def opened(number: int, *, gateway_seconds: float = 0.0) -> Iterator[Shop]:
    """With so many customers, and a Midtrans that takes so long."""
    with (
        tempfile.TemporaryDirectory(prefix="tuntas-bench-") as folder,
        EmbeddedPostgres(Path(folder)) as postgres,
        _gateway(gateway_seconds) as midtrans,
    ):
        migrations.upgrade(postgres.url)
        customers = _customers(postgres.url, number)
        port = free_port()
        command = [TUNTAS, "serve", "--port", str(port), "--processes", "1"]
        variables = KEYS | {"DATABASE_URL": postgres.url, "MIDTRANS_SNAP_URL": midtrans}
        with served(command, Path(folder), port, variables) as running:
            yield Shop(port, running, customers)


@contextmanager
def _gateway(seconds: float) -> Iterator[str]:
    command = [sys.executable, "-m", "bench.gateway", str(seconds)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
    finally:
        process.terminate()
        process.communicate(timeout=10)


def _customers(url: str, number: int) -> list[tuple[str, int]]:
    with psycopg.connect(url) as database, database.cursor() as cursor:
        cursor.execute(
            "insert into packages (name, description, price, days, features)"
            " values ('Kenanga', 'Satu tahun', 299000, 365, '{}') returning id"
        )
        (package_id,) = cursor.fetchone() or (None,)
        made = []
        for place in range(number):
            token = base64.urlsafe_b64encode(hashlib.sha256(str(place).encode()).digest()).decode()
            cursor.execute(
                "with owner as (insert into users (name, email, password_hash) values ('Rani', %s, '')"
                " returning id), begun as (insert into sessions (token_hash, user_id, created_at, expires_at)"
                " select %s, id, now(), now() + interval '1 day' from owner)"
                " insert into invitations (owner_id, package_id, price, days, domain)"
                " select id, %s, 299000, 365, %s from owner returning id",
                [
                    f"rani{place}@example.test",
                    hashlib.sha256(token.encode()).digest(),
                    package_id,
                    f"r{place}",
                ],
            )
            (invitation_id,) = cursor.fetchone() or (0,)
            made.append((token, invitation_id))
    return made
