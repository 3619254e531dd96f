"""A row that somebody holds locked: its own order waits, nobody else does."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import httpx
import psycopg
import pytest

from tests.stand import INVITATION, PRICE, Stand
from tuntas.intake.queue import ANSWER_SECONDS
from tuntas.store import invariants
from tuntas.usecases import turns
from tuntas.usecases.check_invariants import check_invariants

pytestmark = pytest.mark.anyio


@contextmanager
def forgotten_psql(stand: Stand, *locks: str) -> Iterator[psycopg.Connection]:
    """Another session that holds what `locks` lock, and does nothing."""
    connection = psycopg.connect(stand.database_url, application_name="psql")
    for lock in locks:
        connection.execute(lock.encode())
    yield connection
    connection.close()


def locking(*invitations: int) -> str:
    return f"select 1 from invitations where id in ({', '.join(map(str, invitations))}) for update"


async def new_order(stand: Stand, name: str) -> tuple[int, str]:
    """Another customer's invitation and the order id of its live token."""
    headers = await stand.register(f"{name}@example.test")
    packages = (await stand.http.get("/api/v1/packages")).json()
    (package,) = [package for package in packages if package["price"] == PRICE]
    wanted = {"package_id": package["id"], "domain": f"{name}-berdua"}
    made = await stand.http.post("/api/v1/invitations", json=wanted, headers=headers)
    assert made.status_code == 201, made.text
    body = {"invitation_id": made.json()["id"]}
    token = await stand.http.post("/api/midtrans/create-snap-token", json=body, headers=headers)
    assert token.status_code == 201, token.text
    return body["invitation_id"], token.json()["order_id"]


def refused(reply: httpx.Response) -> bool:
    return reply.status_code == 503 and int(reply.headers["retry-after"]) > 0 and bool(reply.json()["code"])


async def test_forty_deliveries_about_a_locked_order_hold_up_nobody_else(stand: Stand) -> None:
    locked = await stand.order()
    _, free = await new_order(stand, "rani")
    with forgotten_psql(stand, locking(INVITATION)):
        deliveries = [asyncio.create_task(stand.notify(locked, "settlement", n=n)) for n in range(40)]
        await asyncio.sleep(0)
        began = time.monotonic()
        assert (await stand.notify(free, "settlement")).status_code == 200
        assert time.monotonic() - began < 1.5, "it never waited for the locked row"
        assert all(map(refused, await asyncio.gather(*deliveries)))
        assert time.monotonic() - began < ANSWER_SECONDS
        began = time.monotonic()
        assert refused(await stand.notify(locked, "settlement"))
        assert time.monotonic() - began < 1, "known by now, and refused without asking"
    alerts = stand.rows("select subject from alerts where kind = 'order_locked' and resolved_at is null")
    assert alerts == [{"subject": locked}]


async def test_many_locked_orders_leave_room_for_the_others(stand: Stand) -> None:
    orders = [await new_order(stand, f"tamu{number}") for number in range(10)]
    _, free = await new_order(stand, "rani")
    with forgotten_psql(stand, locking(*(invitation for invitation, _ in orders))):
        deliveries = [
            asyncio.create_task(stand.notify(order_id, "settlement", n=n))
            for _, order_id in orders
            for n in range(10)
        ]
        await asyncio.sleep(0.2)
        began = time.monotonic()
        async with httpx.AsyncClient(base_url=stand.url) as other:  # the hundred take all that `http` has
            assert (await other.get("/api/v1/packages")).status_code == 200
        assert time.monotonic() - began < 1, "some connections are never given to waiting"
        assert (await stand.notify(free, "settlement")).status_code == 200
        assert time.monotonic() - began < 4
        assert all(map(refused, await asyncio.gather(*deliveries)))
        assert time.monotonic() - began < ANSWER_SECONDS


async def test_an_order_whose_lock_is_gone_is_served_again(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "TROUBLE_SECONDS", 0.2)
    order_id = await stand.order()
    with forgotten_psql(stand, locking(INVITATION)):
        assert refused(await stand.notify(order_id, "settlement"))
    await asyncio.sleep(0.3)
    assert (await stand.notify(order_id, "settlement")).status_code == 200
    assert (await stand.invitation())["payment_status"] == "paid"


async def test_what_the_alert_advises_finds_the_session_ends_it_and_closes_the_alert(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id = await stand.order()
    stand.clock.ahead = timedelta(minutes=1)
    with forgotten_psql(stand, locking(INVITATION)) as forgotten:
        assert refused(await stand.notify(order_id, "settlement"))
        assert await check_invariants(stand.backend) == [], "the shop's clock is not PostgreSQL's"
        monkeypatch.setattr(invariants, "HELD_SECONDS", 0)
        (breach,) = await check_invariants(stand.backend)
        assert breach.subjects == (str(forgotten.info.backend_pid),)
        command = breach.invariant.remedy.partition("psql -c '")[2].rstrip("'")
        with psycopg.connect(stand.database_url, autocommit=True) as connection:
            done = connection.execute(command.replace("<number>", breach.subjects[0]).encode())
            assert done.fetchone() == (True,)
    assert await check_invariants(stand.backend) == []
    assert stand.rows("select kind from alerts where resolved_at is null") == []


async def test_asking_to_pay_for_a_locked_invitation_is_refused_soon(stand: Stand) -> None:
    headers = await stand.bearer()
    with forgotten_psql(stand, locking(INVITATION)):
        began = time.monotonic()
        asked = [
            stand.http.post(
                "/api/midtrans/create-snap-token", json={"invitation_id": INVITATION}, headers=headers
            )
            for _ in range(60)
        ]
        assert all(map(refused, await asyncio.gather(*asked)))
        assert time.monotonic() - began < ANSWER_SECONDS


async def test_pages_and_api_under_a_locked_table_are_refused_soon(stand: Stand) -> None:
    headers = await stand.bearer()
    with forgotten_psql(stand, "lock table invitations in access exclusive mode"):
        began = time.monotonic()
        reply, page = await asyncio.gather(
            stand.http.get("/api/v1/user-profile", headers=headers), stand.http.get("/i/rani-bima")
        )
        assert (reply.status_code, reply.json()["code"]) == (503, "busy")
        assert (page.status_code, "busy" in page.text) == (503, False), "codes are nothing for guests"
        assert reply.headers["retry-after"] == page.headers["retry-after"] == "10"
        assert time.monotonic() - began < 5


async def test_a_crowd_for_one_order_is_bounded(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "WAITING_MAX", 5)
    order_id = await stand.order()
    with forgotten_psql(stand, locking(INVITATION)):
        first = asyncio.create_task(stand.notify(order_id, "settlement"))
        await asyncio.sleep(0.3)
        began = time.monotonic()
        crowd = [asyncio.create_task(stand.notify(order_id, "settlement", n=n)) for n in range(20)]
        done, _ = await asyncio.wait(crowd, timeout=1)
        assert len(done) == 15, "the others wait for their turn"
        assert time.monotonic() - began < 1.5
        await asyncio.gather(first, *crowd)


async def test_many_whose_tokens_come_at_once_leave_connections_to_the_others(stand: Stand) -> None:
    places = [stand.backend.turns.place() for _ in range(turns.AT_WORK_MAX)]
    for place in places:
        await place.__aenter__()
    asking = asyncio.create_task(stand.order())
    assert (await stand.http.get("/api/v1/user-profile", headers=await stand.bearer())).status_code == 200
    assert not asking.done()
    for place in places:
        await place.__aexit__(None, None, None)
    assert await asking
