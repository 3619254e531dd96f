"""`tuntas doctor`: is everything as it must be, and if not, what to do?"""

import json
import re
from dataclasses import dataclass
from shlex import quote
from typing import TYPE_CHECKING, Annotated

import typer

from tuntas.cli.options import EXIT_MISSING, EXIT_WRONG, DataDir, Json, actor, fail, one_line
from tuntas.cli.words import in_words, moment
from tuntas.observability.printable import printable

if TYPE_CHECKING:
    from datetime import datetime

    from tuntas.store.models import Alert
    from tuntas.usecases.backend import Backend
    from tuntas.usecases.check_invariants import Breach

_KEYS = {
    "accepted": "Midtrans accepts it.",
    "refused": "Midtrans refuses MIDTRANS_SERVER_KEY (401). Is it of the other environment, or "
    "mistyped? Compare it, and MIDTRANS_IS_PRODUCTION, with Settings > Access Keys on Midtrans's dashboard.",
    "unknown": "not known: Midtrans could not be asked just now.",
    "none": "none is configured; `tuntas dev` brings its own.",
}
_MORE = "There may be more alerts: these are the oldest. Close some, and the next ones are shown."
_NOTHING_TO_SELL = "No package is offered: nobody can buy anything."
_ADD_A_PACKAGE = (
    "Offer one: tuntas packages add NAME --price 299000 --days 365 --description … "
    "--name-en … --description-en …"
)


def doctor(data_dir: DataDir = None, as_json: Json = False) -> None:
    """Check the invariants and show the open alerts. Exit code 1 when something needs a person."""
    import asyncio

    from tuntas.cli.environment import desk_settings, run
    from tuntas.usecases.check_key import check_key

    settings = desk_settings(data_dir)
    found = run(settings, _examine)
    key = asyncio.run(check_key(settings))
    if as_json:
        _print_json(found, key)
    else:
        sign = {"refused": "WRONG", "unknown": "?"}.get(key, "ok")
        typer.echo(f"{sign:<6} server_key: {_KEYS[key]}")
        _print(found)
    if found.breaches or found.alerts or not found.sells or key == "refused":
        raise typer.Exit(EXIT_WRONG)


def resolve(
    alert: Annotated[int, typer.Argument(help="The number that `tuntas doctor` shows.")],
    note: Annotated[
        str, typer.Option(callback=one_line, help="What was done about it; kept in the payment log.")
    ],
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Close an alert that you have dealt with. It comes back if its cause does."""
    from tuntas.cli.environment import desk_settings, run
    from tuntas.usecases.alerts import resolve_alert
    from tuntas.usecases.errors import AlertNotFound

    settings, by = desk_settings(data_dir), actor()
    try:
        closed = run(settings, lambda backend: resolve_alert(backend, alert, note=note, actor=by))
    except AlertNotFound:
        fail(f"No open alert {alert}. Those that are open: tuntas doctor", EXIT_MISSING)
    shown = {"alert": closed.id, "kind": closed.kind, "subject": closed.subject}
    typer.echo(json.dumps(shown) if as_json else f"Closed: {closed.kind} {printable(closed.subject)}.")


@dataclass(frozen=True, slots=True)
class _Found:
    breaches: "list[Breach]"
    alerts: "list[Alert]"
    sells: bool
    all_seen_at: "datetime | None"
    """When the checks had last been through all payments."""


async def _examine(backend: "Backend") -> _Found:
    from tuntas.usecases.alerts import alerts
    from tuntas.usecases.check_invariants import all_seen_at, check_invariants
    from tuntas.usecases.packages import on_offer

    breaches = await check_invariants(backend)
    return _Found(
        breaches,
        await alerts(backend),
        sells=bool(await on_offer(backend)),
        all_seen_at=await all_seen_at(backend),
    )


def _print_json(found: _Found, key: str) -> None:
    from tuntas.store.alerts import ADVICE, OPEN_MAX, AlertKind

    if key in {"refused", "unknown"}:
        typer.echo(json.dumps({"server_key": key, "wrong": _KEYS[key]}))
    if not found.sells:
        typer.echo(json.dumps({"packages": 0, "wrong": _NOTHING_TO_SELL, "do": _ADD_A_PACKAGE}))
    for breach in found.breaches:
        about = {"invariant": breach.invariant.name, "subjects": breach.subjects}
        typer.echo(json.dumps(about | {"wrong": breach.invariant.wrong, "do": breach.invariant.remedy}))
    for alert in found.alerts:
        shown = {"alert": alert.id, "kind": alert.kind, "subject": alert.subject}
        told = {"wrong": ADVICE[AlertKind(alert.kind)].wrong, "do": _remedy(alert)}
        since = {"since": alert.created_at.isoformat(), "detail": alert.detail}
        typer.echo(json.dumps(shown | since | told))
    if len(found.alerts) == OPEN_MAX:
        typer.echo(json.dumps({"wrong": _MORE}))


def _print(found: _Found) -> None:
    from tuntas.store.alerts import ADVICE, OPEN_MAX, AlertKind
    from tuntas.store.invariants import INVARIANTS

    typer.echo(f"{'ok' if found.sells else 'WRONG':<6} packages")
    if not found.sells:
        typer.echo(f"       {_NOTHING_TO_SELL}\n       {_ADD_A_PACKAGE}")
    broken = {breach.invariant.name: breach for breach in found.breaches}
    for invariant in INVARIANTS:
        breach = broken.get(invariant.name)
        typer.echo(f"{'WRONG' if breach else 'ok':<6} {invariant.name}")
        if breach:
            typer.echo(f"       {invariant.wrong}\n       {invariant.remedy}")
            for subject in breach.subjects:
                typer.echo(f"       - {printable(subject)}")
    typer.echo(f"       {_seen(found)}")
    for alert in found.alerts:
        typer.echo(
            f"ALERT  {alert.id}  {alert.kind}  {printable(alert.subject)}  since {moment(alert.created_at)}"
        )
        wrong = ADVICE[AlertKind(alert.kind)].wrong.format(subject=printable(alert.subject))
        told = [wrong, *([in_words(alert.detail)] if alert.detail else []), _remedy(alert)]
        typer.echo("\n".join(f"       {line}" for line in told))
    if len(found.alerts) == OPEN_MAX:
        typer.echo(_MORE)


def _seen(found: _Found) -> str:
    if found.all_seen_at is None:
        return "The checks have not been through all payments yet: each looks at the newest and a part."
    return f"The checks had been through all payments last on {moment(found.all_seen_at)}."


def _remedy(alert: "Alert") -> str:
    """What to do, with the number that `tuntas resolve` asks for."""
    from tuntas.store.alerts import ADVICE, AlertKind

    remedy = ADVICE[AlertKind(alert.kind)].remedy.format(subject=quote(printable(alert.subject)))
    return re.sub(r"tuntas resolve\b", f"tuntas resolve {alert.id} --note …", remedy)
