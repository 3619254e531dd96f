"""Jobs: enqueueing them in the transaction that needs them, and what became of those that stopped.

A job exists if and only if the change does. The tables and functions are procrastinate's.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import text

from tuntas.store.database import UnitOfWork
from tuntas.store.direct import Statements

STALLED_SECONDS = 20
"""A worker whose jobs' heartbeat is older than this does them no more."""


class Lane(StrEnum):
    """A queue with slots of its own, so that one kind of work cannot starve another."""

    URGENT = "urgent"
    """What somebody's payment waits for."""
    ROUNDS = "rounds"
    """What the clock begins."""


@dataclass(frozen=True, slots=True)
class StoppedJob:
    id: int
    task: str
    arguments: dict[str, Any]
    of_the_clock: bool
    """Such a job comes again by itself."""

    @property
    def subject(self) -> str:
        """The task and what it is about, as people write it."""
        return subject_of(self.task, *self.arguments.values())


def subject_of(task: str, *arguments: object) -> str:
    return " ".join(map(str, (task, *arguments)))


_DEFER = text("""
    select procrastinate_defer_jobs_v1(array(
        select row(
            cast(:lane as varchar), cast(:task as varchar), 0, null, null, cast(args as jsonb), null
        )::procrastinate_job_to_defer_v1
        from unnest(cast(:args as text[])) with ordinality as job(args, place)
        order by place))""")
_STALLED = """
    select job.id, job.task_name, job.args, job.queueing_lock is not null as of_the_clock
    from procrastinate_jobs job left join procrastinate_workers worker on worker.id = job.worker_id
    where job.status = 'doing'
      and (worker.id is null or worker.last_heartbeat < now() - make_interval(secs => :seconds))"""
_STALLED_ONES = text(f"{_STALLED} order by job.id limit :limit")
_STALLED_ONE = text(f"{_STALLED} and job.id = :id for update of job skip locked")
_AGAIN = text("select procrastinate_retry_job_v2(:id, now(), null, null, null)")
_DROP = text("delete from procrastinate_jobs where id = :id")
_ENDED = text("""
    delete from procrastinate_jobs where id in (
        select id from procrastinate_jobs where status in ('failed', 'aborted', 'cancelled')
        order by id limit :limit for update skip locked)
    returning id, task_name, args, status = 'cancelled' or queueing_lock is not null as of_the_clock""")
_FORGET = text("""
    delete from procrastinate_jobs
    where task_name = :task and args = cast(:args as jsonb) and status in ('todo', 'failed')""")


async def defer(session: Statements, task: str, **arguments: Any) -> None:  # noqa: ANN401  a task's own
    """Run `task` as soon as this transaction has committed."""
    await defer_each(session, task, [arguments])


async def defer_each(session: Statements, task: str, arguments: Sequence[dict[str, Any]]) -> None:
    """Run `task` once with each of these arguments, as soon as this transaction has committed."""
    if arguments:
        values = {"lane": Lane.URGENT, "task": task, "args": [json.dumps(each) for each in arguments]}
        await session.execute(_DEFER, values)


async def stalled(session: UnitOfWork, *, limit: int) -> Sequence[StoppedJob]:
    """Jobs of workers that were killed or hang, oldest first."""
    values = {"seconds": STALLED_SECONDS, "limit": limit}
    return [_job(row) for row in await session.execute(_STALLED_ONES, values)]


async def take_over(session: UnitOfWork, job: StoppedJob) -> bool:
    """Have a stalled job run again, or drop it when the clock brings it again anyway.

    False when it is not stalled any more, or somebody else is at it.
    """
    found = (await session.execute(_STALLED_ONE, {"seconds": STALLED_SECONDS, "id": job.id})).one_or_none()
    if found is None:
        return False
    await session.execute(_DROP if job.of_the_clock else _AGAIN, {"id": job.id})
    return True


async def take_ended(session: UnitOfWork, *, limit: int) -> Sequence[StoppedJob]:
    """Jobs that ended without success, oldest first; they are forgotten with this transaction."""
    return sorted(
        (_job(row) for row in await session.execute(_ENDED, {"limit": limit})), key=lambda job: job.id
    )


async def forget(session: UnitOfWork, task: str, **arguments: Any) -> None:  # noqa: ANN401  a task's own
    """Forget what waits or failed of a job that has been done otherwise."""
    await session.execute(_FORGET, {"task": task, "args": json.dumps(arguments)})


def _job(row: Any) -> StoppedJob:  # noqa: ANN401  a row of the queries above
    return StoppedJob(row.id, row.task_name, row.args, row.of_the_clock)
