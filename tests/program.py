"""The program `tuntas` as people start it: a process of its own, configured by nothing but the test."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import psycopg
from psycopg.rows import dict_row

PROGRAM = Path(sys.executable).with_name("tuntas")
_KEPT = ("PATH", "HOME", "TMPDIR")

T = TypeVar("T")


def environment(**variables: str) -> dict[str, str]:
    """A clean environment: a developer's own keys and addresses never reach a test."""
    return {name: os.environ[name] for name in _KEPT if name in os.environ} | variables


def eventually(check: Callable[[], T | None], *, within: float, what: str) -> T:
    """The first result that is neither None nor False; fails after `within` seconds."""
    deadline = time.monotonic() + within
    while True:
        found = check()
        if found is not None and found is not False:
            return found
        assert time.monotonic() < deadline, f"not within {within} s: {what}"
        time.sleep(0.02)


@dataclass
class Program:
    """A running `tuntas …`; `output` receives what it prints, on either stream."""

    process: subprocess.Popen[bytes]
    output: Path

    @property
    def printed(self) -> str:
        return self.output.read_text()

    def wait_for(self, text: str, *, within: float = 30) -> None:
        """Returns once `text` was printed; fails when the program ends before."""

        def seen() -> bool:
            ended = self.process.poll() is not None
            found = text in self.printed
            assert found or not ended, f"ended without printing {text!r}:\n{self.printed}"
            return found

        eventually(seen, within=within, what=f"{text!r} in:\n{self.printed}")

    def end(self, number: signal.Signals = signal.SIGTERM, *, within: float = 10) -> int:
        """Send a signal and return the exit code; fails when it does not end in time."""
        self.process.send_signal(number)
        return self.process.wait(within)


@contextmanager
def started(
    folder: Path, *arguments: str | Path, ignored: signal.Signals | None = None, **variables: str
) -> Iterator[Program]:
    """A program in the foreground of its own terminal; killed at the end if a test left it running.

    It begins with the signal `ignored` ignored, as nohup has it.
    """
    output = folder / f"output-{time.monotonic_ns()}.txt"
    with output.open("wb") as stream:
        process = subprocess.Popen(
            [PROGRAM, *arguments],
            cwd=folder,
            env=environment(**variables),
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            start_new_session=True,
            preexec_fn=None if ignored is None else partial(signal.signal, ignored, signal.SIG_IGN),  # noqa: PLW1509
        )
    try:
        yield Program(process, output)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(10)


def ran(folder: Path, *arguments: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a program to its end."""
    return subprocess.run(
        [PROGRAM, *arguments],
        cwd=folder,
        env=environment(**variables),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@dataclass
class Dev:
    """A `tuntas dev` that is ready."""

    program: Program
    ready: dict[str, Any]
    data_dir: Path

    @property
    def url(self) -> str:
        return str(self.ready["web"])

    def rows(self, query: str) -> list[dict[str, Any]]:
        """Look into its database from outside."""
        cluster = self.data_dir / "postgres" / "cluster"
        with psycopg.connect(
            host=str(cluster), user="postgres", dbname="tuntas", row_factory=dict_row
        ) as connection:
            return connection.execute(query).fetchall()


@contextmanager
def started_dev(folder: Path, *options: str | Path, **variables: str) -> Iterator[Dev]:
    """`tuntas dev` on free ports with its data in `folder`; nothing of it is left afterwards."""
    data_dir, ready_file = folder / "data", folder / "ready.json"
    ready_file.unlink(missing_ok=True)
    arguments: list[str | Path] = [
        "dev", "--port", "0", "--simulator-port", "0", "--data-dir", data_dir, "--ready-file", ready_file,
    ]  # fmt: skip
    try:
        with started(folder, *arguments, *options, **variables) as program:

            def ready() -> bool:
                assert program.process.poll() is None, program.printed
                return ready_file.exists()

            eventually(ready, within=60, what="tuntas dev is ready")
            yield Dev(program, json.loads(ready_file.read_text()), data_dir)
    finally:
        kill_postgres(data_dir)


def postgres_of(data_dir: Path) -> int | None:
    """The process id of the server on this folder, None when there is none."""
    try:
        lines = (data_dir / "postgres" / "cluster" / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return None
    number = int(lines[0]) if lines else None
    return number if number is not None and is_running(number) else None


def kill_postgres(data_dir: Path) -> None:
    """End the server on this folder as a power cut would, and wait until it is gone."""
    if (number := postgres_of(data_dir)) is not None:
        os.kill(number, signal.SIGKILL)
        eventually(lambda: not is_running(number), within=10, what="PostgreSQL is gone")


def is_running(number: int) -> bool:
    """Whether this process does anything: one that ended but that nobody collected does not."""
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{number}/stat")
    return not (stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z")
