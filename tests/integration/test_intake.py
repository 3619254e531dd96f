"""Notifications taken in together: each sender gets its own answer, and one's trouble is nobody else's."""

import asyncio
import json
import random
import socket
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

import psycopg
import pytest
from sqlalchemy import event

from tests.stand import Stand, notification, open_stand
from tuntas.domain.ladder import Rung
from tuntas.intake import queue
from tuntas.intake.queue import Intake
from tuntas.store.database import DatabaseUnreachable, Pool
from tuntas.usecases.check_invariants import check_invariants
from tuntas.usecases.errors import Overloaded
from tuntas.usecases.ingest import Delivery, verify

pytestmark = pytest.mark.anyio

WEBHOOK = "/api/v1/midtrans/webhook"
NOWHERE = "postgresql://postgres@127.0.0.1:9/nowhere"


def add_orders(stand: Stand, count: int) -> list[str]:
    """So many unpaid invitations of the demo customer, with a pending order each."""
    return [
        row["order_id"]
        for row in stand.rows(
            "with added as ("
            " insert into invitations (owner_id, package_id, price, days, domain, payment_status)"
            " select owner_id, package_id, price, days, 'tamu-' || i, 'pending'"
            " from invitations, generate_series(1, %s) i where id = 5 returning id, price, days)"
            " insert into orders (order_id, invitation_id, kind, gross_amount, days, created_at, expires_at)"
            " select 'INV-' || id, id, 'initial', price, days, now(), now() + interval '1 day' from added"
            " returning order_id",
            count,
        )
    ]


def delivery(stand: Stand, body: dict[str, Any]) -> Delivery:
    return verify(stand.backend, json.dumps(body).encode())


async def put_together(intake: Intake, deliveries: Sequence[Delivery]) -> list[BaseException | None]:
    """All of them before the first batch begins; what each sender is told."""
    return await asyncio.gather(*map(intake.put, deliveries), return_exceptions=True)


def outcomes(stand: Stand) -> Counter[str | None]:
    return Counter(row["outcome"] for row in stand.rows("select outcome from notifications"))


def refuse(stand: Stand, condition: str) -> None:
    """From now on PostgreSQL refuses such rows of transactions."""
    with psycopg.connect(stand.database_url, autocommit=True) as connection:
        connection.execute(
            "create function refuse() returns trigger language plpgsql as"
            " $$ begin raise exception 'no such row'; end $$"
        )
        connection.execute(
            "create trigger refuse before insert on transactions"
            f" for each row when ({condition}) execute function refuse()".encode()
        )


async def test_one_poison_row_leaves_the_others_of_its_batch_alone(stand: Stand) -> None:
    refuse(stand, "new.transaction_id = 'poison'")
    orders = add_orders(stand, 30)
    bodies = [notification(order_id, "settlement") for order_id in orders]
    bodies[17] = notification(orders[17], "settlement", transaction_id="poison")
    assert (
        await put_together(Intake(stand.backend), [delivery(stand, body) for body in bodies]) == [None] * 30
    )
    assert outcomes(stand) == {"applied": 29, None: 1}
    unhandled = stand.rows(
        "select order_id, error is not null as told from notifications where outcome is null"
    )
    assert unhandled == [{"order_id": orders[17], "told": True}]
    assert [row["kind"] for row in stand.rows("select kind from alerts")] == ["poison"]
    assert len(stand.rows("select 1 from invitations where payment_status = 'paid'")) == 29


async def test_a_batch_answers_each_sender_for_itself(stand: Stand) -> None:
    """Believed, refused, about nobody's order, of another amount, and the dashboard's test, all at once."""
    one, other = add_orders(stand, 2)
    bodies = [
        notification(one, "settlement"),
        notification(other, "settlement", gross_amount="1000.00"),
        notification("INV-nobody", "settlement"),
        notification("payment_notif_test_G1_1", "settlement"),
        notification(other, "settlement", status_code="201"),
        notification(other, "invented"),
    ]
    assert await put_together(Intake(stand.backend), [delivery(stand, body) for body in bodies]) == [None] * 6
    assert outcomes(stand) == Counter(
        ["applied", "amount_mismatch", "unknown_order", "dashboard_test", "incoherent", "unknown_status"]
    )
    told = {(row["kind"], row["subject"]) for row in stand.rows("select kind, subject from alerts")}
    assert told == {
        ("amount_mismatch", other),
        ("unknown_order", "INV-nobody"),
        ("notification_refused", other),
        ("unknown_status", other),
    }
    lines = stand.rows("select event_type, raw is null as bare from payment_logs order by id")
    assert Counter((line["event_type"], line["bare"]) for line in lines) == {
        ("webhook_received", False): 6,
        ("webhook_processed", True): 5,
        ("webhook_rejected", True): 1,
    }


