"""What payer, bank, fraud desk, merchant and time can do to a transaction now.

Each act is a call of the control plane, so a button does what a script does.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from midtrans_simulator.protocol.methods import METHODS
from midtrans_simulator.protocol.model import CHARGED_BACK, PAID, Status, Transaction
from midtrans_simulator.protocol.transitions import legal


class Actor(StrEnum):
    PAYER = "payer"
    BANK = "bank"
    FRAUD = "fraud"
    MERCHANT = "merchant"
    TIME = "time"


@dataclass(frozen=True, slots=True)
class Act:
    """`label` names the words on the button; `asks_amount`: the act takes a part of the amount."""

    actor: Actor
    name: str
    label: str
    body: dict[str, Any] = field(default_factory=dict)
    asks_amount: int | None = None


def by_actor(transaction: Transaction) -> dict[Actor, list[Act]]:
    """The acts of each actor who has any."""
    found: dict[Actor, list[Act]] = {}
    for act in acts(transaction):
        found.setdefault(act.actor, []).append(act)
    return found


def acts(transaction: Transaction) -> list[Act]:
    """In the order of the actors. Empty for a transaction that has come to its end."""
    if transaction.challenged:
        return [
            Act(Actor.PAYER, "pay_again", "pay_again"),
            Act(Actor.FRAUD, "approve", "approve"),
            Act(Actor.FRAUD, "deny", "deny_challenge"),
            Act(Actor.MERCHANT, "cancel", "void"),
        ]
    if transaction.status is Status.PENDING:
        return _pending(transaction)
    found: list[Act] = []
    if transaction.status in PAID:
        found.append(Act(Actor.PAYER, "pay_again", "pay_again"))
    if transaction.status is Status.CAPTURE:
        found.append(Act(Actor.BANK, "settle", "settle"))
    if transaction.status is Status.SETTLEMENT and legal(transaction, Status.DENY):
        found.append(Act(Actor.BANK, "reverse", "reverse"))
    if legal(transaction, Status.PARTIAL_CHARGEBACK):
        found.append(Act(Actor.BANK, "chargeback", "chargeback_part", {"partial": True}))
    if legal(transaction, Status.CHARGEBACK):
        found.append(Act(Actor.BANK, "chargeback", "chargeback"))
    if transaction.status in CHARGED_BACK:
        found.append(Act(Actor.BANK, "win_chargeback", "win_chargeback"))
    if transaction.refunds:
        found.append(Act(Actor.BANK, "return_refund", "return_refund"))
    if transaction.status is Status.AUTHORIZE:
        found.append(Act(Actor.BANK, "deny", "deny"))
    if legal(transaction, Status.CANCEL):
        found.append(Act(Actor.MERCHANT, "cancel", "void"))
    found += _refunds(transaction)
    if transaction.status is Status.AUTHORIZE:
        found.append(Act(Actor.TIME, "expire", "expire"))
    return found


def _pending(transaction: Transaction) -> list[Act]:
    if transaction.arriving:
        return [Act(Actor.PAYER, "pay", "pay")]
    found = [Act(Actor.PAYER, "pay", "pay"), Act(Actor.BANK, "deny", "deny")]
    if transaction.payment_type == "credit_card":
        found.append(Act(Actor.FRAUD, "challenge", "challenge"))
    return [*found, Act(Actor.MERCHANT, "cancel", "cancel"), Act(Actor.TIME, "expire", "expire")]


def _refunds(transaction: Transaction) -> list[Act]:
    left = transaction.gross_amount - transaction.refunded
    found: list[Act] = []
    if legal(transaction, Status.REFUND):
        found.append(Act(Actor.MERCHANT, "refund", "refund"))
    if legal(transaction, Status.PARTIAL_REFUND) and METHODS[transaction.method].partial_refunds and left > 1:
        found.append(Act(Actor.MERCHANT, "refund", "refund_part", asks_amount=left // 2))
    return found
