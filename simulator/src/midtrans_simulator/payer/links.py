"""Where the payer goes on: the addresses that charges, `actions` and the payment page hand out."""

from urllib.parse import urlencode

from midtrans_simulator.model import Transaction

_QR_FAMILIES = {"gopay": "gopay", "shopeepay": "shopeepay"}


def three_ds(base: str, transaction: Transaction) -> str:
    """`redirect_url` of a card charge with `authentication: true`."""
    masked = str(transaction.details.get("masked_card", "card"))
    return f"{base}/v2/3ds/redirect/{masked}-{transaction.id}"


def qr_image(base: str, transaction: Transaction) -> str:
    """The QR as a PNG: the `generate-qr-code` action, and what `/v2/qris/index` takes."""
    return f"{base}/v2/{_QR_FAMILIES.get(transaction.payment_type, 'qris')}/{transaction.id}/qr-code"


def app(base: str, transaction: Transaction) -> str:
    """The wallet's or the lender's own page: `deeplink-redirect` actions and `redirect_url`s."""
    return f"{base}/v2/deeplink/index?{urlencode({'id': transaction.id})}"
