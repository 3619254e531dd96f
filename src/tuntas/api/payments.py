"""Asking to pay, and how a payment stands."""

from http import HTTPStatus

from fastapi import APIRouter, Response

from tuntas.api.schemas import CheckStatusIn, PaymentOut, TokenIn, TokenOut
from tuntas.http.caller import CurrentBackend, CurrentUser
from tuntas.usecases import payments
from tuntas.usecases.check_status import check_status
from tuntas.usecases.create_token import create_token

token_router = APIRouter(tags=["payments"])
router = APIRouter(tags=["payments"])


@token_router.post(
    "/midtrans/create-snap-token",
    status_code=HTTPStatus.CREATED,
    responses={200: {"model": TokenOut, "description": "The live token, handed out again."}},
)
async def create_snap_token(
    backend: CurrentBackend, user: CurrentUser, body: TokenIn, response: Response
) -> TokenOut:
    result = await create_token(backend, user, body.invitation_id, amount=body.amount, renew=body.renew)
    if result.reused:
        response.status_code = HTTPStatus.OK
    return TokenOut.of(result)


@router.post("/midtrans/check-status")
async def check(backend: CurrentBackend, user: CurrentUser, body: CheckStatusIn) -> PaymentOut:
    return PaymentOut.of(await check_status(backend, user.id, body.order_id))


@router.get("/payments/{order_id}")
async def payment(backend: CurrentBackend, user: CurrentUser, order_id: str) -> PaymentOut:
    return PaymentOut.of(await payments.payment(backend, user.id, order_id))
