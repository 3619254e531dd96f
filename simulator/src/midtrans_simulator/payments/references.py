"""Numbers a customer pays with: virtual accounts, bill keys, payment codes, QR strings."""

import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from midtrans_simulator.protocol import amounts, qris, wib
from midtrans_simulator.protocol.methods import METHODS, Group, Method, Wallet
from midtrans_simulator.protocol.model import Transaction
from midtrans_simulator.state.ledger import Ledger

MANDIRI_BILLER_CODE = "70012"
_APP_ONLY = frozenset({Wallet.APP, Wallet.PUSH})
_TRIES = 50

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Issued:
    """What a confirmed method brings: its payment type, its fields, and the QR to show if any."""

    payment_type: str
    details: dict[str, Any]
    qr_string: str | None = None


def issue(
    method: Method,
    options: dict[str, Any],
    gross_amount: int,
    *,
    phone: bool,
    with_qr: bool = False,
    ledger: Ledger,
    draw: random.Random,
) -> Issued:
    """Make the references for one attempt. `options` is the method's object of the token request.

    `phone`: the customer pays by app link; else GoPay and ShopeePay show a QR and report as `qris`
    (Midtrans, "Payment methods").
    """
    if method.group is Group.WALLET:
        return _wallet(method, gross_amount, phone=phone, with_qr=with_qr, draw=draw)
    if method.group is Group.STORE:
        code = _free("payment_code", ledger, lambda: _digits(draw, 16))
        return Issued("cstore", {"store": method.code, "payment_code": code})
    if method.code == "echannel":
        key = _free("bill_key", ledger, lambda: _digits(draw, 12))
        return Issued("echannel", {"biller_code": MANDIRI_BILLER_CODE, "bill_key": key})
    if method.group is Group.BANK:
        return Issued("bank_transfer", _virtual_account(method, options.get("va_number"), ledger, draw))
    return Issued(method.payment_type, {})


def settled_details(transaction: Transaction) -> dict[str, Any]:
    """The fields that appear once the money has come (Midtrans, "HTTP notifications")."""
    if transaction.payment_type == "qris":
        details = {
            "issuer": "gopay",
            "transaction_type": "on-us",
            "merchant_cross_reference_id": str(uuid.uuid4()),
        }
        return details | (_shopee() if transaction.method == "shopeepay" else {})
    if transaction.payment_type == "shopeepay":
        return _shopee()
    if METHODS[transaction.method].tells_amounts_paid and transaction.settlement_time is not None:
        paid = {
            "paid_at": wib.text(transaction.settlement_time),
            "amount": amounts.text(transaction.gross_amount),
        }
        return {"payment_amounts": [paid]}
    if METHODS[transaction.method].wallet is Wallet.PUSH:
        return {"merchant_invoice": str(uuid.uuid4().int)[:16]}
    if METHODS[transaction.method].approval_code:
        return {"approval_code": str(uuid.uuid4().int)[:12]}
    return {}


def custom_va(method: Method, wanted: str) -> str:
    """Too long: trailing digits are dropped; too short: zeros on the left (Midtrans, "JSON objects")."""
    return method.va_prefix + wanted[: method.va_length].rjust(method.va_length, "0")


def name_of(transaction: Transaction) -> str:
    return METHODS[transaction.method].name


def _wallet(method: Method, gross_amount: int, *, phone: bool, with_qr: bool, draw: random.Random) -> Issued:
    in_app = method.wallet in _APP_ONLY or (phone and method.wallet is not Wallet.QR)
    code = qris.payload(gross_amount, _digits(draw, 15)) if with_qr or not in_app else None
    if in_app:
        return Issued(method.payment_type, {}, code)
    return Issued(
        "qris", {"acquirer": method.acquirer}, code or qris.payload(gross_amount, _digits(draw, 15))
    )


def _virtual_account(method: Method, wanted: object, ledger: Ledger, draw: random.Random) -> dict[str, Any]:
    """The number the merchant asked for when it is free, else another (Midtrans, "JSON objects")."""
    field, plain = method.va_field, method.va_field != "va_numbers"

    def shaped(number: str) -> str | list[dict[str, str]]:
        return number if plain else [{"bank": method.bank, "va_number": number}]

    custom = shaped(custom_va(method, str(wanted))) if wanted else None
    if custom is None or ledger.reference_taken(field, custom):
        custom = _free(field, ledger, lambda: shaped(method.va_prefix + _digits(draw, method.va_length)))
    return {field: custom} if plain else {field: custom, "payment_amounts": []}


def _free(field: str, ledger: Ledger, candidate: Callable[[], T]) -> T:
    for _ in range(_TRIES):
        value = candidate()
        if not ledger.reference_taken(field, value):
            return value
    raise RuntimeError(f"no free {field} found")


def _digits(draw: random.Random, count: int) -> str:
    return "".join(draw.choices("0123456789", k=count))


def _shopee() -> dict[str, str]:
    return {"shopeepay_reference_number": str(uuid.uuid4().int)[:18], "reference_id": str(uuid.uuid4())}
