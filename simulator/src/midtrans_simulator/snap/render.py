"""Views as HTML."""

import json
from datetime import datetime
from itertools import groupby
from typing import Any

import segno

from midtrans_simulator.gateway import Gateway
from midtrans_simulator.http.pages import Pages
from midtrans_simulator.payments import links
from midtrans_simulator.protocol import cards
from midtrans_simulator.protocol.methods import OTHER_VA_PROCESSORS, Group, Method, Wallet
from midtrans_simulator.protocol.model import Session
from midtrans_simulator.snap.card_form import only_in_terms, terms
from midtrans_simulator.snap.choose import in_range, may_be_changed, offered
from midtrans_simulator.snap.views import View, Wish

_GROUPS = list(Group)
_POLLED = frozenset({"pending", "otp", "verifying", "review"})
TEST_CARDS = {
    "accept": "4811 1111 1111 1114",
    "accept_plain": "4411 1111 1111 1118",
    "deny": "4911 1111 1111 1113",
    "challenge": "4511 1111 1111 1117",
    "slow": "4024 0071 7626 5022",
}


class Renderer:
    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._pages = Pages()

    def page(self, session: Session | None, view: View | None, wish: Wish, *, mode: str) -> str:
        fragment = self.fragment(session, view, wish) if view is not None else None
        return self._pages.render("page.html", wish.language, session=session, fragment=fragment, mode=mode)

    def fragment(self, session: Session | None, view: View, wish: Wish) -> str:
        """The view alone, as the page swaps it in."""
        context: dict[str, Any] = {
            "view": view,
            "session": session,
            "merchant": self._gateway.config.merchant_name,
            "result": json.dumps(view.result) if view.result else None,
            "polled": view.name in _POLLED,
            "changeable": view.transaction is not None and may_be_changed(view.transaction),
            "channels": _channels(view, _number(view)),
            "remaining": self._remaining(session, view),
            "speed": self._gateway.clock.speed if self._gateway.clock.running else 0,
            "groups": self._groups(session, wish),
            "qr": self._qr(view),
            "qr_url": links.qr_image(wish.base, view.transaction) if view.transaction is not None else "",
            "number": _number(view),
            "from_any_bank": view.method is not None and view.method.code in OTHER_VA_PROCESSORS,
            "test_cards": TEST_CARDS,
            "otp": cards.OTP,
            "way": _way(view, wish),
            "terms": terms(session) if session is not None and view.name == "card" else [],
            "only_in_terms": session is not None and only_in_terms(session),
            "app_url": links.app(wish.base, view.transaction) if view.transaction is not None else "",
        }
        return self._pages.render(f"views/{view.name}.html", wish.language, **context)

    def _remaining(self, session: Session | None, view: View) -> int | None:
        """Virtual seconds until the view changes by itself; None: it does not."""
        ends: datetime | None = None
        if view.name in {"pending", "otp"} and view.transaction is not None:
            ends = view.transaction.expiry_time
        elif view.name in {"methods", "card", "confirm"} and session is not None:
            ends = session.page_expires_at
        return max(0, round((ends - self._gateway.now()).total_seconds())) if ends else None

    def _groups(self, session: Session | None, wish: Wish) -> list[tuple[str, list[tuple[Method, bool]]]]:
        """Methods by group, each with whether the amount is in its range."""
        if session is None:
            return []
        found = sorted(offered(session, wish.only), key=lambda method: _GROUPS.index(method.group))
        return [
            (group.value, [(method, in_range(method, session.gross_amount)) for method in methods])
            for group, methods in groupby(found, key=lambda method: method.group)
        ]

    def _qr(self, view: View) -> str | None:
        """The QR as SVG, drawn on white in every colour scheme so that it scans."""
        if view.name != "pending" or view.transaction is None or view.transaction.qr_string is None:
            return None
        code = segno.make(view.transaction.qr_string, error="l", micro=False)
        return code.svg_inline(border=3, dark="#111", light="#fff", omitsize=True, svgclass="qr")


def _way(view: View, wish: Wish) -> str:
    """How the customer pays: by `bank`, at a `store`, with a `qr`, in an `app`, or asked by `push`."""
    if view.method is None:
        return ""
    if view.method.group is not Group.WALLET:
        return view.method.group.value
    if view.method.wallet is Wallet.PUSH:
        return "push"
    if view.transaction is not None:
        return "qr" if view.transaction.qr_string is not None else "app"
    in_app = view.method.wallet is Wallet.APP or (wish.phone and view.method.wallet is not Wallet.QR)
    return "app" if in_app else "qr"


_CHANNELS = {
    "va": ("mobile", "atm", "internet"),
    "bill": ("mobile", "atm", "internet"),
    "code": ("till",),
    "qr": ("camera", "upload"),
}
"""Where a number, a code or a QR is paid; the steps of each are in the catalogue."""


def _channels(view: View, number: dict[str, str] | None) -> tuple[str, tuple[str, ...]]:
    """The kind of the reference, and where it is paid; none when it is paid in an app."""
    kind = (number or {}).get("kind") or ("qr" if view.transaction and view.transaction.qr_string else "")
    kind = {"bill_key": "bill"}.get(kind, kind)
    return kind, _CHANNELS.get(kind, ())


def _number(view: View) -> dict[str, str] | None:
    """What the customer types in at the bank: the kind of number, and the number."""
    details = view.transaction.details if view.transaction is not None else {}
    if "va_numbers" in details:
        return {"kind": "va", "value": details["va_numbers"][0]["va_number"]}
    if "permata_va_number" in details:
        return {"kind": "va", "value": details["permata_va_number"]}
    if "bill_key" in details:
        return {"kind": "bill_key", "value": details["bill_key"], "biller": details["biller_code"]}
    if "payment_code" in details:
        return {"kind": "code", "value": details["payment_code"]}
    return None
