"""A fact is what Midtrans says about one transaction: in a notification, at GET status, or in a reply."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tuntas.domain.how_to_pay import NOTHING_TOLD, HowToPay
from tuntas.domain.ladder import Rung, rung_of
from tuntas.domain.money import Rupiah
from tuntas.domain.refunds import RefundRow


class Source(StrEnum):
    """Who brought the fact."""

    NOTIFICATION = "notification"
    STATUS = "status"
    """Midtrans's own answer to a question of ours."""
    HAND = "hand"
    """A person: what Midtrans does not know, such as a refund by bank transfer."""


@dataclass(frozen=True, slots=True)
class Fact:
    order_id: str
    transaction_id: str
    transaction_status: str
    fraud_status: str | None
    payment_type: str | None
    gross_amount: Rupiah
    original_amount: Rupiah | None
    """The amount before a fee that the gateway added, when it says so."""
    currency: str
    transaction_time: datetime | None
    settlement_time: datetime | None
    received_at: datetime
    source: Source
    how_to_pay: HowToPay = NOTHING_TOLD
    payable_until: datetime | None = None
    """The gateway's `expiry_time`: the last moment at which a waiting attempt can be paid."""
    refunds: tuple[RefundRow, ...] = ()
    unreadable: tuple[str, ...] = ()
    """Names of fields that are there but cannot be read: told to a person, never silently left out."""
    begins_epoch: bool = False
    """A recorded act takes this word although it is lower than what we hold; see `transactions.climb`."""

    @property
    def rung(self) -> Rung | None:
        return rung_of(self.transaction_status, self.fraud_status)

    def pays_exactly(self, price: Rupiah) -> bool:
        """Whether this fact is about the amount we asked for, a fee added by the gateway set aside."""
        if self.currency != "IDR":
            return False
        fee_added = self.original_amount == price and self.gross_amount > price
        return self.gross_amount == price or fee_added
