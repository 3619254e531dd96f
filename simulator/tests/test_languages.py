"""PHP, Ruby, Go and Java reach the simulator through its proxy, as the page "clients" tells them to.

Their own HTTP stacks are met here, not Midtrans's libraries on top of them: Debian has none of those. What is
not installed is skipped.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

STORIES = Path(__file__).parent / "languages"
LANGUAGES = {
    "php": ["php", "story.php"],
    "ruby": ["ruby", "story.rb"],
    "go": ["go", "run", "story.go"],
    "java": ["java", "Story.java"],
}
PATIENCE = 120.0
"""Seconds: a compiler that starts cold on a busy machine."""


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_asks_midtrans_by_its_own_addresses(
    language: str, proxied: tuple[str, str, str], tmp_path: Path
) -> None:
    own, proxy, certificate = proxied
    program, *rest = LANGUAGES[language]
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not on this machine")
    told_to = {"HTTPS_PROXY": proxy, "SSL_CERT_FILE": certificate, "GOCACHE": str(tmp_path / "go")}
    if language == "php" and "curl" not in _said(["php", "-m"]):
        pytest.skip("PHP has no curl on this machine")
    if language == "java":
        rest = [*_trusting(certificate, tmp_path), *rest]
    told = json.loads(_said([program, *rest], os.environ | told_to))
    assert (told["order_id"], told["transaction_status"]) == ("INV/1 #2", "pending")
    assert told["gross_amount"] == "10000.00"
    assert told["payment_type"] == "gopay"
    assert own.startswith("http://127.0.0.1:")


def _said(command: list[str], environment: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        command, cwd=STORIES, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _trusting(certificate: str, place: Path) -> list[str]:
    store = place / "simulator.p12"
    make = [
        "keytool",
        "-importcert",
        "-noprompt",
        "-alias",
        "simulator",
        "-storetype",
        "PKCS12",
        "-storepass",
        "changeit",
    ]
    subprocess.run([*make, "-file", certificate, "-keystore", str(store)], check=True, capture_output=True)
    return [f"-Djavax.net.ssl.trustStore={store}", "-Djavax.net.ssl.trustStorePassword=changeit"]
