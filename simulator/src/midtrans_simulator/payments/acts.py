"""Every change of a transaction after it began: what payer, bank, fraud desk, merchant and time do to it.

Each function raises IllegalTransition, and changes nothing, when the table of statuses does not allow it.
"""

import contextlib
import dataclasses
import uuid
from datetime import timedelta

from midtrans_simulator.gateway import Gateway
from midtrans_simulator.payments.references import settled_details
from midtrans_simulator.protocol import wib
from midtrans_simulator.protocol.methods import METHODS, Group
from midtrans_simulator.protocol.model import CHARGED_BACK, PAID, Fraud, Status, Transaction, Verdict
from midtrans_simulator.protocol.transitions import IllegalTransition, move
from midtrans_simulator.state import faults as fault

EXPIRE = "expire"
SETTLE = "settle"
CONCLUDE_CARD = "conclude_card"
REVERSE = "reverse"
ARRIVE = "arrive"
PAY_AGAIN = "pay_again"
WIN_CHARGEBACK = "win_chargeback"
SETTLE_AGAIN = "settle_again"
EXPIRE_LATE = "expire_late"

HOLD = timedelta(days=7)
"""A pre-authorised amount is released after this (Midtrans, "Payment methods")."""
HOLD_SHOWN = timedelta(days=8)
"""What expiry_time shows for it."""

_REFUSED = Verdict(Status.DENY, Fraud.ACCEPT, "05", "Do not honor", "05")
_CHALLENGED = Verdict(Status.CAPTURE, Fraud.CHALLENGE, "00", "Approved", "05")


def register(gateway: Gateway) -> None:
    """Tie this module's events to the gateway's timers."""
    gateway.timers.on(EXPIRE, lambda subject: _expire_due(gateway, subject))
    gateway.timers.on(SETTLE, lambda subject: _settle_due(gateway, subject))
    gateway.timers.on(CONCLUDE_CARD, lambda subject: _conclude_due(gateway, subject))
    gateway.timers.on(REVERSE, lambda subject: _reverse_due(gateway, subject))
    gateway.timers.on(ARRIVE, lambda subject: _arrive_due(gateway, subject))
    gateway.timers.on(PAY_AGAIN, lambda subject: _pay_again_due(gateway, subject))
    gateway.timers.on(WIN_CHARGEBACK, lambda subject: _win_chargeback_due(gateway, subject))
    gateway.timers.on(SETTLE_AGAIN, lambda subject: _settle_again_due(gateway, subject))
    gateway.timers.on(EXPIRE_LATE, lambda subject: _expire_late_due(gateway, subject))


def announce(gateway: Gateway, transaction: Transaction) -> None:
    """Remember the transaction as it is now, and notify."""
    gateway.ledger.save(transaction)
    gateway.notify(transaction)


def pay(gateway: Gateway, transaction: Transaction) -> None:
    """The customer's bank pays; for a card in 3DS the bank accepts it."""
    if transaction.payment_type == "credit_card":
        _only_when(transaction.status is Status.PENDING, transaction, Status.CAPTURE)
        authorize = transaction.verdict is not None and transaction.verdict.status is Status.AUTHORIZE
        status = Status.AUTHORIZE if authorize else Status.CAPTURE
        conclude_card(gateway, transaction, Verdict(status, Fraud.ACCEPT, "00", "Approved", "05"))
    else:
        settle(gateway, transaction)


def deny(gateway: Gateway, transaction: Transaction) -> None:
    """The bank refuses a pending payment, or the fraud desk a challenged one."""
    if transaction.status is Status.PENDING and transaction.payment_type == "credit_card":
        conclude_card(gateway, transaction, _REFUSED)
    else:
        _only_when(transaction.status is not Status.SETTLEMENT, transaction, Status.DENY)
        fraud = Fraud.DENY if transaction.challenged else None
        move(transaction, Status.DENY, fraud)
        announce(gateway, transaction)


def expire(gateway: Gateway, transaction: Transaction) -> None:
    _not_paid_after_all(gateway, transaction, Status.EXPIRE)
    move(transaction, Status.EXPIRE)
    announce(gateway, transaction)


def cancel(gateway: Gateway, transaction: Transaction) -> None:
    """Cancel what is pending, or void what is captured or authorised."""
    _only_when(not transaction.arriving, transaction, Status.CANCEL)
    move(transaction, Status.CANCEL)
    announce(gateway, transaction)


