"""The pass in our own return address: whoever comes back from Midtrans with it sees how that payment stands.

An order id is no credential, and a browser that comes back may have no cookie of ours. The pass names the
order and the moment at which it ends, signed by us: nobody can make one for another order, or for longer.
"""

import hmac
from datetime import UTC, datetime, timedelta
from hashlib import sha256

AFTER_THE_PAGE = timedelta(hours=1)
"""How much longer than Midtrans's page, from which the customer comes back, a pass lives."""

_PURPOSE = b"return pass\n"
"""What the same key signs for another purpose is no pass."""
_SEPARATOR = "."
_LENGTH_MAX = 200


def issue(key: bytes, order_id: str, ends_at: datetime) -> str:
    """For `order_id`, until `ends_at`; letters, digits and a few signs that need no escaping."""
    seconds = int(ends_at.timestamp())
    return _SEPARATOR.join((order_id, str(seconds), _signature(key, order_id, seconds)))


def order_of(key: bytes, given: str, now: datetime) -> str | None:
    """The order whose state the holder may see; None for a pass that is not ours, or has ended."""
    order_id, seconds, signature = ("", "", "", *given[:_LENGTH_MAX].rsplit(_SEPARATOR, 2))[-3:]
    if not (order_id and seconds.isascii() and seconds.isdigit() and signature.isascii()):
        return None
    if not hmac.compare_digest(signature, _signature(key, order_id, int(seconds))):
        return None
    return order_id if now < datetime.fromtimestamp(int(seconds), UTC) else None


def _signature(key: bytes, order_id: str, seconds: int) -> str:
    return hmac.new(key, _PURPOSE + f"{order_id}\n{seconds}".encode(), sha256).hexdigest()
