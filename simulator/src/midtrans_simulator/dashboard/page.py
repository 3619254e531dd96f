"""The dashboard's page and what keeps it live: the browser asks, and gets what changed."""

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from midtrans_simulator.control import view
from midtrans_simulator.dashboard import commands
from midtrans_simulator.dashboard.acts import Act, acts, by_actor
from midtrans_simulator.dashboard.hints import hint, remarks, unlisted_card
from midtrans_simulator.dashboard.orders import Filter, Order, counts, orders, standing
from midtrans_simulator.dashboard.trial import shown_keys, start_trial
from midtrans_simulator.dashboard.upcoming import Upcoming, upcoming
from midtrans_simulator.gateway import Gateway
from midtrans_simulator.http import texts
from midtrans_simulator.http.pages import Pages, language_of
from midtrans_simulator.http.urls import base_url
from midtrans_simulator.notifications.body import status_code
from midtrans_simulator.payments import links
from midtrans_simulator.protocol import cards
from midtrans_simulator.protocol.facts import facts
from midtrans_simulator.protocol.methods import METHODS
from midtrans_simulator.protocol.model import ENDED_UNPAID, Session
from midtrans_simulator.protocol.wib import WIB
from midtrans_simulator.snap.choose import in_range, offered
from midtrans_simulator.snap.render import TEST_CARDS
from midtrans_simulator.snap.sessions import closed
from midtrans_simulator.state import faults

LISTED_AT_FIRST = 80
MOST_LISTED = 4_000
"""Beyond these the search narrows down."""
MOST_QUICK_ACTS = 3
_REGIONS = ("clock", "faults", "list", "detail")


@dataclass(frozen=True, slots=True)
class Selection:
    """What the visitor looks at; the page's query string."""

    language: str
    filter: Filter
    q: str
    order: str
    merchant: str
    shown: int = LISTED_AT_FIRST
    """How many orders are listed."""

    @classmethod
    def of(cls, gateway: Gateway, request: Request) -> "Selection":
        query = request.query_params
        wanted = query.get("filter", "")
        return cls(
            language_of(request, gateway.config.language),
            Filter(wanted) if wanted in list(Filter) else Filter.ALL,
            query.get("q", ""),
            query.get("order", ""),
            query.get("merchant", ""),
            _listed(query.get("shown", "")),
        )

    def link(self, **changed: str | int) -> str:
        """The address of the same page with some of it changed."""
        wanted = asdict(self) | changed
        if wanted["shown"] == LISTED_AT_FIRST:
            del wanted["shown"]
        return "/?" + urlencode({name: value for name, value in wanted.items() if value})


def routes(gateway: Gateway) -> list[Route]:
    pages = Pages()

    async def home(request: Request) -> Response:
        selection = Selection.of(gateway, request)
        regions = _regions(gateway, pages, request, selection)
        shell = pages.render(
            "dashboard/page.html",
            selection.language,
            regions=regions,
            version=_version(regions),
            selection=selection,
            clock=view.clock(gateway),
        )
        return HTMLResponse(shell)

    async def live(request: Request) -> Response:
        regions = _regions(gateway, pages, request, Selection.of(gateway, request))
        version = _version(regions)
        changed = {} if request.query_params.get("seen") == version else {"regions": regions}
        return JSONResponse({"version": version, "clock": view.clock(gateway), **changed})

    async def trial(request: Request) -> Response:
        session = start_trial(gateway, base_url(request))
        return JSONResponse({"order": session.order_id, "merchant": session.merchant_id})

    return [
        Route("/", home),
        Route("/_dashboard/live", live),
        Route("/_dashboard/trial", trial, methods=["POST"]),
    ]


def _version(regions: dict[str, str]) -> str:
    return hashlib.sha256(json.dumps(regions).encode()).hexdigest()[:16]


def _regions(gateway: Gateway, pages: Pages, request: Request, selection: Selection) -> dict[str, str]:
    """The parts that change by themselves. The browser tells the time, so none changes with every second."""
    listed = orders(gateway)
    to_come = upcoming(gateway)
    context: dict[str, Any] = {
        "selection": selection,
        "base": base_url(request),
        "gateway": gateway,
        "clock_time": lambda moment: _clock_time(gateway, moment),
        "stamp": lambda moment: moment.astimezone(UTC).isoformat(timespec="milliseconds"),
        "commands": commands,
        **_listing(listed, selection),
        **_switches(gateway, selection.language),
        **_detail(gateway, listed, to_come, selection),
        "soonest": to_come[0] if to_come else None,
    }
    return {name: pages.render(f"dashboard/{name}.html", selection.language, **context) for name in _REGIONS}


