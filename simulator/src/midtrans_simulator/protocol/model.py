"""What the simulator remembers: merchants, Snap sessions, transactions and deliveries."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Status(StrEnum):
    PENDING = "pending"
    AUTHORIZE = "authorize"
    CAPTURE = "capture"
    SETTLEMENT = "settlement"
    DENY = "deny"
    CANCEL = "cancel"
    EXPIRE = "expire"
    FAILURE = "failure"
    REFUND = "refund"
    PARTIAL_REFUND = "partial_refund"
    CHARGEBACK = "chargeback"
    PARTIAL_CHARGEBACK = "partial_chargeback"


ENDED_UNPAID = frozenset({Status.DENY, Status.CANCEL, Status.EXPIRE, Status.FAILURE})
"""Ended without money: the order id may be used again (Midtrans, "Order id")."""

PAID = frozenset({Status.CAPTURE, Status.SETTLEMENT, Status.PARTIAL_REFUND, Status.REFUND})
"""The customer has paid, whatever was given back since."""
CHARGED_BACK = frozenset({Status.CHARGEBACK, Status.PARTIAL_CHARGEBACK})


class Fraud(StrEnum):
    ACCEPT = "accept"
    CHALLENGE = "challenge"
    DENY = "deny"


@dataclass(slots=True)
class Merchant:
    id: str
    server_key: str
    client_key: str | None
    """None: any client key opens this merchant's pages."""


@dataclass(slots=True)
class Session:
    """A Snap token. `request` is the accepted body of the create call."""

    id: str
    merchant_id: str
    order_id: str
    gross_amount: int
    request: dict[str, Any]
    notify_urls: list[str]
    created_at: datetime
    page_expires_at: datetime
    cancelled_at: datetime | None = None
    replaced: bool = False
    """A later token for the same order took this one's place."""

    @property
    def token(self) -> str:
        return self.id


@dataclass(slots=True)
class Verdict:
    """What bank and fraud desk will say about a card; decided by its number, spoken after 3DS."""

    status: Status
    fraud: Fraud
    response_code: str
    response_message: str
    eci: str | None
    delay_seconds: int = 0


@dataclass(slots=True)
class Refund:
    """Amounts in rupiah. `sequence` is Midtrans's refund_chargeback_id."""

    sequence: int
    key: str
    amount: int
    reason: str
    created_at: datetime
    confirmed_at: datetime | None = None


@dataclass(slots=True)
class Transaction:
    """One attempt to pay. An order may have several, each with its own id.

    Midtrans, "Transaction status".
    """

    id: str
    merchant_id: str
    order_id: str
    token: str | None
    method: str
    payment_type: str
    gross_amount: int
    status: Status | None
    fraud: Fraud | None
    transaction_time: datetime
    notify_urls: list[str]
    expiry_time: datetime | None = None
    settlement_time: datetime | None = None
    details: dict[str, Any] = field(default_factory=dict)
    """Fields of this payment type exactly as status and notification show them."""
    echo: dict[str, Any] = field(default_factory=dict)
    """What the merchant sent along and gets back: custom_field1..3, metadata, customer_details."""
    refunds: list[Refund] = field(default_factory=list)
    verdict: Verdict | None = None
    qr_string: str | None = None
    item_names: list[str] = field(default_factory=list)
    """What was bought, for those who look for it."""
    remarks: list[str] = field(default_factory=list)
    """What the documents would have refused in the request; shown as hints."""
    arriving: bool = False
    """Paid in the last second: the money is on its way, and nothing ends the payment any more."""
    b2b: bool = False
    """Its virtual account belongs to a business partner and takes several payments under one order."""
    subscription_id: str | None = None
    """The subscription that charged it."""
    card_bank: str | None = None
    """Who issued the card; `details["bank"]` is who acquires it."""
    repeats: str | None = None
    """The transaction this one is the second payment of."""

    @property
    def refunded(self) -> int:
        """Rupiah given back so far."""
        return sum(refund.amount for refund in self.refunds)

    @property
    def challenged(self) -> bool:
        return self.status is Status.CAPTURE and self.fraud is Fraud.CHALLENGE


class DeliveryState(StrEnum):
    QUEUED = "queued"
    RETRYING = "retrying"
    DELIVERED = "delivered"
    FAILED = "failed"
    DROPPED = "dropped"
    """Withheld by a fault; resend sends it."""


@dataclass(slots=True)
class Try:
    """One POST. `http_status` is None when there was no answer; `error` says why."""

    at: datetime
    http_status: int | None
    reply: str
    error: str | None
    milliseconds: int
    sequence: int = 0
    """Its place among all tries."""


@dataclass(slots=True)
class Delivery:
    """One notification on its way to one URL."""

    id: str
    transaction_id: str
    order_id: str
    url: str
    body: str
    created_at: datetime
    state: DeliveryState = DeliveryState.QUEUED
    tries: list[Try] = field(default_factory=list)
    next_try_at: datetime | None = None
    copy_of: str | None = None
    held: bool = False
    """Waits for the next notification of its order, to arrive after it."""


@dataclass(slots=True)
class CardToken:
    """`id` is the token_id; the uuid it ends in becomes the charge's transaction_id."""

    id: str
    number: str
    expires_at: datetime

    @property
    def transaction_id(self) -> str:
        return self.id[-36:]


@dataclass(slots=True)
class SavedCard:
    """`id` is the saved_token_id: it begins with the card's first six digits."""

    id: str
    number: str
    expires_at: datetime


class AccountState(StrEnum):
    """Of a pay account (seen live)."""

    PENDING = "PENDING"
    ENABLED = "ENABLED"
    DISABLED = "DISABLED"


@dataclass(slots=True)
class PayAccount:
    """A customer's GoPay wallet linked to a merchant."""

    id: str
    merchant_id: str
    phone_number: str
    redirect_url: str | None
    state: AccountState = AccountState.PENDING


@dataclass(slots=True)
class Subscription:
    """A charge that repeats. `schedule` and `retry_schedule` stand as the merchant sent them."""

    id: str
    merchant_id: str
    name: str
    amount: int
    payment_type: str
    token: str
    schedule: dict[str, Any]
    created_at: datetime
    next_at: datetime
    notify_urls: list[str]
    retry_schedule: dict[str, Any] = field(default_factory=dict)
    request: dict[str, Any] = field(default_factory=dict)
    """What is echoed of the bodies that made and changed it: metadata, customer_details, gopay."""
    active: bool = True
    cancelled: bool = False
    charges: int = 0
    """Intervals begun so far, that of a charge under way included."""
    failures: int = 0
    """Refusals in a row within the present interval; it ends with a success or the last retry."""
    first_at: datetime | None = None
    previous_at: datetime | None = None
    transaction_ids: list[str] = field(default_factory=list)


@dataclass(slots=True)
class KeptReply:
    """What a successful call with an Idempotency-Key was answered (Midtrans, "Idempotent requests")."""

    id: str
    http_status: int
    body: str
    kept_until: datetime
