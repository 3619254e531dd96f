"""The body of an HTTP notification: reverse-alphabetical, compact, signed (section 7)."""

import json
from typing import Any

from midtrans_simulator.protocol.facts import facts
from midtrans_simulator.protocol.model import UNPAID, Merchant, Status, Transaction


def body(transaction: Transaction, merchant: Merchant) -> dict[str, Any]:
    return facts(
        transaction,
        merchant,
        status_code=status_code(transaction),
        message="midtrans payment notification",
    )


def written(body: dict[str, Any]) -> str:
    """Compact, with its keys in reverse alphabetical order, as real bodies are (7.1)."""
    ordered = dict(sorted(body.items(), reverse=True))
    return json.dumps(ordered, separators=(",", ":"), ensure_ascii=False)


def status_code(transaction: Transaction) -> str:
    """Section 7.4. Expiry is 202 here; 407 is only in API replies."""
    if transaction.status is Status.PENDING or transaction.challenged:
        return "201"
    return "202" if transaction.status in UNPAID else "200"
