"""The table of payment methods: one row each (Midtrans, "Enabled payments", "Payment methods").

Whatever sets one method apart from the others of its group is a field of its row. To add a method: a row
here, and its words in `language/`, without which it goes by its `name`.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Group(StrEnum):
    CARD = "card"
    WALLET = "wallet"
    BANK = "bank"
    STORE = "store"
    PAYLATER = "paylater"
    INTERNET = "internet"


class Wallet(StrEnum):
    """How a wallet is paid."""

    APP_OR_QR = "app_or_qr"
    """In its app on a phone, by a QR elsewhere; by a QR it reports as `qris`."""
    QR = "qr"
    APP = "app"
    PUSH = "push"
    """The gateway asks the payer's phone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """`minimum` and `maximum` in rupiah; `refund_window` None: cannot be refunded."""

    code: str
    """The value of `enabled_payments`."""
    name: str
    group: Group
    payment_type: str
    lifetime: timedelta
    charged: str
    """The `status_message` of a charge."""
    expired: str = "Success, transaction has expired"
    """The `status_message` of the expire call."""
    wallet: Wallet | None = None
    acquirer: str | None = None
    """Who stands behind its QR."""
    charged_with_qr: bool = False
    """A charge brings the QR along with the link to the app."""
    asked_for_actions: bool = False
    """GET status shows the `actions` of a charge that waits."""
    minimum: int = 1
    maximum: int | None = None
    refund_window: timedelta | None = None
    partial_refunds: bool = True
    reversible: bool = False
    """May go from settlement to deny within minutes."""
    scored: bool = True
    """Carries a fraud_status."""
    va_prefix: str = ""
    va_length: int = 0
    """Digits after the prefix."""
    va_field: str = "va_numbers"
    """Where the number stands in bodies."""
    b2b_numbers: bool = False
    """A number of the merchant's own makes the order B2B."""
    tells_amounts_paid: bool = False
    """`payment_amounts` is filled once the money has come."""
    approval_code: bool = False
    """Carries one once the money has come."""
    till: str | None = None
    """The path of the page that stands for the shop's till."""
    on_request: bool = False
    """A Snap page shows it only when `enabled_payments` names it."""
    fixed_lifetime: bool = False
    """No expiry of the merchant's shortens or prolongs it."""
    documented_needs: tuple[str, ...] = ()
    """Parts of a request that its page calls mandatory; Midtrans is seen to do without them."""
    life_limits: tuple[timedelta, timedelta] | None = None
    """Between which a merchant may set its expiry; None: not published."""
    keyless: bool = False
    """Charges by it ignore the `Idempotency-Key`."""
    by_transaction_id_only: bool = False
    """Core finds it by its transaction_id, never by order_id (Midtrans, "Core API"); the id is no UUID."""

    @property
    def bank(self) -> str:
        """Of a virtual account, as `va_numbers` names it."""
        return self.code.removesuffix("_va")


_DAY = timedelta(days=1)
_QUARTER = timedelta(minutes=15)
_LIMITS = (timedelta(seconds=20), timedelta(days=180))
_BILLION = 1_000_000_000


def _va(
    code: str,
    name: str,
    prefix: str,
    length: int,
    minimum: int = 1,
    maximum: int | None = None,
    *,
    tells_amounts_paid: bool = False,
) -> Method:
    return Method(
        code=code,
        name=name,
        group=Group.BANK,
        payment_type="bank_transfer",
        lifetime=_DAY,
        minimum=minimum,
        maximum=maximum,
        va_prefix=prefix,
        va_length=length,
        charged="Success, Bank Transfer transaction is created",
        tells_amounts_paid=tells_amounts_paid,
    )


def _internet(
    code: str, name: str, called: str, *, ok: str = "Success", scored: bool = True, keyless: bool = False
) -> Method:
    """`called`: what the answer to a charge calls it."""
    return Method(
        code=code,
        name=name,
        group=Group.INTERNET,
        payment_type=code,
        lifetime=timedelta(hours=2),
        charged=f"{ok}, {called} transaction is successful",
        approval_code=True,
        scored=scored,
        keyless=keyless,
        on_request=True,
    )