async def test_the_same_body_many_times_in_one_batch_is_one_entry(stand: Stand) -> None:
    (order_id,) = add_orders(stand, 1)
    same = delivery(stand, notification(order_id, "settlement"))
    intake = Intake(stand.backend)
    assert await put_together(intake, [same] * 3) == [None] * 3
    assert await put_together(intake, [same] * 2) == [None] * 2
    assert stand.rows("select deliveries, outcome from notifications") == [
        {"deliveries": 5, "outcome": "applied"}
    ]
    lines = stand.rows("select event_type, outcome, raw is not null as raw from payment_logs order by id")
    assert Counter((line["event_type"], line["outcome"], line["raw"]) for line in lines) == {
        ("webhook_received", None, True): 1,
        ("webhook_received", "repeated", False): 4,
        ("webhook_processed", "applied", False): 1,
    }


@pytest.mark.parametrize("seed", range(4))
async def test_everything_about_one_order_in_one_batch_ends_where_it_would_one_by_one(
    stand: Stand, seed: int
) -> None:
    """Contradictory, doubled, of two attempts and with refunds: the books and what people are told."""
    together, apart = add_orders(stand, 2)
    dice = random.Random(seed)
    rungs = [*dice.sample(list(Rung), 7), Rung.SETTLEMENT]
    told = [(rung.status, dice.choice("ab")) for rung in rungs] * 2
    dice.shuffle(told)

    def about(order_id: str) -> list[Delivery]:
        return [
            delivery(
                stand,
                notification(
                    order_id,
                    status,
                    transaction_id=f"{order_id}-{attempt}",
                    refund_amount="1000.00" if "refund" in status else ...,
                    refunds=[{"refund_key": "r1", "refund_amount": "1000.00"}] if "refund" in status else ...,
                ),
            )
            for status, attempt in told
        ]

    intake = Intake(stand.backend)
    await put_together(intake, about(together))
    for each in about(apart):
        await intake.put(each)

    def books(order_id: str) -> list[list[dict[str, Any]]]:
        attempt, of_this = "right(transaction_id, 1) as attempt", "where order_id = %s"
        queries = [
            f"select {attempt}, transaction_status, refund_reserved from transactions {of_this} order by 1",
            f"select {attempt}, way, amount from refunds {of_this} and state <> 'returned' order by 1, 2",
            "select status from orders where order_id = %s",
            "select paid_at, ends_at from domain_grants where order_id = %s",
            "select payment_status, domain_expires_at from invitations where 'INV-' || id = %s",
            "select kind from alerts where subject = %s and resolved_at is null order by 1",
        ]
        return [stand.rows(query, order_id) for query in queries]

    assert books(together) == books(apart)


async def test_the_number_of_statements_does_not_grow_with_the_batch(stand: Stand) -> None:
    orders = add_orders(stand, 201)
    engine = stand.backend.database._engines[Pool.INTAKE].sync_engine
    statements: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *about: statements.append(about[2]))
    counts = []
    intake = Intake(stand.backend)
    for some in (orders[:1], orders[1:41], orders[41:]):
        statements.clear()
        bodies = [notification(order_id, "settlement") for order_id in some]
        bodies += [notification(f"INV-nobody-{order_id}", "settlement") for order_id in some]
        await put_together(intake, [delivery(stand, body) for body in bodies][:256])
        counts.append(len(statements))
    assert max(counts) <= 14, statements
    assert counts[1] == counts[2]


async def test_two_processes_with_the_same_bodies_in_opposite_order(stand: Stand) -> None:
    """Fails by a deadlock, or by a body that is stored twice, or lost, when the order of writing is free."""
    orders = add_orders(stand, 40)
    bodies = [notification(order_id, "settlement") for order_id in orders]
    bodies += [notification(f"INV-nobody-{order_id}", "settlement") for order_id in orders]
    async with open_stand(stand.database_url) as second:
        intakes = Intake(stand.backend), Intake(second.backend)
        for start in range(0, len(bodies), 20):
            some = [delivery(stand, body) for body in bodies[start : start + 20]]
            answers = await asyncio.gather(
                put_together(intakes[0], some), put_together(intakes[1], some[::-1])
            )
            assert answers == [[None] * 20] * 2
    assert outcomes(stand) == {"applied": 40, "unknown_order": 40}
    assert {row["deliveries"] for row in stand.rows("select deliveries from notifications")} == {2}
    assert await check_invariants(stand.backend) == []


