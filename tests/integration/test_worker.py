"""Jobs of workers that were killed."""

import psycopg
import pytest

from tests.stand import Stand, open_stand
from tuntas.store import jobs

pytestmark = pytest.mark.anyio


def left_behind(stand: Stand, task: str) -> None:
    """As if the worker that began this job had been killed."""
    with psycopg.connect(stand.database_url) as connection:
        begun = "update procrastinate_jobs set status = 'doing', worker_id = null where task_name = %s"
        assert connection.execute(begun, (task,)).rowcount == 1


async def test_a_confirmation_whose_worker_was_killed_is_taken_over(database_url: str) -> None:
    """Without `look_after_jobs` the job stays `doing` for ever and blocks every later one of its order."""
    async with open_stand(database_url, notified=False, tuntas_confirm="before") as stand:
        order_id = await stand.order()
        await stand.pay(order_id)
        (paid,) = await stand.transactions(order_id)
        await stand.notify(order_id, "settlement", transaction_id=paid["transaction_id"])
        left_behind(stand, "confirm")
        await stand.work("look_after_jobs")
        await stand.work()
        assert (await stand.invitation())["payment_status"] == "paid"
        assert stand.rows("select 1 from procrastinate_jobs where status = 'doing'") == []


async def test_a_job_of_the_clock_whose_worker_was_killed_is_dropped(stand: Stand) -> None:
    """It comes again by itself; left `doing`, every kill would leave one more row for ever."""
    async with stand.backend.database.transaction() as session:
        await jobs.defer(session, "resume_refunds", timestamp=0)
    with psycopg.connect(stand.database_url) as connection:
        connection.execute("update procrastinate_jobs set queueing_lock = task_name")
    left_behind(stand, "resume_refunds")
    await stand.work("look_after_jobs")
    assert stand.rows("select 1 from procrastinate_jobs where status = 'doing'") == []
