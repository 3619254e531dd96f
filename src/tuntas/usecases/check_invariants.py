"""Hold the books against what must always be so; say what is wrong and what to do."""

from dataclasses import dataclass

from tuntas.store.alerts import AlertKind, raise_alert, resolve, resolve_all
from tuntas.store.invariants import INVARIANTS, Invariant, broken
from tuntas.usecases.backend import Backend

_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Breach:
    invariant: Invariant
    subjects: tuple[str, ...]
    """The first few for which it does not hold."""


async def check_invariants(backend: Backend) -> list[Breach]:
    """Every invariant that does not hold now; opens an alert for each, and closes those that hold again."""
    now = backend.clock.now()
    breaches = []
    async with backend.database.transaction(patient=True) as session:
        for invariant in INVARIANTS:
            subjects = await broken(session, invariant, now=now, limit=_SHOWN)
            if subjects:
                breaches.append(Breach(invariant, tuple(subjects)))
                detail = {"subjects": list(subjects)}
                await raise_alert(session, AlertKind.INVARIANT, invariant.name, at=now, detail=detail)
            else:
                await resolve(session, AlertKind.INVARIANT, invariant.name, at=now)
                if invariant.closes is not None:
                    await resolve_all(session, invariant.closes, at=now)
    return breaches
