"""Enqueueing work in the transaction that needs it: the job exists if and only if the change does."""

import json
from typing import Any

from sqlalchemy import text

from tuntas.store.database import UnitOfWork

_DEFER = text(
    "select procrastinate_defer_jobs_v1(array[row("
    "'default', cast(:task as varchar), 0, null, null, cast(:args as jsonb), null"
    ")::procrastinate_job_to_defer_v1])"
)


async def defer(session: UnitOfWork, task: str, **arguments: Any) -> None:  # noqa: ANN401  a task's own
    """Run `task` as soon as this transaction has committed."""
    await session.execute(_DEFER, {"task": task, "args": json.dumps(arguments)})
