"""What is remembered of tries, and from where somebody logged in before. Keys are digests."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from tuntas.domain.throttle import FORGOTTEN_AFTER, Tries
from tuntas.store.database import UnitOfWork
from tuntas.store.models import FamiliarPlace, Throttle

_SWEPT_AT_ONCE = 100
_PLACES_MAX = 20
"""Familiar places of one user; the longest unseen make room."""


async def lock(session: UnitOfWork, keys: Iterable[bytes], *, now: datetime) -> dict[bytes, Tries]:
    """What is remembered under these keys, locked in one order until the transaction ends."""
    statement = insert(Throttle).values(
        [{"key": key, "count": 0, "last_at": now} for key in sorted(set(keys))]
    )
    locked = statement.on_conflict_do_update(
        index_elements=[Throttle.key], set_={"count": Throttle.count}
    ).returning(Throttle.key, Throttle.count, Throttle.last_at)
    return {key: Tries(count, last_at) for key, count, last_at in await session.execute(locked)}


async def remember(session: UnitOfWork, key: bytes, tries: Tries) -> None:
    """Write what `lock` handed out back, changed."""
    statement = insert(Throttle).values(key=key, count=tries.count, last_at=tries.last_at)
    changes = {"count": statement.excluded.count, "last_at": statement.excluded.last_at}
    await session.execute(statement.on_conflict_do_update(index_elements=[Throttle.key], set_=changes))


async def forget(session: UnitOfWork, key: bytes) -> None:
    await session.execute(delete(Throttle).where(Throttle.key == key))


async def sweep(session: UnitOfWork, *, now: datetime) -> None:
    """Delete some of what no limit remembers any more; rows that somebody uses now are left."""
    old = (
        select(Throttle.key)
        .where(Throttle.last_at < now - FORGOTTEN_AFTER)
        .limit(_SWEPT_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    await session.execute(delete(Throttle).where(Throttle.key.in_(old)))


async def is_familiar(session: UnitOfWork, user_id: int, place: bytes) -> bool:
    return await session.get(FamiliarPlace, (user_id, place)) is not None


async def add_familiar(session: UnitOfWork, user_id: int, place: bytes, *, now: datetime) -> None:
    statement = insert(FamiliarPlace).values(user_id=user_id, place=place, seen_at=now)
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=[FamiliarPlace.user_id, FamiliarPlace.place], set_={"seen_at": now}
        )
    )
    beyond = (
        select(FamiliarPlace.place)
        .where(FamiliarPlace.user_id == user_id)
        .order_by(FamiliarPlace.seen_at.desc())
        .offset(_PLACES_MAX)
    )
    await session.execute(
        delete(FamiliarPlace).where(FamiliarPlace.user_id == user_id, FamiliarPlace.place.in_(beyond))
    )
