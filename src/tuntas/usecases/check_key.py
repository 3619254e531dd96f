"""Does Midtrans know our server key? Only Midtrans can tell: a key's prefix proves nothing."""

import asyncio
import uuid
from enum import StrEnum

from tuntas.clock import SystemClock
from tuntas.midtrans.core import CoreClient
from tuntas.midtrans.errors import GatewayError, GatewayMisconfigured, TransactionNotFound
from tuntas.midtrans.http import MidtransHttp
from tuntas.settings import Settings

PATIENCE_SECONDS = 10


class KeyState(StrEnum):
    ACCEPTED = "accepted"
    REFUSED = "refused"
    """Answered 401: the key of the other environment, of another account, or mistyped."""
    UNKNOWN = "unknown"
    """Midtrans could not be asked just now."""
    NONE = "none"
    """No key is configured, so there is nothing to ask."""


async def check_key(settings: Settings) -> KeyState:
    """Ask GET status about an order that never was: a known key gets a 404, another one a 401.

    Needs no database, and ends within `PATIENCE_SECONDS`.
    """
    if "midtrans_server_key" not in settings.model_fields_set and settings.midtrans_core_url is None:
        return KeyState.NONE
    http = MidtransHttp(
        base_url=settings.core_url, server_key=settings.server_key, timeout_seconds=PATIENCE_SECONDS
    )
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await CoreClient(http, SystemClock()).status(f"tuntas-key-check-{uuid.uuid4()}")
    except TransactionNotFound:
        return KeyState.ACCEPTED
    except GatewayMisconfigured:
        return KeyState.REFUSED
    except (GatewayError, TimeoutError):
        return KeyState.UNKNOWN
    finally:
        await http.aclose()
    return KeyState.ACCEPTED
