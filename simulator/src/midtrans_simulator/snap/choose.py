"""A customer's choice of method, checked against what the session offers; then the attempt begins."""

from midtrans_simulator.gateway import Gateway
from midtrans_simulator.payments import attempts
from midtrans_simulator.protocol import cards
from midtrans_simulator.protocol.methods import METHODS, OTHER_VA_PROCESSORS, Method, enabled
from midtrans_simulator.protocol.model import ENDED_UNPAID, Session, Status, Transaction
from midtrans_simulator.snap.sessions import closed

MOST_FAILURES = 3
"""After more failed attempts than this the page gives up (Midtrans, "Redirects")."""


class ChoiceRefused(Exception):
    """`code` names the reason: session_closed, attempt_exists, method_unavailable, card_invalid, …"""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def offered(session: Session, only: list[str] | None = None) -> list[Method]:
    """The session's methods; `only` filters further, as `enabledPayments` of snap.js does."""
    methods = enabled(session.request.get("enabled_payments"))
    if only is None:
        return methods
    further = {method.code for method in enabled(only)}
    return [method for method in methods if method.code in further]


def in_range(method: Method, rupiah: int) -> bool:
    return method.minimum <= rupiah and (method.maximum is None or rupiah <= method.maximum)


def confirm(
    gateway: Gateway,
    session: Session,
    code: str,
    *,
    phone: bool = False,
    card_number: str | None = None,
    payer_phone: str | None = None,
    installment_term: int | None = None,
    change: bool = False,
) -> Transaction:
    """Begin an attempt with this method. Raises ChoiceRefused, and then nothing has begun.

    `change`: the customer has another method waiting and wants this one instead; that one stays payable.

    `phone`: the customer pays on the device at hand; `payer_phone`: the number OVO asks;
    `installment_term`: months a card is paid in.
    """
    made = gateway.ledger.attempts_in(session)
    if any(
        attempt.status not in ENDED_UNPAID and not (change and may_be_changed(attempt)) for attempt in made
    ):
        raise ChoiceRefused("attempt_exists", "a payment of this session is waiting or done")
    reason = closed(session, gateway.now())
    if reason is not None:
        raise ChoiceRefused("session_closed", f"the session is {reason}; create a new token")
    if failures(gateway, session) > MOST_FAILURES:
        raise ChoiceRefused(
            "too_many_failures", "the session had too many failed attempts; create a new token"
        )
    method = METHODS.get(code)
    if method is None or method not in offered(session) or not in_range(method, session.gross_amount):
        raise ChoiceRefused(
            "method_unavailable", f"{code or 'no method'} is not offered for this session and amount"
        )
    number = "".join(str(card_number or "").split())
    is_card = method.payment_type == "credit_card"
    if is_card and not cards.plausible(number):
        raise ChoiceRefused("card_invalid", "that is no card number")
    return attempts.start(
        gateway,
        session,
        _processor(session) if method.code == "other_va" else method,
        phone=phone,
        card_number=number if is_card else None,
        payer_phone=payer_phone,
        installment_term=installment_term,
    )


def _processor(session: Session) -> Method:
    """The bank behind `other_va` (Midtrans, "Enabled payments")."""
    codes = {method.code for method in offered(session)}
    return next(METHODS[code] for code in OTHER_VA_PROCESSORS if code in codes)


def may_be_changed(attempt: Transaction) -> bool:
    """Whether a customer who waits with this attempt may choose another method; a card at its bank: no."""
    return attempt.status is Status.PENDING and attempt.verdict is None


def failures(gateway: Gateway, session: Session) -> int:
    """Attempts of this page that were denied."""
    return sum(1 for attempt in gateway.ledger.attempts_in(session) if attempt.status == "deny")
