"""Back from Midtrans: `/payment/success`, `/payment/pending` and `/payment/error`.

Who comes back may be logged in here, may hold the pass from our own return address, or neither: a customer
of a frontend elsewhere, or inside an app. What is shown comes from our books; what the address claims is said
to be its claim. A return by POST (some banks do) becomes a GET: another site's POST carries no cookie.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Self
from urllib.parse import quote, urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from tuntas.domain.how_to_pay import HowToPay
from tuntas.domain.standing import PaymentState
from tuntas.http.bodies import read_form
from tuntas.http.caller import backend_of
from tuntas.usecases import payments
from tuntas.usecases.payments import Payment
from tuntas.usecases.return_address import returning_order
from tuntas.web.banks import bank_name, store_name
from tuntas.web.payment_pages import HINTS, claim_of, result
from tuntas.web.render import page
from tuntas.web.visitor import customers_only, visitor

_KEPT = ("pass", "order_id", "id", "status_code", "transaction_status")
_VALUE_MAX = 255
_NEVER_KEPT = {"Cache-Control": "no-store"}

_own_page = customers_only(result)


@dataclass(frozen=True, slots=True)
class ReturnCard:
    """A payment as whoever holds its pass may see it: nothing personal."""

    state: PaymentState
    amount: int
    deadline: datetime | None
    codes: dict[str, str]
    """What is typed in or told at the till, by the names of `HowToPay`."""
    place: str | None
    """The bank or the store."""

    @classmethod
    def of(cls, payment: Payment, *, said_to_be_paid: bool) -> Self:
        """Who comes back from paying is not asked to pay while the notification is on its way.

        A number to pay to is still to be paid, whatever the address says; a card may just have been.
        """
        told = payment.how_to_pay.told()
        codes = {name: told[name] for name in _TYPED if name in told}
        confirming = payment.state is PaymentState.PENDING and said_to_be_paid and not codes
        due = payment.state is PaymentState.PENDING and not confirming
        return cls(
            state=PaymentState.CONFIRMING if confirming else payment.state,
            amount=payment.order.gross_amount,
            deadline=payment.deadline if due else None,
            codes=codes,
            place=_place(payment.how_to_pay),
        )


_TYPED = ("va_number", "biller_code", "bill_key", "payment_code")


def _place(way: HowToPay) -> str | None:
    return bank_name(way.bank) if way.bank else store_name(way.store) if way.store else None


async def returned(request: Request) -> Response:
    """The owner's page, else what the pass shows, else what the address claims."""
    backend, asked = backend_of(request), request.query_params
    passed = returning_order(backend, asked.get("pass", ""))
    user = await visitor(request)
    if user is not None:
        named = asked.get("order_id") or passed or asked.get("id", "")
        own = await payments.own_order(backend, user.id, named) if named else None
        if own is not None and (own != asked.get("order_id") or "pass" in asked):
            query = urlencode({"order_id": own})
            return RedirectResponse(f"/payment/{claim_of(request)}?{query}", HTTPStatus.SEE_OTHER)
        if own is not None or passed is None:
            return await _own_page(request)
    payment = await payments.payment_by_pass(backend, passed) if passed else None
    said_to_be_paid = "transaction_status" in asked and claim_of(request) == "success"
    return page(
        request,
        "returned.html",
        payment=ReturnCard.of(payment, said_to_be_paid=said_to_be_paid) if payment else None,
        claim=claim_of(request),
        log_in_url=None if user else _log_in_url(request),
        headers=_NEVER_KEPT,
    )


def _log_in_url(request: Request) -> str:
    kept = _kept({name: value for name, value in request.query_params.items() if name != "pass"})
    here = request.url.path + (f"?{urlencode(kept)}" if kept else "")
    return f"/login?next={quote(here, safe='')}"


async def returned_by_post(request: Request) -> Response:
    try:
        sent = await read_form(request)
    except HTTPException:
        sent = {}  # a body nobody can read: the address alone then
    query = urlencode(_kept({**request.query_params, **sent}))
    where = request.url.path
    return RedirectResponse(f"{where}?{query}" if query else where, HTTPStatus.SEE_OTHER)


def _kept(fields: Mapping[str, str]) -> dict[str, str]:
    return {name: fields[name] for name in _KEPT if 0 < len(fields.get(name, "")) <= _VALUE_MAX}


ROUTES = [
    Route(f"/payment/{hint}{end}", handler, methods=[method])
    for hint in HINTS
    for end in ("", "/")
    for method, handler in (("GET", returned), ("POST", returned_by_post))
]
