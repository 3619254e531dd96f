"""The worker: what it does when it, its neighbours or its work break."""

import asyncio
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from procrastinate import App
from procrastinate.testing import InMemoryConnector

from tests.command import DONE, UNUSABLE, WRONG, tuntas
from tests.program import eventually
from tests.stand import Stand, open_stand
from tuntas.store import jobs
from tuntas.store.invariants import INVARIANTS, Invariant
from tuntas.usecases import liveness
from tuntas.usecases.alerts import alerts
from tuntas.usecases.backend import Backend
from tuntas.usecases.check_invariants import check_invariants
from tuntas.usecases.pace import TooManyWaiting, wait_for_turn
from tuntas.usecases.rounds import run_round
from tuntas.worker.tasks import JOBS, ROUNDS, register
from tuntas.worker.worker import Worker

pytestmark = pytest.mark.anyio


def changed(stand: Stand, statement: str, *values: object) -> int:
    """Change the database from outside; how many rows."""
    with psycopg.connect(stand.database_url) as connection:
        return connection.execute(statement, values).rowcount  # type: ignore[arg-type]


def left_behind(stand: Stand, task: str) -> None:
    """As if the worker that began this job had been killed."""
    begun = "update procrastinate_jobs set status = 'doing', worker_id = null where task_name = %s"
    assert changed(stand, begun, task) == 1


async def told(stand: Stand) -> list[tuple[str, str]]:
    return [(alert.kind, alert.subject) for alert in await alerts(stand.backend)]


async def until(check: Callable[[], object], *, within: float = 20) -> None:
    """Returns when the check finds something."""
    await asyncio.to_thread(eventually, lambda: check() or None, within=within, what="it happens")


async def waiting_for_confirmation(stand: Stand) -> tuple[str, int]:
    """A paid order whose notification waits for Midtrans's word; the numbers of both."""
    order_id = await stand.order()
    await stand.pay(order_id)
    (paid,) = await stand.transactions(order_id)
    await stand.notify(order_id, "settlement", transaction_id=paid["transaction_id"])
    (row,) = stand.rows("select id from notifications")
    return order_id, row["id"]


async def test_a_confirmation_whose_worker_was_killed_is_taken_over(database_url: str) -> None:
    """Without `look_after_jobs` the job stays `doing` for ever."""
    async with open_stand(database_url, notified=False, tuntas_confirm="before") as stand:
        await waiting_for_confirmation(stand)
        left_behind(stand, "confirm")
        await stand.work("look_after_jobs")
        await stand.work()
        assert (await stand.invitation())["payment_status"] == "paid"
        assert stand.rows("select 1 from procrastinate_jobs where status = 'doing'") == []


async def test_a_job_of_the_clock_whose_worker_was_killed_is_dropped(stand: Stand) -> None:
    """It comes again by itself; left `doing`, it would hold the lock of its round for ever."""
    async with stand.backend.database.transaction() as session:
        await jobs.defer(session, "resume_refunds", timestamp=0)
    changed(stand, "update procrastinate_jobs set queueing_lock = task_name, lock = task_name")
    left_behind(stand, "resume_refunds")
    await stand.work("look_after_jobs")
    assert stand.rows("select 1 from procrastinate_jobs where status = 'doing'") == []


async def test_only_jobs_of_workers_that_are_silent_are_taken_over(stand: Stand) -> None:
    async with stand.backend.database.transaction() as session:
        await jobs.defer(session, "confirm", notification_id=1)
    changed(stand, "insert into procrastinate_workers default values")
    changed(
        stand,
        "update procrastinate_jobs set status = 'doing', "
        "worker_id = (select max(id) from procrastinate_workers)",
    )
    await stand.work("look_after_jobs")
    assert stand.rows("select status::text from procrastinate_jobs") == [{"status": "doing"}]
    changed(stand, "update procrastinate_workers set last_heartbeat = now() - interval '1 minute'")
    await stand.work("look_after_jobs")
    await stand.work()
    assert stand.rows("select 1 from procrastinate_jobs") == []


async def test_a_job_that_was_given_up_is_told_once_and_the_command_it_names_heals_it(
    database_url: str, tmp_path: Path
) -> None:
    async with open_stand(database_url, notified=False, tuntas_confirm="before") as stand:
        _, number = await waiting_for_confirmation(stand)
        await stand.http.put(f"{stand.simulator_url}/_control/faults", json={"api_down": True})
        changed(stand, "update procrastinate_jobs set attempts = 299")
        await stand.work()
        await stand.work("look_after_jobs")
        await stand.work("look_after_jobs")
        assert await told(stand) == [("job_failed", f"confirm {number}")]
        given = {"DATABASE_URL": database_url, "MIDTRANS_CORE_URL": stand.simulator_url}
        run = ("jobs", "run", "confirm", str(number), "--data-dir", tmp_path)
        failed = await asyncio.to_thread(tuntas, *run, **given)
        assert (failed.code, f"confirm {number} failed" in failed.err) == (WRONG, True)
        assert await told(stand) == [("job_failed", f"confirm {number}")]
        await stand.http.put(f"{stand.simulator_url}/_control/faults", json={})
        assert (await asyncio.to_thread(tuntas, *run, **given)).code == DONE
        assert (await stand.invitation())["payment_status"] == "paid"
        assert await told(stand) == []


