"""Nothing gets slower because a table has grown: no statement reads more of it than it needs."""

import asyncio
import uuid
from collections.abc import Coroutine, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import psycopg
import pytest
from httpx import Response
from sqlalchemy import Engine

from tests.crowd import DAYS, fill, settle
from tests.database import new_database
from tests.plans import GROWING, Heard, listening, queries_of_the_store, scans
from tests.stand import INVITATION, Stand, open_stand
from tuntas.domain.contradictions import Contradiction
from tuntas.domain.ladder import Rung
from tuntas.domain.money import Rupiah
from tuntas.domain.refunds import RefundRow
from tuntas.store import (
    accounts,
    books,
    inbox,
    inspection,
    invitations,
    jobs,
    ledger,
    orders,
    pace,
    payment_logs,
    refunds,
    rounds,
    schema,
    told_refunds,
)
from tuntas.store.alerts import AlertKind, is_open, resolve_all
from tuntas.store.database import BY_KEY_ONLY, PLANNED_EACH_TIME, Pool
from tuntas.store.embedded import EmbeddedPostgres
from tuntas.store.jobs import StoppedJob
from tuntas.store.packages import EnglishWords, Words
from tuntas.store.told_refunds import Void
from tuntas.usecases import archive as archiving
from tuntas.usecases import payments, replay
from tuntas.usecases.accept_payment import accept_payment
from tuntas.usecases.alerts import alerts, resolve_alert
from tuntas.usecases.archive import archive, count, restore
from tuntas.usecases.check_invariants import check_invariants
from tuntas.usecases.confirm import confirm_overdue
from tuntas.usecases.jobs import look_after_jobs
from tuntas.usecases.liveness import beat, forget_old_workers, workers
from tuntas.usecases.packages import add_package, all_packages, price_package
from tuntas.usecases.reconcile import reconcile_due, sync_all, sync_order
from tuntas.usecases.refund import refund, resume_refunds
from tuntas.usecases.rounds import run_round

pytestmark = pytest.mark.anyio

ORDERS = 3_000
FIRST_ROWS_MAX = 1_000
"""What is read from end to end while a table has only a few rows, which is right; later tables have more."""
BY = {"reason": "walk", "actor": "test"}
ASKED_BY_KEY = {"invariants.broken"}
NOT_OF_A_RUNNING_SHOP = {"demo_data.insert_demo_data"}


@pytest.fixture(scope="module")
def crowded(postgres: EmbeddedPostgres) -> Iterator[str]:
    with new_database(postgres) as url:
        fill(url, ORDERS)
        settle(url)
        yield url


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspection, "PART_SIZE", 20)
    monkeypatch.setattr(archiving, "_AT_ONCE", 20)


@pytest.mark.usefixtures("small_parts")
async def test_no_statement_reads_more_of_a_growing_table_than_it_needs(crowded: str, tmp_path: Path) -> None:
    with listening() as heard:
        async with open_stand(crowded) as stand:
            await walk(stand, tmp_path)
    missing = queries_of_the_store() - heard.walked - NOT_OF_A_RUNNING_SHOP
    assert not missing, "walk through these too, so that their plans are looked at"
    assert await offences(crowded, heard, stand.backend.database._engines[Pool.INTAKE].sync_engine) == {}


async def offences(url: str, heard: Heard, intake: Engine) -> dict[str, Any]:
    each_time = await asyncpg.connect(url, server_settings=PLANNED_EACH_TIME)
    by_key = await asyncpg.connect(url, server_settings=PLANNED_EACH_TIME | BY_KEY_ONLY)
    found = {}
    try:
        for (engine, sender, statement), values in heard.statements.items():
            if statement.split()[0].lower() in {"select", "with", "insert", "update", "delete"}:
                connection = by_key if engine is intake or sender in ASKED_BY_KEY else each_time
                if offence := await scans(connection, statement, values):
                    found[f"{sender}: {' '.join(statement.split())}"] = offence
    finally:
        await each_time.close()
        await by_key.close()
    return found


async def walk(stand: Stand, folder: Path) -> None:
    """Through everything that people, programs and the clock can ask of the store."""
    await _a_customer(stand)
    await _an_operator(stand)
    await _a_shopkeeper(stand)
    await _an_archivist(stand, folder)
    await _the_clock(stand)
    await _what_seldom_happens(stand)


