"""A stream of notifications lost entirely still heals by asking."""

import asyncio
import itertools
from datetime import timedelta

import httpx
import psycopg
import pytest

from tests.crowd import fill
from tests.stand import INVITATION, Stand, open_stand
from tuntas.domain.differences import Difference
from tuntas.midtrans.errors import GatewayUnavailable
from tuntas.usecases.reconcile import reconcile_due, sync_all, sync_order
from tuntas.worker.tasks import ROUNDS

pytestmark = pytest.mark.anyio

CARD = {"card_number": "4811111111111114", "otp": "112233"}


async def status(stand: Stand) -> str:
    found = (await stand.invitation())["payment_status"]
    assert isinstance(found, str)
    return found


async def test_a_payment_whose_notifications_were_lost_is_found(database_url: str) -> None:
    async with open_stand(database_url, notified=False) as stand:
        order_id = await stand.order()
        await stand.pay(order_id)
        assert await status(stand) == "pending"
        assert await reconcile_due(stand.backend) == 0, "nothing is due in the first two minutes"
        stand.clock.ahead = timedelta(minutes=2, seconds=30)
        assert await reconcile_due(stand.backend) == 1
        assert await status(stand) == "paid"
        assert (await stand.invitation())["domain_expires_at"] is not None


async def test_before_a_method_is_chosen_midtrans_knows_nothing_and_that_is_normal(stand: Stand) -> None:
    """F23"""
    order_id = await stand.order()
    assert (await sync_order(stand.backend, order_id)).found == ()
    assert await status(stand) == "pending"
    (order,) = stand.rows("select checks, next_check_at, closed from orders")
    assert order["checks"] == 1
    assert order["next_check_at"] > stand.clock.now()
    assert order["closed"] is False


async def test_a_failed_order_is_still_asked_about_and_found_paid(database_url: str) -> None:
    """F24: a denied card is not the end; the customer pays by QR in the same page."""
    async with open_stand(database_url, notified=False) as stand:
        order_id = await stand.order()
        await stand.choose(order_id, "credit_card", card_number="4911111111111113", otp="112233")
        await sync_order(stand.backend, order_id)
        assert await status(stand) == "failed"
        await stand.pay(order_id)
        stand.clock.ahead = timedelta(hours=2)
        assert await reconcile_due(stand.backend) == 1
        assert await status(stand) == "paid"


async def test_an_order_that_can_no_longer_be_paid_ends(stand: Stand) -> None:
    order_id = await stand.order()
    await stand.pass_time(hours=25)
    await reconcile_due(stand.backend)
    (order,) = stand.rows("select order_id, status, closed, next_check_at from orders")
    assert order == {"order_id": order_id, "status": "failed", "closed": True, "next_check_at": None}
    assert await status(stand) == "failed"
    assert await reconcile_due(stand.backend) == 0


async def test_an_order_whose_va_is_still_payable_does_not_end(database_url: str) -> None:
    async with open_stand(database_url, notified=False) as stand:
        order_id = await stand.order()
        now = stand.clock.now()
        late = (now + timedelta(hours=7 + 72)).strftime("%Y-%m-%d %H:%M:%S")
        await stand.notify(order_id, "pending", expiry_time=late)
        stand.clock.ahead = timedelta(hours=30)
        await reconcile_due(stand.backend)
        (order,) = stand.rows("select status, closed, next_check_at from orders")
        assert (order["status"], order["closed"]) == ("pending", False)
        assert order["next_check_at"] is not None
        await stand.notify(order_id, "settlement")
        assert await status(stand) == "paid"


async def test_a_closed_order_that_is_paid_after_all_counts(stand: Stand) -> None:
    order_id = await stand.order()
    stand.clock.ahead = timedelta(hours=25)
    await reconcile_due(stand.backend)
    assert await status(stand) == "failed"
    await stand.notify(order_id, "settlement")
    assert await status(stand) == "paid"


async def test_a_reversal_and_a_dashboard_refund_are_found_without_notifications(database_url: str) -> None:
    async with open_stand(database_url, notified=False) as stand:
        order_id = await stand.order()
        await stand.pay(order_id, "permata_va")
        await sync_order(stand.backend, order_id)
        assert await status(stand) == "paid"
        await stand.act(order_id, "reverse")
        stand.clock.ahead = timedelta(minutes=12)
        await reconcile_due(stand.backend)
        assert await status(stand) == "failed"
        assert (await stand.invitation())["domain_expires_at"] is None


async def test_a_dry_run_shows_each_kind_of_difference_and_changes_nothing(database_url: str) -> None:
    async with open_stand(database_url, notified=False) as stand:
        order_id = await stand.order()
        await stand.pay(order_id)
        (finding,) = (await sync_order(stand.backend, order_id, dry_run=True)).found
        assert (finding.difference, finding.ours, finding.midtrans) == (
            Difference.MISSING,
            None,
            "settlement",
        )
        assert await status(stand) == "pending"
        await sync_order(stand.backend, order_id)
        await stand.act(order_id, "refund")
        await stand.notify(order_id, "pending", transaction_id="nobody-knows-me")
        synced = await sync_order(stand.backend, order_id, dry_run=True)
        found = {entry.difference for entry in synced.found}
        assert found == {Difference.STATUS, Difference.EXTRA}


