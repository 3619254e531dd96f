"""All commands under one name."""

import sys
from typing import Annotated

import typer

from tuntas.cli import (
    archive,
    config,
    dev,
    doctor,
    jobs,
    logs,
    migrate,
    orders,
    packages,
    refund,
    serve,
    sync,
    webhook,
    worker,
)
from tuntas.cli.options import EXIT_WRONG
from tuntas.cli.signals import end_like_ctrl_c

app = typer.Typer(
    name="tuntas",
    help="The payment backend on Midtrans. Start with: tuntas dev",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("dev")(dev.dev)
app.command("serve")(serve.serve)
app.command("migrate")(migrate.migrate)
app.command("worker")(worker.worker)
app.command("logs")(logs.logs)
app.command("sync")(sync.sync)
app.command("refund")(refund.refund)
app.command("doctor")(doctor.doctor)
app.command("resolve")(doctor.resolve)
app.add_typer(orders.app, name="orders")
app.add_typer(packages.app, name="packages")
app.add_typer(archive.app, name="archive")
app.add_typer(config.app, name="config")
app.add_typer(webhook.app, name="webhook")
app.add_typer(jobs.app, name="jobs")


def _version(*, wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"tuntas {version('tuntas')}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """The payment backend on Midtrans. Start with: tuntas dev"""


def main() -> None:
    """Entry point of the `tuntas` program."""
    # Libraries load rich where it is installed, for colours we never print: a fifth of a command's start.
    sys.modules["rich"] = None  # type: ignore[assignment]
    end_like_ctrl_c()
    try:
        app()
    except Exception:  # noqa: BLE001  the last one to hear of it writes it down
        _tell_crash()
        sys.exit(EXIT_WRONG)


def _tell_crash() -> None:
    import structlog

    from tuntas.observability.logging import configure_logging

    configure_logging(json=False)
    structlog.get_logger().exception("crashed")
