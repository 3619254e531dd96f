"""Secrets are planted, everything runs and much goes wrong, and no output shows one of them."""

import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest

from tests.command import SANDBOX
from tests.integration.test_serve import url_of
from tests.program import ran, started
from tests.stand import notification

PASSWORD = "sandi-rahasia-7391"
EMAIL = "siti.rahasia@example.test"
NAME = "Siti Rahasia"
CARD = "4811111111111114"
PHONE = "081298765432"
TITLE = "Judul Rahasia"
WEBHOOK = "/api/v1/midtrans/webhook"


class GarbledGateway:
    """A gateway that answers with secrets of its own, as no gateway should: to every call the same page."""

    SECRET = "kunci-dari-gerbang-5520"

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        page = f'{{"token": 5, "error_messages": ["{self.SECRET}"], "order_id": {{}}'.encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(page)}\r\nConnection: close\r\n\r\n".encode()
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                connection.recv(65536)
                connection.sendall(head + page)

    def close(self) -> None:
        self._socket.close()


def customer(client: httpx.Client) -> str:
    """A customer with everything we know about one; returns the session's token."""
    registered = client.post("/api/v1/register", json={"name": NAME, "email": EMAIL, "password": PASSWORD})
    assert registered.status_code == 201, registered.text
    for email, password in ((EMAIL, PASSWORD), (EMAIL, f"{PASSWORD}x"), (f"{EMAIL}\x00", PASSWORD)):
        client.post("/api/v1/login", json={"email": email, "password": password})
        client.post("/login", data={"email": email, "password": password})
    token = registered.json()["token"]
    headers = {"Authorization": f"Bearer {token}"}
    wanted = {"package_id": 1, "domain": "siti-rahasia", "title": TITLE}
    made = client.post("/api/v1/invitations", json=wanted, headers=headers).json()
    client.post("/api/midtrans/create-snap-token", json={"invitation_id": made.get("id", 1)}, headers=headers)
    client.get("/api/v1/user-profile", headers=headers)
    return str(token)


def deliveries(order_id: str, amount: str) -> list[dict[str, object]]:
    personal = {"customer_details": {"email": EMAIL, "phone": PHONE}, "masked_card": CARD}
    return [
        notification(order_id, "settlement", gross_amount="1.00", **personal),
        notification(order_id, "teleported", gross_amount=amount, **personal),
        notification(order_id, "settlement", signature_key="f" * 128, **personal),
        notification("INV-nobody\n\x1b[2J", "settlement", **personal),
        notification(order_id, "settlement", gross_amount=amount, **personal),
    ]


def half_a_request(url: str, body: bytes) -> None:
    """A stranger that leaves in the middle of a body."""
    host, _, port = url.removeprefix("http://").partition(":")
    head = f"POST {WEBHOOK} HTTP/1.1\r\nHost: shop\r\nContent-Length: 500\r\n\r\n".encode()
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(head + body)


FAULTS = (
    ("alter table domain_grants rename to away", "alter table away rename to domain_grants"),
    ("select 1", "select 1"),
    ("alter table orders rename column status to away", "alter table orders rename column away to status"),
    ("alter table users rename to away", "alter table away rename to users"),
    (
        "alter table users add constraint spoilt check (name is null) not valid",
        "alter table users drop constraint spoilt",
    ),
    ("alter database {} set default_transaction_read_only = on", "alter database {} reset all"),
)
"""What is spoilt, and how it is mended again; `{}` stands for the database."""
CUT_OFF = """select pg_terminate_backend(pid) from pg_stat_activity
    where pid <> pg_backend_pid() and datname = current_database()"""


def live_through(url: str, database_url: str) -> list[str]:
    """Buying, forging, poison, strangers, the database in every bad state; returns what is secret."""
    with (
        httpx.Client(base_url=url, timeout=20) as client,
        psycopg.connect(database_url, autocommit=True) as house,
    ):
        name = house.info.dbname
        token = customer(client)
        order = house.execute("select order_id, gross_amount from orders").fetchone()
        assert order is not None, "its token failed, but the order stands"
        sent = deliveries(order[0], f"{order[1]}.00")
        as_program, as_browser = {"Authorization": f"Bearer {token}"}, {"Cookie": f"tuntas_session={token}"}
        for spoil, mend in FAULTS:
            house.execute(spoil.format(name).encode())
            house.execute(CUT_OFF)
            for body in sent:
                client.post(WEBHOOK, json=body)
            other = {"name": NAME, "email": f"x{EMAIL}", "password": PASSWORD}
            client.post("/api/v1/register", json=other)
            client.post("/login", data={"email": EMAIL, "password": PASSWORD})
            client.get("/api/v1/user-profile", headers=as_program)
            client.get("/invitations", headers=as_browser)
            client.get(f"/i/{NAME}%0a%1b[2J", headers=as_browser)
            half_a_request(url, json.dumps(sent[0]).encode()[:300])
            house.execute(mend.format(name).encode())
        assert client.get("/healthz").status_code == 200
    return [token, *(str(body["signature_key"]) for body in sent)]


@pytest.fixture
def gateway() -> Iterator[str]:
    garbled = GarbledGateway()
    yield garbled.url
    garbled.close()


def test_no_output_shows_a_secret_whatever_goes_wrong(
    tmp_path: Path, database_url: str, gateway: str
) -> None:
    variables = {
        **SANDBOX,
        "DATABASE_URL": database_url,
        "MIDTRANS_SNAP_URL": gateway,
        "MIDTRANS_CORE_URL": gateway,
        "TUNTAS_CONFIRM": "after",
    }
    with (
        started(tmp_path, "serve", "--port", "0", **variables) as web,
        started(tmp_path, "worker", **variables) as worker,
    ):
        planted = live_through(url_of(web), database_url)
        web.end()
        logged = [web.printed, worker.printed]
    commands = ("sync", "orders list", "logs", "doctor", "webhook orphans", "config check")
    shown = [ran(tmp_path, *command.split(), **variables) for command in commands]
    planted += [PASSWORD, EMAIL, NAME, CARD, PHONE, TITLE, GarbledGateway.SECRET]
    planted += [SANDBOX["MIDTRANS_SERVER_KEY"]]
    for printed in [*logged, *(result.stdout + result.stderr for result in shown)]:
        for secret in planted:
            assert secret not in printed, printed[max(0, printed.index(secret) - 300) :][:600]
        assert "Traceback" not in printed
        assert "\x1b[2J" not in printed
    for line in web.printed.splitlines():
        assert line.startswith(("{", "Serving on")), line
        assert len(line) < 3_000, line
    events = {json.loads(line)["event"] for line in web.printed.splitlines() if line.startswith("{")}
    processed = {"webhook_processed", "webhook_rejected", "notification_not_applied", "webhook_not_stored"}
    assert processed | {"client_left", "request_failed", "token_failed"} <= events
