"""A customer with a long name whose invitations are in every state that money can be in."""

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from tests.stand import notification

TITLE = "Kusumaningratnawati & Hadiwijayakusumaningrat"
OWNER = "Raden Ajeng Kusumaningratnawati Hadiwijayakusumaningsih"
VENUE = "Pendopo Agung Kesultanan Ngayogyakarta Hadiningrat, Jalan Rotowijayan"
PASSWORD = "a-long-password"
KENANGA = 2
CUT_OR_WIDE = """() => {
  const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  const shown = (element) => !element.closest(".sr-only, svg, .skip") && element.getClientRects().length;
  const cut = [...document.querySelectorAll("body *")].filter((element) => shown(element)
    && !element.matches("input") && getComputedStyle(element).display !== "inline"
    && element.scrollWidth > element.clientWidth + 1);
  const out = [...document.querySelectorAll("body *")].filter((element) => shown(element)
    && element.getBoundingClientRect().right > document.documentElement.clientWidth + 1);
  const told = [...cut, ...out].map((element) => element.outerHTML.slice(0, 80));
  return wide > 0 ? [`${wide} px too wide`, ...told] : told;
}"""
"""Run in a page: what is cut off, or stands out to the right; nothing, when all is well."""


@dataclass
class Shelf:
    """What the customer has; `ids` is invitation and order by the name of the state."""

    web: str
    simulator: str
    http: httpx.Client
    token: str
    ids: dict[str, tuple[int, str]] = field(default_factory=dict)

    def invitation(self, name: str) -> int:
        body = {
            "package_id": KENANGA,
            "domain": f"{name}-{time.monotonic_ns()}",
            "title": TITLE,
            "venue": VENUE,
            "event_date": "2027-09-14",
        }
        return int(self._post("/api/v1/invitations", body)["id"])

    def order(self, invitation_id: int) -> dict[str, Any]:
        return self._post("/api/midtrans/create-snap-token", {"invitation_id": invitation_id})

    def notify(self, order_id: str, status: str, **changes: Any) -> None:
        now = (datetime.now(UTC) + timedelta(hours=7)).strftime("%Y-%m-%d %H:%M:%S")
        times = {"transaction_time": now, "settlement_time": now}
        self._post("/api/v1/midtrans/webhook", notification(order_id, status, **{**times, **changes}))

    def choose(self, order: dict[str, Any], method: str, *, asked: bool = True, **options: Any) -> None:
        """The customer picks a payment method, and we hear of it: at once, unless nobody `asked`."""
        path = f"{self.simulator}/_control/sessions/{order['snap_token']}/choose"
        httpx.post(path, json={"method": method, **options}).raise_for_status()
        if asked:
            self._post("/api/v1/midtrans/check-status", {"order_id": order["order_id"]})

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        reply = self.http.post(path, json=body)
        assert reply.is_success, reply.text
        document = reply.json()
        assert isinstance(document, dict)
        return document


def new_shelf(web: str, simulator: str) -> Shelf:
    http = httpx.Client(base_url=web, timeout=30)
    shelf = Shelf(web, simulator, http, token="")
    email = f"kusuma-{time.monotonic_ns()}@example.test"
    made = shelf._post("/api/v1/register", {"name": OWNER, "email": email, "password": PASSWORD})
    shelf.token = made["token"]
    http.headers["Authorization"] = f"Bearer {shelf.token}"
    return shelf


def fill(shelf: Shelf) -> Shelf:
    """One invitation for each state, ordered once."""
    card = {"payment_type": "credit_card"}
    refund = {"refund_chargeback_id": 1, "refund_amount": "100000.00", "refund_key": "a"}
    stories: dict[str, list[dict[str, Any]]] = {
        "pending": [],
        "overdue": [{"status": "pending", "payment_type": "ovo", "expiry_time": "2026-11-03 12:01:00"}],
        "in_review": [{"status": "capture", "fraud_status": "challenge", "status_code": "201", **card}],
        "paid": [{"status": "settlement"}],
        "paid_twice": [{"status": "settlement"}, {"status": "settlement", "transaction_id": "again"}],
        "failed": [{"status": "deny", **card}],
        "given_back": [{"status": "settlement"}, {"status": "refund", "refund_amount": "299000.00"}],
        "voided": [{"status": "capture", **card}, {"status": "cancel", **card}],
        "partly_given_back": [
            {"status": "settlement"},
            {"status": "partial_refund", "refund_amount": "100000.00", "refunds": [refund]},
        ],
        "other_amount": [{"status": "settlement", "gross_amount": "250000.00"}],
    }
    for name, story in stories.items():
        number = shelf.invitation(name.replace("_", "-"))
        order_id = str(shelf.order(number)["order_id"])
        for told in story:
            shelf.notify(order_id, **told)
        shelf.ids[name] = number, order_id
    return shelf
