"""Refunds: how the money of a payment can go back, and what a refund's row says."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from tuntas.domain.ladder import MEANING, PaymentStatus, Rung
from tuntas.domain.money import Rupiah

KEY_LIFETIME = timedelta(days=7)
"""Midtrans recognises a refund key for so long (docs/midtrans.md, "Refunding"). A forgotten key would be a
new refund: then only a person may say whether the money went back."""

LAST_WAIT = timedelta(minutes=60)
"""The longest pause between two tries of a refund that has no answer."""


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


class RefundState(StrEnum):
    REQUESTED = "requested"
    """Under way: written down, and Midtrans's answer is not known."""
    ACCEPTED = "accepted"
    CONFIRMED = "confirmed"
    """The bank has said so too, or a person who transferred it."""
    REFUSED = "refused"
    RETURNED = "returned"
    """It went, and came back: the bank could not deliver it."""


COUNTED = frozenset({RefundState.REQUESTED, RefundState.ACCEPTED, RefundState.CONFIRMED})
"""What takes from the room for further refunds."""
GIVEN_BACK = frozenset({RefundState.ACCEPTED, RefundState.CONFIRMED})
"""What the customer has, or is about to get."""


class WayBack(StrEnum):
    """How the money of a paid transaction can go back."""

    REFUND = "refund"
    CANCEL = "cancel"
    """A captured card that has not settled is voided, whole."""
    BY_HAND = "by_hand"
    """Virtual accounts and counters: the merchant transfers the money itself."""
    NOT_NOW = "not_now"
    """Nothing to give back in this state."""


class Method(StrEnum):
    """What Midtrans does for a settled payment of one type."""

    IN_PARTS = "in_parts"
    WHOLE_ONLY = "whole_only"
    NEVER = "never"


REFUNDS_OF: Mapping[str, Method] = {
    "credit_card": Method.IN_PARTS,
    "gopay": Method.IN_PARTS,
    "qris": Method.IN_PARTS,
    "dana": Method.IN_PARTS,
    "kredivo": Method.IN_PARTS,
    "akulaku": Method.IN_PARTS,
    "ovo": Method.WHOLE_ONLY,
    "shopeepay": Method.WHOLE_ONLY,  # two of Midtrans's pages contradict each other: the stricter one
    "bank_transfer": Method.NEVER,
    "permata": Method.NEVER,
    "echannel": Method.NEVER,
    "cstore": Method.NEVER,
    "bca_klikbca": Method.NEVER,
    "bca_klikpay": Method.NEVER,
    "cimb_clicks": Method.NEVER,
    "bri_epay": Method.NEVER,
    "danamon_online": Method.NEVER,
    "uob_ezpay": Method.NEVER,
}
"""By `payment_type`; what Midtrans does not list goes back by hand (docs/midtrans.md, "Payment methods")."""

UNKNOWN_METHOD = Method.IN_PARTS
"""A type nobody knew: Midtrans is asked, and its refusal is one that a person reads."""

_REFUNDABLE = {Rung.SETTLEMENT, Rung.PARTIAL_REFUND}


def way_back(rung: Rung, payment_type: str | None) -> WayBack:
    """A captured card is cancelled, what has settled is refunded where its method allows it."""
    if rung is Rung.CAPTURE:
        return WayBack.CANCEL
    if rung not in _REFUNDABLE:
        return WayBack.NOT_NOW
    return WayBack.BY_HAND if method_of(payment_type) is Method.NEVER else WayBack.REFUND


def takes_parts(way: WayBack, payment_type: str | None) -> bool:
    """Whether less than the whole can go back this way."""
    if way is WayBack.REFUND:
        return method_of(payment_type) is Method.IN_PARTS
    return way is WayBack.BY_HAND


def method_of(payment_type: str | None) -> Method:
    return REFUNDS_OF.get(payment_type or "", UNKNOWN_METHOD)


def is_forgotten(way: WayBack, created_at: datetime, now: datetime) -> bool:
    """Whether asking again could give the money back twice. A void has no key, and happens once."""
    return way is WayBack.REFUND and now - created_at > KEY_LIFETIME


def wait_after(tries: int) -> timedelta:
    """The pause after so many tries in a row without an answer: 2, 4, 8 … 60 minutes."""
    return min(timedelta(minutes=2 ** min(tries, 6)), LAST_WAIT)


def is_void(before: Rung | None, told: Rung | None, after: Rung | None) -> bool:
    """Whether a captured payment was cancelled, in whichever order the two were told."""
    return after is Rung.CANCEL and Rung.CAPTURE in {before, told}


def is_no_void_after_all(before: Rung | None, after: Rung | None) -> bool:
    """Whether more is known of a cancelled payment now, or a new epoch has begun for it."""
    return before is Rung.CANCEL and after is not Rung.CANCEL


def money_is_in(rung: Rung) -> bool:
    """Whether the merchant has the money now, so that some of it can go back by hand."""
    return MEANING[rung] is PaymentStatus.PAID
