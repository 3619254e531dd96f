"""`tuntas packages`: what the shop sells, and for how much."""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tuntas.cli.options import EXIT_MISSING, EXIT_UNUSABLE, EXIT_WRONG, DataDir, Json, actor, fail, one_line
from tuntas.domain.money import Rupiah
from tuntas.language import Language, rupiah, text
from tuntas.observability.printable import printable

if TYPE_CHECKING:
    from tuntas.store.models import Package
    from tuntas.usecases.backend import Backend

app = typer.Typer(help="What the shop sells.", no_args_is_help=True, rich_markup_mode=None)

_MOST_RUPIAH = 999_999_999
"""More than a single payment can be (Midtrans, "Payment methods"); a slip of the finger is longer still."""
_MOST_DAYS = 36_500
_MOST_FEATURES = 20


def _listed(given: list[str]) -> list[str]:
    if len(given) > _MOST_FEATURES:
        raise typer.BadParameter(f"at most {_MOST_FEATURES} features")
    return [entry for entry in map(one_line, given) if entry is not None]


Number = Annotated[int, typer.Argument(help="The number that `tuntas packages list` shows.")]
Price = Annotated[int, typer.Option(min=1, max=_MOST_RUPIAH, help="Rupiah.")]


@app.command("list")
def list_packages(data_dir: DataDir = None, as_json: Json = False) -> None:
    """All packages, cheapest first; those too that are no longer offered."""
    from tuntas.cli.environment import desk_settings, run
    from tuntas.usecases.packages import all_packages

    found = run(desk_settings(data_dir), all_packages)
    for package in found:
        _print(package, as_json=as_json)
    if not found and not as_json:
        typer.echo("There are no packages yet. Add one: tuntas packages add", err=True)


@app.command("add")
def add(
    name: Annotated[str, typer.Argument(callback=one_line, help="What Indonesian pages call it.")],
    price: Price,
    days: Annotated[int, typer.Option(min=1, max=_MOST_DAYS, help="How long it is paid for.")],
    description: Annotated[str, typer.Option(callback=one_line, help="One sentence, in Indonesian.")],
    feature: Annotated[
        list[str], typer.Option(callback=_listed, help="In Indonesian; may be given several times.")
    ] = [],  # noqa: B006  typer reads it and hands out a list of its own
    name_en: Annotated[
        str | None, typer.Option(callback=one_line, help="What English pages call it.")
    ] = None,
    description_en: Annotated[
        str | None, typer.Option(callback=one_line, help="The sentence in English.")
    ] = None,
    feature_en: Annotated[
        list[str], typer.Option(callback=_listed, help="In English; may be given several times.")
    ] = [],  # noqa: B006
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Offer a new package. What is not told in English is shown in Indonesian there, too."""
    from tuntas.store.packages import EnglishWords, Words
    from tuntas.usecases.packages import add_package

    words, english = Words(name, description, feature), EnglishWords(name_en, description_en, feature_en)
    by = actor()
    package = _run(
        data_dir,
        lambda backend: add_package(backend, words, english, price=Rupiah(price), days=days, actor=by),
    )
    _print(package, as_json=as_json, said="Offered from now on: ")


@app.command("edit")
def edit(
    number: Number,
    name: Annotated[str | None, typer.Option(callback=one_line, help="In Indonesian.")] = None,
    description: Annotated[str | None, typer.Option(callback=one_line, help="In Indonesian.")] = None,
    feature: Annotated[
        list[str], typer.Option(callback=_listed, help="In Indonesian; all of them anew.")
    ] = [],  # noqa: B006
    name_en: Annotated[str | None, typer.Option(callback=one_line, help="In English.")] = None,
    description_en: Annotated[str | None, typer.Option(callback=one_line, help="In English.")] = None,
    feature_en: Annotated[
        list[str], typer.Option(callback=_listed, help="In English; all of them anew.")
    ] = [],  # noqa: B006
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Tell of a package in other words. What is not given stays as it is."""
    from tuntas.usecases.packages import reword_package

    given = {
        "name": name,
        "description": description,
        "features": feature,
        "name_en": name_en,
        "description_en": description_en,
        "features_en": feature_en,
    }
    words = {column: told for column, told in given.items() if told}
    if not words:
        fail("What shall be different? For example: --description 'Satu kalimat.'", EXIT_UNUSABLE)
    by = actor()
    package = _run(data_dir, lambda backend: reword_package(backend, number, words, actor=by), number)
    _print(package, as_json=as_json, said="Told of anew: ")


@app.command("price")
def change_price(number: Number, price: Price, data_dir: DataDir = None, as_json: Json = False) -> None:
    """Change a price. Who has chosen the package already keeps the price of that moment."""
    from tuntas.usecases.packages import price_package

    by = actor()
    package = _run(data_dir, lambda backend: price_package(backend, number, Rupiah(price), actor=by), number)
    _print(package, as_json=as_json, said="New price: ")


@app.command("retire")
def retire(number: Number, data_dir: DataDir = None, as_json: Json = False) -> None:
    """Offer a package no longer. Who has chosen it already can still pay and renew."""
    from tuntas.usecases.packages import offer_package

    by = actor()
    package = _run(data_dir, lambda backend: offer_package(backend, number, offered=False, actor=by), number)
    _print(package, as_json=as_json, said="No longer offered: ")


@app.command("offer")
def offer(number: Number, data_dir: DataDir = None, as_json: Json = False) -> None:
    """Offer a retired package again."""
    from tuntas.usecases.packages import offer_package

    by = actor()
    package = _run(data_dir, lambda backend: offer_package(backend, number, offered=True, actor=by), number)
    _print(package, as_json=as_json, said="Offered again: ")


def _run(
    data_dir: Path | None, act: "Callable[[Backend], Awaitable[Package]]", number: int | None = None
) -> "Package":
    from tuntas.cli.environment import desk_settings, run
    from tuntas.usecases.errors import PackageExists, PackageNotFound

    try:
        return run(desk_settings(data_dir), act)
    except PackageExists as error:
        fail(text(f"error.{error.code}", Language.EN), EXIT_WRONG)
    except PackageNotFound:
        fail(f"No package {number}. See all of them: tuntas packages list", EXIT_MISSING)


def _print(package: "Package", *, as_json: bool, said: str = "") -> None:
    if as_json:
        typer.echo(json.dumps(_fields(package)))
        return
    state = "" if package.active or said else "  (retired)"
    sold = f"{rupiah(package.price)} for {package.days} days"
    typer.echo(f"{said}{package.id}  {printable(package.name)}  {sold}{state}")


def _fields(package: "Package") -> dict[str, object]:
    return {
        "package": package.id,
        "name": package.name,
        "description": package.description,
        "features": package.features,
        "name_en": package.name_en,
        "description_en": package.description_en,
        "features_en": package.features_en,
        "price": package.price,
        "days": package.days,
        "offered": package.active,
    }
