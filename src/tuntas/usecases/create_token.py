"""Ask Midtrans for a payment page: one live token for each invitation, whoever asks and how often.

The order's row is committed before Midtrans is called, and no transaction is open during the call. Calls
for the same thing share one flight within the process; a lease on the row (`asking_until`) keeps several
processes to one call. Whatever ends a flight early gives its lease back; a process that dies leaves an
order that the next request takes up again under the same order id, which Midtrans allows as long as no
payment method was chosen ("token life and order_id reuse").
"""

import asyncio
import uuid
from collections.abc import Awaitable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import structlog

from tuntas.domain.ladder import PaymentStatus, Rung
from tuntas.domain.money import Rupiah
from tuntas.domain.orders import OrderKind
from tuntas.midtrans.errors import (
    EmailRefused,
    GatewayError,
    GatewayMisconfigured,
    GatewayRejected,
    GatewayTimeout,
    OrderIdTaken,
)
from tuntas.midtrans.snap import PaymentRequest, SnapToken
from tuntas.store import invitations, orders, payment_logs
from tuntas.store.alerts import AlertKind, raise_alert, resolve_each
from tuntas.store.direct import Statements
from tuntas.store.models import Invitation, Order, User
from tuntas.store.payment_logs import Event
from tuntas.usecases.apply_facts import policy_of, recount
from tuntas.usecases.backend import Backend
from tuntas.usecases.errors import (
    AlreadyPaid,
    AmountMismatch,
    DomainReleased,
    InvitationNotFound,
    PaymentInReview,
    TokenInProgress,
    UseCaseError,
)
from tuntas.usecases.flights import FlightEnded
from tuntas.usecases.invitations import is_live
from tuntas.usecases.payments import money_is_held_up
from tuntas.usecases.return_address import check_finish_url, own_address

log = structlog.get_logger()

_GRACE_SECONDS = 10
"""How much longer than one call to Midtrans the whole may take, and its lease last."""
_ORDER_IDS_MAX = 2
"""How many order ids are tried before Midtrans's "already taken" reaches the customer."""
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.2, 2.0
"""Between two looks whether another process has the token by now."""
_EVERYBODY = "all"
"""The alert's subject when it is our key that Midtrans refuses; else it is the invitation."""
_WORTHWHILE = timedelta(minutes=2)
"""A token with less life than this is not handed out again."""
_FIRST_CHECK = timedelta(minutes=2)
_STILL_PAYABLE = {Rung.PENDING, Rung.DENY}
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
class _Wish:
    """What is asked for; `lease_until` is when the one who asks gives up, and marks its lease."""

    user: User
    invitation_id: int
    amount: int | None
    renew: bool
    finish_url: str | None
    lease_until: datetime


@dataclass(frozen=True, slots=True)
class _Ask:
    """We hold the lease: ask Midtrans for this order's token."""

    order: Order
    request: PaymentRequest
    finish_url: str | None


@dataclass(frozen=True, slots=True)
class _Wait:
    """Another process holds the lease."""


async def create_token(
    backend: Backend,
    user: User,
    invitation_id: int,
    *,
    amount: int | None = None,
    renew: bool = False,
    finish_url: str | None = None,
) -> TokenResult:
    """The live token of the invitation's order, a new one where there is none.

    `amount` decides nothing: it is compared with the price. `finish_url` is where the customer returns; ours
    where it is None. Raises InvitationNotFound, AmountMismatch, AlreadyPaid, PaymentInReview,
    FinishUrlNotAllowed, TokenInProgress, or a GatewayError after which the order stays resumable.
    """
    if finish_url is not None:
        check_finish_url(backend.settings, finish_url)
    seconds = backend.settings.midtrans_timeout_seconds + _GRACE_SECONDS
    key = (create_token, user.id, invitation_id, amount, renew, finish_url)

    def begin() -> Awaitable[TokenResult]:
        lease_until = backend.clock.now() + timedelta(seconds=seconds)
        wish = _Wish(user, invitation_id, amount, renew, finish_url, lease_until)
        return _in_time(backend, wish, seconds)

    try:
        result, begun_here = await backend.flights.share(key, begin)
    except FlightEnded:
        raise TokenInProgress from None
    return result if begun_here else replace(result, reused=True)


