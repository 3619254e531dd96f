"""The pages customers come back to. What they show comes from our books, never from the URL."""

from http import HTTPStatus
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from tuntas.http.bodies import read_form
from tuntas.http.caller import backend_of, language_of, require_own_origin
from tuntas.midtrans.errors import GatewayError
from tuntas.store.models import User
from tuntas.usecases import payments
from tuntas.usecases.check_status import check_status
from tuntas.usecases.errors import OrderNotFound, Overloaded, TooManyRequests
from tuntas.web.cards import PaymentCard
from tuntas.web.render import page
from tuntas.web.visitor import customers_only

HINTS = ("success", "pending", "error")
_CLAIMS = {
    "capture": "success",
    "settlement": "success",
    "authorize": "pending",
    "pending": "pending",
    "deny": "error",
    "cancel": "error",
    "expire": "error",
    "failure": "error",
}
"""What Midtrans's `transaction_status` in the address claims; it comes to the finish page for pending too."""


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
        hint=claim_of(request),
        checked=request.query_params.get("checked"),
    )


async def check(request: Request, user: User) -> Response:
    """ "Cek status sekarang" in a browser without scripts: Midtrans is asked, then the page is shown anew."""
    require_own_origin(request)
    form = await read_form(request)
    order_id, hint = form.get("order_id", ""), form.get("hint", "")
    checked = "yes"
    try:
        await check_status(backend_of(request), user.id, order_id)
    except TooManyRequests:
        pass  # asked a moment ago: what the page shows is as new
    except (GatewayError, Overloaded):
        checked = "no"
    where = f"/payment/{hint if hint in HINTS else 'pending'}"
    query = urlencode({"order_id": order_id, "checked": checked})
    return RedirectResponse(f"{where}?{query}", HTTPStatus.SEE_OTHER)


def claim_of(request: Request) -> str:
    """How the payment went as the address has it: a hint, nothing more."""
    told = request.query_params.get("transaction_status", "").lower()
    return _CLAIMS.get(told) or request.url.path.rstrip("/").rsplit("/", 1)[1]


ROUTES = [
    Route("/payment/check", customers_only(check), methods=["POST"]),
]
