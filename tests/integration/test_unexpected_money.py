"""Money that came otherwise than expected has a place, or waits for a person; nobody pays two with one."""

from typing import Any

import psycopg
import pytest

from tests.stand import INVITATION, PRICE, Stand, open_stand
from tuntas.store import inbox, orders
from tuntas.usecases.accept_payment import accept_payment
from tuntas.usecases.alerts import alerts
from tuntas.usecases.check_invariants import check_invariants
from tuntas.usecases.confirm import confirm
from tuntas.usecases.errors import NotAnOrphan, NothingToDecide, TransactionNeeded
from tuntas.usecases.reconcile import TakeWord, reconcile_due, sync_order
from tuntas.usecases.replay import adopt

pytestmark = pytest.mark.anyio

PROMOTED = PRICE - 29_900
WORD = TakeWord(actor="test", reason="the bank returned it")


async def kinds(stand: Stand) -> list[str]:
    return sorted(alert.kind for alert in await alerts(stand.backend))


async def status(stand: Stand) -> str:
    return str((await stand.invitation())["payment_status"])


async def accept(stand: Stand, order_id: str, **options: Any) -> Any:
    return await accept_payment(stand.backend, order_id, reason="a promotion", actor="test", **options)


async def second_order(stand: Stand, first: str) -> str:
    """Another order of the same invitation, both payable."""
    await stand.notify(first, "expire", transaction_id="ended")
    second = await stand.order()
    assert second != first
    return second


async def holds(stand: Stand) -> bool:
    return await check_invariants(stand.backend) == []


async def test_a_va_and_a_qr_both_paid_wait_for_a_person(stand: Stand) -> None:
    order_id = await stand.order()
    await stand.notify(order_id, "settlement", transaction_id="va")
    assert await kinds(stand) == []
    await stand.notify(order_id, "settlement", transaction_id="qr", settlement_time="2026-11-03 12:05:00")
    (alert,) = await alerts(stand.backend)
    assert (alert.kind, alert.subject) == ("duplicate_payment", order_id)
    assert [payment["transaction_id"] for payment in alert.detail["payments"]] == ["qr"]
    assert len(stand.rows("select 1 from domain_grants")) == 1
    await accept(stand, order_id)
    assert await kinds(stand) == []
    assert await holds(stand)
    with pytest.raises(NothingToDecide):
        await accept(stand, order_id)


async def test_a_smaller_amount_counts_only_once_a_person_took_it(stand: Stand) -> None:
    order_id = await stand.order()
    await stand.notify(order_id, "pending")
    await stand.notify(order_id, "settlement", gross_amount=f"{PROMOTED}.00")
    assert await status(stand) == "pending"
    assert await kinds(stand) == ["amount_mismatch"]
    assert await holds(stand)
    accepted = await accept(stand, order_id)
    assert accepted.amount == PROMOTED
    assert await status(stand) == "paid"
    assert await kinds(stand) == []
    assert await holds(stand)
    (row,) = stand.rows("select stray, gross_amount, transaction_status from transactions")
    assert row == {"stray": False, "gross_amount": PROMOTED, "transaction_status": "settlement"}
    await stand.notify(order_id, "refund", gross_amount=f"{PROMOTED}.00")
    assert await status(stand) == "refunded"


async def test_a_second_order_that_is_accepted_adds_its_days(stand: Stand) -> None:
    first = await stand.order()
    second = await second_order(stand, first)
    for minute, order_id in enumerate((first, second)):
        await stand.notify(order_id, "settlement", settlement_time=f"2026-11-03 12:0{minute}:00")
    ends = (await stand.invitation())["domain_expires_at"]
    assert await kinds(stand) == ["duplicate_payment"]
    await accept(stand, second)
    assert (await stand.invitation())["domain_expires_at"] > ends
    assert await kinds(stand) == []
    assert await holds(stand)


async def test_which_of_several_payments_is_meant_must_be_said(stand: Stand) -> None:
    order_id = await stand.order()
    for number, amount in enumerate((PRICE, PRICE, PROMOTED)):
        await stand.notify(order_id, "settlement", transaction_id=f"t{number}", gross_amount=f"{amount}.00")
    with pytest.raises(TransactionNeeded) as asked:
        await accept(stand, order_id)
    assert sorted(asked.value.ids) == ["t1", "t2"]
    await accept(stand, order_id, transaction_id="t1")
    await accept(stand, order_id)
    assert await holds(stand)


