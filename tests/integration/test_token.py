"""Asking to pay: `POST /api/midtrans/create-snap-token`."""

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
from tests.stand import INVITATION, PRICE, Stand, open_stand
from tuntas.store import orders
from tuntas.store.demo_data import DEMO_EMAIL, DEMO_PASSWORD
from tuntas.store.models import User
from tuntas.usecases.create_token import create_token
from tuntas.usecases.errors import TokenInProgress

pytestmark = pytest.mark.anyio


async def sessions(stand: Stand) -> list[dict[str, object]]:
    """The payment pages that Midtrans made."""
    reply = await stand.http.get(f"{stand.simulator_url}/_control/state")
    found = reply.json()["sessions"]
    assert isinstance(found, list)
    return found


async def test_the_seeds_request_works_as_written(stand: Stand) -> None:
    reply = await stand.ask_token()
    assert reply.status_code == 201
    document = reply.json()
    assert set(document) == {
        "snap_token", "order_id", "redirect_url", "gross_amount", "expires_at", "reused",
    }  # fmt: skip
    assert document["order_id"].startswith("INV-")
    assert len(document["snap_token"]) == 36
    assert document["gross_amount"] == PRICE
    assert document["reused"] is False
    assert datetime.fromisoformat(document["expires_at"]) - stand.clock.now() > timedelta(hours=23)
    events = stand.rows(
        "select event_type from payment_logs where order_id = %s order by id", document["order_id"]
    )
    assert [row["event_type"] for row in events] == ["token_requested", "token_created"]


async def test_both_paths_and_an_absent_amount_give_the_live_token_again(stand: Stand) -> None:
    first = (await stand.ask_token()).json()
    headers = await stand.bearer()
    again = await stand.http.post(
        "/api/v1/midtrans/create-snap-token", json={"invitation_id": INVITATION}, headers=headers
    )
    assert again.status_code == 200
    assert again.json() == {**first, "reused": True}


async def test_parallel_requests_make_one_order_and_one_call_to_midtrans(stand: Stand) -> None:
    await stand.bearer()
    replies = await asyncio.gather(*(stand.ask_token() for _ in range(20)))
    assert sorted(reply.status_code for reply in replies) == [200] * 19 + [201]
    assert len({reply.json()["snap_token"] for reply in replies}) == 1
    assert len(stand.rows("select * from orders")) == 1
    assert len(await sessions(stand)) == 1


async def test_midtrans_is_told_when_the_order_ends(stand: Stand) -> None:
    """Without `start_time` a VA would live on from its choice (docs/midtrans.md, "Settings of a token")."""
    await stand.ask_token()
    (order,) = stand.rows("select created_at, expires_at from orders")
    assert order["expires_at"] - order["created_at"] == timedelta(hours=24)
    (session,) = await sessions(stand)
    assert str(order["created_at"].year) in str(session)


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"amount": PRICE - 1}, 422, "amount_mismatch"),
        ({"amount": 0}, 422, "amount_mismatch"),
        ({"amount": -PRICE}, 422, "amount_mismatch"),
        ({"amount": "299000"}, 422, "invalid_request"),
        ({"amount": 299000.0}, 422, "invalid_request"),
        ({"amount": True}, 422, "invalid_request"),
        ({"invitation_id": "5"}, 422, "invalid_request"),
        ({"invitation_id": None}, 422, "invalid_request"),
        ({"invitation_id": 2**70}, 422, "invalid_request"),
        ({"invitation_id": 6}, 404, "invitation_not_found"),
        ({"renew": "yes"}, 422, "invalid_request"),
    ],
)
async def test_a_wrong_request_gets_a_code_and_leaves_nothing_behind(
    stand: Stand, changes: dict[str, object], status: int, code: str
) -> None:
    reply = await stand.ask_token(**changes)
    assert (reply.status_code, reply.json()["code"]) == (status, code)
    assert reply.json()["message"]
    assert stand.rows("select 1 from orders") == []


async def test_only_the_owner_can_ask(stand: Stand) -> None:
    """F10: somebody else's invitation does not exist for you."""
    headers = await stand.register("siti@example.test")
    body = {"invitation_id": INVITATION}
    reply = await stand.http.post("/api/midtrans/create-snap-token", json=body, headers=headers)
    assert (reply.status_code, reply.json()["code"]) == (404, "invitation_not_found")
    stranger = await stand.http.post("/api/midtrans/create-snap-token", json=body)
    assert (stranger.status_code, stranger.json()["code"]) == (401, "unauthenticated")


