"""Asking to pay when Midtrans refuses, is silent or talks nonsense, and when many ask: all has a bound."""

import asyncio
import json
import os
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from tests.command import SANDBOX
from tests.gateway import TOKEN, Gateway, gives_a_token, refuses, says
from tests.program import PROGRAM, eventually, started
from tests.stand import INVITATION, Stand, open_stand
from tuntas.store import orders
from tuntas.store.demo_data import DEMO_EMAIL, DEMO_PASSWORD
from tuntas.store.models import User
from tuntas.usecases.create_token import create_token
from tuntas.usecases.errors import TokenInProgress

pytestmark = pytest.mark.anyio

TAKEN = "transaction_details.order_id sudah digunakan"


async def test_an_order_id_that_stays_taken_is_replaced_once_and_then_told(database_url: str) -> None:
    gateway = Gateway(refuses(TAKEN))
    async with open_stand(database_url, transport=gateway) as stand:
        reply = await stand.ask_token()
        assert (reply.status_code, reply.json()["code"]) == (502, "gateway_rejected")
        assert len(gateway.asked) == 2
        assert len({asked["transaction_details"]["order_id"] for asked in gateway.asked}) == 2
        used_up = {"unusable": True, "asking_until": None}
        assert stand.rows("select unusable, asking_until from orders") == [used_up] * 2
        (alert,) = stand.rows("select kind, subject, detail, resolved_at from alerts")
        assert (alert["kind"], alert["subject"], alert["resolved_at"]) == ("token_refused", "5", None)
        assert alert["detail"]["messages"] == [TAKEN]


async def test_an_order_id_that_was_taken_once_is_replaced_and_nobody_notices(database_url: str) -> None:
    gateway = Gateway(lambda _: refuses(TAKEN)(_) if len(gateway.asked) == 1 else gives_a_token(_))
    async with open_stand(database_url, transport=gateway) as stand:
        reply = await stand.ask_token()
        assert reply.status_code == 201
        assert reply.json()["order_id"] == gateway.asked[1]["transaction_details"]["order_id"]
        assert stand.rows("select 1 from alerts") == []


async def test_a_complaint_that_a_new_order_id_cannot_mend_is_told_at_once(database_url: str) -> None:
    gateway = Gateway(refuses("transaction_details.order_id wajib diisi"))
    async with open_stand(database_url, transport=gateway) as stand:
        reply = await stand.ask_token()
        assert (reply.status_code, reply.json()["code"]) == (502, "gateway_rejected")
        assert len(gateway.asked) == 1
        assert [row["subject"] for row in stand.rows("select subject from alerts")] == ["5"]


async def test_the_alert_of_a_refused_token_names_where_to_read_it_and_closes_by_itself(
    database_url: str, tmp_path: Path
) -> None:
    gateway = Gateway(refuses("transaction_details.gross_amount must be greater than or equal to 0.01"))
    async with open_stand(database_url, transport=gateway) as stand:
        await stand.ask_token()
        await stand.ask_token()
        assert len(stand.rows("select 1 from alerts")) == 1
        remedy = ["logs", "--event", "token_failed", "--json", "--data-dir", str(tmp_path)]
        environment = {**os.environ, **SANDBOX, "DATABASE_URL": database_url}
        command = [PROGRAM, *remedy]
        shown = await asyncio.to_thread(subprocess.check_output, command, env=environment, cwd=tmp_path)
        line = json.loads(shown.splitlines()[0])
        assert "greater than or equal to 0.01" in line["detail"]["messages"][0]
        gateway.reply = gives_a_token
        assert (await stand.ask_token()).status_code == 201
        assert stand.rows("select 1 from alerts where resolved_at is null") == []


async def test_a_refused_key_is_one_alert_however_many_cannot_pay(database_url: str) -> None:
    gateway = Gateway(lambda _: says(401, {"error_messages": ["Access denied"]}))
    async with open_stand(database_url, transport=gateway) as stand:
        for _ in range(2):
            assert (await stand.ask_token()).json()["code"] == "gateway_misconfigured"
        assert stand.rows("select kind, subject from alerts") == [{"kind": "token_refused", "subject": "all"}]
        gateway.reply = gives_a_token
        assert (await stand.ask_token()).status_code == 201
        assert stand.rows("select 1 from alerts where resolved_at is null") == []


