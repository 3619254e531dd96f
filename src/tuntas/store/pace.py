"""The turns of all workers together: one row, moved on by whoever takes a turn."""

from sqlalchemy import text

from tuntas.store.database import UnitOfWork

_TAKE = text("""
    insert into gateway_pace as pace (id, next_at)
    values (1, clock_timestamp() + make_interval(secs => :interval))
    on conflict (id) do update
        set next_at = greatest(pace.next_at, clock_timestamp()) + make_interval(secs => :interval)
        where pace.next_at <= clock_timestamp() + make_interval(secs => :longest)
    returning extract(epoch from next_at - clock_timestamp())::float8 - :interval""")


async def take_turn(session: UnitOfWork, *, interval_seconds: float, longest_seconds: float) -> float | None:
    """Seconds until the turn taken; none is taken, None, when that would be longer than `longest_seconds`."""
    values = {"interval": float(interval_seconds), "longest": float(longest_seconds)}
    seconds: float | None = (await session.execute(_TAKE, values)).scalar_one_or_none()
    return None if seconds is None else max(0.0, seconds)
