"""An order to try things with, made from the dashboard."""

from midtrans_simulator.gateway import Gateway
from midtrans_simulator.protocol.model import Session
from midtrans_simulator.snap import sessions
from midtrans_simulator.state.config import DEFAULT_CLIENT_KEY, DEFAULT_SERVER_KEY, MerchantKeys


def shown_keys(gateway: Gateway) -> MerchantKeys:
    """The first merchant that is listed; where any sandbox key is one, a merchant to begin with."""
    listed = gateway.config.listed
    return listed[0] if listed else MerchantKeys.of(DEFAULT_SERVER_KEY, DEFAULT_CLIENT_KEY)


def start_trial(gateway: Gateway, base: str) -> Session:
    """Open a session for an order of its own; its customers return to `base`."""
    merchant = gateway.ledger.merchant_by_server_key(shown_keys(gateway).server_key)
    if merchant is None:
        raise LookupError("a listed server key is always a merchant")
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
