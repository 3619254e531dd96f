"""Which view of the payment page a session shows right now, and what leaving it means to the merchant."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from midtrans_simulator.gateway import Gateway
from midtrans_simulator.http.urls import with_query
from midtrans_simulator.protocol.methods import METHODS, Group, Method
from midtrans_simulator.protocol.model import Session, Status, Transaction
from midtrans_simulator.snap import result
from midtrans_simulator.snap.choose import MOST_FAILURES, failures, may_be_changed, offered
from midtrans_simulator.snap.sessions import closed


class Outcome(StrEnum):
    """The callback that fires when the customer leaves this view."""

    SUCCESS = "success"
    PENDING = "pending"
    ERROR = "error"
    CLOSE = "close"


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """`name` is the template; `state` changes exactly when the customer should see something new."""

    name: str
    outcome: Outcome = Outcome.CLOSE
    result: dict[str, Any] | None = None
    leave_url: str
    """Where redirect mode, or a page without callbacks, goes from here."""
    transaction: Transaction | None = None
    method: Method | None = None
    reason: str | None = None
    changing: bool = False
    """Another method is waiting meanwhile."""

    @property
    def state(self) -> str:
        if self.transaction is None:
            return self.name
        return f"{self.name}/{self.transaction.id}/{self.transaction.status}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the page asks for: its options, and where in the flow the customer stands."""

    base: str
    language: str = "id"
    phone: bool = False
    only: list[str] | None = None
    method: str | None = None
    """A method the customer opened but has not confirmed."""
    after: str | None = None
    """The attempt the page was showing: its failure is told before the list comes back."""
    change: bool = False
    """The customer looks at the methods again while one of them is waiting."""
    message: str | None = None
    """Why the last input was not accepted."""


def current(gateway: Gateway, session: Session, wish: Wish) -> View:
    attempts = gateway.ledger.attempts_in(session)
    returns = result.Returns.of(gateway, session, wish.base)
    latest = _telling(attempts, wish.after)
    if latest is not None:
        if latest.status in _OUTCOMES:
            ongoing = _ongoing(latest, returns, wish)
            if wish.change and may_be_changed(latest) and closed(session, gateway.now()) is None:
                return _choice(session, wish, ongoing.leave_url, ongoing)
            return ongoing
        if failures(gateway, session) > MOST_FAILURES:
            return _given_up(latest, returns)
        if wish.after == latest.id:
            return View(
                name="denied",
                leave_url=_unfinished(returns, session),
                transaction=latest,
                method=METHODS[latest.method],
                reason=latest.status,
            )
    reason = closed(session, gateway.now())
    if reason is not None:
        return closed_view(reason, leave_url=_unfinished(returns, session))
    return _choice(session, wish, _unfinished(returns, session), None)


def _telling(attempts: list[Transaction], after: str | None) -> Transaction | None:
    """The attempt that the page is about: one that was paid, whichever was chosen after it; else the newest,
    once its failure was told one that still waits.
    """
    paid = [each for each in attempts if each.status in _OUTCOMES and each.status is not Status.PENDING]
    waiting = [each for each in attempts if each.status is Status.PENDING]
    told = bool(attempts) and attempts[-1].id != after
    known = paid or (waiting if told else []) or attempts
    return known[-1] if known else None


def _choice(session: Session, wish: Wish, leave_url: str, waiting: View | None) -> View:
    """The list of methods, or the form of one. Who leaves it leaves behind what is `waiting`."""
    methods = {method.code: method for method in offered(session, wish.only)}
    method = methods.get(wish.method or "")
    name = "methods" if method is None else "card" if method.group is Group.CARD else "confirm"
    return View(
        name=name,
        method=method,
        leave_url=leave_url,
        reason=wish.message if method is not None else None,
        outcome=waiting.outcome if waiting else Outcome.CLOSE,
        result=waiting.result if waiting else None,
        changing=waiting is not None,
    )


def closed_view(reason: str, *, leave_url: str) -> View:
    """A page that takes no payment. To the merchant's page that is an error (Midtrans, "snap.js")."""
    return View(
        name="closed",
        outcome=Outcome.ERROR,
        result=result.refusal(reason),
        reason=reason,
        leave_url=leave_url,
    )


_OUTCOMES = {
    Status.PENDING: Outcome.PENDING,
    Status.CAPTURE: Outcome.SUCCESS,
    Status.AUTHORIZE: Outcome.SUCCESS,
    Status.SETTLEMENT: Outcome.SUCCESS,
    Status.REFUND: Outcome.SUCCESS,
    Status.PARTIAL_REFUND: Outcome.SUCCESS,
    Status.CHARGEBACK: Outcome.SUCCESS,
    Status.PARTIAL_CHARGEBACK: Outcome.SUCCESS,
}


def _ongoing(transaction: Transaction, returns: result.Returns, wish: Wish) -> View:
    """Waiting or paid: this is the payment of the session, and nothing else can be chosen."""
    told = result.success_or_pending(transaction, returns, wish.base, wish.language)
    method = METHODS[transaction.method]
    leave_url = told["finish_redirect_url"]
    if transaction.status is Status.PENDING and transaction.verdict is not None:
        verifying = transaction.verdict.delay_seconds > 0
        return View(
            name="verifying" if verifying else "otp",
            outcome=Outcome.PENDING if verifying else Outcome.CLOSE,
            result=told,
            leave_url=leave_url,
            transaction=transaction,
            method=method,
        )
    pending = transaction.status is Status.PENDING or transaction.challenged
    return View(
        name="review" if transaction.challenged else "pending" if pending else "success",
        outcome=Outcome.PENDING if pending else Outcome.SUCCESS,
        result=told,
        leave_url=leave_url,
        transaction=transaction,
        method=method,
    )


def _given_up(transaction: Transaction, returns: result.Returns) -> View:
    told = result.failure(transaction, returns)
    return View(
        name="failed",
        outcome=Outcome.ERROR,
        result=told,
        leave_url=told["finish_redirect_url"],
        transaction=transaction,
        method=METHODS[transaction.method],
    )


def _unfinished(returns: result.Returns, session: Session) -> str:
    return with_query(returns.unfinish, order_id=session.order_id)