async def _a_customer(stand: Stand) -> None:
    owner = await stand.bearer()
    order_id = await stand.order()
    await stand.order()
    bearer = await stand.register("walk@tuntas.test")
    await stand.http.post("/api/v1/login", json={"email": "walk@tuntas.test", "password": "not this one"})
    (package, *_) = (await stand.http.get("/api/v1/packages")).json()
    wanted = {"package_id": package["id"], "domain": "walk-and-see"}
    made = await stand.http.post("/api/v1/invitations", json=wanted, headers=bearer)
    assert made.status_code == 201, made.text
    address = f"/api/v1/invitations/{made.json()['id']}"
    await stand.http.patch(address, json={"domain": "walk-on"}, headers=bearer)
    for path in (
        address,
        "/api/v1/invitations?limit=5",
        "/api/v1/invitations?limit=5&before=9",
        "/i/walk-on",
    ):
        assert (await stand.http.get(path, headers=bearer)).status_code in {200, 402}
    again = await stand.http.post(
        "/api/v1/invitations", json=wanted | {"domain": "crowd-1000001"}, headers=bearer
    )
    assert again.status_code == 409
    await stand.profile()
    await stand.http.get(f"/api/v1/payments/{order_id}", headers=owner)
    for newest in ("", f"&before={order_id}"):
        await stand.http.get(f"/api/v1/payments?limit=5{newest}", headers=owner)
    await payments.own_order(stand.backend, 1, order_id)
    await payments.payment_by_pass(stand.backend, order_id)
    await stand.http.post("/api/v1/midtrans/check-status", json={"order_id": order_id}, headers=owner)
    assert (await stand.pay(order_id)) is None
    await stand.control("clock", advance="1s")
    assert (await stand.profile())["invitation"]["payment_status"] == "paid"
    await asyncio.gather(*_a_mixed_batch(stand, order_id))
    await stand.http.post("/api/v1/logout", headers=bearer)


def _a_mixed_batch(stand: Stand, order_id: str) -> list[Coroutine[Any, Any, Response]]:
    """Of each kind of notification one, so that they are taken in together."""
    query = "select order_id, transaction_id from transactions where order_id <> %s limit 8"
    of_the_crowd = stand.rows(query, order_id)
    told = [
        stand.notify(row["order_id"], status, transaction_id=row["transaction_id"])
        for row, status in zip(
            of_the_crowd,
            ("pending", "settlement", "expire", "chargeback", "refund", "capture", "cancel", "no-status"),
            strict=True,
        )
    ]
    again = [stand.notify("INV-of-somebody-else", "settlement") for _ in range(2)]
    other_amount = stand.notify(order_id, "settlement", transaction_id="other", gross_amount="1000.00")
    forged = stand.notify(order_id, "settlement", signature_key="forged")
    listed = {"refund_amount": "1000.00", "refunds": [{"refund_key": "r", "refund_amount": "1000.00"}]}
    partly = stand.notify(order_id, "partial_refund", **listed)
    return [*told, *again, other_amount, forged, partly]


async def _an_operator(stand: Stand) -> None:
    backend = stand.backend
    (found,) = stand.rows("select order_id from orders where invitation_id = %s", INVITATION)
    order_id = found["order_id"]
    for status in (None, "pending", "paid", "failed", "refunded"):
        await payments.recent_orders(backend, status=status, limit=20)
    await payments.order_book(backend, order_id)
    await payments.newest_attempt(backend, order_id)
    async with backend.database.transaction() as session:
        for about in ({}, {"order_id": order_id}, {"event": "webhook_received"}, {"event": "word_taken"}):
            for after in (0, 29_000):
                await payment_logs.recent(session, after_id=after, limit=20, **about)
    for outcomes in (None, ["applied"], ["unknown_order"], ["incoherent"]):
        await replay.stored(backend, outcomes=outcomes, order_id=None, limit=20)
    (orphan,) = await replay.stored(backend, outcomes=None, order_id="INV-of-somebody-else", limit=20)
    await replay.replay(backend, orphan.id)
    await replay.adopt(backend, orphan.id, order_id, actor="test")
    await accept_payment(backend, order_id, transaction_id="other", **BY)
    await refund(
        backend,
        order_id,
        (await stand.transactions(order_id))[0]["transaction_id"],
        amount=Rupiah(1000),
        **BY,
    )
    await sync_order(backend, order_id)
    for alert in await alerts(backend):
        await resolve_alert(backend, alert.id, note="walk", actor="test")
    async for _ in sync_all(backend, older_than=timedelta(days=1), dry_run=True):
        break


async def _a_shopkeeper(stand: Stand) -> None:
    made = await add_package(
        stand.backend, Words("Walk", "Walk."), EnglishWords(), price=Rupiah(1), days=1, actor="test"
    )
    await price_package(stand.backend, made.id, Rupiah(2), actor="test")
    await all_packages(stand.backend)


async def _an_archivist(stand: Stand, folder: Path) -> None:
    oldest = timedelta(days=DAYS - 2)
    async for _ in count(stand.backend, older_than=oldest):
        pass
    files = [step.file async for step in archive(stand.backend, folder, older_than=oldest, actor="test")]
    assert files[0] is not None
    await restore(stand.backend, files[0])


async def _the_clock(stand: Stand) -> None:
    backend = stand.backend
    await beat(backend, "walker")
    await workers(backend)
    await forget_old_workers(backend)
    await replay.retry_inbox(backend)
    await confirm_overdue(backend)
    await reconcile_due(backend, limit=2)
    await resume_refunds(backend)
    await look_after_jobs(backend)
    for _ in range(2):
        await check_invariants(backend)
    await run_round(backend, "walk", look_after_jobs)