async def test_money_without_a_place_that_nobody_was_told_of_breaks_an_invariant(stand: Stand) -> None:
    order_id = await stand.order()
    await stand.notify(order_id, "settlement", gross_amount=f"{PROMOTED}.00")
    stand.rows("update alerts set resolved_at = now() returning 1")
    (breach,) = await check_invariants(stand.backend)
    assert (breach.invariant.name, breach.subjects) == ("every_rupiah_has_its_place", (order_id,))


async def test_one_payment_never_pays_two_orders(stand: Stand) -> None:
    first = await stand.order()
    second = await second_order(stand, first)
    await stand.notify(first, "settlement", transaction_id="one-payment")
    await stand.notify(second, "settlement", transaction_id="one-payment")
    assert [row["order_id"] for row in stand.rows("select order_id from domain_grants")] == [first]
    assert await kinds(stand) == ["foreign_transaction"]
    query = "select id from notifications where order_id = %s and transaction_status = 'settlement'"
    (entry,) = stand.rows(query, first)
    with pytest.raises(NotAnOrphan):
        await adopt(stand.backend, entry["id"], second, actor="test")


async def test_a_confirmation_about_another_order_pays_nothing(database_url: str) -> None:
    async with open_stand(database_url, tuntas_confirm="before", notified=False) as stand:
        first = await stand.order()
        await stand.pay(first)
        (payment,) = await stand.transactions(first)
        stand.rows("update orders set expires_at = now() returning 1")
        second = await stand.order()
        await stand.notify(second, "settlement", transaction_id=payment["transaction_id"])
        (entry,) = stand.rows("select id from notifications")
        assert await confirm(stand.backend, entry["id"]) == "not_confirmed"
        assert await status(stand) == "pending"
        assert await kinds(stand) == ["confirmation_mismatch"]


REFUND_RETURNED = ("settlement", "refund"), "settlement"
CHARGEBACK_WON = ("capture", "settlement", "chargeback"), "settlement"
DENIAL_TAKEN_BACK = ("deny",), "settlement"


@pytest.mark.parametrize("story", [REFUND_RETURNED, CHARGEBACK_WON, DENIAL_TAKEN_BACK])
async def test_what_stands_lower_than_our_books_is_an_alert(
    stand: Stand, story: tuple[tuple[str, ...], str]
) -> None:
    climbed, then = story
    order_id = await stand.order()
    for word in climbed:
        await stand.notify(order_id, word)
    before = await status(stand)
    await stand.notify(order_id, then, custom_field1="once more")
    assert await status(stand) == before
    assert await kinds(stand) == ["books_differ"]
    (order,) = stand.rows("select next_check_at <= now() + interval '1 minute' as soon from orders")
    assert order["soon"]


async def returned_refund(stand: Stand) -> str:
    """An order that our books hold for refunded, and Midtrans for settled."""
    order_id = await stand.order()
    await stand.pay(order_id)
    await sync_order(stand.backend, order_id)
    (payment,) = await stand.transactions(order_id)
    refunded = {"transaction_id": payment["transaction_id"], "payment_type": "gopay"}
    await stand.notify(order_id, "refund", refund_amount=f"{PRICE}.00", refund_key="k1", **refunded)
    assert await status(stand) == "refunded"
    return order_id


async def test_a_person_can_take_midtrans_s_lower_word(stand: Stand) -> None:
    order_id = await returned_refund(stand)
    synced = await sync_order(stand.backend, order_id)
    assert [found.is_lower for found in synced.lasting] == [True]
    assert await status(stand) == "refunded"
    assert await kinds(stand) == ["books_differ"]
    synced = await sync_order(stand.backend, order_id, take_word=WORD)
    assert synced.lasting == ()
    assert await status(stand) == "paid"
    assert await kinds(stand) == []
    assert await holds(stand)
    acts = stand.rows("select detail from payment_logs where event_type = 'operator_act'")
    assert acts[0]["detail"]["reason"] == WORD.reason


async def test_what_was_told_before_the_new_epoch_is_overcome_for_good(stand: Stand) -> None:
    order_id = await returned_refund(stand)
    await sync_order(stand.backend, order_id, take_word=WORD)
    stand.rows("update notifications set handled_at = null, outcome = null, next_try_at = now() returning 1")
    await stand.work("retry_inbox")
    assert await status(stand) == "paid"
    await stand.act(order_id, "refund")
    await sync_order(stand.backend, order_id)
    assert await status(stand) == "refunded"


async def test_the_same_lower_answer_three_times_over_a_day_is_taken_for_the_truth(stand: Stand) -> None:
    order_id = await returned_refund(stand)
    for _ in range(3):
        await sync_order(stand.backend, order_id)
        await stand.pass_time(hours=1)
    assert await status(stand) == "refunded"
    for _ in range(4):
        await stand.pass_time(hours=9)
        await reconcile_due(stand.backend)
    assert await status(stand) == "paid"
    assert await kinds(stand) == ["word_taken"]


