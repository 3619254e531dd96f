"""`tuntas doctor`: is everything as it must be, and if not, what to do?"""

import asyncio
import json
from getpass import getuser
from shlex import quote
from typing import Annotated

import typer

from tuntas.cli.environment import EXIT_MISSING, EXIT_WRONG, DataDir, Json, desk_settings, fail, run
from tuntas.midtrans.wib import format_wib
from tuntas.observability.printable import printable
from tuntas.store.alerts import ADVICE, AlertKind
from tuntas.store.invariants import INVARIANTS
from tuntas.store.models import Alert
from tuntas.usecases.alerts import alerts, resolve_alert
from tuntas.usecases.backend import Backend
from tuntas.usecases.check_invariants import Breach, check_invariants
from tuntas.usecases.check_key import KeyState, check_key
from tuntas.usecases.errors import AlertNotFound

_KEYS = {
    KeyState.ACCEPTED: "Midtrans accepts it.",
    KeyState.REFUSED: "Midtrans refuses MIDTRANS_SERVER_KEY (401). Is it of the other environment, or "
    "mistyped? Compare it, and MIDTRANS_IS_PRODUCTION, with Settings > Access Keys on Midtrans's dashboard.",
    KeyState.UNKNOWN: "not known: Midtrans could not be asked just now.",
    KeyState.NONE: "none is configured; `tuntas dev` brings its own.",
}


def doctor(data_dir: DataDir = None, as_json: Json = False) -> None:
    """Check the invariants and show the open alerts. Exit code 1 when something needs a person."""
    settings = desk_settings(data_dir)
    breaches, open_alerts = run(settings, _examine)
    key = asyncio.run(check_key(settings))
    if as_json:
        if key in {KeyState.REFUSED, KeyState.UNKNOWN}:
            typer.echo(json.dumps({"server_key": key, "wrong": _KEYS[key]}))
        for breach in breaches:
            found = {"invariant": breach.invariant.name, "subjects": breach.subjects}
            typer.echo(json.dumps(found | {"wrong": breach.invariant.wrong, "do": breach.invariant.remedy}))
        for alert in open_alerts:
            shown = {"alert": alert.id, "kind": alert.kind, "subject": alert.subject}
            told = {"wrong": ADVICE[AlertKind(alert.kind)].wrong, "do": _remedy(alert)}
            since = {"since": alert.created_at.isoformat(), "detail": alert.detail}
            typer.echo(json.dumps(shown | since | told))
    else:
        sign = {KeyState.REFUSED: "WRONG", KeyState.UNKNOWN: "?"}.get(key, "ok")
        typer.echo(f"{sign:<6} server_key: {_KEYS[key]}")
        _print(breaches, open_alerts)
    if breaches or open_alerts or key is KeyState.REFUSED:
        raise typer.Exit(EXIT_WRONG)


def resolve(
    alert: Annotated[int, typer.Argument(help="The number that `tuntas doctor` shows.")],
    note: Annotated[str, typer.Option(help="What was done about it; kept in the payment log.")],
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Close an alert that you have dealt with. It comes back if its cause does."""
    settings, actor = desk_settings(data_dir), f"cli:{getuser()}"
    try:
        closed = run(settings, lambda backend: resolve_alert(backend, alert, note=note, actor=actor))
    except AlertNotFound:
        fail(f"No open alert {alert}.", EXIT_MISSING)
    shown = {"alert": closed.id, "kind": closed.kind, "subject": closed.subject}
    typer.echo(json.dumps(shown) if as_json else f"Closed: {closed.kind} {printable(closed.subject)}.")


async def _examine(backend: Backend) -> tuple[list[Breach], list[Alert]]:
    breaches = await check_invariants(backend)
    return breaches, await alerts(backend)


def _print(breaches: list[Breach], open_alerts: list[Alert]) -> None:
    broken = {breach.invariant.name: breach for breach in breaches}
    for invariant in INVARIANTS:
        breach = broken.get(invariant.name)
        typer.echo(f"{'WRONG' if breach else 'ok':<6} {invariant.name}")
        if breach:
            typer.echo(f"       {invariant.wrong}\n       {invariant.remedy}")
            for subject in breach.subjects:
                typer.echo(f"       - {printable(subject)}")
    for alert in open_alerts:
        since = format_wib(alert.created_at)
        about = f"{alert.kind}  {printable(alert.subject)}  since {since} WIB  {json.dumps(alert.detail)}"
        advice = ADVICE[AlertKind(alert.kind)]
        typer.echo(f"ALERT  {alert.id}  {about}\n       {advice.wrong}\n       {_remedy(alert)}")


def _remedy(alert: Alert) -> str:
    return ADVICE[AlertKind(alert.kind)].remedy.format(subject=quote(printable(alert.subject)))
