"""The command: starts, says where it is, stops cleanly, survives in its file."""

import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from midtrans_simulator.cli import main
from midtrans_simulator.http.texts import LANGUAGES, _catalogue
from midtrans_simulator.state import faults


def test_it_starts_serves_and_stops_on_sigterm(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "from midtrans_simulator.cli import main; raise SystemExit(main())"]
    options = ["--port", "0", "--state", str(tmp_path / "state.db")]
    process = subprocess.Popen(
        [*command, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        found = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
        assert found is not None
        body = {"transaction_details": {"order_id": "INV-1", "gross_amount": 10_000}}
        with httpx.Client(base_url=found[0], auth=("SB-Mid-server-simulator", "")) as client:
            reply = client.post("/snap/v1/transactions", json=body)
            assert reply.json()["redirect_url"].startswith(found[0])
            assert "window.snap" in client.get("/snap/snap.js").text
            assert client.get("/").status_code == 200
    finally:
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=10)
    assert errors == ""
    assert process.returncode in {0, -signal.SIGTERM}


def test_a_certificate_that_is_none_is_said(tmp_path: Path, capsys: Any) -> None:
    (tmp_path / "cert.pem").write_text("none")
    options = ["--tls-cert", str(tmp_path / "cert.pem"), "--tls-key", str(tmp_path / "cert.pem")]
    assert main(["--port", "0", *options]) == 1
    assert "no certificate and key" in capsys.readouterr().err


def test_a_taken_port_and_a_file_that_is_no_state_file_are_said(tmp_path: Path, capsys: Any) -> None:
    other = tmp_path / "notes.txt"
    other.write_text("these are notes, not a database\n" * 40)
    assert main(["--port", "0", "--state", str(other)]) == 1
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert main(["--port", str(taken.getsockname()[1])]) == 1
    said = capsys.readouterr()
    assert "notes.txt" in said.err
    assert "Cannot listen" in said.err
    assert said.out == ""
    assert other.read_text().startswith("these are notes")


@pytest.mark.parametrize("option", [["--speed", "0"], ["--start-time", "noon"], ["--language", "fr"]])
def test_wrong_options_are_explained(option: list[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(option)
    assert stopped.value.code == 2


def test_both_languages_say_the_same_things() -> None:
    first, second = (_catalogue(language) for language in LANGUAGES)
    # A fault's English sentence stands in its table.
    assert set(first) == set(second) | {f"fault.{name}" for name in faults.NAMES}
    for key in second:
        assert re.findall(r"{\w+}", first[key]) == re.findall(r"{\w+}", second[key]), key
