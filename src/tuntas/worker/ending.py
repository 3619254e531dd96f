"""Ending tasks without waiting for ever."""

import asyncio
from collections.abc import Iterable
from typing import Any

import structlog

log = structlog.get_logger()


async def ended(tasks: Iterable[asyncio.Task[Any]], *, within: float) -> bool:
    """Cancel tasks, at least one, and wait for their end; False when some have not ended `within` seconds."""
    tasks = list(tasks)
    for task in tasks:
        task.add_done_callback(_look_at)
        task.cancel()
    _, hanging = await asyncio.wait(tasks, timeout=within)
    for task in hanging:
        log.warning("worker_part_hangs", outcome=task.get_name())
    return not hanging


def _look_at(task: asyncio.Task[Any]) -> None:
    """Whatever it met while it was ending: asyncio would print it as forgotten."""
    if not task.cancelled():
        task.exception()
