"""A payment begins: a customer confirmed a method on a Snap page, or a shop charged through Core."""

import string
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from midtrans_simulator.gateway import Gateway
from midtrans_simulator.payments import acts, ovo
from midtrans_simulator.payments.references import issue
from midtrans_simulator.protocol import amounts, cards, wib
from midtrans_simulator.protocol.expiry import payment_expiry
from midtrans_simulator.protocol.methods import METHODS, Method, Wallet
from midtrans_simulator.protocol.model import Fraud, SavedCard, Session, Status, Transaction, Verdict
from midtrans_simulator.protocol.order_rules import departures
from midtrans_simulator.protocol.transitions import move
from midtrans_simulator.state import faults as fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is paid for. `request` is the body that asked; `token` the Snap session, if there is one."""

    merchant_id: str
    order_id: str
    gross_amount: int
    request: dict[str, Any]
    notify_urls: list[str]
    token: str | None = None
    subscription_id: str | None = None

    @classmethod
    def of(cls, session: Session) -> "Order":
        return cls(
            merchant_id=session.merchant_id,
            order_id=session.order_id,
            gross_amount=session.gross_amount,
            request=session.request,
            notify_urls=session.notify_urls,
            token=session.token,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CardUse:
    """A card and how it is charged. `secure` asks for 3DS; `transaction_id` comes from a card token."""

    number: str
    secure: bool = False
    authorize: bool = False
    bank: str | None = None
    transaction_id: str | None = None
    installment_term: int | None = None
    saved: SavedCard | None = None
    """The card as it was just saved for later charges."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """How it is paid. `phone`: in the wallet's app on the device at hand; `options`: the method's object."""

    method: Method
    options: dict[str, Any]
    phone: bool = False
    with_qr: bool = False
    """Core's GoPay comes with both, app link and QR."""
    payer_phone: str | None = None
    """The number OVO asks for a confirmation."""
    card: CardUse | None = None
    expiry_time: datetime | None = None
    """None: the method's own lifetime."""


def start(
    gateway: Gateway,
    session: Session,
    method: Method,
    *,
    phone: bool = False,
    card_number: str | None = None,
    payer_phone: str | None = None,
    installment_term: int | None = None,
) -> Transaction:
    """Begin an attempt in a Snap session that is open and has none pending (`snap.choose` sees to that)."""
    options = session.request.get(method.code) or {}
    card = None
    if card_number is not None:
        card = CardUse(
            number=card_number,
            secure=options.get("secure") is True,
            authorize=options.get("type") == "authorize",
            bank=options.get("bank"),
            installment_term=installment_term,
        )
    choice = Choice(
        method=method,
        options=options,
        phone=phone,
        payer_phone=payer_phone,
        card=card,
        expiry_time=payment_expiry(session.request.get("expiry"), gateway.now(), method.lifetime),
    )
    return begin(gateway, Order.of(session), choice)


def begin(gateway: Gateway, order: Order, choice: Choice) -> Transaction:
    if choice.card is not None:
        return _begin_card(gateway, order, choice.card)
    issued = issue(
        choice.method,
        choice.options,
        order.gross_amount,
        phone=choice.phone,
        with_qr=choice.with_qr,
        ledger=gateway.ledger,
        draw=gateway.draw,
    )
    transaction = _new(gateway, order, choice.method, issued.payment_type)
    transaction.details = issued.details
    transaction.qr_string = issued.qr_string
    transaction.b2b = choice.method.b2b_numbers and bool(choice.options.get("va_number"))
    transaction.fraud = Fraud.ACCEPT if choice.method.scored else None
    lifetime_ends = gateway.now() + choice.method.lifetime
    transaction.expiry_time = (
        choice.expiry_time if choice.expiry_time and not choice.method.fixed_lifetime else lifetime_ends
    )
    if choice.method.wallet is Wallet.PUSH:
        transaction.details |= ovo.details(choice.payer_phone or _customer_phone(order.request))
    move(transaction, Status.PENDING)
    acts.announce(gateway, transaction)
    gateway.timers.schedule(transaction.expiry_time, acts.EXPIRE, transaction.id)
    if choice.method.wallet is Wallet.PUSH:
        ovo.push(gateway, transaction)
    return transaction


def refuse(gateway: Gateway, order: Order, method: Method, code: str, message: str) -> Transaction:
    """An attempt that ends before any bank is asked; `code` and `message` say why."""
    transaction = _new(gateway, order, method, method.payment_type)
    transaction.fraud = Fraud.ACCEPT
    transaction.details = {"channel_response_code": code, "channel_response_message": message}
    move(transaction, Status.DENY)
    acts.announce(gateway, transaction)
    return transaction


def authenticate(gateway: Gateway, transaction: Transaction, otp: str) -> None:
    """The customer answers the 3DS prompt. A wrong code is a card that is not authenticated: denied."""
    if transaction.status is not Status.PENDING or transaction.verdict is None:
        return
    passed = otp.strip() == cards.OTP
    acts.conclude_card(gateway, transaction, transaction.verdict if passed else cards.NOT_AUTHENTICATED)