def _listing(listed: list[Order], selection: Selection) -> dict[str, Any]:
    found = [order for order in listed if order.matches(selection.filter, selection.q)]
    return {
        "shown": found[: selection.shown],
        "more": max(0, len(found) - selection.shown),
        "longer": min(selection.shown + LISTED_AT_FIRST, MOST_LISTED),
        "longest": MOST_LISTED,
        "counts": counts(listed),
        "quick": _quick,
    }


def _listed(text: str) -> int:
    """How many orders to list, from the query string."""
    wanted = int(text) if text.isascii() and text.isdigit() and len(text) <= len(str(MOST_LISTED)) else 0
    return min(max(wanted, LISTED_AT_FIRST), MOST_LISTED)


def _quick(order: Order) -> list[Act]:
    """The acts that a row has room for, those that ask for nothing."""
    possible = acts(order.attempt) if order.attempt is not None else []
    return [act for act in possible if act.asks_amount is None][:MOST_QUICK_ACTS]


def _switches(gateway: Gateway, language: str) -> dict[str, Any]:
    """The faults in the visitor's words, those switched on with their options."""
    active = gateway.faults.as_json()
    says = {
        name: texts.says(language, f"fault.{name}") or sentence for name, sentence in faults.NAMES.items()
    }
    return {"switches": says, "active": active}


def _detail(
    gateway: Gateway, listed: list[Order], to_come: list[Upcoming], selection: Selection
) -> dict[str, Any]:
    chosen = [
        order
        for order in listed
        if order.order_id == selection.order and selection.merchant in {"", order.merchant_id}
    ]
    if not chosen:
        keys = shown_keys(gateway)
        return {"order": None, "server_key": keys.server_key, "client_key": keys.client_key}
    order = chosen[0]
    merchant = gateway.ledger.merchant(order.merchant_id)
    session = order.sessions[-1] if order.sessions else None
    free = all(attempt.status in ENDED_UNPAID for attempt in order.attempts)
    choosable = session is not None and free and closed(session, gateway.now()) is None
    return {
        "order": order,
        "session": session,
        "server_key": merchant.server_key,
        "to_come": [each for each in to_come if each.transaction in order.attempts],
        "methods": [method for method in offered(session) if in_range(method, session.gross_amount)]
        if session is not None and choosable
        else [],
        "all_methods": METHODS,
        "only": lambda wallet: " ".join(code for code, each in METHODS.items() if each.wallet == wallet),
        "test_cards": TEST_CARDS,
        "otp": cards.OTP,
        "state_of": lambda session: _session_state(gateway, session),
        "standing": standing,
        "acts": by_actor,
        "hint": hint,
        "unlisted_card": unlisted_card,
        "remarks": remarks(order),
        "links": links,
        "pretty": _pretty,
        "sent_status": _sent_status,
        "json": lambda value: json.dumps(value, indent=2, ensure_ascii=False),
        "facts": lambda attempt: facts(
            attempt, merchant, status_code=status_code(attempt), message="Success, transaction is found"
        ),
    }


def _pretty(body: str) -> str:
    """Indented, unless a fault has damaged it."""
    try:
        text = json.dumps(json.loads(body), indent=2, ensure_ascii=False)
        text.encode()  # raises for half a surrogate pair
    except ValueError:
        return body
    return text


def _sent_status(body: str) -> str:
    """The status a notification tells: of a transaction, or of an account."""
    try:
        told = json.loads(body)
    except ValueError:
        return "?"
    return str(told.get("transaction_status") or told.get("account_status") or "?")


def _session_state(gateway: Gateway, session: Session) -> str:
    if any(attempt.status not in ENDED_UNPAID for attempt in gateway.ledger.attempts_in(session)):
        return "used"
    return closed(session, gateway.now()) or "open"


def _clock_time(gateway: Gateway, moment: datetime) -> str:
    """`14.05.09`, with the day before it when it is not today's on the virtual clock."""
    local, today = moment.astimezone(WIB), gateway.now().astimezone(WIB).date()
    if abs(local.date() - today) < timedelta(days=1):
        return f"{local:%H.%M.%S}"
    return f"{local:%d/%m %H.%M}"
