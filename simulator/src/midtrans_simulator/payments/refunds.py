"""Money given back (Midtrans, "Refund transaction", "HTTP notifications")."""

import uuid
from dataclasses import dataclass
from datetime import timedelta

from midtrans_simulator.gateway import Gateway
from midtrans_simulator.payments import acts
from midtrans_simulator.protocol.methods import METHODS
from midtrans_simulator.protocol.model import Refund, Status, Transaction
from midtrans_simulator.protocol.transitions import IllegalTransition, legal, move
from midtrans_simulator.state import faults as fault

CONFIRM = "confirm_refund"
RETURN = "return_refund"
CONFIRMED_AFTER = timedelta(days=1)
"""The bank's confirmation, and with it the second notification, takes about a day."""


class DuplicateRefund(Exception):
    """The refund_key belongs to a refund that already succeeded."""


class RefundAmountRefused(Exception):
    """Nothing, or more than is left."""


@dataclass(frozen=True, slots=True)
class RefundRequest:
    """`amount` in rupiah; None: all that is left."""

    key: str | None = None
    amount: int | None = None
    reason: str = ""


def refund(
    gateway: Gateway, transaction: Transaction, request: RefundRequest, *, direct: bool = False
) -> Refund:
    """Give money back. `direct`: the bank answers, and confirms, at once.

    Raises IllegalTransition (wrong state, method without refunds, or past its window), DuplicateRefund,
    RefundAmountRefused.
    """
    target, amount = check(gateway, transaction, request)
    key = request.key or str(uuid.uuid4())
    made = Refund(gateway.ledger.next_refund_id(), key, amount, request.reason, gateway.now())
    move(transaction, target)
    transaction.refunds.append(made)
    acts.announce(gateway, transaction)
    if direct:
        _confirm(gateway, transaction, made)
    else:
        gateway.timers.schedule(gateway.now() + CONFIRMED_AFTER, CONFIRM, f"{transaction.id}/{made.sequence}")
    returned = gateway.faults.strikes(fault.REFUND_RETURNED)
    if returned is not None:
        gateway.timers.schedule(gateway.now() + returned.by, RETURN, transaction.id)
    return made


def return_refund(gateway: Gateway, transaction: Transaction) -> None:
    """The bank sends the latest refund back: the money is the merchant's again. Raises IllegalTransition."""
    if not transaction.refunds:
        raise IllegalTransition(transaction, Status.SETTLEMENT)
    left = transaction.refunds[:-1]
    move(transaction, Status.PARTIAL_REFUND if left else Status.SETTLEMENT, back=True)
    transaction.refunds = left
    acts.announce(gateway, transaction)


def check(gateway: Gateway, transaction: Transaction, request: RefundRequest) -> tuple[Status, int]:
    """What the refund would make of the transaction, and its amount in rupiah. Raises as `refund` does."""
    if request.key and any(earlier.key == request.key for earlier in transaction.refunds):
        raise DuplicateRefund
    left = transaction.gross_amount - transaction.refunded
    amount = left if request.amount is None else request.amount
    target = Status.REFUND if amount == left else Status.PARTIAL_REFUND
    if not legal(transaction, target) or _too_late(gateway, transaction):
        raise IllegalTransition(transaction, target)
    if not 0 < amount <= left or (amount < left and not METHODS[transaction.method].partial_refunds):
        raise RefundAmountRefused
    return target, amount


def register(gateway: Gateway) -> None:
    """Tie this module's events to the gateway's timers."""
    gateway.timers.on(CONFIRM, lambda subject: _confirm_due(gateway, subject))
    gateway.timers.on(RETURN, lambda subject: _return_due(gateway, subject))


def _return_due(gateway: Gateway, transaction_id: str) -> None:
    transaction = gateway.ledger.transaction(transaction_id)
    if transaction is not None and transaction.refunds:
        return_refund(gateway, transaction)


def _confirm_due(gateway: Gateway, subject: str) -> None:
    transaction_id, sequence = subject.rsplit("/", 1)
    transaction = gateway.ledger.transaction(transaction_id)
    for made in transaction.refunds if transaction is not None else []:
        if transaction is not None and made.sequence == int(sequence) and made.confirmed_at is None:
            _confirm(gateway, transaction, made)


def _confirm(gateway: Gateway, transaction: Transaction, made: Refund) -> None:
    made.confirmed_at = gateway.now()
    acts.announce(gateway, transaction)


def _too_late(gateway: Gateway, transaction: Transaction) -> bool:
    window = METHODS[transaction.method].refund_window
    return window is not None and gateway.now() > transaction.transaction_time + window