def settle(gateway: Gateway, transaction: Transaction) -> None:
    """The money has come: an async payment, or a capture in the settlement batch."""
    move(transaction, Status.SETTLEMENT)
    transaction.arriving = False
    transaction.settlement_time = gateway.now()
    transaction.details |= settled_details(transaction)
    announce(gateway, transaction)
    if METHODS[transaction.method].reversible:
        _perhaps_later(gateway, transaction, fault.REVERSAL, REVERSE)
    _perhaps_later(gateway, transaction, fault.SETTLED_TWICE, SETTLE_AGAIN)
    if transaction.payment_type != "credit_card":
        _perhaps_paid_again(gateway, transaction)


def challenge(gateway: Gateway, transaction: Transaction) -> None:
    """The fraud desk wants to look at a card that was about to be captured."""
    _only_when(transaction.status is Status.PENDING, transaction, Status.CAPTURE)
    conclude_card(gateway, transaction, _CHALLENGED)


def approve(gateway: Gateway, transaction: Transaction) -> None:
    """The merchant, or the fraud desk, accepts a challenged card."""
    _only_when(transaction.challenged, transaction, Status.CAPTURE)
    move(transaction, Status.CAPTURE, Fraud.ACCEPT)
    announce(gateway, transaction)


def capture(gateway: Gateway, transaction: Transaction, gross_amount: int) -> None:
    """Take a pre-authorised amount, or a part of it, in rupiah."""
    move(transaction, Status.CAPTURE)
    transaction.gross_amount = gross_amount
    _settle_later(gateway, transaction)
    announce(gateway, transaction)


def reverse(gateway: Gateway, transaction: Transaction) -> None:
    """A settled payment turns out not to have come: settlement becomes deny.

    Midtrans, "Transaction status".
    """
    _only_when(transaction.status is Status.SETTLEMENT, transaction, Status.DENY)
    move(transaction, Status.DENY)
    announce(gateway, transaction)


def pay_again(gateway: Gateway, transaction: Transaction) -> Transaction:
    """The customer pays the same order once more: a second transaction with an id of its own.

    Midtrans, "Transaction status".
    """
    _only_when(transaction.status in PAID, transaction, Status.SETTLEMENT)
    again = dataclasses.replace(
        transaction,
        id=str(uuid.uuid4()),
        status=None,
        transaction_time=gateway.now(),
        settlement_time=None,
        expiry_time=None,
        details=dict(transaction.details),
        refunds=[],
        verdict=None,
        repeats=transaction.id,
        b2b=METHODS[transaction.method].group is Group.BANK,
    )
    if transaction.payment_type == "credit_card":
        conclude_card(gateway, again, Verdict(Status.CAPTURE, Fraud.ACCEPT, "00", "Approved", "05"))
    else:
        settle(gateway, again)
    return again


def chargeback(gateway: Gateway, transaction: Transaction, *, partial: bool = False) -> None:
    move(transaction, Status.PARTIAL_CHARGEBACK if partial else Status.CHARGEBACK)
    announce(gateway, transaction)
    _perhaps_later(gateway, transaction, fault.CHARGEBACK_WON, WIN_CHARGEBACK)


def win_chargeback(gateway: Gateway, transaction: Transaction) -> None:
    """The merchant proved the sale to the customer's bank: the money is its again."""
    _only_when(transaction.status in CHARGED_BACK, transaction, Status.SETTLEMENT)
    move(transaction, Status.SETTLEMENT, back=True)
    announce(gateway, transaction)


def conclude_card(gateway: Gateway, transaction: Transaction, verdict: Verdict) -> None:
    """Bank and fraud desk have spoken: capture, authorize or deny."""
    move(transaction, verdict.status, verdict.fraud)
    transaction.details |= {
        "channel_response_code": verdict.response_code,
        "channel_response_message": verdict.response_message,
    }
    if verdict.eci is not None:
        transaction.details["eci"] = verdict.eci
    if verdict.status is not Status.DENY:
        transaction.details["approval_code"] = str(uuid.uuid4().int)[:13]
    if verdict.status is Status.CAPTURE:
        _settle_later(gateway, transaction)
    elif verdict.status is Status.AUTHORIZE:
        transaction.expiry_time = gateway.now() + HOLD_SHOWN
        gateway.timers.schedule(gateway.now() + HOLD, EXPIRE, transaction.id)
    announce(gateway, transaction)
    if verdict.status is Status.CAPTURE and verdict.fraud is Fraud.ACCEPT:
        _perhaps_paid_again(gateway, transaction)


def _only_when(condition: bool, transaction: Transaction, to: Status) -> None:  # noqa: FBT001 - reads as a sentence
    """The table allows a change from several states; this act, from fewer."""
    if not condition:
        raise IllegalTransition(transaction, to)


