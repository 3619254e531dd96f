"""How fast all workers together may ask Midtrans (`TUNTAS_CHECKS_PER_SECOND`).

Only what the clock begins is paced: a customer's question and a confirmation go at once.
"""

import asyncio

from tuntas.store import pace
from tuntas.usecases.backend import Backend

_LONGEST_WAIT_SECONDS = 300
"""Who would wait longer than this gives up instead: the leases on what it took would end before its turn."""


class TooManyWaiting(RuntimeError):
    """So many questions wait already that another's turn would be minutes away."""


async def wait_for_turn(backend: Backend) -> None:
    """Return when Midtrans may be asked the next question. Raises TooManyWaiting.

    The turn is taken in a short transaction of its own, and nothing is held while waiting for it.
    """
    interval = 1 / backend.settings.tuntas_checks_per_second
    async with backend.database.transaction() as session:
        seconds = await pace.take_turn(
            session, interval_seconds=interval, longest_seconds=_LONGEST_WAIT_SECONDS
        )
    if seconds is None:
        raise TooManyWaiting(f"turns to ask Midtrans are given away for {_LONGEST_WAIT_SECONDS} seconds")
    await asyncio.sleep(seconds)
