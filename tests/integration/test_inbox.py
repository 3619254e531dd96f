"""Nothing that Midtrans sent is lost: poison, orphans, duplicates, and what is asked back."""

from typing import Any

import psycopg
import pytest

from tests.stand import Stand, open_stand
from tuntas.store.alerts import open_alerts
from tuntas.store.invariants import INVARIANTS
from tuntas.store.models import Notification
from tuntas.usecases.alerts import alerts, resolve_alert
from tuntas.usecases.check_invariants import check_invariants
from tuntas.usecases.errors import AlertNotFound, OrderNotFound
from tuntas.usecases.replay import adopt, replay, retry_inbox, stored

pytestmark = pytest.mark.anyio


async def kinds(stand: Stand) -> list[str]:
    return [alert.kind for alert in await alerts(stand.backend)]


async def orphans(stand: Stand) -> list[Notification]:
    return list(await stored(stand.backend, outcomes=["unknown_order"], order_id=None, limit=10))


async def status(stand: Stand) -> str:
    return str((await stand.invitation())["payment_status"])


async def broken(stand: Stand) -> set[str]:
    return {breach.invariant.name for breach in await check_invariants(stand.backend)}


async def test_a_duplicate_is_one_entry_counted_twice(stand: Stand) -> None:
    order_id = await stand.order()
    for _ in range(3):
        await stand.notify(order_id, "settlement")
    (entry,) = stand.rows("select deliveries, outcome, handled_at is not null as handled from notifications")
    assert entry == {"deliveries": 3, "outcome": "applied", "handled": True}
    received = stand.rows(
        "select raw is not null as raw, outcome from payment_logs"
        " where event_type = 'webhook_received' order by id"
    )
    assert received == [{"raw": True, "outcome": None}] + [{"raw": False, "outcome": "repeated"}] * 2


async def test_poison_is_stored_alone_and_taken_in_later(stand: Stand) -> None:
    order_id = await stand.order()
    with psycopg.connect(stand.database_url, autocommit=True) as connection:
        connection.execute("alter table transactions rename to away")
        assert (await stand.notify(order_id, "settlement")).status_code == 200
        connection.execute("alter table away rename to transactions")
    (entry,) = stand.rows("select outcome, handled_at, error from notifications")
    assert (entry["outcome"], entry["handled_at"]) == (None, None)
    assert entry["error"]
    assert await kinds(stand) == ["poison"]
    await stand.pass_time(minutes=2)
    assert "no_notification_waits" in {
        found.invariant.name for found in await check_invariants(stand.backend)
    }
    assert await retry_inbox(stand.backend) == 1
    assert await status(stand) == "paid"
    await check_invariants(stand.backend)
    assert await kinds(stand) == []


async def test_an_orphan_is_adopted_when_its_order_appears(stand: Stand) -> None:
    """F27: the notification was faster than the order's row."""
    order_id = await stand.order()
    late_id = order_id.replace("INV-", "INV-late-")[:50]
    await stand.notify(late_id, "settlement")
    assert await kinds(stand) == ["unknown_order"]
    stand.rows("update orders set order_id = %s returning 1", late_id)
    assert await retry_inbox(stand.backend) == 1
    assert await status(stand) == "paid"
    assert await kinds(stand) == []
    assert await retry_inbox(stand.backend) == 0


async def test_among_many_orphans_each_has_its_turn(stand: Stand) -> None:
    order_id = await stand.order()
    for number in range(4):
        await stand.notify(f"INV-nobody-{number}", "settlement", transaction_id=f"n{number}")
    await stand.notify("INV-late", "settlement")
    stand.rows("update orders set order_id = 'INV-late' where order_id = %s returning 1", order_id)
    found = [await retry_inbox(stand.backend, limit=2) for _ in range(3)]
    assert found == [0, 0, 1]
    assert await status(stand) == "paid"
    found = [await retry_inbox(stand.backend, limit=2) for _ in range(3)]
    assert found == [0, 0, 0]


