"""The bank's 3DS page behind the `redirect_url` of a card charge.

It asks for the OTP, then tells the shop: by a message to the page around it (`callback_type=js_event`, the
default), or by a form posted to `callback_url` (`callback_type=form`), as MidtransNew3ds asks for.
"""

import json
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from midtrans_simulator.gateway import Gateway
from midtrans_simulator.http.pages import Pages, language_of
from midtrans_simulator.payments import acts, attempts
from midtrans_simulator.protocol import cards
from midtrans_simulator.protocol.model import Status, Transaction
from midtrans_simulator.protocol.transitions import IllegalTransition
from midtrans_simulator.snap.result import card_result

_STRIP = {"pay": acts.pay, "deny": acts.deny, "expire": acts.expire}


def routes(gateway: Gateway) -> list[Route]:
    pages = Pages()

    async def page(request: Request) -> Response:
        transaction = _transaction(gateway, request)
        if transaction is None:
            return _page(gateway, pages, request, None)
        if request.method == "POST":
            _answer(gateway, transaction, parse_qs((await request.body()).decode(errors="replace")))
        return _page(gateway, pages, request, transaction)

    return [Route("/v2/3ds/redirect/{reference}", page, methods=["GET", "POST"])]


def _transaction(gateway: Gateway, request: Request) -> Transaction | None:
    """The reference is the masked card, which has one dash, and the transaction's id."""
    transaction = gateway.ledger.transaction(request.path_params["reference"].split("-", 2)[-1])
    return transaction if transaction is not None and transaction.payment_type == "credit_card" else None


def _answer(gateway: Gateway, transaction: Transaction, form: dict[str, list[str]]) -> None:
    act = _STRIP.get(form.get("action", [""])[0])
    if act is None:
        attempts.authenticate(gateway, transaction, form.get("otp", [""])[0])
        return
    try:
        act(gateway, transaction)
    except IllegalTransition:
        return  # time or another window was faster; the page shows what it is now


def _page(gateway: Gateway, pages: Pages, request: Request, transaction: Transaction | None) -> Response:
    query = request.query_params
    callback = query.get("callback_url", "") if query.get("callback_type") == "form" else ""
    asking = transaction is not None and transaction.status is Status.PENDING
    told = json.dumps(card_result(transaction)) if transaction is not None and not asking else None
    html = pages.render(
        "three_ds.html",
        language_of(request, gateway.config.language),
        merchant=gateway.config.merchant_name,
        transaction=transaction,
        asking=asking,
        waiting=asking and transaction is not None and _slow(transaction),
        told=told,
        callback=callback if callback.startswith(("http://", "https://")) else "",
        otp=cards.OTP,
    )
    return HTMLResponse(html, status_code=200 if transaction is not None else 404)


def _slow(transaction: Transaction) -> bool:
    """The bank needs no OTP, but a minute (Midtrans, "Testing payment on sandbox")."""
    return transaction.verdict is not None and transaction.verdict.delay_seconds > 0
