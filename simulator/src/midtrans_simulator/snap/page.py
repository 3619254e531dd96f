"""The hosted payment page: popup, embed and redirect show the same views."""

import re
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from midtrans_simulator.gateway import Gateway
from midtrans_simulator.http import jsonbody
from midtrans_simulator.http.texts import LANGUAGES
from midtrans_simulator.http.urls import base_url
from midtrans_simulator.payments import acts, attempts
from midtrans_simulator.protocol.model import ENDED_UNPAID, Session, Transaction
from midtrans_simulator.protocol.transitions import IllegalTransition
from midtrans_simulator.snap import card_form, choose, instructions
from midtrans_simulator.snap.render import Renderer
from midtrans_simulator.snap.views import View, Wish, closed_view, current
from midtrans_simulator.state.config import REDIRECT_PATHS

_PHONE = re.compile(r"Android|iPhone|iPad|iPod|Mobile", re.IGNORECASE)
_STRIP = {"pay": acts.pay, "deny": acts.deny, "expire": acts.expire}

Form = dict[str, Any]
Change = Callable[[Gateway, Session, Request, Form], Wish]


def routes(gateway: Gateway) -> list[Route]:
    renderer = Renderer(gateway)

    async def popup(request: Request) -> Response:
        return _shell(gateway, renderer, request, request.query_params.get("token"), mode="popup")

    async def redirection(request: Request) -> Response:
        return _shell(gateway, renderer, request, request.path_params["token"], mode="redirect")

    async def view(request: Request) -> Response:
        return _view(gateway, renderer, request)

    async def pdf(request: Request) -> Response:
        return _pdf(gateway, request)

    def changes(change: Change) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            return await _changed(gateway, renderer, request, change)

        return endpoint

    page = "/snap/v4/transactions/{token}"
    return [
        Route("/snap/v4/popup", popup),
        *(Route(path, redirection) for path in _REDIRECTIONS),
        Route(f"{page}/view", view),
        Route(f"{page}/charge", changes(_charge), methods=["POST"]),
        Route(f"{page}/authenticate", changes(_authenticate), methods=["POST"]),
        Route(f"{page}/act", changes(_act), methods=["POST"]),
        Route("/snap/v1/transactions/{token}/pdf", pdf),
    ]


_REDIRECTIONS = tuple(f"{path}/{{token}}" for path in REDIRECT_PATHS.values())


def _shell(
    gateway: Gateway, renderer: Renderer, request: Request, token: str | None, *, mode: str
) -> Response:
    """The whole page. A popup without a token shows that it is loading (snap.show)."""
    wish = _wish(gateway, request)
    if token is None:
        return HTMLResponse(renderer.page(None, None, wish, mode=mode))
    session = gateway.ledger.session(token)
    view = _refusal(gateway, session, request) or current(gateway, _known(session), wish)
    return HTMLResponse(renderer.page(session, view, wish, mode=mode), status_code=200 if session else 404)


def _view(gateway: Gateway, renderer: Renderer, request: Request) -> Response:
    """One view; 204 when it is the one the page shows already (`seen`)."""
    session = gateway.ledger.session(request.path_params["token"])
    wish = _wish(gateway, request)
    view = _refusal(gateway, session, request) or current(gateway, _known(session), wish)
    if request.query_params.get("seen") == view.state:
        return Response(status_code=204)
    return HTMLResponse(renderer.fragment(session, view, wish))


async def _changed(gateway: Gateway, renderer: Renderer, request: Request, change: Change) -> Response:
    session = gateway.ledger.session(request.path_params["token"])
    refusal = _refusal(gateway, session, request)
    if refusal is not None or session is None:
        wish = _wish(gateway, request)
        return HTMLResponse(renderer.fragment(session, refusal or closed_view("unknown", leave_url=""), wish))
    try:
        form = jsonbody.parse(await request.body())
    except ValueError:
        form = {}
    wish = change(gateway, session, request, form if isinstance(form, dict) else {})
    return HTMLResponse(renderer.fragment(session, current(gateway, session, wish), wish))


def _charge(gateway: Gateway, session: Session, request: Request, form: Form) -> Wish:
    """A method is confirmed. What the customer must correct is said in the form."""
    method = str(form.get("method", ""))
    term = None
    if method == "credit_card":
        term = card_form.chosen_term(session, form)
        mistake = card_form.mistake(session, form, gateway.now())
        if mistake is not None:
            return _wish(gateway, request, method=method, message=mistake)
    wish = _wish(gateway, request)
    try:
        made = choose.confirm(
            gateway,
            session,
            method,
            phone=wish.phone,
            card_number=form.get("card_number"),
            payer_phone=form.get("payer_phone"),
            installment_term=term.months if term is not None else None,
            change=wish.change,
        )
    except choose.ChoiceRefused:
        return wish  # another window was faster, or the page closed meanwhile: the current view tells
    return _wish(gateway, request, after=made.id)


def _authenticate(gateway: Gateway, session: Session, request: Request, form: Form) -> Wish:
    transaction = _pending(gateway, session)
    if transaction is None:
        return _wish(gateway, request)
    attempts.authenticate(gateway, transaction, str(form.get("otp", "")))
    return _wish(gateway, request, after=transaction.id)


def _act(gateway: Gateway, session: Session, request: Request, form: Form) -> Wish:
    """The simulator strip: what the customer's bank, or time, does."""
    transaction = _pending(gateway, session)
    act = _STRIP.get(str(form.get("action")))
    if transaction is None or act is None:
        return _wish(gateway, request)
    try:
        act(gateway, transaction)
    except IllegalTransition:
        return _wish(gateway, request)
    return _wish(gateway, request, after=transaction.id)


def _pending(gateway: Gateway, session: Session) -> Transaction | None:
    found = [attempt for attempt in gateway.ledger.attempts_in(session) if attempt.status == "pending"]
    return found[-1] if found else None


def _pdf(gateway: Gateway, request: Request) -> Response:
    session = gateway.ledger.session(request.path_params["token"])
    made = gateway.ledger.attempts_in(session) if session is not None else []
    issued = [attempt for attempt in made if attempt.status not in ENDED_UNPAID]
    if not issued:
        return Response("no payment instructions for this token", status_code=404, media_type="text/plain")
    return Response(instructions.pdf(issued[-1]), media_type="application/pdf")


def _refusal(gateway: Gateway, session: Session | None, request: Request) -> View | None:
    if session is None:
        return closed_view("unknown", leave_url="")
    expected = gateway.ledger.merchant(session.merchant_id).client_key
    given = request.query_params.get("client_key")
    return closed_view("client_key", leave_url="") if given and expected and given != expected else None


def _known(session: Session | None) -> Session:
    if session is None:
        raise LookupError("an unknown session is refused before it is shown")
    return session


def _wish(gateway: Gateway, request: Request, **changed: str) -> Wish:
    """The options of the page, which every call repeats in its query string."""
    query = request.query_params
    language = query.get("language", gateway.config.language)
    mode = query.get("uiMode") or query.get("gopayMode") or "auto"
    phone = mode == "deeplink" or (
        mode != "qr" and bool(_PHONE.search(request.headers.get("user-agent", "")))
    )
    only = [value for value in query.get("enabledPayments", "").split(",") if value]
    return Wish(
        base=base_url(request),
        language=language if language in LANGUAGES else "id",
        phone=phone,
        only=only or None,
        method=changed.get("method") or query.get("method") or query.get("selectedPaymentType"),
        after=changed.get("after") or query.get("after"),
        change=query.get("change") == "1" and "after" not in changed,
        message=changed.get("message"),
    )
