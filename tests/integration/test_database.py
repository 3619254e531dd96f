"""The address of the database as people write it, and what happens when it cannot serve."""

import asyncio
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import psycopg
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from starlette.applications import Starlette
from starlette.routing import Route

from tests.stand import INVITATION, Stand, notification, open_stand
from tuntas.app import Application
from tuntas.store import database as limits
from tuntas.store.database import (
    Database,
    DatabaseBusy,
    DatabaseUnreachable,
    DatabaseUnusable,
    Pool,
    RowLocked,
    UnsupportedDatabase,
)

pytestmark = pytest.mark.anyio

WEBHOOK = "/api/v1/midtrans/webhook"
NOWHERE = "postgresql://postgres@127.0.0.1:9/tuntas"


async def scalar(database: Database, query: str, pool: Pool = Pool.ORDINARY) -> object:
    async with database.transaction(pool) as session:
        return (await session.execute(text(query))).scalar()


async def test_the_usual_options_of_an_address_are_understood(database_url: str) -> None:
    database = Database(f"{database_url}&application_name=shop&connect_timeout=5&sslmode=prefer")
    assert await scalar(database, "show application_name") == "shop"
    assert await scalar(database, "show lock_timeout") == "2s", "its limits hold beside the options"
    await database.close()


def test_an_option_we_cannot_honour_is_named_not_ignored(database_url: str) -> None:
    with pytest.raises(UnsupportedDatabase, match="target_session_attrs"):
        Database(f"{database_url}&target_session_attrs=read-write")


async def test_every_connection_has_limits_and_inspections_have_wider_ones(database_url: str) -> None:
    database = Database(database_url)
    for pool, statement in ((Pool.ORDINARY, "5s"), (Pool.INTAKE, "5s"), (Pool.PATIENT, "10min")):
        assert await scalar(database, "show statement_timeout", pool) == statement
        assert await scalar(database, "show lock_timeout", pool) == "2s"
        assert await scalar(database, "show idle_in_transaction_session_timeout", pool) == "10s"
    await database.close()


@pytest.mark.parametrize(
    ("sqlstate", "kind"),
    [
        ("08006", DatabaseUnreachable),
        ("25006", DatabaseUnreachable),
        ("53100", DatabaseUnreachable),
        ("53200", DatabaseUnreachable),
        ("53300", DatabaseUnreachable),
        ("57P01", DatabaseUnreachable),
        ("57P03", DatabaseUnreachable),
        ("58030", DatabaseUnreachable),
        ("25P03", DatabaseBusy),
        ("40001", DatabaseBusy),
        ("40P01", DatabaseBusy),
        ("57014", DatabaseBusy),
        ("55P03", RowLocked),
    ],
)
async def test_what_postgresql_says_is_told_apart_by_its_sqlstate(
    database_url: str, sqlstate: str, kind: type[DatabaseUnusable]
) -> None:
    database = Database(database_url)
    with pytest.raises(kind) as raised:
        await scalar(database, f"do $$ begin raise sqlstate '{sqlstate}'; end $$")
    assert isinstance(raised.value, DatabaseBusy) is issubclass(kind, DatabaseBusy)
    await database.close()


@pytest.mark.parametrize(
    "query", ["select 1/0", "select * from no_such_table", "insert into users values (1)"]
)
async def test_a_mistake_of_ours_is_no_trouble_of_the_database(database_url: str, query: str) -> None:
    database = Database(database_url)
    with pytest.raises(DBAPIError):
        await scalar(database, query)
    await database.close()


async def test_a_number_that_no_column_holds_is_no_trouble_of_the_database(database_url: str) -> None:
    database = Database(database_url)
    with pytest.raises(DBAPIError):
        async with database.transaction() as session:
            await session.execute(text("select id from users where id = :id"), {"id": 10**20})
    await database.close()


async def test_a_connection_that_is_cut_in_the_middle_is_a_database_away(database_url: str) -> None:
    database = Database(database_url)

    async def cut() -> None:
        async with database.transaction() as session:
            pid = (await session.execute(text("select pg_backend_pid()"))).scalar_one()
            with psycopg.connect(database_url, autocommit=True) as other:
                other.execute("select pg_terminate_backend(%s, 5000)", [pid])
            await session.execute(text("select 1"))

    with pytest.raises(DatabaseUnreachable):
        await cut()
    assert await scalar(database, "select 1") == 1, "the next one gets a new connection"
    await database.close()


async def test_the_wait_for_a_connection_has_an_end(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "POOL_WAIT_SECONDS", 0.1)
    database = Database(database_url, pool_size=1)
    async with database.transaction() as session:
        await session.execute(text("select 1"))
        with pytest.raises(DatabaseBusy):
            await scalar(database, "select 1")
    await database.close()


async def test_what_collided_is_tried_again_but_not_for_ever(database_url: str) -> None:
    database = Database(database_url)
    tries = []

    async def collide(session: limits.UnitOfWork) -> None:
        tries.append(1)
        await session.execute(text("do $$ begin raise sqlstate '40P01'; end $$"))

    with pytest.raises(DatabaseBusy):
        await database.commit(collide)
    assert len(tries) == 5
    await database.close()


