"""Ask Midtrans for a payment page: one live token for each invitation, whoever asks and how often.

The order's row is committed before Midtrans is called, and no transaction is open during the call. A
lease on the row (`asking_until`) keeps parallel requests to one call; a process that dies leaves an order
that the next request takes up again under the same order id, which Midtrans allows as long as no payment
method was chosen ("token life and order_id reuse").
"""

import asyncio
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from tuntas.domain.ladder import PaymentStatus, Rung
from tuntas.domain.money import Rupiah
from tuntas.domain.orders import OrderKind
from tuntas.midtrans.errors import GatewayError, GatewayRejected, GatewayUnavailable, OrderIdTaken
from tuntas.midtrans.snap import PaymentRequest, SnapToken
from tuntas.store import invitations, orders, payment_logs
from tuntas.store.database import UnitOfWork
from tuntas.store.models import Invitation, Order, User
from tuntas.store.payment_logs import Event
from tuntas.usecases.backend import Backend
from tuntas.usecases.errors import (
    AlreadyPaid,
    AmountMismatch,
    DomainReleased,
    InvitationNotFound,
    TokenInProgress,
)
from tuntas.usecases.invitations import is_live

log = structlog.get_logger()

_GRACE_SECONDS = 10
"""How much longer than the call itself the lease on an order lasts."""
_POLL_SECONDS = 0.1
_WORTHWHILE = timedelta(minutes=2)
"""A token with less life than this is not handed out again."""
_FIRST_CHECK = timedelta(minutes=2)
_STILL_PAYABLE = {Rung.PENDING, Rung.AUTHORIZE, Rung.CHALLENGE, Rung.DENY}
"""After these the same Snap page can still be paid; `deny` is one attempt's end, not the order's."""


@dataclass(frozen=True, slots=True)
class TokenResult:
    snap_token: str
    redirect_url: str
    order_id: str
    gross_amount: Rupiah
    expires_at: datetime
    reused: bool


@dataclass(frozen=True, slots=True)
class _Ask:
    """We hold the lease: ask Midtrans for this order's token."""

    order: Order
    request: PaymentRequest


@dataclass(frozen=True, slots=True)
class _Wait:
    """Somebody else holds the lease for this order."""

    order_id: str


async def create_token(
    backend: Backend, user: User, invitation_id: int, *, amount: int | None = None, renew: bool = False
) -> TokenResult:
    """The live token of the invitation's order, a new one where there is none.

    `amount` decides nothing: it is compared with the price. Raises InvitationNotFound, AmountMismatch,
    AlreadyPaid, TokenInProgress, or a GatewayError after which the order stays resumable.
    """
    waited_for: str | None = None
    patience = asyncio.get_running_loop().time() + backend.settings.midtrans_timeout_seconds + _GRACE_SECONDS
    while True:
        async with backend.turns.of(f"invitation {invitation_id}"), backend.database.transaction() as session:
            step = await _next_step(
                session, backend, user, invitation_id, amount=amount, renew=renew, waited_for=waited_for
            )
        match step:
            case TokenResult():
                return step
            case _Ask():
                result = await _ask(backend, step)
                if result is not None:
                    return result
            case _Wait(order_id):
                if asyncio.get_running_loop().time() > patience:
                    raise TokenInProgress
                waited_for = order_id
                await asyncio.sleep(_POLL_SECONDS)


async def _next_step(
    session: UnitOfWork,
    backend: Backend,
    user: User,
    invitation_id: int,
    *,
    amount: int | None,
    renew: bool,
    waited_for: str | None,
) -> TokenResult | _Ask | _Wait:
    now = backend.clock.now()
    invitation = await invitations.owned_invitation(session, user.id, invitation_id, lock=True)
    if invitation is None:
        raise InvitationNotFound
    if not invitation.holds_domain:
        raise DomainReleased
    if amount is not None and amount != invitation.price:
        raise AmountMismatch(Rupiah(invitation.price))
    if invitation.payment_status == PaymentStatus.PAID and is_live(invitation, now) and not renew:
        raise AlreadyPaid

    order = await _usable_order(session, invitation, now)
    if order is None:
        order = _new_order(invitation, now, backend.settings.tuntas_order_lifetime_minutes)
        session.add(order)
        if invitation.payment_status != PaymentStatus.PAID:
            invitation.payment_status = PaymentStatus.PENDING  # what the newest order says
    elif order.snap_token is not None:
        return _result(order, reused=True)
    elif order.asking_until is not None and order.asking_until > now:
        return _Wait(order.order_id)
    elif order.order_id == waited_for and order.asking_until is None:
        raise GatewayUnavailable("the request that was under way failed")

    order.asking_until = now + timedelta(seconds=backend.settings.midtrans_timeout_seconds + _GRACE_SECONDS)
    payment_logs.append(session, Event.TOKEN_REQUESTED, at=now, order_id=order.order_id)
    return _Ask(order, _payment_request(backend, user, invitation, order))


