"""What all commands share on the command line: options, exit codes, the way to say what is wrong.

Every command's module is read for any `--help`: it may import this at its top, and what is as light. What a
command works with (settings, the database, use cases) it imports where it begins to work.
"""

from getpass import getuser
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from tuntas.observability.printable import printable

EXIT_WRONG = 1
EXIT_UNUSABLE = 2
EXIT_MISSING = 3

DataDir = Annotated[
    Path | None, typer.Option(help="Data folder; default: TUNTAS_DATA_DIR or .data.", show_default=False)
]
Json = Annotated[bool, typer.Option("--json", help="One JSON object a line, for programs.")]
OrderId = Annotated[str, typer.Argument(help="The order id, INV-….")]

_LINE_MAX = 2_000
_TEXT_MAX = 255


def one_line(given: str | None) -> str | None:
    """What is kept and shown as it is given: refused when it is empty, or more than a line."""
    if given is not None and not (given.strip() and len(given) <= _TEXT_MAX and given.isprintable()):
        raise typer.BadParameter(f"must be 1 to {_TEXT_MAX} printable characters on one line")
    return given


def fail(message: str, code: int) -> NoReturn:
    """Say what is wrong on standard error and exit."""
    for line in message.splitlines():
        typer.echo(printable(line, characters_max=_LINE_MAX), err=True)
    raise typer.Exit(code)


def actor() -> str:
    """Who acts, as written into the payment log."""
    return f"cli:{getuser()}"
