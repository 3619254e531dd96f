"""How often in a row a piece of the clock's work has failed; no row when it went well last time."""

from sqlalchemy import text

from tuntas.store.database import UnitOfWork

_FAILED = text("""
    insert into failing_rounds as round (name, failures) values (:name, 1)
    on conflict (name) do update set failures = round.failures + 1
    returning failures""")
_WENT_WELL = text("delete from failing_rounds where name = :name")


async def failed(session: UnitOfWork, name: str) -> int:
    """How often in a row it has failed by now."""
    failures: int = (await session.execute(_FAILED, {"name": name})).scalar_one()
    return failures


async def went_well(session: UnitOfWork, name: str) -> None:
    """It is not failing any more."""
    await session.execute(_WENT_WELL, {"name": name})