async def test_the_remedies_for_what_waits_too_long_heal_it(database_url: str, tmp_path: Path) -> None:
    """Also when the job itself is gone for good."""
    async with open_stand(database_url, notified=False, tuntas_confirm="before") as stand:
        order_id, number = await waiting_for_confirmation(stand)
        changed(stand, "delete from procrastinate_jobs")
        changed(stand, "update notifications set handled_at = now() - interval '1 hour'")
        changed(stand, "update orders set next_check_at = now() - interval '2 hours'")
        waiting = {"no_confirmation_waits": (str(number),), "reconciliation_keeps_up": (order_id,)}
        found = await check_invariants(stand.backend)
        assert {breach.invariant.name: breach.subjects for breach in found} == waiting | {
            "a_worker_is_alive": ("never seen",)
        }
        given = {"DATABASE_URL": database_url, "MIDTRANS_CORE_URL": stand.simulator_url}
        for words in (["confirm", str(number)], ["reconcile_due"]):
            run = ("jobs", "run", *words, "--data-dir", tmp_path)
            assert (await asyncio.to_thread(tuntas, *run, **given)).code == DONE
        assert await check_invariants(stand.backend) == []
        assert (await stand.invitation())["payment_status"] == "paid"


async def test_the_database_breaking_off_a_confirmation_does_not_lose_it(database_url: str) -> None:
    """The same failure at the ninth try waits minutes, not days."""
    async with open_stand(database_url, notified=False, tuntas_confirm="before") as stand:
        await waiting_for_confirmation(stand)
        changed(stand, "update procrastinate_jobs set attempts = 8")
        changed(stand, "alter table transactions rename to hidden")
        await stand.work()
        (job,) = stand.rows("select status::text, scheduled_at - now() as wait from procrastinate_jobs")
        assert job["status"] == "todo"
        assert timedelta() < job["wait"] <= timedelta(minutes=5)
        changed(stand, "alter table hidden rename to transactions")
        changed(stand, "update procrastinate_jobs set scheduled_at = now()")
        await stand.work()
        assert (await stand.invitation())["payment_status"] == "paid"


async def test_a_round_that_keeps_failing_is_told_and_closed_by_the_next_good_one(
    stand: Stand, tmp_path: Path
) -> None:
    async def failing(_backend: Backend) -> None:
        raise OSError("no route")

    for before in ([], [], [("round_fails", "resume_refunds")]):
        assert isinstance(await run_round(stand.backend, "resume_refunds", failing), OSError)
        assert await told(stand) == before
    run = ("jobs", "run", "resume_refunds", "--data-dir", tmp_path)
    result = await asyncio.to_thread(tuntas, *run, DATABASE_URL=stand.database_url)
    assert (result.code, await told(stand)) == (DONE, [])
    assert stand.rows("select 1 from failing_rounds") == []


async def test_a_failing_round_leaves_nothing_that_would_hold_up_the_next(stand: Stand) -> None:
    changed(stand, "alter table refunds rename to hidden")
    await stand.work("resume_refunds")
    assert stand.rows("select name, failures from failing_rounds") == [
        {"name": "resume_refunds", "failures": 1}
    ]
    assert stand.rows("select 1 from procrastinate_jobs where task_name = 'resume_refunds'") == []


async def test_a_job_that_does_not_exist_is_named_with_those_that_do(stand: Stand, tmp_path: Path) -> None:
    for words in (["dance"], ["confirm"], ["reconcile_due", "7"]):
        run = ("jobs", "run", *words, "--data-dir", tmp_path)
        result = await asyncio.to_thread(tuntas, *run, DATABASE_URL=stand.database_url)
        assert result.code == UNUSABLE
        assert "confirm NUMBER, retry_inbox" in result.err


