"""The command line inside this process: quick to run, and as clean as a process of its own."""

import contextlib
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from tuntas.cli.main import app
from tuntas.settings import Settings

DONE, WRONG, UNUSABLE, MISSING = 0, 1, 2, 3
"""The documented exit codes."""

SANDBOX = {
    "MIDTRANS_SERVER_KEY": "SB-Mid-server-simulator",
    "MIDTRANS_CLIENT_KEY": "SB-Mid-client-simulator",
}
NOWHERE = "postgresql://nobody@127.0.0.1:9/nowhere"
"""A database address where nothing listens."""

_UNSET: dict[str, str | None] = {name.upper(): None for name in Settings.model_fields}


@dataclass(frozen=True, slots=True)
class Result:
    """What a command printed and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


def tuntas(*arguments: str | Path, **variables: str) -> Result:
    """Run a command in an empty folder, with no variables but the ones given; raises what it raises."""
    with tempfile.TemporaryDirectory() as empty, contextlib.chdir(empty):
        result = CliRunner().invoke(app, [str(argument) for argument in arguments], env=_UNSET | variables)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Result(result.exit_code, result.stdout, result.stderr)
