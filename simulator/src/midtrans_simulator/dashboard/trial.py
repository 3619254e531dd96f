"""An order to try things with, made from the dashboard."""

from midtrans_simulator.gateway import Gateway
from midtrans_simulator.protocol.model import Session
from midtrans_simulator.snap import sessions
from midtrans_simulator.state.ledger import SANDBOX_SERVER_PREFIX

SOME_SANDBOX_KEY = f"{SANDBOX_SERVER_PREFIX}simulator"
"""Used where any sandbox key is a merchant."""


def start_trial(gateway: Gateway, base: str) -> Session:
    """Open a session for an order of its own; its customers return to `base`."""
    merchant = gateway.ledger.merchant_by_server_key(gateway.config.server_key or SOME_SANDBOX_KEY)
    if merchant is None:
        raise LookupError("the configured server key is always a merchant")
    number = 1 + sum(1 for session in gateway.ledger.sessions() if session.order_id.startswith("COBA-"))
    order_id = f"COBA-{number}-{gateway.now():%d%H%M%S}"
    request = {
        "transaction_details": {"order_id": order_id, "gross_amount": 299_000},
        "item_details": [
            {"id": "kopi", "name": "Kopi Gayo 250 g", "price": 112_000, "quantity": 2},
            {"id": "gelas", "name": "Gelas keramik", "price": 75_000, "quantity": 1},
        ],
        "customer_details": {"first_name": "Sari", "last_name": "Wulandari", "email": "sari@example.test"},
        "credit_card": {"secure": True},
        "callbacks": {"finish": f"{base}/snap/finish"},
    }
    url = gateway.config.notify_url
    return sessions.create(gateway, merchant, request, [url] if url else [])