async def _usable_order(session: UnitOfWork, invitation: Invitation, now: datetime) -> Order | None:
    """The newest order if it still sells the same thing for the same price and can be paid."""
    order = await orders.newest_order(session, invitation.id)
    if order is None or order.unusable or order.expires_at - now < _WORTHWHILE:
        return None
    offered = (order.kind, order.gross_amount, order.days)
    if offered != (_kind(invitation), invitation.price, invitation.days):
        return None
    attempts = await orders.transactions_of(session, order.order_id)
    rungs = {Rung[attempt.transaction_status.upper()] for attempt in attempts}
    return order if rungs <= _STILL_PAYABLE else None


def _kind(invitation: Invitation) -> OrderKind:
    return OrderKind.INITIAL if invitation.domain_expires_at is None else OrderKind.RENEWAL


def _new_order(invitation: Invitation, now: datetime, lifetime_minutes: int) -> Order:
    return Order(
        order_id=f"INV-{uuid.uuid4()}",
        invitation_id=invitation.id,
        kind=_kind(invitation),
        gross_amount=invitation.price,
        days=invitation.days,
        status=PaymentStatus.PENDING,
        created_at=now,
        expires_at=now + timedelta(minutes=lifetime_minutes),
        next_check_at=now + _FIRST_CHECK,
    )


def _payment_request(backend: Backend, user: User, invitation: Invitation, order: Order) -> PaymentRequest:
    base_url = backend.settings.base_url
    return PaymentRequest(
        order_id=order.order_id,
        gross_amount=Rupiah(order.gross_amount),
        item_id=f"package-{invitation.package_id}",
        item_name=f"{invitation.package.name} – {invitation.domain}",
        customer_name=user.name,
        customer_email=user.email,
        created_at=order.created_at,
        lifetime_minutes=backend.settings.tuntas_order_lifetime_minutes,
        finish_url=f"{base_url}/payment/success",
        error_url=f"{base_url}/payment/error",
    )


async def _ask(backend: Backend, step: _Ask) -> TokenResult | None:
    """Call Midtrans and keep the answer; None when the order id is used up and a new order is due."""
    order_id = step.order.order_id
    try:
        token = await backend.snap.create(step.request)
    except OrderIdTaken as error:
        await _give_up(backend, order_id, error, unusable=True)
        return None
    except GatewayError as error:
        await _give_up(backend, order_id, error)
        raise
    return _result(await _keep(backend, order_id, token), reused=False)


async def _keep(backend: Backend, order_id: str, token: SnapToken) -> Order:
    async with backend.database.transaction() as session:
        order = await orders.locked_order(session, order_id)
        order.snap_token, order.redirect_url, order.asking_until = token.token, token.redirect_url, None
        payment_logs.append(session, Event.TOKEN_CREATED, at=backend.clock.now(), order_id=order_id)
    return order


async def _give_up(backend: Backend, order_id: str, error: GatewayError, *, unusable: bool = False) -> None:
    """End the lease and write down why; the order can be taken up again unless `unusable`."""
    cause = type(error).__name__
    log.warning("token_failed", order_id=order_id, error=cause)
    messages = list(error.messages) if isinstance(error, GatewayRejected) else [str(error)]
    async with backend.database.transaction() as session:
        order = await orders.locked_order(session, order_id)
        order.asking_until = None
        order.unusable = order.unusable or unusable
        payment_logs.append(
            session,
            Event.TOKEN_FAILED,
            at=backend.clock.now(),
            order_id=order_id,
            outcome=cause,
            detail={"messages": messages},
        )


def _result(order: Order, *, reused: bool) -> TokenResult:
    if order.snap_token is None or order.redirect_url is None:
        raise AssertionError("a result is made of an order that has its token")
    return TokenResult(
        snap_token=order.snap_token,
        redirect_url=order.redirect_url,
        order_id=order.order_id,
        gross_amount=Rupiah(order.gross_amount),
        expires_at=order.expires_at,
        reused=reused,
    )
