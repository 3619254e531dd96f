"""Where the payer goes on: the addresses that charges, `actions` and the payment page hand out."""

from urllib.parse import urlencode

from midtrans_simulator.protocol.methods import METHODS
from midtrans_simulator.protocol.model import Transaction

_QR_FAMILIES = {"gopay": "gopay", "shopeepay": "shopeepay"}


def payer_page(base: str, transaction: Transaction) -> str:
    """Where this transaction is paid by hand: the bank's page, the till, the scanner or the app."""
    details = transaction.details
    if transaction.payment_type == "credit_card":
        return three_ds(base, transaction)
    if transaction.qr_string is not None:
        return f"{base}/v2/qris/index?{urlencode({'qr': qr_image(base, transaction)})}"
    if "payment_code" in details:
        return f"{base}{METHODS[transaction.method].till}?{urlencode({'number': details['payment_code']})}"
    numbers = [details.get("permata_va_number"), details.get("bill_key")]
    numbers += [va["va_number"] for va in details.get("va_numbers", [])]
    known = [number for number in numbers if number]
    return f"{base}/openapi/va/index?{urlencode({'number': known[0]})}" if known else app(base, transaction)


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
