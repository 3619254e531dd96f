"""All commands under one name."""

import signal
import sys

import structlog
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
    refund,
    serve,
    sync,
    webhook,
    worker,
)
from tuntas.cli.environment import EXIT_WRONG
from tuntas.observability.logging import configure_logging, log_what_python_prints

log = structlog.get_logger()

app = typer.Typer(
    name="tuntas",
    help="The payment backend on Midtrans. Start with: tuntas dev",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
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
app.add_typer(archive.app, name="archive")
app.add_typer(config.app, name="config")
app.add_typer(webhook.app, name="webhook")
app.add_typer(jobs.app, name="jobs")


def main() -> None:
    """Entry point of the `tuntas` program."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # like Ctrl-C: stop what was started, then end
    configure_logging(json=False)
    log_what_python_prints()
    try:
        app()
    except Exception:
        log.exception("crashed")
        sys.exit(EXIT_WRONG)
