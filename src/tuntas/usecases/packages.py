"""What the shop sells, in both languages; changed by operators, and each change is written down.

A change concerns new offers only: whoever has chosen a package keeps the price and the days of that moment,
also for renewals.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tuntas.domain.money import Rupiah
from tuntas.language import Language
from tuntas.store import packages as table
from tuntas.store import payment_logs
from tuntas.store.database import UnitOfWork, storable
from tuntas.store.models import Package
from tuntas.store.packages import EnglishWords, Words
from tuntas.store.payment_logs import Event
from tuntas.usecases.backend import Backend
from tuntas.usecases.errors import PackageExists, PackageNotFound


@dataclass(frozen=True, slots=True)
class Offer:
    """A package as a customer reads it."""

    id: int
    price: Rupiah
    days: int
    name: str
    description: str
    features: list[str]


def offer_of(package: Package, language: Language) -> Offer:
    """What was not told in English is shown in Indonesian: better than nothing at all."""
    english = language is Language.EN
    return Offer(
        id=package.id,
        price=Rupiah(package.price),
        days=package.days,
        name=(english and package.name_en) or package.name,
        description=(english and package.description_en) or package.description,
        features=(english and package.features_en) or package.features,
    )


async def on_offer(backend: Backend) -> Sequence[Package]:
    """What can be bought now, cheapest first."""
    async with backend.database.transaction() as session:
        return await table.on_offer(session)


async def all_packages(backend: Backend) -> Sequence[Package]:
    """Those too that are no longer offered."""
    async with backend.database.transaction() as session:
        return await table.all_packages(session)


async def add_package(
    backend: Backend, words: Words, english: EnglishWords, *, price: Rupiah, days: int, actor: str
) -> Package:
    """Raises PackageExists when there is one of this name, retired ones included."""

    async def add(session: UnitOfWork) -> Package:
        package = await table.add(session, words, english, price=price, days=days)
        if package is None:
            raise PackageExists
        _log(session, backend, package, "package_add", actor, price_amount=price, days=days)
        return package

    return await backend.database.commit(add)


async def reword_package(
    backend: Backend, package_id: int, words: Mapping[str, str | Sequence[str]], *, actor: str
) -> Package:
    """Tell of it in other words, by column; the customers who have it read them too.

    Raises PackageNotFound, or PackageExists when another one has the name.
    """

    async def change(session: UnitOfWork) -> Package:
        package = await _locked(session, package_id)
        changed = {name: told for name, told in words.items() if getattr(package, name) != told}
        former = {name: getattr(package, name) for name in changed}
        if not await table.reword(session, package, changed):
            raise PackageExists
        if changed:
            _log(session, backend, package, "package_edit", actor, former=former)
        return package

    return await backend.database.commit(change)


async def price_package(backend: Backend, package_id: int, price: Rupiah, *, actor: str) -> Package:
    """From now on it is offered at this price. Raises PackageNotFound."""

    async def change(session: UnitOfWork) -> Package:
        package = await _locked(session, package_id)
        before, package.price = package.price, price
        if before != price:
            _log(session, backend, package, "package_price", actor, former_amount=before, price_amount=price)
        return package

    return await backend.database.commit(change)


async def offer_package(backend: Backend, package_id: int, *, offered: bool, actor: str) -> Package:
    """Retire a package, or offer a retired one again. Raises PackageNotFound."""

    async def change(session: UnitOfWork) -> Package:
        package = await _locked(session, package_id)
        if package.active != offered:
            package.active = offered
            _log(session, backend, package, "package_offer" if offered else "package_retire", actor)
        return package

    return await backend.database.commit(change)


async def _locked(session: UnitOfWork, package_id: int) -> Package:
    package = await table.locked(session, package_id) if storable(package_id) else None
    if package is None:
        raise PackageNotFound
    return package


def _log(
    session: UnitOfWork, backend: Backend, package: Package, act: str, actor: str, **told: object
) -> None:
    about = {"act": act, "package": package.id, "name": package.name}
    payment_logs.append(
        session, Event.OPERATOR_ACT, at=backend.clock.now(), detail={**about, **told, "actor": actor}
    )