async def test_sync_goes_through_every_order_and_survives_a_silent_gateway(stand: Stand) -> None:
    order_ids = [await stand.order()]
    stand.clock.ahead = timedelta(hours=24)
    order_ids.append(await stand.order())
    seen = [entry async for entry in sync_all(stand.backend, older_than=timedelta(), dry_run=True)]
    assert [order_id for order_id, _ in seen] == order_ids
    await stand.http.put(f"{stand.simulator_url}/_control/faults", json={"api_down": True})
    seen = [entry async for entry in sync_all(stand.backend, older_than=timedelta(), dry_run=False)]
    assert all(isinstance(result, GatewayUnavailable) for _, result in seen)
    old = [entry async for entry in sync_all(stand.backend, older_than=timedelta(hours=1), dry_run=True)]
    assert [order_id for order_id, _ in old] == order_ids[:1]


async def test_two_workers_at_once_share_the_orders_and_ask_about_each_once(database_url: str) -> None:
    async with open_stand(database_url, notified=False, tuntas_checks_per_second=100) as stand:
        await stand.order()
        stand.rows(
            "insert into orders (order_id, invitation_id, kind, gross_amount, days, created_at, expires_at,"
            " next_check_at) select 'INV-' || n, invitation_id, kind, gross_amount, days, created_at,"
            " expires_at, now() from orders, generate_series(1, 11) n returning 1"
        )
        await stand.pass_time(minutes=3)
        asked = await asyncio.gather(*(reconcile_due(stand.backend, limit=6) for _ in range(2)))
        assert asked == [6, 6]
        checked = stand.rows(
            "select count(*) as n from payment_logs where event_type = 'status_checked' group by order_id"
        )
        assert checked == [{"n": 1}] * 12
        assert await reconcile_due(stand.backend) == 0


async def test_a_gateway_that_does_not_answer_is_written_down_and_asked_again(stand: Stand) -> None:
    order_id = await stand.order()
    await stand.http.put(f"{stand.simulator_url}/_control/faults", json={"api_down": True})
    stand.clock.ahead = timedelta(minutes=3)
    assert await reconcile_due(stand.backend) == 1
    failures = stand.rows("select order_id from payment_logs where event_type = 'status_check_failed'")
    assert failures == [{"order_id": order_id}]
    await stand.http.put(f"{stand.simulator_url}/_control/faults", json={})
    stand.clock.ahead = timedelta(minutes=9)
    assert await reconcile_due(stand.backend) == 1


async def test_the_customer_can_ask_now_but_not_all_the_time(database_url: str) -> None:
    async with open_stand(database_url, notified=False) as stand:
        order_id = await stand.order()
        await stand.pay(order_id)
        headers, body = await stand.bearer(), {"order_id": order_id}
        reply = await stand.http.post("/api/v1/midtrans/check-status", json=body, headers=headers)
        assert (reply.status_code, reply.json()["status"]) == (200, "paid")
        again = await stand.http.post("/api/v1/midtrans/check-status", json=body, headers=headers)
        assert (again.status_code, again.json()["code"]) == (429, "too_many_requests")
        assert again.headers["retry-after"] == "5"
        stranger = await stand.register("siti@example.test")
        theirs = await stand.http.post("/api/v1/midtrans/check-status", json=body, headers=stranger)
        assert (theirs.status_code, theirs.json()["code"]) == (404, "order_not_found")


async def test_the_worker_does_it_all_by_itself(database_url: str) -> None:
    async with open_stand(database_url, notified=False) as stand:
        order_id = await stand.order()
        await stand.pay(order_id, "credit_card", **CARD)
        stand.clock.ahead = timedelta(minutes=3)
        await stand.work("reconcile_due")
        assert await status(stand) == "paid"
        assert (await stand.invitation())["id"] == INVITATION


async def test_a_slow_midtrans_is_asked_about_several_orders_at_the_same_time(database_url: str) -> None:
    """It answers nobody before three questions wait together: who asks one by one waits for ever."""
    together, waiting = asyncio.Event(), itertools.count(1)

    async def answer(_: httpx.Request) -> httpx.Response:
        if next(waiting) >= 3:
            together.set()
        await together.wait()
        return httpx.Response(200, json={"status_code": "404", "status_message": "no such transaction"})

    fill(database_url, 15)
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "update orders set status = 'pending', closed = false, expires_at = now() + interval '1 day', "
            "next_check_at = now() - interval '1 minute' where invitation_id >= 1000000"
        )
    transport = httpx.MockTransport(answer)
    async with open_stand(database_url, transport=transport, tuntas_checks_per_second=100) as stand:
        async with asyncio.timeout(20):
            await ROUNDS["reconcile_due"].work(stand.backend)
        assert stand.rows("select count(*) as due from orders where next_check_at < now()") == [{"due": 0}]
