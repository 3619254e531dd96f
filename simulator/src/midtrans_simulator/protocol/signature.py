"""The signature under every notification and status body (Midtrans, "HTTP notifications")."""

import hashlib


def sign(order_id: str, status_code: str, gross_amount: str, server_key: str) -> str:
    """Lower-case hex SHA-512 of the four texts exactly as they stand in the body."""
    return hashlib.sha512((order_id + status_code + gross_amount + server_key).encode()).hexdigest()
