"""The notification signature: SHA-512 over the raw strings and the server key."""

import hashlib
import hmac
from collections.abc import Iterable


def sign(order_id: str, status_code: str, gross_amount: str, server_key: str) -> str:
    """128 lowercase hex digits over exactly the strings given, concatenated without separators."""
    return hashlib.sha512(f"{order_id}{status_code}{gross_amount}{server_key}".encode()).hexdigest()


def is_signed(
    signature: str, order_id: str, status_code: str, gross_amount: str, server_keys: Iterable[str]
) -> bool:
    """Whether one of the keys made this signature; compared in constant time, every key tried."""
    given = signature.encode()
    matches = [
        hmac.compare_digest(given, sign(order_id, status_code, gross_amount, key).encode())
        for key in server_keys
    ]
    return any(matches)
