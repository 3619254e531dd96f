"""dj-stripe, a well-kept webhook of another gateway, in an environment of its own below bench/.cache.

It is asked for less than the others: each request is a distinct, rightly signed `balance.available`, which it
keeps as a delivery and an event. Its payments are left out, for it asks Stripe about each of them; nothing is
granted. Served by gunicorn with two processes.
"""

import hashlib
import hmac
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import psycopg

from bench import ground
from bench.ground import Ground
from bench.rivals import Rival

_SHOP = Path(__file__).with_name("djstripe_shop")
_HOME = Path(__file__).with_name(".cache") / "djstripe"
_PACKAGES = ("dj-stripe==2.11.0", "gunicorn", "psycopg[binary]")
_TEMPLATE = "bench_djstripe"
_EVENTS_PER_SECOND = 3_000
"""More than it takes in."""
_SECRET, _PATH = b"whsec_bench", "/stripe/webhook/5f3d2c1b-0000-4000-8000-000000000000/"
_HELD = """
    select (select count(*) from djstripe_webhookeventtrigger where processed) as deliveries,
           (select count(*) from djstripe_event) as events"""


class NoPeer(RuntimeError):
    """It cannot be measured here; the text says why."""


def prepared(place: Ground, *, seconds: int) -> Rival:
    """Install it where it is missing, make its tables and its requests. Raises NoPeer."""
    _install()
    with psycopg.connect(place.url("postgres"), autocommit=True) as server:
        known = server.execute("select from pg_database where datname = %s", [_TEMPLATE]).fetchone()
        if known is None:
            server.execute(f"create database {_TEMPLATE}")
            command: list[str | Path] = [_HOME / "bin" / "python", "-c", "import shop; shop.prepare()"]
            subprocess.run(command, check=True, env=dict(os.environ, **_variables(place.url(_TEMPLATE))))
    requests = _HOME / "requests.txt"
    with requests.open("w") as file:
        file.writelines(_request(number) for number in range(seconds * _EVENTS_PER_SECOND))
    return Rival(
        key="djstripe",
        name="dj-stripe, 2 processes",
        command=_command,
        path=_PATH,
        variables=_variables,
        template=_TEMPLATE,
        requests=requests,
        count=_count,
    )


def _install() -> None:
    done = _HOME / "done"
    if done.exists():
        return
    print("installing dj-stripe for itself ...", flush=True)
    subprocess.run([sys.executable, "-m", "venv", "--clear", _HOME], check=True)
    pip: list[str | Path] = [_HOME / "bin" / "python", "-m", "pip", "--disable-pip-version-check", "--quiet"]
    result = subprocess.run([*pip, "install", *_PACKAGES], check=False, capture_output=True, text=True)
    if result.returncode != 0:
        raise NoPeer(f"it cannot be installed from PyPI: {result.stderr.strip().splitlines()[-1]}")
    done.touch()


def _command(port: int) -> Sequence[str | Path]:
    return [
        _HOME / "bin" / "gunicorn", "shop:application", "--bind", f"127.0.0.1:{port}", "--workers", "2",
        "--worker-class", "gthread", "--threads", "8", "--log-level", "warning",
    ]  # fmt: skip


def _variables(url: str) -> Mapping[str, str]:
    address = psycopg.conninfo.conninfo_to_dict(url)
    return {
        "PYTHONPATH": str(_SHOP),
        "BENCH_HOST": str(address["host"]),
        "BENCH_DATABASE": str(address["dbname"]),
    }


def _request(number: int) -> str:
    now = int(time.time())
    amount = {"amount": 299_000 + number, "currency": "idr", "source_types": {"card": 299_000 + number}}
    event: dict[str, Any] = {
        "id": f"evt_{number}",
        "object": "event",
        "api_version": "2025-01-01",
        "created": now,
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": "balance.available",
        "data": {"object": {"object": "balance", "livemode": False, "available": [amount], "pending": []}},
    }
    body = json.dumps(event)
    signature = hmac.new(_SECRET, f"{now}.{body}".encode(), hashlib.sha256).hexdigest()
    return f"Stripe-Signature: t={now},v1={signature}\t{body}\n"


def _count(url: str) -> dict[str, int]:
    return ground.counted(url, _HELD)
