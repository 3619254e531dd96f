"""Enqueueing work in the transaction that needs it: the job exists if and only if the change does."""

import json
from datetime import datetime
from typing import Any

from sqlalchemy import text

from tuntas.store.database import UnitOfWork

_DEFER = text(
    "select procrastinate_defer_jobs_v1(array[row("
    "'default', cast(:task as varchar), 0, cast(:lock as text), null, cast(:args as jsonb), "
    "cast(:at as timestamptz))::procrastinate_job_to_defer_v1])"
)


async def defer(
    session: UnitOfWork,
    task: str,
    *,
    lock: str | None = None,
    at: datetime | None = None,
    **arguments: Any,  # noqa: ANN401  a task's own
) -> None:
    """Run `task` after this transaction commits; jobs of one `lock` run one after the other."""
    values = {"task": task, "lock": lock, "args": json.dumps(arguments), "at": at}
    await session.execute(_DEFER, values)
