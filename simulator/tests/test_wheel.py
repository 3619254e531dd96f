"""The wheel by itself: installed where nothing else is, it has all it needs and does what it says."""

import importlib.metadata
import json
import os
import re
import resource
import signal
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

import httpx
import pytest
from packaging.requirements import Requirement

from midtrans_simulator.cli import _parser

SIMULATOR = Path(__file__).parents[1]
DOCKERFILE = SIMULATOR / "Dockerfile"
STARTED_WITHIN = 0.3
"""Seconds of processor time for `--help`."""


PAGES = ("/", "/snap/snap.js", "/snap/assets/page.css", "/v2/qris/index", "/_control/openapi.json")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` of an environment that holds the wheel and what the wheel says it needs, nothing else."""
    place = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    build = ["wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(place), str(SIMULATOR)]
    subprocess.run([*pip, *build], check=True)
    [wheel] = place.glob("midtrans_simulator-*.whl")
    environment = place / "environment"
    venv.create(environment, with_pip=False, symlinks=True)
    [packages] = environment.glob("lib/python*/site-packages")
    python = environment / "bin" / "python"
    install = ["--python", str(python), "install", "--no-index", "--no-deps", str(wheel)]
    subprocess.run([*pip, *install], check=True)
    for name in _needed(str(wheel.name).split("-", 1)[0]):
        _lend(name, packages)
    return environment / "bin"


def _needed(name: str, found: set[str] | None = None) -> set[str]:
    """The distributions that this one asks for, and those that they ask for."""
    found = set() if found is None else found
    for line in importlib.metadata.requires(name) or []:
        requirement = Requirement(line)
        wanted = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
        if wanted and requirement.name.lower() not in found:
            found.add(requirement.name.lower())
            _needed(requirement.name, found)
    return found


def _lend(name: str, packages: Path) -> None:
    distribution = importlib.metadata.distribution(name)
    for top in {
        file.parts[0] for file in distribution.files or [] if file.parts[0] not in {"..", "__pycache__"}
    }:
        source, target = Path(str(distribution.locate_file(top))), packages / top
        if not target.exists():
            target.symlink_to(source)


def test_it_plays_a_scenario(installed: Path) -> None:
    command = [str(installed / "midtrans-simulator"), "run", "--port", "0", "--json", "paid-twice"]
    played = subprocess.run(command, capture_output=True, text=True, check=False)
    assert played.returncode == 0, played.stdout + played.stderr
    assert json.loads(played.stdout)


def test_it_starts_and_serves_every_page_it_brings(installed: Path) -> None:
    command = [str(installed / "midtrans-simulator"), "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        found = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
        assert found is not None
        with httpx.Client(base_url=found[0], auth=("SB-Mid-server-simulator", "")) as client:
            for path in PAGES:
                assert client.get(path).status_code == 200, path
            order = {"transaction_details": {"order_id": "INV-1", "gross_amount": 10_000}}
            made = client.post("/snap/v1/transactions", json=order).json()
            assert client.get(made["redirect_url"]).status_code == 200
    finally:
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=10)
    assert errors == ""


def test_help_answers_at_once(installed: Path) -> None:
    """Processor time, the best of three: the machine may be busy with other things."""
    spent = [_seconds([str(installed / "midtrans-simulator"), "--help"]) for _ in range(3)]
    assert min(spent) < STARTED_WITHIN


def _seconds(command: list[str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def test_its_fixtures_work_in_another_project(installed: Path, tmp_path: Path) -> None:
    """pytest loads the plugin from the wheel's entry point."""
    (tmp_path / "test_shop.py").write_text(
        "def test_paid(midtrans_simulator):\n"
        "    token = midtrans_simulator.create_token('INV-1', 10_000)\n"
        "    midtrans_simulator.choose(token, 'bca_va')\n"
        "    midtrans_simulator.pay('INV-1')\n"
        "    assert midtrans_simulator.status('INV-1')['transaction_status'] == 'settlement'\n"
    )
    [packages] = installed.parent.glob("lib/python*/site-packages")
    for name in {"pytest", *_needed("pytest")}:
        _lend(name, packages)
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "PYTHON"))}
    command = [str(installed / "python"), "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    tested = subprocess.run(command, cwd=tmp_path, env=clean, capture_output=True, text=True, check=False)
    assert tested.returncode == 0, tested.stdout + tested.stderr


def test_the_dockerfile_copies_what_there_is_and_starts_the_command() -> None:
    text = DOCKERFILE.read_text(encoding="utf-8")
    copied: list[Any] = re.findall(r"^COPY (.+) \S+$", text, re.MULTILINE)
    assert [name for line in copied for name in line.split() if not (SIMULATOR / name).exists()] == []
    [entry] = re.findall(r"^ENTRYPOINT (\[.+\])$", text, re.MULTILINE)
    command, *options = json.loads(entry)
    assert command == "midtrans-simulator"
    assert _parser().parse_args(options).host == "0.0.0.0"  # noqa: S104 - inside a container