async def _what_seldom_happens(stand: Stand) -> None:
    """The queries that only an accident of some kind leads to, asked for directly and not kept."""
    backend, now = stand.backend, stand.clock.now()
    (row,) = stand.rows("select order_id, transaction_id from refunds where state = 'confirmed' limit 1")
    order_id, transaction_id = row["order_id"], row["transaction_id"]
    job = StoppedJob(id=1, task="confirm", arguments={}, of_the_clock=False)
    doubt = Contradiction(Rung.PENDING, since=now, answers=1)
    await schema.is_current(backend.database)
    async with backend.database.transaction() as session:
        book = await books.read_book(session, order_id)
        assert book is not None
        stray = replace(book.order(order_id).transactions[0], stray=True)
        await ledger.count_strays(session, replace(book.order(order_id), strays=(stray,)), stray.gross_amount)
        await ledger.keep_payment(session, order_id, transaction_id, "walk")
        await ledger.write_contradiction(session, order_id, transaction_id, doubt)
        payment = order_id, transaction_id
        await orders.begin_lease(session, order_id, until=now)
        await orders.locked_order(session, order_id)
        await told_refunds.record(session, {payment: [RefundRow("walk", Rupiah(1))]}, at=now)
        for stands in (True, False):
            await told_refunds.record_voids(session, [Void(payment, Rupiah(1), stands=stands)], at=now)
        await ledger.suspect(session, {payment: Rung.PENDING}, at=now)
        await refunds.returned_by_bank(session, order_id, transaction_id, at=now)
        await refunds.by_reference(session, order_id, "walk")
        given_back = (await refunds.of_order(session, order_id))[0]
        given_back.next_try_at = now
        await session.flush()
        await refunds.leave_to_a_person(session, given_back)
        attempt = (await orders.transactions_of(session, order_id))[0]
        money = {"amount": Rupiah(1), "paid_to": "BCA", "reference": "walk", "transferred_at": now}
        await refunds.write_down(session, attempt, at=now, **money, **BY)
        await orders.accept_amount(session, order_id, Rupiah(1))
        await orders.check_soon(session, order_id, at=now)
        await orders.close(session, order_id)
        await orders.count_failure(session, order_id)
        await orders.end_lease(session, INVITATION, until=now)
        await orders.end_paid_time(session, order_id, because="walk")
        await orders.give_back(session, [order_id], at=now)
        await orders.make_renewal(session, order_id)
        await orders.owned_orders_for(session, 1, [INVITATION])
        await invitations.with_owner(session, INVITATION)
        await accounts.change_user(session, 1, name="Rani", email="walk@example.test")
        await is_open(session, AlertKind.BOOKS_DIFFER, order_id)
        await inbox.postpone(session, 1, error="walk", until=now)
        await inspection.last_round(session)
        await jobs.defer(session, "confirm", notification_id=1)
        await jobs.forget(session, "confirm", notification_id=1)
        await jobs.take_over(session, job)
        await pace.take_turn(session, interval_seconds=1, longest_seconds=300)
        await rounds.failed(session, "walk")
        await resolve_all(session, AlertKind.ORDER_LOCKED, at=now)
        await session.rollback()


def scanned(url: str) -> dict[str, int]:
    """How many rows of each growing table were read by reading it from end to end."""
    with psycopg.connect(url) as connection:
        rows = connection.execute("select relname, seq_tup_read from pg_stat_user_tables").fetchall()
    return {name: count for name, count in rows if name in GROWING}


async def test_connections_older_than_the_rows_do_not_scan_them(postgres: EmbeddedPostgres) -> None:
    """Plans are made while everything is empty and known to be; then a year of sales comes in at once."""
    with new_database(postgres) as url:
        settle(url)
        async with open_stand(url, notified=False) as stand:
            order_id = await stand.order()
            await an_hour(stand, order_id)
            fill(url, ORDERS)
            before = scanned(url)
            await an_hour(stand, order_id)
        # What a connection has counted is known at the latest when it has ended: the stand is closed.
        read = {name: rows - before[name] for name, rows in scanned(url).items()}
        assert {name: rows for name, rows in read.items() if rows > FIRST_ROWS_MAX} == {}


async def an_hour(stand: Stand, order_id: str) -> None:
    """Often enough for a driver's statement to get a plan that lasts."""
    for number in range(8):
        await stand.notify(order_id, "pending", transaction_id=f"attempt-{uuid.uuid4()}")
        await stand.notify(order_id, "settlement", transaction_id="paid", number=str(uuid.uuid4()))
        await stand.profile()
        await stand.http.get(f"/api/v1/payments/{order_id}", headers=await stand.bearer())
        await payments.recent_orders(stand.backend, status="paid", limit=3)
        await replay.stored(stand.backend, outcomes=["unknown_order"], order_id=None, limit=20)
        async with stand.backend.database.transaction() as session:
            await payment_logs.recent(session, event="webhook_rejected", limit=20)
        await replay.retry_inbox(stand.backend)
        await confirm_overdue(stand.backend)
        await resume_refunds(stand.backend)
        if number % 4 == 0:
            await sync_order(stand.backend, order_id)
