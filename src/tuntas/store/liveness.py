"""Which workers say that they work. All times are the database's, so no machine's clock matters."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from tuntas.store.database import UnitOfWork

SILENT_SECONDS = 60
"""Without a beat for so long a worker does not work; a restart for a new version is quicker."""

_BEAT = text("""
    insert into workers (id) values (:id) on conflict (id) do update set beat_at = now()""")
_FORGET = text("""
    delete from workers where beat_at < (select max(beat_at) from workers) - interval '1 day'""")
_LAST = text(f"""
    select max(beat_at) as beat_at, max(beat_at) < now() - interval '{SILENT_SECONDS} seconds' as silent
    from workers""")  # noqa: S608  a number of ours


@dataclass(frozen=True, slots=True)
class LastBeat:
    beat_at: datetime | None
    """None when no worker has ever worked on this database."""
    silent: bool


async def beat(session: UnitOfWork, worker_id: str) -> None:
    """This worker works. The newest row always stays: it tells that there has been a worker."""
    await session.execute(_BEAT, {"id": worker_id})


async def forget_old(session: UnitOfWork) -> None:
    """Forget workers that ended at least a day before the last beat."""
    await session.execute(_FORGET)


async def last_beat(session: UnitOfWork) -> LastBeat:
    """The youngest beat of any worker."""
    row = (await session.execute(_LAST)).one()
    return LastBeat(row.beat_at, bool(row.silent))
