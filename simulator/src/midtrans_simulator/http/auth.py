"""HTTP Basic with the server key as user name and no password (Midtrans, "Authorization")."""

import base64
import binascii

from starlette.requests import Request

from midtrans_simulator.gateway import Gateway
from midtrans_simulator.protocol.model import Merchant


def server_key(request: Request) -> str | None:
    """The key in the Authorization header; None when there is no readable one."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        return base64.b64decode(encoded, validate=True).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError):
        return None


def merchant_of(gateway: Gateway, request: Request) -> Merchant | None:
    key = server_key(request)
    return gateway.ledger.merchant_by_server_key(key) if key else None
