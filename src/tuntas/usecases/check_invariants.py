"""Hold the books against what must always be so; say what is wrong and what to do."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from tuntas.store.alerts import AlertKind, raise_alert, resolve, resolve_all
from tuntas.store.database import DatabaseUnreachable, Pool
from tuntas.store.inspection import Part, last_round, next_part, was_seen
from tuntas.store.invariants import INVARIANTS, Invariant, broken
from tuntas.usecases.backend import Backend

log = structlog.get_logger()

_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Breach:
    invariant: Invariant
    subjects: tuple[str, ...]
    """The first few for which it does not hold."""


async def check_invariants(backend: Backend, invariants: Sequence[Invariant] = INVARIANTS) -> list[Breach]:
    """Every invariant that does not hold now; opens an alert for each, and closes those that hold again.

    Each is examined alone: one that cannot be is a breach itself, and the others go on. Of the payments
    the newest are looked at each time, the others in turn.
    """
    async with backend.database.transaction() as session:
        part = await next_part(session)
    checked = [await _check(backend, invariant, part) for invariant in invariants]
    async with backend.database.transaction() as session:
        await was_seen(session, part, at=backend.clock.now())
    return [breach for breach in checked if breach is not None]


async def all_seen_at(backend: Backend) -> datetime | None:
    """When the inspections had last looked at every payment; None before they have."""
    async with backend.database.transaction() as session:
        return await last_round(session)


async def _check(backend: Backend, invariant: Invariant, part: Part) -> Breach | None:
    now = backend.clock.now()
    subjects = await _examine(backend, invariant, part)
    async with backend.database.transaction() as session:
        if not subjects:
            await resolve(session, AlertKind.INVARIANT, invariant.name, at=now)
            if invariant.closes is not None:
                await resolve_all(session, invariant.closes, at=now)
            return None
        detail = {"subjects": list(subjects)}
        await raise_alert(session, AlertKind.INVARIANT, invariant.name, at=now, detail=detail)
    return Breach(invariant, subjects)


async def _examine(backend: Backend, invariant: Invariant, part: Part) -> tuple[str, ...]:
    """The first few subjects. Raises DatabaseUnreachable: then nothing can be said of any invariant."""
    try:
        async with backend.database.transaction(Pool.PATIENT) as session:
            found = await broken(session, invariant, part, now=backend.clock.now(), limit=_SHOWN)
    except DatabaseUnreachable:
        raise
    except Exception as error:  # noqa: BLE001  a query that fails or takes too long says nothing of the others
        kind = type(error.__cause__ or error).__name__
        log.warning("invariant_not_checked", outcome=invariant.name, error=kind)
        return (f"could not be examined: {kind}",)
    return tuple(found)
