"""How often the worker tries a job, and how long it waits."""

import asyncio
from datetime import UTC, datetime

import pytest
from procrastinate.jobs import Job

from tuntas.midtrans.errors import GatewayUnavailable
from tuntas.store.database import DatabaseUnreachable
from tuntas.worker.retries import WAIT_SECONDS_MAX, UntilItWorks

PASSING = [GatewayUnavailable("down"), DatabaseUnreachable("away"), OSError(), TimeoutError(), RuntimeError()]


def waits(error: BaseException) -> list[float]:
    """The seconds before each further try, until the job is given up."""
    found: list[float] = []
    while len(found) < 1000:
        job = Job(
            id=1, queue="urgent", lock=None, queueing_lock=None, task_name="confirm", attempts=len(found)
        )
        decision = UntilItWorks().get_retry_decision(exception=error, job=job)
        if decision is None:
            return found
        assert decision.retry_at is not None
        found.append((decision.retry_at - datetime.now(UTC)).total_seconds())
    return found


@pytest.mark.parametrize("error", PASSING, ids=lambda error: type(error).__name__)
def test_what_passes_is_tried_for_a_day_with_waits_of_minutes_at_most(error: Exception) -> None:
    found = waits(error)
    assert found[0] <= 5
    assert max(found) <= WAIT_SECONDS_MAX
    assert 24 * 3600 <= sum(found) < 48 * 3600


@pytest.mark.parametrize("error", [TypeError(), KeyError("x"), AssertionError()])
def test_a_mistake_of_ours_is_told_within_minutes(error: Exception) -> None:
    assert 60 <= sum(waits(error)) <= 900


def test_a_job_broken_off_by_a_stopping_worker_goes_on_at_once() -> None:
    assert max(waits(asyncio.CancelledError())) <= 0
