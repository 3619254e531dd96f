"""The same things from a shell: curl lines to copy."""

import json
import shlex
from typing import Any

from midtrans_simulator.notifications.postman import HEADERS
from midtrans_simulator.protocol.model import Delivery, Session


def call(method: str, url: str, body: object = None, *, server_key: str | None = None) -> str:
    """One curl line, quoted for a POSIX shell."""
    parts = ["curl"]
    if server_key is not None:
        parts += ["-u", shlex.quote(f"{server_key}:")]
    if method != "GET":
        parts += ["-X", method]
    parts.append(shlex.quote(url))
    if body is not None:
        written = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
        parts += ["-H", shlex.quote("Content-Type: application/json"), "-d", shlex.quote(written)]
    return " ".join(parts)


def token(base: str, server_key: str, request: dict[str, Any]) -> str:
    return call("POST", f"{base}/snap/v1/transactions", request, server_key=server_key)


def again(base: str, server_key: str, session: Session) -> str:
    """The token request of this session once more."""
    return token(base, server_key, session.request)


def notification(delivery: Delivery) -> str:
    """The notification as it was sent, to the same URL."""
    headers = [f"-H {shlex.quote(f'{name}: {value}')}" for name, value in HEADERS.items()]
    return " ".join(["curl", "-i", *headers, "-d", shlex.quote(delivery.body), shlex.quote(delivery.url)])
