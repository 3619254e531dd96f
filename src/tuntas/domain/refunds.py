"""Refunds: which payments can be refunded at all, and the rows that tell of them."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tuntas.domain.ladder import Rung
from tuntas.domain.money import Rupiah


@dataclass(frozen=True, slots=True)
class RefundRow:
    """One refund as Midtrans lists it. Rows are a set keyed by `key`, never a running total."""

    key: str
    amount: Rupiah
    reason: str | None = None
    bank_confirmed_at: datetime | None = None
    is_total: bool = False
    """Not one refund, but the sum so far of a transaction whose single refunds Midtrans did not tell."""


def total_key(transaction_id: str) -> str:
    """The key of the one row that stands for what of such a sum no single refund explains."""
    return f"midtrans-total-{hashlib.sha256(transaction_id.encode()).hexdigest()[:32]}"


class WayBack(StrEnum):
    """How the money of a paid transaction can go back."""

    REFUND = "refund"
    CANCEL = "cancel"
    """A captured card that has not settled is voided, whole."""
    BY_HAND = "by_hand"
    """Virtual accounts and counters: the merchant transfers the money itself."""
    NOT_NOW = "not_now"
    """Nothing to give back in this state."""


_BY_HAND = {"bank_transfer", "echannel", "cstore"}
_WHOLE_ONLY = {"ovo", "shopeepay"}
_REFUNDABLE = {Rung.SETTLEMENT, Rung.PARTIAL_REFUND}


def way_back(rung: Rung, payment_type: str | None) -> WayBack:
    """What Midtrans allows (fact sheet 4.1 and 9.2)."""
    if rung is Rung.CAPTURE:
        return WayBack.CANCEL
    if rung not in _REFUNDABLE:
        return WayBack.NOT_NOW
    return WayBack.BY_HAND if payment_type in _BY_HAND else WayBack.REFUND


def takes_part_refunds(payment_type: str | None) -> bool:
    """OVO never, ShopeePay by the stricter of two contradicting pages (fact sheet 9.2)."""
    return payment_type not in _WHOLE_ONLY