async def _in_time(backend: Backend, wish: _Wish, seconds: float) -> TokenResult:
    """Have an answer before the deadline, also when nobody waits for it; never leave a lease behind."""
    try:
        async with asyncio.timeout(seconds):
            return await _token(backend, wish)
    except (UseCaseError, GatewayError):
        raise
    except BaseException as error:
        await _give_lease_back(backend, wish)
        if isinstance(error, TimeoutError):
            raise GatewayTimeout("no payment page in time") from error
        raise


async def _token(backend: Backend, wish: _Wish) -> TokenResult:
    """Take the live token, ask for one, or wait for whoever asks. Bounded by the caller's deadline."""
    pauses, order_ids = _pauses(wish.lease_until - backend.clock.now()), 0
    while True:
        async with backend.turns.of(f"invitation {wish.invitation_id}"):
            step = await backend.database.commit_direct(lambda session: _next_step(session, backend, wish))
        match step:
            case TokenResult():
                return step
            case _Ask():
                order_ids += 1
                try:
                    return await _ask(backend, step, last=order_ids == _ORDER_IDS_MAX)
                except OrderIdTaken:
                    if order_ids == _ORDER_IDS_MAX:
                        raise
            case _Wait():
                pause = next(pauses, None)
                if pause is None:
                    raise TokenInProgress
                await asyncio.sleep(pause)


def _pauses(patience: timedelta) -> Iterator[float]:
    """Growing pauses, in seconds, that end before patience does."""
    pause, left = _FIRST_PAUSE_SECONDS, patience.total_seconds()
    while (left := left - pause) > 0:
        yield pause
        pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)


async def _next_step(session: Statements, backend: Backend, wish: _Wish) -> TokenResult | _Ask | _Wait:
    now = backend.clock.now()
    invitation = await invitations.seen_invitation(session, wish.user.id, wish.invitation_id, lock=True)
    if invitation is None:
        raise InvitationNotFound
    if not invitation.holds_domain:
        raise DomainReleased
    if wish.amount is not None and wish.amount != invitation.price:
        raise AmountMismatch(Rupiah(invitation.price))
    if invitation.payment_status == PaymentStatus.PAID and is_live(invitation, now) and not wish.renew:
        raise AlreadyPaid
    if await money_is_held_up(session, backend, invitation):
        raise PaymentInReview

    order = await _usable_order(session, invitation, now)
    if order is None:
        lifetime = timedelta(minutes=backend.settings.tuntas_order_lifetime_minutes)
        order = _new_order(invitation, now, lifetime, wish.lease_until)
        await orders.add(session, order)
        await recount(session, [order.order_id], policy=policy_of(backend), now=now)
    elif order.snap_token is not None and not await _should_return_elsewhere(session, order, wish):
        return _result(order, reused=True)
    elif order.asking_until is not None and order.asking_until > now:
        return _Wait()
    else:
        await orders.begin_lease(session, order.order_id, until=wish.lease_until)
    await payment_logs.tell(session, Event.TOKEN_REQUESTED, at=now, order_id=order.order_id)
    return _Ask(order, _payment_request(backend, wish, invitation, order), wish.finish_url)


async def _should_return_elsewhere(session: Statements, order: Order, wish: _Wish) -> bool:
    """Whether the live token sends the customer back to another page than wished, and can be replaced.

    Midtrans gives a new token for the same order as long as no payment method was chosen.
    """
    if order.finish_url == wish.finish_url:
        return False
    return not await orders.attempts_told(session, order.order_id)


async def _usable_order(session: Statements, invitation: Invitation, now: datetime) -> Order | None:
    """The newest order if it still sells the same thing for the same price and can be paid."""
    order = await orders.newest_order(session, invitation.id)
    if order is None or order.unusable or order.expires_at - now < _WORTHWHILE:
        return None
    offered = (order.kind, order.gross_amount, order.days)
    if offered != (_kind(invitation), invitation.price, invitation.days):
        return None
    rungs = {Rung[told.upper()] for told in await orders.attempts_told(session, order.order_id)}
    return order if rungs <= _STILL_PAYABLE else None


def _kind(invitation: Invitation) -> OrderKind:
    return OrderKind.INITIAL if invitation.domain_expires_at is None else OrderKind.RENEWAL


def _new_order(invitation: Invitation, now: datetime, lifetime: timedelta, lease_until: datetime) -> Order:
    return Order(
        order_id=f"INV-{uuid.uuid4()}",
        invitation_id=invitation.id,
        kind=_kind(invitation),
        gross_amount=invitation.price,
        days=invitation.days,
        status=PaymentStatus.PENDING,
        created_at=now,
        expires_at=now + lifetime,
        asking_until=lease_until,
        next_check_at=now + _FIRST_CHECK,
    )


