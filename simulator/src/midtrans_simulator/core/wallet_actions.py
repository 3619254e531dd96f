"""The `actions` of wallets: where the payer goes on, and where the merchant asks (seen live)."""

from midtrans_simulator.payments import links
from midtrans_simulator.protocol.model import Transaction


def wallet_actions(base: str, transaction: Transaction) -> list[dict[str, str]]:
    """A QR where there is one, the app's page where there is one; GoPay lists status and cancel too."""
    actions = []
    if transaction.qr_string is not None:
        actions.append(_action("generate-qr-code", "GET", links.qr_image(base, transaction)))
    if transaction.payment_type != "qris":
        actions.append(_action("deeplink-redirect", "GET", links.app(base, transaction)))
    if transaction.payment_type == "gopay":
        actions.append(_action("get-status", "GET", f"{base}/v2/{transaction.id}/status"))
        actions.append(_action("cancel", "POST", f"{base}/v2/{transaction.id}/cancel"))
    return actions


def _action(name: str, method: str, url: str) -> dict[str, str]:
    return {"name": name, "method": method, "url": url}
