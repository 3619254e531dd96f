"""The part of the books that an inspection looks at: never all of it, and all of it in turn.

Each inspection sees the newest invitations, where most happens, a stretch of the others that goes round, and
whatever an open alert names, so that it closes when what it names is whole again. So an inspection takes
as long for ten million orders as for ten thousand.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from tuntas.store.alerts import AlertKind
from tuntas.store.database import UnitOfWork
from tuntas.store.models import Alert, Inspection, Invitation

PART_SIZE = 5_000
"""Invitations at either end. With an inspection every ten minutes 700,000 are seen within a day."""
_ID_MAX = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Part:
    """Invitations with an id above `after` and up to `until`, and those above `newest`."""

    after: int
    until: int
    newest: int
    ends_round: bool = True
    """Whether nothing older is left to see."""


async def next_part(session: UnitOfWork) -> Part:
    """The part whose turn it is."""
    after = (await session.scalars(select(Inspection.seen_until))).one_or_none() or 0
    behind = select(Invitation.id).where(Invitation.id > after).order_by(Invitation.id)
    newest = select(Invitation.id).order_by(Invitation.id.desc()).offset(PART_SIZE).limit(1)
    until = (await session.scalars(behind.offset(PART_SIZE - 1).limit(1))).one_or_none()
    return Part(
        after=after,
        until=_ID_MAX if until is None else until,
        newest=(await session.scalars(newest)).one_or_none() or 0,
        ends_round=until is None,
    )


async def was_seen(session: UnitOfWork, part: Part, *, at: datetime) -> None:
    """The next inspection goes on behind this part, or begins the next round."""
    values = {"seen_until": 0, "went_round_at": at} if part.ends_round else {"seen_until": part.until}
    statement = insert(Inspection).values(id=1, **values)
    await session.execute(statement.on_conflict_do_update(index_elements=[Inspection.id], set_=values))


async def last_round(session: UnitOfWork) -> datetime | None:
    """When all had been seen last; None before the first round has ended."""
    return (await session.scalars(select(Inspection.went_round_at))).one_or_none()


async def named_by_alert(session: UnitOfWork, invariant: str) -> Sequence[str]:
    """The subjects that the open alert of this invariant names."""
    query = select(Alert.detail["subjects"]).where(
        Alert.kind == AlertKind.INVARIANT, Alert.subject == invariant, Alert.resolved_at.is_(None)
    )
    found = (await session.scalars(query)).one_or_none()
    return [subject for subject in found or [] if isinstance(subject, str)]
