"""Short words for what customers do on the pages."""

import itertools
import re
from datetime import timedelta

import httpx

from tests.stand import Stand

COOKIE = "tuntas_session"
PASSWORD = "a-long-password"
SCRIPT = "\"><script>alert('x')</script>"
"""Typed into every field; must never reach a page as it is."""

KENANGA = 2
"""The package of 299000 rupiah and 365 days."""

_numbers = itertools.count(1)


async def new_session(stand: Stand) -> str:
    headers = await stand.register(f"tamu-{next(_numbers)}@example.test")
    return headers["Authorization"].removeprefix("Bearer ")


async def buy(http: httpx.AsyncClient, domain: str, **details: str) -> int:
    """A new invitation of this customer, ordered by the form; its id."""
    reply = await http.post("/invitations", data={"package_id": KENANGA, "domain": domain, **details})
    assert reply.status_code == 303, reply.text
    return int(reply.headers["Location"].removeprefix("/checkout/"))


async def order(http: httpx.AsyncClient, invitation_id: int) -> str:
    reply = await http.post("/api/midtrans/create-snap-token", json={"invitation_id": invitation_id})
    assert reply.status_code == 201, reply.text
    return str(reply.json()["order_id"])


async def pay(stand: Stand, http: httpx.AsyncClient, invitation_id: int) -> str:
    """Ordered and settled just now; the order id."""
    order_id = await order(http, invitation_id)
    paid_at = (stand.clock.now() + timedelta(hours=7)).strftime("%Y-%m-%d %H:%M:%S")
    assert (await stand.notify(order_id, "settlement", settlement_time=paid_at)).status_code == 200
    return order_id


def shown(reply: httpx.Response, name: str) -> str:
    """The value of a data attribute that scripts rely on."""
    found = re.search(rf'\b{name}="([^"]*)"', reply.text)
    assert found, f"no {name} on this page"
    return found[1]