async def test_a_locked_order_is_taken_out_of_its_batch(stand: Stand) -> None:
    orders = add_orders(stand, 20)
    held = psycopg.connect(stand.database_url)
    try:
        held.execute("select 1 from invitations where domain = 'tamu-3' for update")
        began = time.monotonic()
        intake = Intake(stand.backend)
        putting = [
            asyncio.create_task(intake.put(delivery(stand, notification(order_id, "settlement"))))
            for order_id in orders
        ]
        _, waiting = await asyncio.wait(putting, timeout=1.5)
        assert len(waiting) == 1, "only one waits for the row"
        assert outcomes(stand) == {"applied": 19}
        held.rollback()
        await asyncio.gather(*waiting)
        assert time.monotonic() - began < queue.ANSWER_SECONDS
    finally:
        held.close()
    assert outcomes(stand) == {"applied": 20}


async def test_when_the_database_is_away_nothing_is_tried_again_one_by_one(stand: Stand) -> None:
    (order_id,) = add_orders(stand, 1)
    deliveries = [delivery(stand, notification(order_id, "settlement", n=n)) for n in range(50)]
    async with open_stand(NOWHERE) as lost:
        tried = []
        commit = lost.backend.database.commit_direct

        async def counted(*arguments: Any) -> Any:
            tried.append(arguments)
            return await commit(*arguments)

        lost.backend.database.commit_direct = counted  # type: ignore[method-assign]
        answers = await put_together(Intake(lost.backend), deliveries)
    assert {type(answer) for answer in answers} == {DatabaseUnreachable}
    assert len(tried) == 1


async def test_the_queue_has_a_bound_and_says_when_to_come_again(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "WAITING_MAX", 8)
    orders = add_orders(stand, 30)
    with psycopg.connect(stand.database_url) as holder:
        holder.execute("lock table payment_logs in exclusive mode")
        posting = [asyncio.create_task(stand.notify(order_id, "settlement")) for order_id in orders]
        refused, _ = await asyncio.wait(posting, timeout=1)
        assert len(refused) == 30 - 8
        for reply in (posted.result() for posted in refused):
            assert (reply.status_code, reply.json()["code"]) == (503, "not_stored")
            assert int(reply.headers["retry-after"]) > 0
        holder.rollback()
    replies = await asyncio.gather(*posting)
    assert sum(reply.status_code == 200 for reply in replies) == 8
    assert outcomes(stand) == {"applied": 8}


async def test_bodies_that_wait_take_a_bounded_share_of_memory(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    bodies = [
        notification(order_id, "settlement", custom_field1="x" * 1000) for order_id in add_orders(stand, 9)
    ]
    size = len(json.dumps(bodies[0]))
    monkeypatch.setattr(queue, "WAITING_BYTES_MAX", 5 * size + 200)
    answers = await put_together(Intake(stand.backend), [delivery(stand, body) for body in bodies])
    assert Counter(type(answer) for answer in answers) == {type(None): 5, Overloaded: 4}


async def test_who_would_wait_longer_than_midtrans_does_is_refused_at_once(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "ANSWER_SECONDS", 0.5)
    deliveries = [delivery(stand, notification(order_id, "settlement")) for order_id in add_orders(stand, 6)]
    intake = Intake(stand.backend)
    with psycopg.connect(stand.database_url) as holder:
        holder.execute("lock table payment_logs in exclusive mode")
        under_way = asyncio.create_task(put_together(intake, deliveries[:2]))
        await asyncio.sleep(0)
        behind = asyncio.create_task(put_together(intake, deliveries[2:4]))
        assert {type(answer) for answer in await under_way} == {TimeoutError}
        began = time.monotonic()
        with pytest.raises(Overloaded):
            await intake.put(deliveries[4])
        assert time.monotonic() - began < 0.2
        await behind
        holder.rollback()


async def test_a_sender_that_hangs_up_loses_nothing_and_keeps_nobody(stand: Stand) -> None:
    one, other = add_orders(stand, 2)
    body = json.dumps(notification(one, "settlement")).encode()
    host, port = stand.url.removeprefix("http://").split(":")
    with psycopg.connect(stand.database_url) as holder:
        holder.execute("lock table payment_logs in exclusive mode")
        with socket.create_connection((host, int(port))) as sender:
            head = f"POST {WEBHOOK} HTTP/1.1\r\nHost: shop\r\nContent-Length: {len(body)}\r\n\r\n"
            sender.sendall(head.encode() + body)
            waiting = asyncio.create_task(stand.notify(other, "settlement"))
            await asyncio.sleep(0.1)
        holder.rollback()
    assert (await waiting).status_code == 200
    await stand.notify(other, "settlement")  # whatever came before has been taken in by now
    paid = stand.rows("select order_id from orders where status = 'paid' order by order_id")
    assert paid == [{"order_id": order_id} for order_id in sorted((one, other))]
