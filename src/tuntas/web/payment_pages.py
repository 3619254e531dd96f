"""Checkout, and the pages customers come back to. What they show comes from our books, never from the URL."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tuntas.domain.standing import PaymentState
from tuntas.http.caller import backend_of, language_of
from tuntas.language import Language
from tuntas.store.models import User
from tuntas.usecases import invitations, payments
from tuntas.usecases.errors import InvitationNotFound, OrderNotFound
from tuntas.usecases.packages import offer_of
from tuntas.usecases.payments import Payment
from tuntas.web.invitation_pages import InvitationCard
from tuntas.web.render import page
from tuntas.web.visitor import customers_only

_NUMBER = re.compile(r"[0-9]{1,19}")
"""As long as an id can be; Python refuses to read thousands of digits."""

_TOLD_AS = {
    PaymentState.CONFIRMING: PaymentState.PENDING,
    PaymentState.OVERDUE: PaymentState.PENDING,
    PaymentState.IN_REVIEW: PaymentState.PENDING,
    PaymentState.PAID_TWICE: PaymentState.PAID,
}
"""States that the pages have no word for yet."""


@dataclass(frozen=True, slots=True)
class PaymentCard:
    """A payment as the templates show it."""

    order_id: str
    status: str
    state: str
    gross_amount: int
    refunded_amount: int
    expires_at: datetime
    confirmed_at: datetime | None
    payment_type: str | None
    bank: str | None
    va_number: str | None
    invitation: InvitationCard

    @classmethod
    def of(cls, payment: Payment, language: Language) -> Self:
        return cls(
            order_id=payment.order.order_id,
            status=payment.order.status,
            state=_TOLD_AS.get(payment.state, payment.state),
            gross_amount=payment.order.gross_amount,
            refunded_amount=payment.refunded_amount,
            expires_at=payment.order.expires_at,
            confirmed_at=payment.confirmed_at,
            payment_type=payment.payment_type,
            bank=payment.bank,
            va_number=payment.how_to_pay.va_number,
            invitation=InvitationCard.of(payment.invitation, language),
        )


async def checkout(request: Request, user: User) -> Response:
    backend = backend_of(request)
    number = request.path_params["invitation_id"]
    if not _NUMBER.fullmatch(number):
        raise InvitationNotFound
    view = await invitations.invitation_of(backend, user.id, int(number))
    order = None if view.order_id is None else (await payments.payment(backend, user.id, view.order_id)).order
    return page(
        request,
        "checkout.html",
        user=user,
        invitation=InvitationCard.of(view, language_of(request)),
        package=offer_of(view.invitation.package, language_of(request)),
        order=order,
        snap_js_url=backend.settings.snap_js_url,
        client_key=backend.settings.midtrans_client_key,
    )


async def result(request: Request, user: User) -> Response:
    """One page for `/payment/success`, `/payment/pending` and `/payment/error`: which one is only a hint."""
    backend = backend_of(request)
    order_id = request.query_params.get("order_id")
    try:
        if order_id is None:
            payment = await payments.newest_payment(backend, user.id)
        else:
            payment = await payments.payment(backend, user.id, order_id)
    except OrderNotFound:
        payment = None
    return page(
        request,
        "payment.html",
        user=user,
        payment=PaymentCard.of(payment, language_of(request)) if payment else None,
        hint=request.url.path.rsplit("/", 1)[1],
    )


ROUTES = [
    Route("/checkout/{invitation_id}", customers_only(checkout)),
]
