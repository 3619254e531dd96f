"""Starting and stopping the programs that answer over HTTP."""

import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path

_START_SECONDS = 60
_STOP_SECONDS = 20
_KEPT = ("PATH", "HOME", "TMPDIR")


class DidNotStart(RuntimeError):
    """The text is what the program printed."""


class Served:
    """A program that answers."""

    def __init__(self, process: "subprocess.Popen[bytes]", output: Path) -> None:
        self._process = process
        self._output = output

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def complaint(self) -> str:
        """The last warning or error that it logged."""
        lines = self._output.read_text(errors="replace").splitlines()
        found = [line for line in lines if '"level": "warning"' in line or '"level": "error"' in line]
        return found[-1] if found else "nothing was logged"

    @property
    def megabytes(self) -> float:
        """Resident memory of the largest of its processes."""
        return max(_resident(number) for number in _family(self._process.pid)) / 1e6


@contextmanager
def served(
    command: Sequence[str | Path], folder: Path, port: int, variables: Mapping[str, str]
) -> Iterator[Served]:
    """Run a program in `folder` with nothing of our environment until it answers; end it afterwards."""
    output = folder / "output.txt"
    environment = {name: os.environ[name] for name in _KEPT if name in os.environ} | dict(variables)
    with output.open("wb") as stream:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream
        )
    try:
        _wait_for(process, port, output)
        yield Served(process, output)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port() -> int:
    with closing(socket.socket()) as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def _wait_for(process: "subprocess.Popen[bytes]", port: int, output: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if _answers(port):
            return
        time.sleep(0.05)
    raise DidNotStart(output.read_text(errors="replace")[-2000:])


def _answers(port: int) -> bool:
    """Whether it says anything: some listen long before they do."""
    with closing(HTTPConnection("127.0.0.1", port, timeout=_START_SECONDS)) as knock:
        try:
            knock.request("GET", "/")
            knock.getresponse()
        except OSError:
            return False
        return True


def _family(number: int) -> list[int]:
    """A process and all below it."""
    listed = Path(f"/proc/{number}/task/{number}/children").read_text().split()
    return [number, *(found for child in listed for found in _family(int(child)))]


def _resident(number: int) -> int:
    status = Path(f"/proc/{number}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    return int(found.group(1)) * 1024 if found else 0