async def test_what_is_paid_is_sold_again_only_as_a_renewal(stand: Stand) -> None:
    order_id = await stand.order()
    now = stand.clock.now().strftime("%Y-%m-%d %H:%M:%S")
    await stand.notify(order_id, "settlement", settlement_time=now)
    reply = await stand.ask_token()
    assert (reply.status_code, reply.json()["code"]) == (409, "already_paid")
    renewal = await stand.ask_token(renew=True)
    assert renewal.status_code == 201
    assert renewal.json()["order_id"] != order_id
    kinds = stand.rows("select kind from orders order by created_at")
    assert [row["kind"] for row in kinds] == ["initial", "renewal"]


async def test_after_a_price_change_the_old_token_is_not_reused(stand: Stand) -> None:
    """F7"""
    first = await stand.order()
    with_new_price = stand.rows("update invitations set price = 349000 where id = 5 returning id")
    assert with_new_price
    reply = await stand.ask_token(amount=349_000)
    assert reply.status_code == 201
    assert reply.json()["order_id"] != first
    assert reply.json()["gross_amount"] == 349_000


async def test_an_expired_token_is_followed_by_a_new_order(stand: Stand) -> None:
    first = await stand.order()
    stand.clock.ahead = timedelta(hours=24)
    reply = await stand.ask_token()
    assert reply.status_code == 201
    assert reply.json()["order_id"] != first


async def test_after_a_denied_card_the_same_page_is_still_offered(stand: Stand) -> None:
    """F6: `deny` ends one attempt, not the order."""
    order_id = await stand.order()
    await stand.notify(order_id, "deny", payment_type="credit_card")
    assert (await stand.invitation())["payment_status"] == "failed"
    assert await stand.order() == order_id
    await stand.notify(order_id, "settlement", transaction_id="another")
    assert (await stand.invitation())["payment_status"] == "paid"


async def test_after_an_expired_attempt_a_new_order_is_made(stand: Stand) -> None:
    order_id = await stand.order()
    await stand.notify(order_id, "expire")
    assert await stand.order() != order_id


async def test_midtrans_down_leaves_an_order_that_is_taken_up_again(database_url: str) -> None:
    """F21: the row exists before the call, and a failed call leaves nothing half done."""
    async with open_stand(database_url, midtrans_snap_url="http://127.0.0.1:9/snap/v1") as down:
        replies = await asyncio.gather(*(down.ask_token() for _ in range(5)))
        assert {(reply.status_code, reply.json()["code"]) for reply in replies} == {
            (502, "gateway_unavailable")
        }
        (order,) = down.rows("select order_id, snap_token, asking_until from orders")
        assert order["snap_token"] is None
        assert order["asking_until"] is None
        outcomes = down.rows("select outcome from payment_logs where event_type = 'token_failed'")
        assert {row["outcome"] for row in outcomes} == {"GatewayUnavailable"}
    async with open_stand(database_url) as up:
        assert await up.order() == order["order_id"]


async def test_a_silent_midtrans_is_given_up_on_in_time(database_url: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/snap/v1"
        async with open_stand(database_url, midtrans_snap_url=url, midtrans_timeout_seconds=0.3) as stand:
            reply = await stand.ask_token()
            assert (reply.status_code, reply.json()["code"]) == (504, "gateway_timeout")
            assert stand.rows("select asking_until from orders") == [{"asking_until": None}]


async def test_a_request_whose_process_died_is_taken_up_after_its_lease(stand: Stand) -> None:
    order_id = await stand.order()
    stand.rows(
        "update orders set snap_token = null, redirect_url = null,"
        " asking_until = now() + interval '20 seconds' returning 1"
    )
    stand.clock.ahead = timedelta(seconds=21)
    assert await stand.order() == order_id


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"midtrans_server_key": "SB-Mid-server-wrong"}, "gateway_misconfigured"),
        ({"midtrans_snap_url": "{simulator}/wrong/path"}, "gateway_unavailable"),
    ],
)
async def test_a_refusal_of_midtrans_is_told_apart(
    database_url: str, settings: dict[str, str], code: str
) -> None:
    async with open_stand(database_url) as stand:
        settings = {name: value.format(simulator=stand.simulator_url) for name, value in settings.items()}
        async with (
            httpx.AsyncClient() as _,
            open_stand(
                database_url, **{"midtrans_snap_url": f"{stand.simulator_url}/snap/v1", **settings}
            ) as wrong,
        ):
            reply = await wrong.ask_token()
    assert (reply.status_code, reply.json()["code"]) == (502, code)


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