async def test_the_silence_of_the_workers_is_told_and_ends_with_a_beat(stand: Stand) -> None:
    ready = await stand.http.get("/readyz")
    assert (ready.status_code, ready.json()) == (200, {"status": "ok", "worker": "never_seen"})
    await liveness.beat(stand.backend, "one")
    assert (await stand.http.get("/readyz")).json() == {"status": "ok", "worker": "alive"}
    changed(stand, "update workers set beat_at = now() - interval '59 seconds'")
    assert (await stand.http.get("/readyz")).status_code == 200, "a restart for a new version is no silence"
    changed(stand, "update workers set beat_at = now() - interval '61 seconds'")
    silent = await stand.http.get("/readyz")
    assert (silent.status_code, silent.json()["status"]) == (503, "worker_silent")
    assert (await stand.http.get("/healthz")).status_code == 200
    async with liveness.watching(stand.backend):
        await until(lambda: stand.rows("select 1 from alerts"))
    assert await told(stand) == [("worker_silent", "worker")]
    (breach,) = await check_invariants(stand.backend)
    assert (breach.invariant.name, breach.subjects[0][:12]) == ("a_worker_is_alive", "silent since")
    await liveness.beat(stand.backend, "two")
    assert (await stand.http.get("/readyz")).json() == {"status": "ok", "worker": "alive"}
    assert await check_invariants(stand.backend) == []
    assert await told(stand) == []


async def test_a_worker_that_was_never_there_is_missed_once_something_waits_for_it(stand: Stand) -> None:
    await stand.order()
    assert await check_invariants(stand.backend) == []
    stand.clock.ahead = timedelta(minutes=30)
    (breach,) = await check_invariants(stand.backend)
    assert (breach.invariant.name, breach.subjects) == ("a_worker_is_alive", ("never seen",))


async def test_the_list_of_workers_stays_short_and_never_empty(stand: Stand) -> None:
    for name in ("old", "older", "oldest"):
        await liveness.beat(stand.backend, name)
    changed(stand, "update workers set beat_at = now() - interval '3 days'")
    changed(stand, "update workers set beat_at = now() - interval '5 days' where id <> 'old'")
    await liveness.forget_old_workers(stand.backend)
    assert stand.rows("select id from workers") == [{"id": "old"}]


async def test_readyz_answers_in_time_while_the_database_hangs(stand: Stand) -> None:
    with psycopg.connect(stand.database_url) as locked:
        locked.execute("lock table workers in access exclusive mode")
        reply = await asyncio.wait_for(stand.http.get("/readyz"), 4)
    assert (reply.status_code, reply.json()) == (503, {"status": "database_unavailable"})


async def test_an_invariant_that_cannot_be_examined_is_a_breach_and_the_others_go_on(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tuntas.store.invariants._QUERY_SECONDS_MAX", 1)
    broken = Invariant("broken", "It is broken.", "Mend it.", "select nothing from nowhere")
    endless = Invariant("endless", "It never ends.", "Mend it.", "select pg_sleep(60)::text")
    other = Invariant("other", "It does not hold.", "Mend it.", "select 'this one'")
    found = await check_invariants(stand.backend, [broken, endless, other, *INVARIANTS])
    assert [breach.invariant.name for breach in found] == ["broken", "endless", "other"]
    assert found[0].subjects[0].startswith("could not be examined")
    assert found[2].subjects == ("this one",)
    assert {subject for _, subject in await told(stand)} == {"broken", "endless", "other"}


async def test_turns_follow_one_another_and_who_would_wait_for_minutes_gives_up(database_url: str) -> None:
    async with open_stand(database_url, tuntas_checks_per_second=20) as stand:
        began = time.monotonic()
        await asyncio.gather(*(wait_for_turn(stand.backend) for _ in range(11)))
        assert time.monotonic() - began >= 10 / 20
        changed(stand, "update gateway_pace set next_at = now() + interval '301 seconds'")
        (before,) = stand.rows("select next_at from gateway_pace")
        with pytest.raises(TooManyWaiting):
            await wait_for_turn(stand.backend)
        assert stand.rows("select next_at from gateway_pace") == [before]
        changed(stand, "update gateway_pace set next_at = now() - interval '1 hour'")
        await wait_for_turn(stand.backend)
        (after,) = stand.rows("select next_at > now() - interval '1 minute' as renewed from gateway_pace")
        assert after == {"renewed": True}, "turns that nobody took are not saved up"


async def test_no_two_rounds_of_a_kind_go_on_at_once_and_their_rescuer_waits_for_nobody(stand: Stand) -> None:
    app = App(connector=InMemoryConnector())
    register(app, stand.backend)
    locks = {name: app.tasks[name].lock for name in ROUNDS}
    assert locks == {name: None if name == "look_after_jobs" else name for name in ROUNDS}
    assert {app.tasks[name].queue for name in JOBS} == {"urgent"}


async def test_a_worker_that_a_mistake_keeps_from_working_ends_and_says_why(stand: Stand) -> None:
    """Whoever embeds it can tell people; waiting would not help."""
    worker = Worker(None, stand.database_url)  # type: ignore[arg-type]  # the mistake
    await worker.start()
    assert isinstance(await worker.wait(asyncio.Event().wait()), AttributeError)
    await worker.stop()
