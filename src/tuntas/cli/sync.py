"""`tuntas sync`: hold our books against Midtrans's, by hand."""

import json
import re
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from tuntas.cli.options import EXIT_MISSING, EXIT_UNUSABLE, EXIT_WRONG, DataDir, Json, fail
from tuntas.observability.printable import printable

if TYPE_CHECKING:
    from tuntas.domain.differences import Finding
    from tuntas.usecases.backend import Backend

_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_PROGRESS_EVERY = 50


def sync(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what differs; then exit code 1.")
    ] = False,
    older_than: Annotated[str, typer.Option(help="Only orders at least this old: 30m, 1h, 2d.")] = "0m",
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Ask Midtrans about every order and take in the answers.

    Shows what differed: missing (Midtrans has it, we do not), extra (we have it, Midtrans does not),
    amount, status. Exit code 3 when Midtrans could not be asked about some, 1 when something still differs.
    """
    from tuntas.cli.environment import desk_settings, run

    age = _duration(older_than)
    settings = desk_settings(data_dir)
    told = run(settings, lambda backend: _sync(backend, age, dry_run=dry_run, as_json=as_json))
    typer.echo(told.sentence(dry_run=dry_run), err=True)
    if told.failed:
        raise typer.Exit(EXIT_MISSING)
    if told.lasting:
        raise typer.Exit(EXIT_WRONG)


@dataclass(slots=True)
class _Told:
    asked: int = 0
    found: int = 0
    lasting: int = 0
    failed: int = 0

    def sentence(self, *, dry_run: bool) -> str:
        counts = f"{self.asked} orders asked about, {self.failed} not answered, {self.found} differences"
        if dry_run:
            return f"{counts}; nothing was changed" + (". To take them in: tuntas sync" if self.found else "")
        return f"{counts}, {self.found - self.lasting} taken in, {self.lasting} still there"


def print_finding(finding: "Finding", *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(asdict(finding)))
    else:
        ours, theirs = printable(finding.ours or "-"), printable(finding.midtrans or "-")
        attempt = printable(finding.transaction_id or "-")
        sides = f"ours {ours}, Midtrans {theirs}"
        typer.echo(f"{finding.order_id}  {finding.difference:<8} {sides}  ({attempt})")


async def _sync(backend: "Backend", age: timedelta, *, dry_run: bool, as_json: bool) -> _Told:
    from tuntas.usecases.reconcile import sync_all

    told = _Told()
    async for order_id, result in sync_all(backend, older_than=age, dry_run=dry_run):
        told.asked += 1
        if isinstance(result, Exception):
            told.failed += 1
            typer.echo(f"{order_id}  not answered: {_cause(result)}", err=True)
            continue
        told.found += len(result.found)
        told.lasting += len(result.lasting)
        for finding in result.found:
            print_finding(finding, as_json=as_json)
        if told.asked % _PROGRESS_EVERY == 0:
            typer.echo(f"… {told.asked} orders", err=True)
    return told


def _cause(error: Exception) -> str:
    from tuntas.midtrans.errors import GatewayError

    return str(error) if isinstance(error, GatewayError) else type(error).__name__


def _duration(text: str) -> timedelta:
    match = re.fullmatch(r"(\d{1,6})([mhd])", text)
    if match is None:
        fail(f"{text!r} is no duration. Write 30m, 1h or 2d.", EXIT_UNUSABLE)
    return timedelta(**{_UNITS[match[2]]: int(match[1])})