def _begin_card(gateway: Gateway, order: Order, use: CardUse) -> Transaction:
    card = cards.find(use.number)
    transaction = _new(gateway, order, METHODS["credit_card"], "credit_card", use.transaction_id)
    transaction.card_bank = card.bank
    transaction.details = {"masked_card": card.masked, "bank": use.bank or card.bank, "card_type": "credit"}
    if use.installment_term is not None:
        transaction.details["installment_term"] = use.installment_term
    if use.saved is not None:
        until = wib.text(use.saved.expires_at)
        transaction.details |= {"saved_token_id": use.saved.id, "saved_token_id_expired_at": until}
    verdict = card.verdict(transaction.gross_amount, authenticated=use.secure)
    if use.authorize and verdict.status is Status.CAPTURE:
        verdict.status = Status.AUTHORIZE
    if use.secure and card.three_ds is cards.ThreeDS.FULL:
        _wait(gateway, transaction, verdict)
    elif verdict.delay_seconds:
        _wait(gateway, transaction, verdict)
        due = gateway.now() + timedelta(seconds=verdict.delay_seconds)
        gateway.timers.schedule(due, acts.CONCLUDE_CARD, transaction.id)
    else:
        acts.conclude_card(gateway, transaction, verdict)
    return transaction


def _wait(gateway: Gateway, transaction: Transaction, verdict: Verdict) -> None:
    """Pending in 3DS: ten minutes, whatever `expiry` says, for the bank's page governs.

    Midtrans, "JSON objects".
    """
    transaction.verdict = verdict
    transaction.fraud = Fraud.ACCEPT
    transaction.expiry_time = gateway.now() + METHODS["credit_card"].lifetime
    move(transaction, Status.PENDING)
    acts.announce(gateway, transaction)
    gateway.timers.schedule(transaction.expiry_time, acts.EXPIRE, transaction.id)


def _new(
    gateway: Gateway, order: Order, method: Method, payment_type: str, transaction_id: str | None = None
) -> Transaction:
    gross_amount, told = _charged(gateway, order.gross_amount)
    return Transaction(
        id=transaction_id or _new_id(gateway, method),
        merchant_id=order.merchant_id,
        order_id=order.order_id,
        token=order.token,
        method=method.code,
        payment_type=payment_type,
        gross_amount=gross_amount,
        status=None,
        fraud=None,
        transaction_time=gateway.now(),
        notify_urls=order.notify_urls,
        echo=_told_with(_echo(order.request), told),
        item_names=_item_names(order.request),
        remarks=list(departures(order.request, method)),
        subscription_id=order.subscription_id,
    )


def _charged(gateway: Gateway, asked: int) -> tuple[int, dict[str, Any]]:
    """The amount the customer is charged, and what is told besides when it is not what was asked for."""
    if not gateway.faults.any_on:
        return asked, {}
    fee, promotion = gateway.faults.strikes(fault.FEE), gateway.faults.strikes(fault.PROMOTION)
    charged = asked + (fee.amount if fee else 0) - (promotion.amount if promotion else 0)
    info = {"gross_amount_info": {"original_amount": amounts.text(asked)}}
    where = fee.options["told"] if fee else ""
    told: dict[str, dict[str, Any]] = {
        "": {},
        "top": {"extra_info": info},
        "metadata": {"metadata": {"extra_info": info}},
    }
    return max(charged, 1), told[where]


def _told_with(echo: dict[str, Any], told: dict[str, Any]) -> dict[str, Any]:
    """`echo` with `told`, which joins the merchant's own metadata."""
    if "metadata" in told:
        return echo | {"metadata": {**(echo.get("metadata") or {}), **told["metadata"]}}
    return echo | told


def _new_id(gateway: Gateway, method: Method) -> str:
    """A UUID; DANA's, and with that fault everybody's, look like `A120240830074017NP16XMU4JTID`.

    Midtrans, "Get transaction status".
    """
    if not method.by_transaction_id_only and not gateway.faults.strikes(fault.FOREIGN_ID):
        return str(uuid.uuid4())
    made = gateway.now().astimezone(wib.WIB).strftime("%Y%m%d%H%M%S")
    tail = "".join(gateway.draw.choices(string.ascii_uppercase + string.digits, k=10))
    return f"A1{made}{tail}ID"


def _customer_phone(request: dict[str, Any]) -> str | None:
    phone = (request.get("customer_details") or {}).get("phone")
    return str(phone) if phone else None


def _item_names(request: dict[str, Any]) -> list[str]:
    items = request.get("item_details")
    return [str(item.get("name", "")) for item in items if isinstance(item, dict)] if items else []


def _echo(request: dict[str, Any]) -> dict[str, Any]:
    names = ("custom_field1", "custom_field2", "custom_field3", "metadata")
    echo: dict[str, Any] = {name: request[name] for name in names if request.get(name)}
    customer = request.get("customer_details") or {}
    full_name = " ".join(part for part in (customer.get("first_name"), customer.get("last_name")) if part)
    shown = {"full_name": full_name, "email": customer.get("email"), "phone": customer.get("phone")}
    if any(shown.values()):
        echo["customer_details"] = {name: value for name, value in shown.items() if value}
    return echo
