"""The time that counts while `tuntas dev` runs: the simulator's, which people turn on by hours and days."""

import json
from datetime import UTC, datetime, timedelta
from http.client import HTTPException
from urllib.request import urlopen

import typer

from tuntas.clock import Clock, SystemClock

_PATIENCE_SECONDS = 2


class ShiftedClock:
    """This machine's clock, put forward or back by as much as another one was when it was read."""

    def __init__(self, shift: timedelta) -> None:
        self._shift = shift

    def now(self) -> datetime:
        return datetime.now(UTC) + self._shift


def clock_of(simulator: str) -> Clock:
    """The clock of the simulator at this address, for a command that is done before the two drift apart."""
    try:
        with urlopen(f"{simulator}/_control/clock", timeout=_PATIENCE_SECONDS) as answer:  # noqa: S310  ours
            shown = datetime.fromisoformat(json.load(answer)["now"])
    except (OSError, HTTPException, ValueError, KeyError, TypeError):
        typer.echo("warning: the simulator's clock cannot be read; this machine's is used instead", err=True)
        return SystemClock()
    return ShiftedClock(shown - datetime.now(UTC))