async def test_more_alerts_than_anybody_reads_are_shown_bit_by_bit(stand: Stand) -> None:
    for number in range(3):
        await stand.notify(f"INV-nobody-{number}", "settlement", transaction_id=f"n{number}")
    async with stand.backend.database.transaction() as session:
        oldest = await open_alerts(session, limit=2)
    assert [alert.subject for alert in oldest] == ["INV-nobody-0", "INV-nobody-1"]
    await resolve_alert(stand.backend, oldest[0].id, note="seen", actor="test")
    async with stand.backend.database.transaction() as session:
        assert [alert.subject for alert in await open_alerts(session, limit=2)] == [
            "INV-nobody-1",
            "INV-nobody-2",
        ]


async def test_an_operator_can_say_whose_an_orphan_is(stand: Stand) -> None:
    """F28: BSI has been seen to send its own id in place of the order id."""
    order_id = await stand.order()
    bank_id = "A120240830074017NP16XMU4JTID"
    await stand.notify(bank_id, "settlement", transaction_id=bank_id)
    (orphan,) = await orphans(stand)
    with pytest.raises(OrderNotFound):
        await adopt(stand.backend, orphan.id, "INV-nobody", actor="test")
    assert await adopt(stand.backend, orphan.id, order_id, actor="test") == "applied"
    assert await status(stand) == "paid"
    acts = stand.rows("select detail from payment_logs where event_type = 'operator_act'")
    assert acts[0]["detail"]["actor"] == "test"
    assert await kinds(stand) == []
    assert await replay(stand.backend, orphan.id) == "unchanged"
    await stand.notify(bank_id, "settlement", transaction_id=bank_id)
    assert await orphans(stand) == []
    assert await kinds(stand) == []


async def test_two_paid_initial_orders_are_flagged_and_granted_once(stand: Stand) -> None:
    """F14"""
    first = await stand.order()
    await stand.notify(first, "expire", transaction_id="t1")
    second = await stand.order()
    assert first != second
    await stand.notify(first, "settlement", transaction_id="t2", settlement_time="2026-11-03 12:01:00")
    await stand.notify(second, "settlement", transaction_id="t3", settlement_time="2026-11-03 12:09:00")
    grants = stand.rows("select order_id from domain_grants")
    assert grants == [{"order_id": first}]
    assert [(alert.kind, alert.subject) for alert in await alerts(stand.backend)] == [
        ("duplicate_payment", second)
    ]
    assert await check_invariants(stand.backend) == []


async def test_an_alert_is_closed_by_somebody_and_comes_back_with_its_cause(stand: Stand) -> None:
    order_id = await stand.order()
    await stand.notify(order_id, "settlement", gross_amount="1.00")
    (alert,) = await alerts(stand.backend)
    await resolve_alert(stand.backend, alert.id, note="asked the bank", actor="test")
    assert await kinds(stand) == []
    (act,) = stand.rows("select order_id, detail from payment_logs where event_type = 'operator_act'")
    assert (act["order_id"], act["detail"]["note"]) == (order_id, "asked the bank")
    with pytest.raises(AlertNotFound):
        await resolve_alert(stand.backend, alert.id, note="again", actor="test")
    await stand.notify(order_id, "settlement", gross_amount="2.00")
    assert await kinds(stand) == ["amount_mismatch"]


async def test_every_invariant_is_a_query_that_runs_and_holds(stand: Stand) -> None:
    order_id = await stand.order()
    await stand.notify(order_id, "settlement")
    assert await check_invariants(stand.backend) == []
    assert len({invariant.name for invariant in INVARIANTS}) == len(INVARIANTS)


DAMAGE = {
    "every_rupiah_has_its_place": "delete from domain_grants",
    "grants_have_a_paid_order": "update orders set status = 'failed'",
    "invitations_follow_their_grants": "update invitations set domain_expires_at = now()",
    "refunds_fit_the_payment": "update transactions set refund_reserved = 1",
    "refunds_are_tried_again": """
        insert into refunds
          (order_id, transaction_id, refund_key, amount, state, ours, created_at, next_try_at)
        select order_id, transaction_id, 'r1', 1, 'requested', true, now(), now() - interval '2 hours'
        from transactions""",
    "no_order_pends_past_its_end": (
        "update orders set status = 'pending', expires_at = now() - interval '9 hours'"
    ),
    "reconciliation_keeps_up": "update orders set next_check_at = now() - interval '2 hours'",
    "no_notification_waits": (
        "update notifications set handled_at = null, received_at = now() - interval '2 minutes'"
    ),
    "a_worker_is_alive": "insert into workers (id, beat_at) values ('gone', now() - interval '2 minutes')",
    "no_confirmation_waits": (
        "update notifications set outcome = 'awaiting_confirmation', handled_at = now() - interval '1 hour'"
    ),
}