def _payment_request(backend: Backend, wish: _Wish, invitation: Invitation, order: Order) -> PaymentRequest:
    finish, error = (
        wish.finish_url or own_address(backend.settings, page, order.order_id, order.expires_at)
        for page in ("success", "error")
    )
    return PaymentRequest(
        order_id=order.order_id,
        gross_amount=Rupiah(order.gross_amount),
        item_id=f"package-{invitation.package_id}",
        item_name=f"{invitation.package.name} – {invitation.domain}",
        customer_name=wish.user.name,
        customer_email=wish.user.email,
        created_at=order.created_at,
        lifetime_minutes=backend.settings.tuntas_order_lifetime_minutes,
        finish_url=finish,
        error_url=error,
    )


async def _ask(backend: Backend, step: _Ask, *, last: bool) -> TokenResult:
    """Call Midtrans and keep the answer.

    Raises OrderIdTaken when the order id is used up: a new order is due, unless this was the `last`. An order
    that has a live token keeps it then, whatever went wrong: it can still be paid.
    """
    order, lives = step.order, step.order.snap_token is not None
    try:
        token, detail = await _create(backend, step.request)
    except OrderIdTaken as error:
        await _write_failure(backend, order, error, unusable=not lives, tell=last)
        if not lives:
            raise
    except GatewayError as error:
        tell = isinstance(error, GatewayRejected | GatewayMisconfigured)
        await _write_failure(backend, order, error, tell=tell)
        if not lives:
            raise
    else:
        return _result(await _keep(backend, step, token, detail), reused=False)
    return _result(order, reused=True)


async def _create(backend: Backend, request: PaymentRequest) -> tuple[SnapToken, dict[str, Any]]:
    """The token, and what the payment log should say about it.

    The customer's address is optional: one that Midtrans refuses must not keep them from paying.
    """
    try:
        return await backend.snap.create(request), {}
    except EmailRefused as error:
        log.warning("email_refused", order_id=request.order_id)
        token = await backend.snap.create(replace(request, customer_email=None))
        return token, {"without_email": error.messages}


async def _keep(backend: Backend, asked: _Ask, token: SnapToken, detail: dict[str, Any]) -> Order:
    now, order = backend.clock.now(), asked.order
    async with backend.turns.place(), backend.database.direct() as session:
        await orders.keep_token(
            session,
            order.order_id,
            token=token.token,
            redirect_url=token.redirect_url,
            finish_url=asked.finish_url,
        )
        await payment_logs.tell(session, Event.TOKEN_CREATED, at=now, order_id=order.order_id, detail=detail)
        mended = [(AlertKind.TOKEN_REFUSED, subject) for subject in (str(order.invitation_id), _EVERYBODY)]
        await resolve_each(session, mended, at=now)
    order.snap_token, order.redirect_url = token.token, token.redirect_url
    return order


async def _write_failure(
    backend: Backend, asked: Order, error: GatewayError, *, unusable: bool = False, tell: bool
) -> None:
    """End the lease and write down why; the order can be taken up again unless `unusable`."""
    cause, now = type(error).__name__, backend.clock.now()
    log.warning("token_failed", order_id=asked.order_id, error=cause)
    messages = list(error.messages) if isinstance(error, GatewayRejected) else [str(error)]
    async with backend.database.transaction() as session:
        order = await orders.locked_order(session, asked.order_id)
        order.asking_until = None
        order.unusable = order.unusable or unusable
        detail = {"messages": messages}
        payment_logs.append(
            session, Event.TOKEN_FAILED, at=now, order_id=order.order_id, outcome=cause, detail=detail
        )
        if tell:
            about = {"order_id": order.order_id, **detail}
            subject = _EVERYBODY if isinstance(error, GatewayMisconfigured) else str(order.invitation_id)
            await raise_alert(session, AlertKind.TOKEN_REFUSED, subject, at=now, detail=about)


async def _give_lease_back(backend: Backend, wish: _Wish) -> None:
    """The next call can ask straight away. Should even this fail, the lease ends by itself."""
    try:
        async with backend.database.transaction() as session:
            await orders.end_lease(session, wish.invitation_id, until=wish.lease_until)
    except Exception as error:  # noqa: BLE001  what ended the flight is told, not this
        log.warning("lease_not_given_back", error=type(error).__name__)


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