async def test_an_address_that_midtrans_refuses_keeps_nobody_from_paying(database_url: str) -> None:
    def reply(request: dict[str, Any]) -> httpx.Response:
        bad_address = "email" in request["customer_details"]
        return (
            refuses("customer_details.email format is invalid")(request) if bad_address else says(201, TOKEN)
        )

    gateway = Gateway(reply)
    async with open_stand(database_url, transport=gateway) as stand:
        assert (await stand.ask_token()).status_code == 201
        first, second = gateway.asked
        assert first["transaction_details"] == second["transaction_details"]
        assert "email" not in second["customer_details"]
        (made,) = stand.rows("select detail from payment_logs where event_type = 'token_created'")
        assert made["detail"] == {"without_email": ["customer_details.email format is invalid"]}


NONSENSE = [
    (httpx.Response(200, content=b"<html>"), "gateway_unavailable"),
    (httpx.Response(201, content=b"\xff\xfe{"), "gateway_unavailable"),
    (httpx.Response(201, content=b"[" * 100_000), "gateway_unavailable"),
    (httpx.Response(201, content=b'{"token": ' + b"9" * 5_000 + b"}"), "gateway_unavailable"),
    (httpx.Response(201, content=b" " * 2_000_000), "gateway_unavailable"),
    (httpx.Response(302, headers={"Location": "https://elsewhere.example.test/"}), "gateway_unavailable"),
    (says(201, {**TOKEN, "token": "\ud83d"}), "gateway_unavailable"),
    (says(201, {**TOKEN, "token": "t\x00"}), "gateway_unavailable"),
    (says(201, {**TOKEN, "token": "t" * 65}), "gateway_unavailable"),
    (says(201, {**TOKEN, "redirect_url": None}), "gateway_unavailable"),
    (says(201, {**TOKEN, "redirect_url": ["x"]}), "gateway_unavailable"),
    (says(500, {"error_messages": ["Sorry, we encountered internal server error."]}), "gateway_unavailable"),
    (says(400, {"error_messages": "one sentence \x00 and half \ud83d"}), "gateway_rejected"),
    (says(400, {"error_messages": [{"deep": ["\x00"]}, 5, None, "x" * 9_000] * 50}), "gateway_rejected"),
]


async def test_whatever_midtrans_answers_the_failure_is_written_and_the_order_taken_up_again(
    database_url: str,
) -> None:
    gateway = Gateway()
    async with open_stand(database_url, transport=gateway) as stand:
        for answer, code in NONSENSE:
            gateway.reply = lambda _, answer=answer: answer
            reply = await stand.ask_token()
            assert (reply.status_code, reply.json()["code"]) == (502, code), answer.content[:100]
        failed = stand.rows("select detail from payment_logs where event_type = 'token_failed'")
        assert len(failed) == len(NONSENSE)
        assert max(len(json.dumps(row["detail"])) for row in failed) < 5_000
        gateway.reply = gives_a_token
        order_id = (await stand.ask_token()).json()["order_id"]
        assert {asked["transaction_details"]["order_id"] for asked in gateway.asked} == {order_id}


async def test_those_who_wait_for_a_token_hold_no_connection(database_url: str) -> None:
    gateway = Gateway()
    gateway.open.clear()
    async with open_stand(database_url, transport=gateway) as stand:
        user = await demo_user(stand)
        waiting = [asyncio.create_task(create_token(stand.backend, user, INVITATION)) for _ in range(500)]
        await gateway.arrived.wait()
        began = time.monotonic()
        reply = await stand.notify("INV-of-another-shop", "settlement")
        assert (reply.status_code, time.monotonic() - began < 2) == (200, True)
        with_a_pid = (
            "select count(distinct pid) as n from pg_stat_activity where datname = current_database()"
        )
        (connections,) = stand.rows(f"{with_a_pid} and state <> 'idle' and pid <> pg_backend_pid()")
        assert connections["n"] == 0
        gateway.open.set()
        results = await asyncio.gather(*waiting)
        assert len(gateway.asked) == 1
        assert sorted(result.reused for result in results) == [False] + [True] * 499


async def test_two_processes_make_one_order_and_one_call_to_midtrans(database_url: str) -> None:
    gateway = Gateway()
    gateway.open.clear()
    async with (
        open_stand(database_url, transport=gateway) as one,
        open_stand(database_url, transport=gateway) as other,
    ):
        await asyncio.gather(one.bearer(), other.bearer())
        calls = [asyncio.create_task(stand.ask_token()) for stand in (one, other) for _ in range(5)]
        await gateway.arrived.wait()
        gateway.open.set()
        replies = await asyncio.gather(*calls)
        assert sorted(reply.status_code for reply in replies) == [200] * 9 + [201]
        assert len({reply.json()["snap_token"] for reply in replies}) == 1
        assert len(gateway.asked) == 1
        assert len(one.rows("select 1 from orders")) == 1


