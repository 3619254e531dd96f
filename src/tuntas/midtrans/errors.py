"""What can go wrong between us and the gateway. Each class has a stable code.

GatewayError
├── GatewayUnavailable    no connection, a 5xx reply, or a reply that is not Midtrans's
│   └── GatewayTimeout    no reply in time; whether it acted is unknown
├── GatewayMisconfigured  our keys are refused
└── GatewayRejected       the request was understood and refused
    ├── OrderIdTaken         the order id has an attempt already
    ├── EmailRefused         the customer's address; it is optional, so the payment can do without
    ├── TransactionNotFound  nothing under this id; normal before a payment method is chosen
    └── DuplicateRefund      a refund with this key has succeeded before
"""

from collections.abc import Sequence
from typing import ClassVar


class GatewayError(Exception):
    """Base of everything a call to Midtrans can raise."""

    code: ClassVar[str]


class GatewayUnavailable(GatewayError):
    """Midtrans cannot be reached or answers nonsense; asking again later may work."""

    code = "gateway_unavailable"


class GatewayTimeout(GatewayUnavailable):
    """Midtrans did not answer in time; whether the request took effect is unknown."""

    code = "gateway_timeout"


class GatewayMisconfigured(GatewayError):
    """Midtrans refuses our keys: wrong key, or the key of the other environment."""

    code = "gateway_misconfigured"


class GatewayRejected(GatewayError):
    """Midtrans refused the request; `messages` are its own sentences."""

    code = "gateway_rejected"

    def __init__(self, messages: Sequence[str]) -> None:
        super().__init__("; ".join(messages))
        self.messages = tuple(messages)


class OrderIdTaken(GatewayRejected):
    """The order id already carries a pending or paid attempt, so no new token can be had for it."""


class EmailRefused(GatewayRejected):
    """Midtrans takes the order but not the customer's e-mail address, which it does not need."""


class TransactionNotFound(GatewayRejected):
    """Midtrans knows no transaction by this id."""


class DuplicateRefund(GatewayRejected):
    """A refund with this key has already succeeded; GET status tells how things stand."""
