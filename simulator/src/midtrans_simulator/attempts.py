"""A customer confirms a method: one transaction begins."""

import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from midtrans_simulator import cards, payments
from midtrans_simulator.expiry import payment_expiry
from midtrans_simulator.gateway import Gateway
from midtrans_simulator.methods import METHODS, Method
from midtrans_simulator.model import Fraud, Session, Status, Transaction, Verdict
from midtrans_simulator.references import issue
from midtrans_simulator.transitions import move


@dataclass(frozen=True, slots=True)
class Choice:
    """What the customer confirmed. `card` is a number of digits; `phone`: pays on the device at hand."""

    method: Method
    phone: bool = False
    card: str | None = None


def start(gateway: Gateway, session: Session, choice: Choice) -> Transaction:
    """Begin an attempt in a Snap session that is open and has none pending (`snap.choose` sees to that)."""
    if choice.card is not None:
        return _start_card(gateway, session, cards.find(choice.card))
    return _start_async(gateway, session, choice)


def authenticate(gateway: Gateway, transaction: Transaction, otp: str) -> None:
    """The customer answers the 3DS prompt. A wrong code is a card that is not authenticated: denied."""
    if transaction.status is not Status.PENDING or transaction.verdict is None:
        return
    passed = otp.strip() == cards.OTP
    payments.conclude_card(gateway, transaction, transaction.verdict if passed else cards.NOT_AUTHENTICATED)


def _start_async(gateway: Gateway, session: Session, choice: Choice) -> Transaction:
    options = session.request.get(choice.method.code) or {}
    issued = issue(
        choice.method,
        options,
        session.gross_amount,
        phone=choice.phone,
        ledger=gateway.ledger,
        draw=gateway.draw,
    )
    transaction = _new(gateway, session, choice.method, issued.payment_type)
    transaction.details = issued.details
    transaction.qr_string = issued.qr_string
    transaction.fraud = Fraud.ACCEPT if choice.method.scored else None
    transaction.expiry_time = payment_expiry(
        session.request.get("expiry"), gateway.now(), choice.method.lifetime
    )
    move(transaction, Status.PENDING)
    payments.announce(gateway, transaction)
    gateway.timers.schedule(transaction.expiry_time, payments.EXPIRE, transaction.id)
    return transaction


def _start_card(gateway: Gateway, session: Session, card: cards.Card) -> Transaction:
    options = session.request.get("credit_card") or {}
    secure = options.get("secure") is True
    transaction = _new(gateway, session, METHODS["credit_card"], "credit_card")
    transaction.details = {
        "masked_card": card.masked,
        "bank": options.get("bank") or card.bank,
        "card_type": "credit",
    }
    verdict = card.verdict(session.gross_amount, authenticated=secure)
    if options.get("type") == "authorize" and verdict.status is Status.CAPTURE:
        verdict.status = Status.AUTHORIZE
    if secure and card.three_ds is cards.ThreeDS.FULL:
        _wait(gateway, transaction, verdict)
    elif verdict.delay_seconds:
        _wait(gateway, transaction, verdict)
        due = gateway.now() + timedelta(seconds=verdict.delay_seconds)
        gateway.timers.schedule(due, payments.CONCLUDE_CARD, transaction.id)
    else:
        payments.conclude_card(gateway, transaction, verdict)
    return transaction


def _wait(gateway: Gateway, transaction: Transaction, verdict: Verdict) -> None:
    """Pending in 3DS: ten minutes, whatever `expiry` says, for the bank's page governs (2.5)."""
    transaction.verdict = verdict
    transaction.fraud = Fraud.ACCEPT
    transaction.expiry_time = gateway.now() + METHODS["credit_card"].lifetime
    move(transaction, Status.PENDING)
    payments.announce(gateway, transaction)
    gateway.timers.schedule(transaction.expiry_time, payments.EXPIRE, transaction.id)


def _new(gateway: Gateway, session: Session, method: Method, payment_type: str) -> Transaction:
    return Transaction(
        id=str(uuid.uuid4()),
        merchant_id=session.merchant_id,
        order_id=session.order_id,
        token=session.token,
        method=method.code,
        payment_type=payment_type,
        gross_amount=session.gross_amount,
        status=None,
        fraud=None,
        transaction_time=gateway.now(),
        notify_urls=session.notify_urls,
        echo=_echo(session.request),
    )


def _echo(request: dict[str, Any]) -> dict[str, Any]:
    names = ("custom_field1", "custom_field2", "custom_field3", "metadata")
    echo: dict[str, Any] = {name: request[name] for name in names if request.get(name)}
    customer = request.get("customer_details") or {}
    full_name = " ".join(part for part in (customer.get("first_name"), customer.get("last_name")) if part)
    shown = {"full_name": full_name, "email": customer.get("email"), "phone": customer.get("phone")}
    if any(shown.values()):
        echo["customer_details"] = {name: value for name, value in shown.items() if value}
    return echo
