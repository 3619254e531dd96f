"""The one table of legal status changes, and the one function that makes them.

Midtrans, "Transaction status".
"""

from midtrans_simulator.protocol.methods import METHODS
from midtrans_simulator.protocol.model import Fraud, Status, Transaction

LEGAL: dict[Status | None, frozenset[Status]] = {
    None: frozenset(
        {
            Status.PENDING,
            Status.CAPTURE,
            Status.AUTHORIZE,
            Status.DENY,
            Status.SETTLEMENT,
            Status.FAILURE,
        }
    ),
    # A pre-authorised card in 3DS is pending first, as any card; so pending may become authorize.
    Status.PENDING: frozenset(
        {Status.SETTLEMENT, Status.CAPTURE, Status.AUTHORIZE, Status.DENY, Status.CANCEL, Status.EXPIRE}
    ),
    Status.AUTHORIZE: frozenset({Status.CAPTURE, Status.CANCEL, Status.DENY, Status.EXPIRE}),
    Status.CAPTURE: frozenset({Status.SETTLEMENT, Status.CANCEL}),
    Status.SETTLEMENT: frozenset(
        {
            Status.REFUND,
            Status.PARTIAL_REFUND,
            Status.CHARGEBACK,
            Status.PARTIAL_CHARGEBACK,
            Status.DENY,
        }
    ),
    Status.PARTIAL_REFUND: frozenset({Status.PARTIAL_REFUND, Status.REFUND}),
    Status.PARTIAL_CHARGEBACK: frozenset({Status.CHARGEBACK}),
    Status.DENY: frozenset(),
    Status.CANCEL: frozenset(),
    Status.EXPIRE: frozenset(),
    Status.FAILURE: frozenset(),
    Status.REFUND: frozenset(),
    Status.CHARGEBACK: frozenset(),
}

CHALLENGED = frozenset({Status.CAPTURE, Status.DENY, Status.CANCEL})
"""A capture the fraud desk still looks at: approve, deny, or void."""

_CARD_ONLY = frozenset({Status.CAPTURE, Status.AUTHORIZE, Status.CHARGEBACK, Status.PARTIAL_CHARGEBACK})
_REFUNDS = frozenset({Status.REFUND, Status.PARTIAL_REFUND})


RETURNS: dict[Status | None, frozenset[Status]] = {
    Status.REFUND: frozenset({Status.SETTLEMENT, Status.PARTIAL_REFUND}),
    Status.PARTIAL_REFUND: frozenset({Status.SETTLEMENT, Status.PARTIAL_REFUND}),
    Status.CHARGEBACK: frozenset({Status.SETTLEMENT}),
    Status.PARTIAL_CHARGEBACK: frozenset({Status.SETTLEMENT}),
}
"""What no table of the documents has and banks do all the same: a refund comes back, a chargeback is won."""


class IllegalTransition(Exception):
    """The transaction is in no state that allows this."""

    def __init__(self, transaction: Transaction, to: Status) -> None:
        now = transaction.status.value if transaction.status else "new"
        challenge = " under challenge" if transaction.challenged else ""
        super().__init__(f"{transaction.payment_type} is {now}{challenge} and cannot become {to.value}")
        self.transaction = transaction


def legal(transaction: Transaction, to: Status) -> bool:
    """Whether the table lets this transaction become `to`."""
    method = METHODS[transaction.method]
    if to in _CARD_ONLY and method.payment_type != "credit_card":
        return False
    if to in _REFUNDS and method.refund_window is None:
        return False
    if transaction.status is Status.SETTLEMENT and to is Status.DENY:
        return method.reversible
    if transaction.challenged:
        return to in CHALLENGED
    return to in LEGAL[transaction.status]


def move(transaction: Transaction, to: Status, fraud: Fraud | None = None, *, back: bool = False) -> None:
    """Change the status, and the fraud status where one is given. Raises IllegalTransition.

    `back`: Midtrans's own word goes down, as `RETURNS` has it.
    """
    if not (to in RETURNS.get(transaction.status, ()) if back else legal(transaction, to)):
        raise IllegalTransition(transaction, to)
    transaction.status = to
    if fraud is not None:
        transaction.fraud = fraud
