"""The sandbox's payment simulators under their own paths: look a bill up, see it, pay it or do not.

Midtrans, "Testing payment on sandbox".
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import parse_qs, urlencode

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from midtrans_simulator.gateway import Gateway
from midtrans_simulator.http.pages import Pages, language_of
from midtrans_simulator.http.urls import base_url
from midtrans_simulator.payer import bills
from midtrans_simulator.payments import acts
from midtrans_simulator.protocol.methods import STORES
from midtrans_simulator.protocol.model import Transaction
from midtrans_simulator.protocol.transitions import IllegalTransition

Find = Callable[[Gateway, QueryParams], Transaction | None]
_ACTS = {"pay": acts.pay, "deny": acts.deny}


@dataclass(frozen=True, slots=True)
class Counter:
    """`kind` names its words; `field` is what the payer gives."""

    path: str
    kind: str
    field: str
    find: Find


def _bank(path: str, bank: str | None = None) -> Counter:
    return Counter(
        path, "bank", "number", lambda g, q: bills.by_virtual_account(g, q.get("number", ""), bank=bank)
    )


def _till(path: str, store: str) -> Counter:
    return Counter(path, store, "number", lambda g, q: bills.by_payment_code(g, q.get("number", ""), store))


def _scanner(path: str) -> Counter:
    return Counter(path, "qr", "qr", lambda g, q: bills.by_qr(g, q.get("qr", "")))


COUNTERS = [
    _bank("/openapi/va/index"),
    _bank("/bca/va/index", "bca"),
    _bank("/bni/va/index", "bni"),
    *(_till(store.till, store.code) for store in STORES.values() if store.till),
    _scanner("/v2/qris/index"),
    _scanner("/qris/index"),
    _scanner("/gopay/ui/index"),
    Counter("/v2/deeplink/index", "app", "id", lambda g, q: bills.by_app(g, q.get("id", ""))),
]


def routes(gateway: Gateway) -> list[Route]:
    pages = Pages()

    def serves(counter: Counter) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            bill = counter.find(gateway, request.query_params)
            if request.method == "POST" and bill is not None:
                _act(gateway, bill, (await request.body()).decode(errors="replace"))
                return RedirectResponse(f"{counter.path}?{urlencode(dict(request.query_params))}", 303)
            return _page(gateway, pages, request, counter, bill)

        return endpoint

    return [Route(counter.path, serves(counter), methods=["GET", "POST"]) for counter in COUNTERS]


def _act(gateway: Gateway, bill: Transaction, form: str) -> None:
    act = _ACTS.get(parse_qs(form).get("action", [""])[0])
    if act is None:
        return
    try:
        act(gateway, bill)
    except IllegalTransition:
        return  # paid or expired meanwhile; the page shows what the bill is now


def _page(
    gateway: Gateway, pages: Pages, request: Request, counter: Counter, bill: Transaction | None
) -> Response:
    given = request.query_params.get(counter.field, "")
    html = pages.render(
        "counter.html",
        language_of(request, gateway.config.language),
        counter=counter,
        given=given,
        bill=bill,
        merchant=gateway.config.merchant_name,
        back=bills.way_back(gateway, bill, base_url(request)) if bill and counter.kind == "app" else None,
        query=urlencode(dict(request.query_params)),
    )
    return HTMLResponse(html, status_code=404 if given and bill is None else 200)