METHODS: dict[str, Method] = {
    method.code: method
    for method in (
        Method(
            code="credit_card",
            name="Credit/Debit Card",
            group=Group.CARD,
            payment_type="credit_card",
            lifetime=timedelta(minutes=10),
            charged="Success, Credit Card transaction is successful",
            minimum=10_000,
            maximum=999_999_999,
            refund_window=timedelta(days=182),
        ),
        Method(
            code="gopay",
            name="GoPay",
            group=Group.WALLET,
            payment_type="gopay",
            lifetime=_QUARTER,
            charged="GoPay transaction is created",
            wallet=Wallet.APP_OR_QR,
            acquirer="gopay",
            charged_with_qr=True,
            expired="Success, transaction is expired",
            maximum=20_000_000,
            refund_window=timedelta(days=45),
        ),
        Method(
            code="shopeepay",
            name="ShopeePay",
            group=Group.WALLET,
            payment_type="shopeepay",
            lifetime=_QUARTER,
            charged="ShopeePay transaction is created",
            wallet=Wallet.APP_OR_QR,
            acquirer="airpay shopee",
            asked_for_actions=True,
            maximum=20_000_000,
            refund_window=timedelta(days=365),
            partial_refunds=False,
        ),
        Method(
            code="other_qris",
            name="QRIS",
            group=Group.WALLET,
            payment_type="qris",
            lifetime=_QUARTER,
            charged="QRIS transaction is created",
            wallet=Wallet.QR,
            acquirer="gopay",
            maximum=10_000_000,
            refund_window=timedelta(days=7),
        ),
        Method(
            code="dana",
            name="DANA",
            group=Group.WALLET,
            payment_type="dana",
            lifetime=_QUARTER,
            charged="DANA transaction is created",
            wallet=Wallet.APP,
            asked_for_actions=True,
            maximum=20_000_000,
            refund_window=timedelta(days=45),
            by_transaction_id_only=True,
        ),
        Method(
            code="ovo",
            name="OVO",
            group=Group.WALLET,
            payment_type="ovo",
            lifetime=timedelta(seconds=65),
            charged="OVO transaction is created",
            wallet=Wallet.PUSH,
            maximum=99_999_999,
            refund_window=timedelta(days=7),
            partial_refunds=False,
            fixed_lifetime=True,
        ),
        _va("bca_va", "BCA", "82406", 11, 10_000, 20 * _BILLION),
        Method(
            code="echannel",
            name="Mandiri",
            group=Group.BANK,
            payment_type="echannel",
            lifetime=_DAY,
            charged="OK, Mandiri Bill transaction is successful",
            maximum=50 * _BILLION,
            reversible=True,
        ),
        _va("bni_va", "BNI", "98824060", 8, tells_amounts_paid=True),
        _va("bri_va", "BRI", "24060", 13, 1, 20 * _BILLION),
        Method(
            code="permata_va",
            name="Permata",
            group=Group.BANK,
            payment_type="bank_transfer",
            lifetime=_DAY,
            charged="Success, PERMATA VA transaction is successful",
            maximum=9_999_999_999,
            va_prefix="824060",
            va_length=10,
            va_field="permata_va_number",
            b2b_numbers=True,
            reversible=True,
            keyless=True,
        ),
        _va("cimb_va", "CIMB Niaga", "2406", 12, 1, 250_000_000),
        _va("danamon_va", "Danamon", "2406", 12),
        _va("bsi_va", "BSI", "2406", 12, 1_000),
        _va("seabank_va", "SeaBank", "", 19, 10_000, 100_000_000),
        _va("saqu_va", "Bank Saqu", "2406", 12),
        _va("other_va", "Bank lain", "", 0),
        Method(
            code="alfamart",
            name="Alfamart",
            group=Group.STORE,
            payment_type="cstore",
            lifetime=_DAY,
            charged="Success, cstore transaction is successful",
            till="/alfamart/index",
            maximum=5_000_000,
        ),
        Method(
            code="indomaret",
            name="Indomaret",
            group=Group.STORE,
            payment_type="cstore",
            lifetime=_DAY,
            charged="Success, cstore transaction is successful",
            till="/indomaret/phoenix/index",
            approval_code=True,
            minimum=10_000,
            maximum=5_000_000,
            reversible=True,
            scored=False,
            keyless=True,
        ),
        Method(
            code="akulaku",
            name="Akulaku",
            group=Group.PAYLATER,
            payment_type="akulaku",
            lifetime=timedelta(hours=2),
            charged="Success, Akulaku transaction is created",
            life_limits=_LIMITS,
            documented_needs=("item_details", "customer_details"),
            minimum=5_000,
            refund_window=timedelta(days=182),
        ),
        Method(
            code="kredivo",
            name="Kredivo",
            group=Group.PAYLATER,
            payment_type="kredivo",
            lifetime=_DAY,
            charged="Kredivo transaction is created",
            life_limits=_LIMITS,
            documented_needs=("customer_details",),
            refund_window=timedelta(days=14),
        ),
        _internet("bca_klikbca", "KlikBCA", "KlikBCA", scored=False, keyless=True),
        _internet("bca_klikpay", "BCA KlikPay", "BCA KlikPay", ok="OK"),
        _internet(
            "cimb_clicks",
            "CIMB Clicks",
            "CIMB Clicks",
            scored=False,
            keyless=True,
        ),
        _internet("bri_epay", "BRImo", "BRI E-Pay"),
        _internet("danamon_online", "Danamon Online Banking", "Danamon Online"),
        _internet("uob_ezpay", "UOB EZ Pay", "UOB EZ Pay"),
    )
}

OTHER_VA_PROCESSORS = ("permata_va", "bni_va", "bri_va", "cimb_va", "danamon_va")
"""Who issues the number behind `other_va`: the first that is enabled too (Midtrans, "Enabled payments")."""

BANKS = {
    method.bank: method
    for method in METHODS.values()
    if method.payment_type == "bank_transfer" and method.va_length
}
"""Of `bank_transfer.bank`."""
STORES = {method.code: method for method in METHODS.values() if method.payment_type == "cstore"}
ACQUIRERS = {
    method.acquirer: method
    for method in METHODS.values()
    if method.acquirer and method.wallet is not Wallet.QR
}
"""Of `qris.acquirer`: the wallet that stands behind it."""

_ALIASES = {
    "bank_transfer": [code for code, method in METHODS.items() if method.payment_type == "bank_transfer"],
    "cstore": list(STORES),
    "store": list(STORES),
}


def enabled(values: list[str] | None) -> list[Method]:
    """The methods an `enabled_payments` list opens, in the dashboard's order; None opens the usual ones.

    Unknown values are ignored: what Midtrans does with them is not documented.
    """
    if values is None:
        return [method for method in METHODS.values() if not method.on_request]
    wanted = {code for value in values for code in _ALIASES.get(value, [value])}
    if "other_va" in wanted and not wanted & set(OTHER_VA_PROCESSORS):
        wanted.remove("other_va")
    return [method for method in METHODS.values() if method.code in wanted]
