"""How often a job is tried, and how long it waits in between."""

import asyncio

import structlog
from procrastinate import BaseRetryStrategy, RetryDecision
from procrastinate.jobs import Job

log = structlog.get_logger()

WAIT_SECONDS_MAX = 300
_TRIES = 300
"""With waits of 2, 4, 8 … 256 and then 300 seconds: a little more than a day."""
_MISTAKE_TRIES = 8
"""About eight minutes: a mistake of ours does not pass, unless another version is just being started."""
MISTAKES = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    NameError,
    NotImplementedError,
    TypeError,
    ValueError,
)
"""What the code of this version does wrong; everything else is somebody's weakness, and passes."""


class UntilItWorks(BaseRetryStrategy):
    """Whatever failed, database, Midtrans or network, is tried again; only mistakes of ours end sooner."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        """None gives the job up; `look_after_jobs` tells of it."""
        if isinstance(exception, asyncio.CancelledError):  # this worker stops; another may go on at once
            return RetryDecision(retry_in={"seconds": 0})
        kind = type(exception).__name__
        if job.attempts + 1 >= (_MISTAKE_TRIES if isinstance(exception, MISTAKES) else _TRIES):
            log.error("job_given_up", outcome=job.task_name, error=kind)
            return None
        if job.attempts == 0:  # an outage of a day would write this line hundreds of times for each job
            log.warning("job_failed", outcome=job.task_name, error=kind)
        return RetryDecision(retry_in={"seconds": wait_seconds(job.attempts)})


def wait_seconds(failures: int) -> int:
    """The wait before the next try: doubled each time, up to a bound."""
    return min(1 << min(failures + 1, 16), WAIT_SECONDS_MAX)