async def test_a_reversal_and_a_settlement_that_were_swapped_are_no_difference(stand: Stand) -> None:
    order_id = await stand.order()
    await stand.pay(order_id, "permata_va")
    (payment,) = await stand.transactions(order_id)
    await stand.act(order_id, "reverse")
    await sync_order(stand.backend, order_id)
    assert await status(stand) == "failed"
    about = {"transaction_id": payment["transaction_id"], "custom_field1": "late"}
    await stand.notify(order_id, "settlement", **about)
    assert await kinds(stand) == ["books_differ"]
    await stand.pass_time(minutes=1)
    await reconcile_due(stand.backend)
    assert await kinds(stand) == []


async def test_what_midtrans_leaves_pending_past_its_end_is_ended(stand: Stand) -> None:
    order_id = await stand.order()
    await stand.notify(order_id, "pending", transaction_id="forgotten", expiry_time="2026-11-03 12:15:00")
    await stand.pass_time(hours=25)
    await reconcile_due(stand.backend)
    (order,) = stand.rows("select status, closed, next_check_at from orders")
    assert order == {"status": "failed", "closed": True, "next_check_at": None}
    assert await status(stand) == "failed"
    await stand.notify(order_id, "settlement", transaction_id="forgotten")
    assert await status(stand) == "paid"
    assert len(stand.rows("select 1 from domain_grants")) == 1


async def test_one_order_that_cannot_be_taken_in_holds_up_nobody(database_url: str) -> None:
    async with open_stand(database_url, notified=False, tuntas_checks_per_second=100) as stand:
        bad = await stand.order()
        await stand.pay(bad)
        stand.rows(
            "insert into invitations (owner_id, package_id, price, days, domain)"
            " select owner_id, package_id, price, days, 'healthy-' || n from invitations,"
            " generate_series(1, 3) n where id = %s returning id",
            INVITATION,
        )
        for row in stand.rows("select id from invitations where domain like 'healthy-%%'"):
            await stand.pay(await stand.order(invitation_id=row["id"]))
        with psycopg.connect(stand.database_url, autocommit=True) as connection:
            connection.execute(
                f"alter table transactions add constraint strange check (order_id <> '{bad}') not valid"
            )
        await stand.pass_time(minutes=3)
        stand.rows("update orders set next_check_at = next_check_at - interval '1 hour' returning 1")
        await reconcile_due(stand.backend)
        assert stand.rows("select order_id from orders where status <> 'paid'") == [{"order_id": bad}]
        for _ in range(2):
            await stand.pass_time(minutes=3)
            await reconcile_due(stand.backend)
        assert await kinds(stand) == ["check_failed"]
        (order,) = stand.rows("select check_failures from orders where order_id = %s", bad)
        assert order["check_failures"] == 3
        with psycopg.connect(stand.database_url, autocommit=True) as connection:
            connection.execute("alter table transactions drop constraint strange")
        await sync_order(stand.backend, bad)
        assert await kinds(stand) == []


async def test_a_silent_gateway_is_told_once_and_gives_the_orders_back(stand: Stand) -> None:
    await stand.order()
    stand.rows(
        "insert into orders (order_id, invitation_id, kind, gross_amount, days, created_at, expires_at,"
        " next_check_at) select 'INV-' || n, invitation_id, kind, gross_amount, days, created_at,"
        " expires_at, now() from orders, generate_series(1, 9) n returning 1"
    )
    await stand.http.put(f"{stand.simulator_url}/_control/faults", json={"api_down": True})
    assert await reconcile_due(stand.backend) == 0
    assert await kinds(stand) == ["gateway_away"]
    asked = stand.rows("select count(*) as n from orders where check_failures > 0")
    assert asked == [{"n": 3}]
    leased = stand.rows(
        "select 1 from orders where check_failures = 0 and next_check_at > now() + '4 minutes'"
    )
    assert leased == []
    await stand.http.put(f"{stand.simulator_url}/_control/faults", json={})
    await stand.pass_time(minutes=3)
    while await reconcile_due(stand.backend):
        pass
    assert await kinds(stand) == []


async def test_whoever_locks_out_of_turn_fails_at_once(stand: Stand) -> None:
    order_id = await stand.order()
    async with stand.backend.database.transaction() as session:
        await orders.lock_with_invitation(session, order_id)
        with pytest.raises(AssertionError, match="NOTIFICATION locked after INVITATION"):
            await inbox.entry(session, 1, lock=True)
