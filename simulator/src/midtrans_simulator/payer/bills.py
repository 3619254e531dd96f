"""What the payer types in, scans or opens, and the transaction it belongs to."""

import re
from collections.abc import Callable

from midtrans_simulator.gateway import Gateway
from midtrans_simulator.http.urls import with_query
from midtrans_simulator.protocol.methods import METHODS, Group
from midtrans_simulator.protocol.model import Session, Status, Transaction
from midtrans_simulator.snap.result import Returns

_QR_IMAGE = re.compile(r"/v2/[a-z]+/([^/]+)/qr-code")
_RESULTS = {Status.SETTLEMENT: "success", Status.PENDING: "abort"}


def by_virtual_account(gateway: Gateway, number: str, *, bank: str | None = None) -> Transaction | None:
    """The bill behind a VA number or Mandiri bill key, waiting ones first. `bank` narrows to one bank."""
    wanted = _digits(number)
    return _first(
        gateway,
        lambda each: wanted in _virtual_accounts(each) and bank in {None, each.method.removesuffix("_va")},
    )


def by_payment_code(gateway: Gateway, code: str, store: str) -> Transaction | None:
    wanted = _digits(code)
    return _first(gateway, lambda each: each.method == store and each.details.get("payment_code") == wanted)


def by_qr(gateway: Gateway, scanned: str) -> Transaction | None:
    """From the address of a QR image, as in the sandbox, or from what a scanner reads."""
    text = scanned.strip()
    found = [gateway.ledger.transaction(transaction_id) for transaction_id in _QR_IMAGE.findall(text)]
    known = [each for each in found if each is not None and each.qr_string is not None]
    if known:
        return known[0]
    return _first(gateway, lambda each: bool(text) and each.qr_string == text)


def by_app(gateway: Gateway, transaction_id: str) -> Transaction | None:
    """What a wallet, a lender or an internet bank was asked to confirm."""
    transaction = gateway.ledger.transaction(transaction_id.strip())
    if transaction is None or METHODS[transaction.method].group in {Group.CARD, Group.BANK, Group.STORE}:
        return None
    return transaction


def way_back(gateway: Gateway, transaction: Transaction, base: str) -> str | None:
    """Where the app sends the payer: the method's callback_url, else the finish URL.

    Midtrans, "JSON objects".

    GoPay returns only when `enable_callback` says so, and adds `order_id` and `result`.
    """
    session = gateway.ledger.session(transaction.token) if transaction.token else None
    if session is None:
        return None
    options = _options(session, transaction.method)
    finish = str(options.get("callback_url") or Returns.of(gateway, session, base).finish)
    if transaction.method == "gopay":
        if not options.get("enable_callback"):
            return None
        result = _RESULTS.get(transaction.status or Status.PENDING, "failure")
        return with_query(finish, order_id=transaction.order_id, result=result)
    return with_query(finish, order_id=transaction.order_id)


def _options(session: Session, method: str) -> dict[str, object]:
    options = session.request.get(method)
    return options if isinstance(options, dict) else {}


def _first(gateway: Gateway, matches: Callable[[Transaction], bool]) -> Transaction | None:
    """Numbers are given out again once they are free: a waiting bill before the newest other."""
    found = [each for each in gateway.ledger.transactions() if matches(each)]
    waiting = [each for each in found if each.status is Status.PENDING]
    known = waiting or found
    return known[-1] if known else None


def _virtual_accounts(transaction: Transaction) -> list[str]:
    details = transaction.details
    numbers = [va["va_number"] for va in details.get("va_numbers", [])]
    return numbers + [details[name] for name in ("permata_va_number", "bill_key") if name in details]


def _digits(text: str) -> str:
    return "".join(character for character in text if character.isdigit())
