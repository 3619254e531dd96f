"""The notification signature: SHA-512 over the raw strings and the server key."""

import hashlib
import hmac
from collections.abc import Iterable


def sign(order_id: str, status_code: str, gross_amount: str, server_key: str) -> str:
    """128 lowercase hex digits over exactly the strings given, concatenated without separators."""
    return hashlib.sha512(_bytes(f"{order_id}{status_code}{gross_amount}{server_key}")).hexdigest()


def is_signed(
    signature: str, order_id: str, status_code: str, gross_amount: str, server_keys: Iterable[str]
) -> bool:
    """Whether one of the keys made this signature; compared in constant time, every key tried.

    Answers for every text: what a stranger sends never raises here.
    """
    given = _bytes(signature)
    matches = [
        hmac.compare_digest(given, _bytes(sign(order_id, status_code, gross_amount, key)))
        for key in server_keys
    ]
    return any(matches)


def _bytes(text: str) -> bytes:
    """UTF-8, also of the half characters that JSON lets through and UTF-8 does not know."""
    return text.encode("utf-8", "surrogatepass")