def _not_paid_after_all(gateway: Gateway, transaction: Transaction, to: Status) -> None:
    """With that fault on, what is about to end was paid in the last second, and will settle instead."""
    if transaction.status is Status.PENDING and transaction.payment_type != "credit_card":
        late = None if transaction.arriving else gateway.faults.strikes(fault.LATE_SETTLEMENT)
        if late is not None:
            transaction.arriving = True
            gateway.ledger.save(transaction)
            gateway.timers.schedule(gateway.now() + late.by, ARRIVE, transaction.id)
    _only_when(not transaction.arriving, transaction, to)


def _perhaps_later(gateway: Gateway, transaction: Transaction, name: str, event: str) -> None:
    struck = gateway.faults.strikes(name)
    if struck is not None:
        gateway.timers.schedule(gateway.now() + struck.by, event, transaction.id)


def _perhaps_paid_again(gateway: Gateway, transaction: Transaction) -> None:
    if transaction.repeats is None:
        _perhaps_later(gateway, transaction, fault.DOUBLE_PAYMENT, PAY_AGAIN)


def _settle_later(gateway: Gateway, transaction: Transaction) -> None:
    gateway.timers.schedule(wib.next_settlement_batch(gateway.now()), SETTLE, transaction.id)


def _expire_due(gateway: Gateway, transaction_id: str) -> None:
    """The timer of a pending payment, or of a hold; a hold replaces the pending one's later moment."""
    transaction = gateway.ledger.transaction(transaction_id)
    if transaction is None or transaction.expiry_time is None:
        return
    due = {
        Status.PENDING: transaction.expiry_time,
        Status.AUTHORIZE: transaction.expiry_time - (HOLD_SHOWN - HOLD),
    }
    if transaction.status not in due or due[transaction.status] > gateway.now():
        return
    wallet = METHODS[transaction.method].group is Group.WALLET
    late = gateway.faults.strikes(fault.LATE_EXPIRY) if wallet else None
    if late is not None:
        gateway.timers.schedule(gateway.now() + late.by, EXPIRE_LATE, transaction.id)
        return
    with contextlib.suppress(IllegalTransition):  # paid in the last second
        expire(gateway, transaction)


def _expire_late_due(gateway: Gateway, transaction_id: str) -> None:
    transaction = gateway.ledger.transaction(transaction_id)
    if transaction is not None and transaction.status is Status.PENDING:
        with contextlib.suppress(IllegalTransition):  # paid in the last second
            expire(gateway, transaction)


def _win_chargeback_due(gateway: Gateway, transaction_id: str) -> None:
    transaction = gateway.ledger.transaction(transaction_id)
    if transaction is not None and transaction.status in CHARGED_BACK:
        win_chargeback(gateway, transaction)


def _settle_again_due(gateway: Gateway, transaction_id: str) -> None:
    """The same settlement is told once more, as of now."""
    transaction = gateway.ledger.transaction(transaction_id)
    if transaction is not None and transaction.status is Status.SETTLEMENT:
        transaction.settlement_time = gateway.now()
        announce(gateway, transaction)


def _settle_due(gateway: Gateway, transaction_id: str) -> None:
    """The daily batch. A challenge nobody answered is denied at this time.

    Midtrans, "Transaction status".
    """
    transaction = gateway.ledger.transaction(transaction_id)
    if transaction is None or transaction.status is not Status.CAPTURE:
        return
    if transaction.challenged:
        deny(gateway, transaction)
    else:
        settle(gateway, transaction)


def _conclude_due(gateway: Gateway, transaction_id: str) -> None:
    transaction = gateway.ledger.transaction(transaction_id)
    if transaction is not None and transaction.status is Status.PENDING and transaction.verdict is not None:
        conclude_card(gateway, transaction, transaction.verdict)


def _reverse_due(gateway: Gateway, transaction_id: str) -> None:
    transaction = gateway.ledger.transaction(transaction_id)
    if transaction is not None and transaction.status is Status.SETTLEMENT:
        reverse(gateway, transaction)


def _arrive_due(gateway: Gateway, transaction_id: str) -> None:
    transaction = gateway.ledger.transaction(transaction_id)
    if transaction is not None and transaction.arriving and transaction.status is Status.PENDING:
        settle(gateway, transaction)


def _pay_again_due(gateway: Gateway, transaction_id: str) -> None:
    transaction = gateway.ledger.transaction(transaction_id)
    if transaction is not None and transaction.status in PAID:
        pay_again(gateway, transaction)
