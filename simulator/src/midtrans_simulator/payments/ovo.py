"""OVO: the gateway asks the payer's app, and the payer has 55 seconds. The phone number decides.

Midtrans, "Testing payment on sandbox".
"""

from dataclasses import dataclass
from datetime import timedelta

from midtrans_simulator.gateway import Gateway
from midtrans_simulator.payments import acts
from midtrans_simulator.protocol.model import Status, Transaction

ANSWER = "ovo_answer"
ANSWERED_AFTER = timedelta(seconds=5)
DEFAULT_PHONE = "081111111111"


@dataclass(frozen=True, slots=True)
class Refusal:
    """The channel's response. `code` 68 leaves the payment pending until it expires."""

    code: str
    message: str


NO_ANSWER = Refusal("68", "Transaction pending or timeout")
REFUSALS = {
    "628249134000": Refusal("14", "Phone number is not registered"),
    "628271939753": Refusal("17", "Transaction is cancelled by user"),
    "628242014881": Refusal("26", "Push payment failed"),
    "628237435829": Refusal("40", "Transaction failed"),
    "628215023424": NO_ANSWER,
    "628242974268": NO_ANSWER,
}
"""The sandbox's numbers; every other number pays."""


def register(gateway: Gateway) -> None:
    """Tie this module's event to the gateway's timers."""
    gateway.timers.on(ANSWER, lambda subject: _answered(gateway, subject))


def details(phone: str | None) -> dict[str, str]:
    return {"payer_phone_number": phone or DEFAULT_PHONE}


def push(gateway: Gateway, transaction: Transaction) -> None:
    """Ask the payer's app; it answers a moment later."""
    gateway.timers.schedule(gateway.now() + ANSWERED_AFTER, ANSWER, transaction.id)


def international(phone: str) -> str:
    """`+62 821-…` and `0821…` as digits that begin with 62."""
    digits = "".join(character for character in phone if character.isdigit())
    return "62" + digits[1:] if digits.startswith("0") else digits


def _answered(gateway: Gateway, transaction_id: str) -> None:
    transaction = gateway.ledger.transaction(transaction_id)
    if transaction is None or transaction.status is not Status.PENDING:
        return
    refusal = REFUSALS.get(international(transaction.details["payer_phone_number"]))
    if refusal is None:
        acts.pay(gateway, transaction)
    elif refusal is not NO_ANSWER:
        transaction.details |= {
            "channel_response_code": refusal.code,
            "channel_response_message": refusal.message,
        }
        acts.deny(gateway, transaction)
