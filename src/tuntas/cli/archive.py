"""`tuntas archive`: old log lines into files, and back."""

import json
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tuntas.cli.options import EXIT_MISSING, EXIT_UNUSABLE, EXIT_WRONG, DataDir, Json, actor, fail

if TYPE_CHECKING:
    from tuntas.usecases.archive import Archived
    from tuntas.usecases.backend import Backend

app = typer.Typer(help="Old log lines: into files, and back.", rich_markup_mode=None)

_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_TOLD_EVERY_LINES = 50_000


@app.callback(invoke_without_command=True)
def archive(
    context: typer.Context,
    older_than: Annotated[
        str | None, typer.Option(help="Only lines at least this old: 400d, 12h.", show_default=False)
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count what would go.")] = False,
    to: Annotated[
        Path | None,
        typer.Option(help="Folder for the files; default: archive in the data folder.", show_default=False),
    ] = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Move old lines of the payment log, with the notifications' bodies, into compressed files.

    A file is whole and read back before its lines leave the database. What is not decided yet stays. Safe to
    break off and to repeat. `tuntas archive restore FILE` puts lines back.
    """
    if context.invoked_subcommand is not None:
        return
    if older_than is None:
        fail("How old? Write for example: tuntas archive --older-than 400d --dry-run", EXIT_UNUSABLE)
    from tuntas.cli.environment import desk_settings, run
    from tuntas.store.archive_file import DamagedArchive
    from tuntas.usecases import archive as archiving

    age, settings, by = _duration(older_than), desk_settings(data_dir), actor()
    directory = to or settings.tuntas_data_dir / "archive"

    async def move(backend: "Backend") -> int:
        if dry_run:
            return await _tell(archiving.count(backend, older_than=age), as_json=as_json)
        steps = archiving.archive(backend, directory, older_than=age, actor=by)
        return await _tell(steps, as_json=as_json)

    try:
        lines = run(settings, move)
    except (archiving.ArchiveInUse, DamagedArchive, OSError) as error:
        fail(f"Nothing is lost, but the archive was not finished: {error}", EXIT_WRONG)
    if as_json:
        typer.echo(json.dumps({"lines": lines, "dry_run": dry_run}))
    elif dry_run:
        typer.echo(f"{lines} lines would go into {directory}. Nothing was changed.")
    else:
        typer.echo(f"{lines} lines went into {directory}.")


@app.command("restore")
def restore(
    file: Annotated[Path, typer.Argument(help="A file that `tuntas archive` wrote.")],
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Put the lines of a file back into the payment log where they are missing. Safe to repeat."""
    from tuntas.cli.environment import desk_settings, run
    from tuntas.store.archive_file import DamagedArchive
    from tuntas.usecases import archive as archiving

    try:
        restored, total = run(desk_settings(data_dir), lambda backend: archiving.restore(backend, file))
    except FileNotFoundError:
        fail(f"There is no file {file}.", EXIT_MISSING)
    except (DamagedArchive, OSError) as error:
        fail(f"Nothing was put back. {error}", EXIT_WRONG)
    if as_json:
        typer.echo(json.dumps({"file": str(file), "restored": restored, "lines": total}))
    else:
        typer.echo(f"{restored} of {total} lines were missing and are back.")


async def _tell(steps: "AsyncIterator[Archived]", *, as_json: bool) -> int:
    """Say how far it is, on standard error; returns how many lines in all."""
    lines = told = 0
    async for step in steps:
        lines += step.lines
        if step.file is not None and as_json:
            typer.echo(json.dumps({"file": str(step.file), "lines": step.lines}))
        elif step.file is not None or lines - told >= _TOLD_EVERY_LINES:
            told = lines
            typer.echo(f"… {lines} lines" + (f", {step.file}" if step.file else ""), err=True)
    return lines


def _duration(text: str) -> timedelta:
    match = re.fullmatch(r"(\d{1,6})([mhd])", text)
    if match is None:
        fail(f"{text!r} is no duration. Write 400d or 12h.", EXIT_UNUSABLE)
    return timedelta(**{_UNITS[match[2]]: int(match[1])})
