"""The ladder: a transaction's status only ever climbs.

The state is therefore a maximum, and a maximum does not care in which order, or how often, facts
arrive. `deny` stands above `settlement` because Permata, Mandiri Bill and Indomaret can reverse a
settlement within minutes (docs/midtrans.md, "Transitions and the reversal").
"""

from enum import IntEnum, StrEnum, auto


class PaymentStatus(StrEnum):
    """What the merchant's own tables say: the right-hand side of the status mapping."""

    UNPAID = "unpaid"
    PENDING = "pending"
    PAID = "paid"
    FAILED = "failed"
    REFUNDED = "refunded"


class Rung(IntEnum):
    """One step of the ladder, lowest first."""

    PENDING = auto()
    AUTHORIZE = auto()
    CHALLENGE = auto()
    FAILURE = auto()
    EXPIRE = auto()
    CAPTURE = auto()
    CANCEL = auto()
    SETTLEMENT = auto()
    DENY = auto()
    PARTIAL_REFUND = auto()
    PARTIAL_CHARGEBACK = auto()
    REFUND = auto()
    CHARGEBACK = auto()

    @property
    def status(self) -> str:
        """The Midtrans word for this rung, as in `transaction_status`."""
        return self.name.lower()


MEANING: dict[Rung, PaymentStatus] = {
    Rung.PENDING: PaymentStatus.PENDING,
    Rung.AUTHORIZE: PaymentStatus.PENDING,
    Rung.CHALLENGE: PaymentStatus.PENDING,
    Rung.FAILURE: PaymentStatus.FAILED,
    Rung.EXPIRE: PaymentStatus.FAILED,
    Rung.CAPTURE: PaymentStatus.PAID,
    Rung.CANCEL: PaymentStatus.FAILED,
    Rung.SETTLEMENT: PaymentStatus.PAID,
    Rung.DENY: PaymentStatus.FAILED,
    Rung.PARTIAL_REFUND: PaymentStatus.PAID,
    Rung.PARTIAL_CHARGEBACK: PaymentStatus.PAID,
    Rung.REFUND: PaymentStatus.REFUNDED,
    Rung.CHARGEBACK: PaymentStatus.REFUNDED,
}

_BY_STATUS = {rung.status: rung for rung in Rung}
_MONEY_IN = {Rung.CAPTURE, Rung.SETTLEMENT}

UNREADABLE = "unreadable"
"""Stands for a word that was sent but is no text, such as a verdict in a list: known to no table."""

if missing := set(Rung) - set(MEANING):
    raise LookupError(f"rungs without a meaning: {missing}")


def rung_of(transaction_status: str, fraud_status: str | None) -> Rung | None:
    """Place what Midtrans says on the ladder; None for a status nobody knows, which changes nothing.

    Money counts only when the fraud desk accepted it or did not score it (docs/midtrans.md, "The fraud desk's
    verdict").
    An unknown verdict is no acceptance: such a payment waits like a challenged one. This is the only
    place where a verdict is weighed.
    """
    rung = _BY_STATUS.get(transaction_status.lower())
    verdict = (fraud_status or "accept").lower()
    if rung not in _MONEY_IN or verdict == "accept":
        return rung
    return Rung.DENY if verdict == "deny" else Rung.CHALLENGE