@contextmanager
def read_only(database_url: str) -> Iterator[None]:
    """As a standby that was not promoted: reads are answered, nothing can be written."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        name = connection.info.dbname
        connection.execute(f"alter database {name} set default_transaction_read_only = on".encode())
    yield


def routes(app: FastAPI) -> list[tuple[str, str]]:
    """Every method and path of the API and of the pages, with names for what varies."""
    pages = app.router.default
    plain = [*app.routes, *(pages.routes if isinstance(pages, Starlette) else [])]
    found = [
        (method, route.path)
        for route in plain
        if isinstance(route, Route)
        for method in sorted(route.methods or ())
        if method != "HEAD"
    ]
    found += [
        (method.upper(), path) for path, methods in app.openapi()["paths"].items() for method in methods
    ]
    assert len(found) > 25, "a new way of registering routes hides some from this test"
    return found


async def ask(stand: Stand, method: str, path: str, headers: dict[str, str]) -> httpx.Response:
    fields = {
        "email": "demo@tuntas.test", "password": "demo-password", "name": "Siti", "invitation_id": INVITATION,
        "order_id": "INV-1", "package_id": 1, "domain": "siti-dan-budi", "title": "Siti",
        "version": "0",
    }  # fmt: skip
    path = re.sub(r"\{(\w+)\}", lambda found: str(fields[found[1]]), path)
    if path.startswith(WEBHOOK):
        fields = notification("INV-1", "settlement")
    body = {"data": fields} if not path.startswith("/api/") else {"json": fields}
    return await stand.http.request(method, path, headers=headers, **body)  # type: ignore[arg-type]


@pytest.mark.parametrize("fault", ["away", "read only"])
async def test_no_route_answers_500_while_the_database_cannot_serve(stand: Stand, fault: str) -> None:
    token = (await stand.bearer())["Authorization"].removeprefix("Bearer ")
    as_program, as_browser = {"Authorization": f"Bearer {token}"}, {"Cookie": f"tuntas_session={token}"}
    url = NOWHERE if fault == "away" else stand.database_url
    with read_only(stand.database_url):
        async with open_stand(url) as limping:
            statuses = {}
            for method, path in [*routes(Application(limping.backend).site), ("POST", WEBHOOK)]:
                is_api = path.startswith("/api/")
                reply = await ask(limping, method, path, as_program if is_api else as_browser)
                statuses[method, path] = reply.status_code
                assert reply.status_code < 500 or reply.status_code == 503, (method, path, reply.text)
                if reply.status_code == 503 and path != "/readyz":
                    assert int(reply.headers["retry-after"]) > 0, path
                    told = "database_unavailable" in reply.text or "not_stored" in reply.text
                    assert told is not path.startswith("/i/"), "guests need no code"
    refused = sum(status == 503 for status in statuses.values())
    assert refused > (15 if fault == "away" else 3), statuses


async def test_a_database_that_is_away_is_a_503_with_a_code(stand: Stand) -> None:
    headers = await stand.bearer()
    async with open_stand(NOWHERE) as away:
        reply = await away.http.get("/api/v1/user-profile", headers=headers)
        assert (reply.status_code, reply.json()["code"]) == (503, "database_unavailable")
        page = await away.http.get("/i/rani-bima")
        assert page.status_code == 503
        assert "database_unavailable" not in page.text, "guests need no code"
        assert (await away.notify("INV-x", "settlement")).status_code == 503
        assert (await away.http.get("/healthz")).status_code == 200
        assert (await away.http.get("/readyz")).status_code == 503


@pytest.mark.parametrize("number", ["-99999999999999999999", "99999999999999999999", "0", "-1", str(2**63)])
async def test_a_number_that_no_row_can_have_is_not_found(stand: Stand, number: str) -> None:
    headers = await stand.bearer()
    cookie = {"Cookie": f"tuntas_session={headers['Authorization'].removeprefix('Bearer ')}"}
    for reply in (
        await stand.http.get(f"/api/v1/invitations/{number}", headers=headers),
        await stand.http.patch(f"/api/v1/invitations/{number}", json={"title": "Kami"}, headers=headers),
        await stand.http.get(f"/checkout/{number}", headers=cookie),
    ):
        assert reply.status_code == 404, reply.text


async def test_an_absurd_number_is_the_callers_mistake(stand: Stand) -> None:
    headers = await stand.bearer()
    cookie = {"Cookie": f"tuntas_session={headers['Authorization'].removeprefix('Bearer ')}"}
    number = "9" * 5_000
    asked = f'{{"invitation_id": {number}}}'.encode()
    as_json = {**headers, "Content-Type": "application/json"}
    for reply in (
        await stand.http.get(f"/api/v1/invitations/{number}", headers=headers),
        await stand.http.get(f"/checkout/{number}", headers=cookie),
        await stand.http.post("/api/midtrans/create-snap-token", content=asked, headers=as_json),
        await stand.http.post("/invitations", data={"package_id": number}, headers=cookie),
    ):
        assert 400 <= reply.status_code < 500, reply.text


async def test_a_machine_that_froze_keeps_nobody_waiting(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "STATEMENT_SECONDS", 0)
    monkeypatch.setattr(limits, "SILENCE_SECONDS", 0.5)
    database = Database(stand.database_url)
    began = time.monotonic()
    with pytest.raises(DatabaseUnusable):
        await scalar(database, "select pg_sleep(60)")
    assert time.monotonic() - began < 5
    await asyncio.wait_for(database.close(), 5)


async def test_a_database_closed_for_maintenance_is_a_503_and_serves_again(database_url: str) -> None:
    name = re.search(r"/(\w+)\?", database_url)
    assert name
    others = database_url.replace(name[0], "/postgres?")

    def allow(yes: bool) -> None:
        with psycopg.connect(others, autocommit=True) as connection:
            connection.execute(f"alter database {name[1]} allow_connections {yes}")

    allow(False)
    try:
        async with open_stand(database_url) as stand:
            reply = await stand.http.get("/api/v1/packages")
            assert (reply.status_code, reply.json()["code"]) == (503, "database_unavailable")
            assert (await stand.notify("INV-x", "settlement")).status_code == 503
            allow(True)
            assert (await stand.http.get("/api/v1/packages")).status_code == 200
    finally:
        allow(True)
