"""Which method a charge means: `payment_type`, and for some of them a field of its object."""

from collections.abc import Collection
from typing import Any

from midtrans_simulator.core.errors import INVALID, NO_ACCESS, CoreError
from midtrans_simulator.protocol.methods import ACQUIRERS, BANKS, METHODS, STORES, Method

Body = dict[str, Any]

PAYMENT_TYPES = frozenset({"qris", *(method.payment_type for method in METHODS.values())})
INACTIVE_TYPES = frozenset(
    {"mandiri_clickpay", "mandiri_ecash", "telkomsel_cash", "xl_tunai", "indosat_dompetku", "kioson", "gci"}
)
"""Known to Midtrans, active for nobody here: 402."""

_DEFAULT_BANK = "permata"
_DEFAULT_ACQUIRER = "gopay"


def charge_method(body: Body) -> Method:
    """Raises CoreError for a type that nobody knows, or that is not active."""
    payment_type = body.get("payment_type")
    if not isinstance(payment_type, str) or not payment_type:
        raise CoreError(400, INVALID, validation_messages=["payment_type is required"])
    if payment_type in INACTIVE_TYPES:
        raise CoreError(402, NO_ACCESS)
    if payment_type not in PAYMENT_TYPES:
        raise CoreError(400, INVALID, validation_messages=["payment_type is not supported"])
    if payment_type == "bank_transfer":
        return BANKS[_one_of(body, "bank_transfer", "bank", BANKS, default=_DEFAULT_BANK)]
    if payment_type == "cstore":
        return STORES[_one_of(body, "cstore", "store", STORES, default=None)]
    if payment_type == "qris":
        return ACQUIRERS[_one_of(body, "qris", "acquirer", ACQUIRERS, default=_DEFAULT_ACQUIRER)]
    return METHODS[payment_type]


def _one_of(body: Body, name: str, field: str, known: Collection[str], *, default: str | None) -> str:
    options = body.get(name)
    value = (options.get(field) if isinstance(options, dict) else None) or default
    written = str(value or "").lower()
    if written in known:
        return written
    problem = "is required" if value is None else f"must be one of {', '.join(known)}"
    raise CoreError(400, INVALID, validation_messages=[f"{name}.{field} {problem}"])
