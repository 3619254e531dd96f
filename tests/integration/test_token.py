"""Asking to pay: `POST /api/midtrans/create-snap-token`."""

import asyncio
import socket
from datetime import datetime, timedelta

import httpx
import pytest

from tests.stand import INVITATION, PRICE, Stand, open_stand
from tuntas.usecases.accept_payment import accept_payment

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
    ends = datetime.fromisoformat(str(session["page_expires_at"]))
    assert ends == order["expires_at"].replace(microsecond=0)


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


HELD_UP: dict[str, list[dict[str, str]]] = {
    "a card in review": [{"status": "capture", "fraud_status": "challenge", "payment_type": "credit_card"}],
    "a card that is only authorized": [{"status": "authorize", "payment_type": "credit_card"}],
    "another amount": [{"status": "settlement", "gross_amount": "250000.00"}],
}


@pytest.mark.parametrize("told", HELD_UP.values(), ids=HELD_UP)
@pytest.mark.parametrize("left", [timedelta(), timedelta(hours=30)], ids=["in time", "late"])
async def test_while_money_is_held_up_nobody_is_asked_to_pay_again(
    stand: Stand, told: list[dict[str, str]], left: timedelta
) -> None:
    order_id = await stand.order()
    for said in told:
        await stand.notify(order_id, **said)
    stand.clock.ahead = left
    for renew in (False, True):
        reply = await stand.ask_token(renew=renew)
        assert (reply.status_code, reply.json()["code"]) == (409, "payment_in_review")
    assert len(stand.rows("select 1 from orders")) == 1


async def test_an_older_order_s_money_that_is_held_up_counts_too(stand: Stand) -> None:
    first = await stand.order()
    await stand.notify(first, "expire", transaction_id="ended")
    second = await stand.order()
    await stand.notify(first, "capture", transaction_id="late", fraud_status="challenge")
    assert (await stand.ask_token()).json()["code"] == "payment_in_review"
    await stand.notify(first, "deny", transaction_id="late", fraud_status="deny")
    assert await stand.order() == second, "nothing is held up any more: the live token is given again"


async def test_who_paid_twice_buys_no_more_time_before_a_person_decided(stand: Stand) -> None:
    order_id = await stand.order()
    await stand.notify(order_id, "settlement", transaction_id="va")
    await stand.notify(order_id, "settlement", transaction_id="qr", settlement_time="2026-11-03 12:05:00")
    assert (await stand.ask_token(renew=True)).json()["code"] == "payment_in_review"
    await accept_payment(stand.backend, order_id, reason="kept as a gift", actor="test")
    assert (await stand.ask_token(renew=True)).status_code == 201


async def test_what_midtrans_has_yet_to_confirm_is_not_sold_again(database_url: str) -> None:
    async with open_stand(database_url, notified=False, tuntas_confirm="before") as stand:
        order_id = await stand.order()
        await stand.notify(order_id, "pending")
        assert await stand.order() == order_id
        await stand.notify(order_id, "settlement")
        assert (await stand.ask_token()).json()["code"] == "payment_in_review"