HAS_ITS_OWN_TEST = {"no_session_holds_rows"}  # no row is damaged: see test_turns


@pytest.mark.parametrize("name", sorted({invariant.name for invariant in INVARIANTS} - HAS_ITS_OWN_TEST))
async def test_each_invariant_notices_its_damage(stand: Stand, name: str) -> None:
    await stand.notify(await stand.order(), "settlement")
    assert stand.rows(f"{DAMAGE[name]} returning 1")
    assert name in await broken(stand)
    assert "invariant" in await kinds(stand)


CARD = {"card_number": "4811111111111114", "otp": "112233"}


async def real_id(stand: Stand, order_id: str) -> str:
    (transaction,) = await stand.transactions(order_id)
    return str(transaction["transaction_id"])


async def test_before_nothing_is_believed_until_midtrans_confirms(database_url: str) -> None:
    async with open_stand(database_url, tuntas_confirm="before") as stand:
        order_id = await stand.order()
        await stand.pay(order_id)
        await stand.control("clock", advance="1s")
        assert await status(stand) == "pending"
        await stand.work()
        assert await status(stand) == "paid"
        forged: dict[str, Any] = {"transaction_id": await real_id(stand, order_id)}
        await stand.notify(order_id, "chargeback", **forged)
        await stand.work()
        assert await status(stand) == "paid"
        assert await kinds(stand) == ["confirmation_mismatch"]


async def test_after_applies_at_once_but_asks_before_a_paid_order_is_taken_back(database_url: str) -> None:
    async with open_stand(database_url, tuntas_confirm="after") as stand:
        order_id = await stand.order()
        await stand.pay(order_id)
        await stand.control("clock", advance="1s")
        assert await status(stand) == "paid"
        await stand.work()
        await stand.notify(order_id, "refund", transaction_id=await real_id(stand, order_id))
        assert await status(stand) == "paid", "a captured body with its status changed is not believed"
        await stand.work()
        assert await status(stand) == "paid"
        (alert,) = await alerts(stand.backend)
        assert (alert.kind, alert.subject) == ("confirmation_mismatch", order_id)
        assert alert.detail == {"notification": "refund", "midtrans": "settlement"}
        await stand.act(order_id, "refund")
        await stand.control("clock", advance="1s")
        assert await status(stand) == "paid"
        await stand.work()
        assert await status(stand) == "refunded"


async def test_a_confirmation_waits_for_a_gateway_that_is_down(database_url: str) -> None:
    async with open_stand(database_url, tuntas_confirm="before") as stand:
        order_id = await stand.order()
        await stand.pay(order_id)
        await stand.control("clock", advance="1s")  # answers when what is due has been delivered
        await stand.http.put(f"{stand.simulator_url}/_control/faults", json={"api_down": True})
        await stand.work()
        assert await status(stand) == "pending"
        assert stand.rows("select attempts from procrastinate_jobs where task_name = 'confirm'")
        await stand.http.put(f"{stand.simulator_url}/_control/faults", json={})
        stand.rows(
            "update procrastinate_jobs set scheduled_at = now() where scheduled_at > now() returning 1"
        )
        await stand.work()
        assert await status(stand) == "paid"


async def test_a_fee_that_the_gateway_adds_is_no_mismatch(stand: Stand) -> None:
    """F18"""
    order_id = await stand.order()
    metadata = {"extra_info": {"gross_amount_info": {"original_amount": "299000.00"}}}
    await stand.notify(order_id, "settlement", gross_amount="303000.00", metadata=metadata)
    assert await status(stand) == "paid"
    assert await kinds(stand) == []


async def test_the_log_tells_the_whole_story_of_a_payment(stand: Stand) -> None:
    order_id = await stand.order()
    await stand.pay(order_id)
    await stand.control("clock", advance="1s")
    events = [
        row["event_type"]
        for row in stand.rows("select event_type from payment_logs where order_id = %s order by id", order_id)
    ]
    assert events == ["token_requested", "token_created"] + ["webhook_received", "webhook_processed"] * 2
