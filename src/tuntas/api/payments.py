"""Asking to pay, and how a payment stands."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Response

from tuntas.api.openapi import refusals
from tuntas.api.schemas import CheckStatusIn, PaymentOut, TokenIn, TokenOut
from tuntas.http.bodies import OrderId
from tuntas.http.caller import CurrentBackend, CurrentUser
from tuntas.midtrans.errors import (
    GatewayMisconfigured,
    GatewayRejected,
    GatewayTimeout,
    GatewayUnavailable,
)
from tuntas.usecases import payments
from tuntas.usecases.check_status import check_status
from tuntas.usecases.create_token import create_token
from tuntas.usecases.errors import (
    AlreadyPaid,
    AmountMismatch,
    DomainReleased,
    FinishUrlNotAllowed,
    InvitationNotFound,
    OrderNotFound,
    PaymentInReview,
    TokenInProgress,
    TooManyRequests,
)

token_router = APIRouter(tags=["payments"])
router = APIRouter(tags=["payments"])

_PAGE = 20
"""Payments in one answer, where the caller does not say."""
_OF_MIDTRANS = (GatewayUnavailable, GatewayMisconfigured, GatewayTimeout)

Limit = Annotated[int, Query(ge=1, le=payments.PAGE_MAX)]
Before = Annotated[OrderId | None, Query(description="Only those older than this order.")]


@token_router.post(
    "/midtrans/create-snap-token",
    summary="Ask to pay: a token for Midtrans's popup, and its page",
    status_code=HTTPStatus.CREATED,
    responses={
        200: {"model": TokenOut, "description": "The live token, handed out again."},
        **refusals(
            InvitationNotFound,
            AmountMismatch,
            FinishUrlNotAllowed,
            AlreadyPaid,
            PaymentInReview,
            DomainReleased,
            TokenInProgress,
            *_OF_MIDTRANS,
            GatewayRejected,
        ),
    },
)
async def create_snap_token(
    backend: CurrentBackend, user: CurrentUser, body: TokenIn, response: Response
) -> TokenOut:
    result = await create_token(
        backend,
        user,
        body.invitation_id,
        amount=body.amount,
        renew=body.renew,
        finish_url=body.finish_url,
    )
    if result.reused:
        response.status_code = HTTPStatus.OK
    return TokenOut.of(result)


@router.post(
    "/midtrans/check-status",
    summary="Have Midtrans asked now",
    responses=refusals(OrderNotFound, TooManyRequests, *_OF_MIDTRANS),
)
async def check(backend: CurrentBackend, user: CurrentUser, body: CheckStatusIn) -> PaymentOut:
    return PaymentOut.of(await check_status(backend, user.id, body.order_id))


@router.get("/payments", summary="Own payments", responses=refusals(OrderNotFound))
async def own(
    backend: CurrentBackend,
    user: CurrentUser,
    response: Response,
    limit: Limit = _PAGE,
    before: Before = None,
) -> list[PaymentOut]:
    """Newest first. When there are older ones, the header `Link` tells where (`rel="next"`)."""
    page = await payments.payments_of(backend, user.id, before=before, limit=limit)
    if page.more:
        older = f"/api/v1/payments?limit={limit}&before={page.payments[-1].order.order_id}"
        response.headers["Link"] = f'<{older}>; rel="next"'
    return [PaymentOut.of(payment) for payment in page.payments]


@router.get("/payments/{order_id}", summary="How one payment stands", responses=refusals(OrderNotFound))
async def payment(backend: CurrentBackend, user: CurrentUser, order_id: str) -> PaymentOut:
    return PaymentOut.of(await payments.payment(backend, user.id, order_id))
