"""`tuntas doctor`: is everything as it must be, and if not, what to do?"""

import json

import typer

from tuntas.cli.environment import EXIT_WRONG, DataDir, Json, desk_settings, run
from tuntas.midtrans.wib import format_wib
from tuntas.store.invariants import INVARIANTS
from tuntas.store.models import Alert
from tuntas.usecases.backend import Backend
from tuntas.usecases.check_invariants import Breach, alerts, check_invariants


def doctor(data_dir: DataDir = None, as_json: Json = False) -> None:
    """Check the invariants and show the open alerts. Exit code 1 when something needs a person."""
    breaches, open_alerts = run(desk_settings(data_dir), _examine)
    if as_json:
        for breach in breaches:
            shown = {"invariant": breach.invariant.name, "subjects": breach.subjects}
            typer.echo(json.dumps(shown | {"wrong": breach.invariant.wrong, "do": breach.invariant.remedy}))
        for alert in open_alerts:
            typer.echo(json.dumps({"alert": alert.kind, "subject": alert.subject, "detail": alert.detail}))
    else:
        _print(breaches, open_alerts)
    if breaches or open_alerts:
        raise typer.Exit(EXIT_WRONG)


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
                typer.echo(f"       - {subject}")
    for alert in open_alerts:
        since = format_wib(alert.created_at)
        typer.echo(f"ALERT  {alert.kind}  {alert.subject}  since {since} WIB  {json.dumps(alert.detail)}")