async def test_when_everybody_who_asked_has_gone_the_next_one_asks_straight_away(database_url: str) -> None:
    gateway = Gateway()
    gateway.open.clear()
    async with open_stand(database_url, transport=gateway) as stand:
        user = await demo_user(stand)
        gone = [asyncio.create_task(create_token(stand.backend, user, INVITATION)) for _ in range(3)]
        await gateway.arrived.wait()
        for call in gone:
            call.cancel()
        await asyncio.gather(*gone, return_exceptions=True)
        gateway.open.set()
        began = time.monotonic()
        result = await create_token(stand.backend, user, INVITATION)
        assert time.monotonic() - began < 3, "no lease stood in the way"
        assert not result.reused
        assert {asked["transaction_details"]["order_id"] for asked in gateway.asked} == {result.order_id}


async def test_one_who_goes_takes_nothing_from_the_others(database_url: str) -> None:
    gateway = Gateway()
    gateway.open.clear()
    async with open_stand(database_url, transport=gateway) as stand:
        user = await demo_user(stand)
        first, second = (asyncio.create_task(create_token(stand.backend, user, INVITATION)) for _ in range(2))
        await gateway.arrived.wait()
        first.cancel()
        gateway.open.set()
        assert (await second).snap_token == TOKEN["token"]
        assert len(gateway.asked) == 1


async def test_a_process_that_ends_gives_its_lease_back_and_tells_who_waits(database_url: str) -> None:
    gateway = Gateway()
    gateway.open.clear()
    async with open_stand(database_url, transport=gateway) as stand:
        user = await demo_user(stand)
        call = asyncio.create_task(create_token(stand.backend, user, INVITATION))
        await gateway.arrived.wait()
        await stand.backend.close()
        with pytest.raises(TokenInProgress):
            await call
        assert stand.rows("select asking_until, unusable from orders") == [
            {"asking_until": None, "unusable": False}
        ]


def test_a_server_that_is_stopped_while_it_asks_leaves_no_lease(database_url: str, tmp_path: Path) -> None:
    def leases() -> list[tuple[datetime | None]]:
        with psycopg.connect(database_url) as connection:
            return connection.execute("select asking_until from orders").fetchall()

    with socket.create_server(("127.0.0.1", 0)) as silent:
        snap = f"http://127.0.0.1:{silent.getsockname()[1]}/snap/v1"
        variables = {**SANDBOX, "DATABASE_URL": database_url, "MIDTRANS_SNAP_URL": snap}
        with (
            started(tmp_path, "serve", "--port", "0", **variables) as program,
            ThreadPoolExecutor(1) as browser,
        ):
            program.wait_for("Serving on ")
            url = program.printed.partition("Serving on ")[2].split()[0]
            with httpx.Client(base_url=url, timeout=60) as http:
                person = {"email": DEMO_EMAIL, "password": DEMO_PASSWORD}
                token = http.post("/api/v1/login", json=person).json()["token"]
                headers = {"Authorization": f"Bearer {token}"}
                body = {"invitation_id": INVITATION}
                browser.submit(http.post, "/api/midtrans/create-snap-token", json=body, headers=headers)
                eventually(lambda: any(until for (until,) in leases()), within=30, what="Midtrans is asked")
                assert program.end(within=20) == 0
        assert leases() == [(None,)]


async def test_only_the_lease_that_is_ones_own_is_given_back(stand: Stand) -> None:
    await stand.order()
    (held,) = stand.rows("update orders set asking_until = now() returning asking_until as until")
    for until, left in ((held["until"] - timedelta(seconds=1), held["until"]), (held["until"], None)):
        async with stand.backend.database.transaction() as session:
            await orders.end_lease(session, INVITATION, until=until)
        assert stand.rows("select asking_until as until from orders") == [{"until": left}]


async def demo_user(stand: Stand) -> User:
    """The demo customer's row."""
    await stand.bearer()
    (row,) = stand.rows("select id, name, email, password_hash from users where email = 'demo@tuntas.test'")
    return User(**row)
