"""What the shop sells."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from tuntas.store.database import UnitOfWork
from tuntas.store.models import Package


@dataclass(frozen=True, slots=True)
class Words:
    """How a package is told of in one language."""

    name: str
    description: str
    features: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class EnglishWords:
    """Each may be missing: then the Indonesian ones are shown."""

    name: str | None = None
    description: str | None = None
    features: Sequence[str] = ()


async def on_offer(session: UnitOfWork) -> Sequence[Package]:
    """What can be bought now, cheapest first."""
    query = select(Package).where(Package.active).order_by(Package.price, Package.id)
    return (await session.scalars(query)).all()


async def all_packages(session: UnitOfWork) -> Sequence[Package]:
    return (await session.scalars(select(Package).order_by(Package.price, Package.id))).all()


async def locked(session: UnitOfWork, package_id: int) -> Package | None:
    """Nobody else changes it until the transaction ends."""
    return await session.get(Package, package_id, with_for_update=True)


async def add(
    session: UnitOfWork, words: Words, english: EnglishWords, *, price: int, days: int
) -> Package | None:
    """The new package; None when there is one of this name."""
    statement = (
        insert(Package)
        .values(
            name=words.name,
            description=words.description,
            features=list(words.features),
            name_en=english.name,
            description_en=english.description,
            features_en=list(english.features) or None,
            price=price,
            days=days,
        )
        .on_conflict_do_nothing(index_elements=[Package.name])
        .returning(Package)
    )
    return (await session.scalars(statement)).one_or_none()


async def reword(session: UnitOfWork, package: Package, words: Mapping[str, str | Sequence[str]]) -> bool:
    """Write these columns; False, and nothing written, when another package has the name."""
    try:
        async with session.begin_nested():
            for column, words_of_it in words.items():
                setattr(package, column, words_of_it)
            await session.flush()
    except IntegrityError:  # uq_packages_name: nothing else here is unique
        return False
    return True
