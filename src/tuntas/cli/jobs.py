"""`tuntas jobs run`: do by hand, now, what the worker would do."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from tuntas.cli.options import EXIT_UNUSABLE, EXIT_WRONG, DataDir, Json, fail

if TYPE_CHECKING:
    from tuntas.usecases.backend import Backend

app = typer.Typer(help="The worker's jobs.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def _jobs() -> None:
    """Keeps `run` a command of its own while it is the only one."""


@app.command("run")
def run_now(
    task: Annotated[str, typer.Argument(help="As an alert names it: confirm, reconcile_due, …")],
    number: Annotated[int | None, typer.Argument(help="What a job is about, as the alert names it.")] = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Do a job or a round now, and close what was told of it. Safe to repeat. Exit code 1 when it fails."""
    from tuntas.cli.environment import desk_settings, run

    error = run(desk_settings(data_dir), lambda backend: _run(backend, task, number))
    done = " ".join(map(str, (task, *([] if number is None else [number]))))
    if error is not None:
        fail(f"{done} failed: {type(error).__name__}: {error}", EXIT_WRONG)
    typer.echo(json.dumps({"task": task, "number": number, "done": True}) if as_json else f"Done: {done}.")


async def _run(backend: "Backend", task: str, number: int | None) -> Exception | None:
    from tuntas.usecases.jobs import run_job
    from tuntas.usecases.rounds import run_round
    from tuntas.worker.tasks import JOBS, ROUNDS

    if task in ROUNDS and number is None:
        return await run_round(backend, task, ROUNDS[task].work)
    if task not in JOBS or number is None:
        known = [*(f"{name} NUMBER" for name in JOBS), *ROUNDS]
        fail(f"There is no such job. There are: {', '.join(known)}.", EXIT_UNUSABLE)
    job = JOBS[task]
    try:
        await run_job(backend, task, job.argument, number, job.work)
    except Exception as error:  # noqa: BLE001  told in one sentence, whatever it is
        return error
    return None
