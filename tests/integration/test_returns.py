"""Back from Midtrans by whatever way: an owner, a holder of the pass, and somebody nobody knows."""

import json
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.stand import Stand, open_stand
from tuntas.language import Language, text
from tuntas.store.demo_data import DEMO_EMAIL, DEMO_PASSWORD

pytestmark = pytest.mark.anyio


@pytest.fixture
async def stranger(stand: Stand) -> AsyncIterator[httpx.AsyncClient]:
    """A browser that has no cookie of ours."""
    async with httpx.AsyncClient(base_url=stand.url, timeout=30) as client:
        yield client


async def logged_in(client: httpx.AsyncClient) -> httpx.AsyncClient:
    sent = await client.post("/login", data={"email": DEMO_EMAIL, "password": DEMO_PASSWORD})
    assert sent.status_code == 303
    return client


class Overheard(httpx.AsyncHTTPTransport):
    """The way to Midtrans, and the return addresses told on it."""

    def __init__(self) -> None:
        super().__init__()
        self.callbacks: dict[str, str] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if b"callbacks" in request.content:
            self.callbacks = json.loads(request.content)["callbacks"]
        return await super().handle_async_request(request)


@pytest.fixture
def overheard() -> Overheard:
    return Overheard()


@pytest.fixture
async def stand(database_url: str, overheard: Overheard) -> AsyncIterator[Stand]:
    async with open_stand(database_url, transport=overheard) as opened:
        yield opened


def says(reply: httpx.Response, key: str) -> bool:
    return text(key, Language.ID) in reply.text


def is_kind(reply: httpx.Response) -> None:
    """No form to log in, nothing personal, nothing for a browser to keep."""
    assert reply.status_code == 200
    assert 'type="password"' not in reply.text
    for personal in ("Rani", "rani-bima", DEMO_EMAIL, "/checkout/5", "Pendopo"):
        assert personal not in reply.text
    assert reply.headers["Cache-Control"] == "no-store"


CLAIMS = {
    "/payment/success": "success",
    "/payment/success/": "success",
    "/payment/success?order_id=INV-1&status_code=201&transaction_status=pending": "pending",
    "/payment/pending?id=6d2ee5a3-5a3c-4c5c-9f7e-1f2a3b4c5d6e": "pending",
    "/payment/error?order_id=INV-1&status_code=202&transaction_status=deny": "error",
    "/payment/success?pass=forged": "success",
    "/payment/success?transaction_status=<script>": "success",
}
"""What each address claims."""


async def test_without_cookie_and_pass_the_page_says_what_the_address_claims(
    stranger: httpx.AsyncClient,
) -> None:
    for address, claim in CLAIMS.items():
        reply = await stranger.get(address)
        is_kind(reply)
        assert says(reply, f"returned.{claim}_claim"), address
        assert "<script>" not in reply.text


async def test_an_order_id_shows_a_stranger_nothing_of_the_order(
    stand: Stand, stranger: httpx.AsyncClient
) -> None:
    order_id = await stand.order()
    await stand.notify(order_id, "settlement")
    reply = await stranger.get(f"/payment/error?order_id={order_id}")
    is_kind(reply)
    assert "299.000" not in reply.text
    assert not says(reply, "returned.paid_lead")


async def test_our_own_address_shows_the_state_to_whoever_comes_back_with_it(
    stand: Stand, stranger: httpx.AsyncClient, overheard: Overheard
) -> None:
    """A customer of a frontend elsewhere, or inside an app: no cookie of ours."""
    order_id = await stand.order()
    for address in overheard.callbacks.values():
        assert address.startswith(f"{stand.url}/payment/")
        assert len(address) <= 255
    address = f"{overheard.callbacks['finish']}&order_id={order_id}&transaction_status=pending"
    said_to_be_paid = await stranger.get(address.replace("=pending", "=settlement"))
    assert says(said_to_be_paid, "returned.confirming_lead"), "its notification may be on its way"
    va = [{"bank": "bca", "va_number": "82406011792"}]
    await stand.notify(order_id, "pending", va_numbers=va)
    reply = await stranger.get(address)
    is_kind(reply)
    assert says(reply, "returned.pending_lead")
    assert "Rp299.000" in reply.text
    assert re.sub(r"\D", "", "".join(re.findall(r"<span>(\d+)</span>", reply.text))) == "82406011792"
    await stand.notify(order_id, "settlement", va_numbers=va)
    reply = await stranger.get(address)
    is_kind(reply)
    assert says(reply, "returned.paid_lead")
    assert "82406011792"[:4] not in reply.text, "nothing is due"
    english = await stranger.get(address, headers={"Accept-Language": "en"})
    assert text("returned.paid_lead", Language.EN) in english.text


async def test_a_pass_ends_soon_after_midtranss_page(
    stand: Stand, stranger: httpx.AsyncClient, overheard: Overheard
) -> None:
    await stand.order()
    address = overheard.callbacks["finish"]
    stand.clock.ahead += timedelta(hours=24, minutes=59)
    assert says(await stranger.get(address), "returned.overdue_lead")
    stand.clock.ahead += timedelta(minutes=2)
    reply = await stranger.get(address)
    is_kind(reply)
    assert says(reply, "returned.success_claim")


async def test_a_pass_shows_one_order_and_no_other(
    stand: Stand, stranger: httpx.AsyncClient, overheard: Overheard
) -> None:
    first = await stand.order()
    address = overheard.callbacks["finish"]
    await stand.notify(first, "expire")
    second = await stand.order()
    await stand.notify(second, "settlement")
    reply = await stranger.get(f"{address}&order_id={second}")
    assert says(reply, "returned.failed_lead")
    forged = address.replace(first, second)
    assert says(await stranger.get(forged), "returned.success_claim")


async def test_the_owner_lands_on_the_full_page_without_the_pass_in_the_address(
    stand: Stand, stranger: httpx.AsyncClient, overheard: Overheard
) -> None:
    order_id = await stand.order()
    await stand.notify(order_id, "pending", transaction_id="t-77")
    owner = await logged_in(stranger)
    address = f"{overheard.callbacks['finish']}&order_id={order_id}&transaction_status=pending"
    for told, claim in (
        (address, "pending"),
        ("/payment/success?id=t-77", "success"),
        (f"/payment/success?id={order_id}", "success"),
    ):
        reply = await owner.get(told)
        assert (reply.status_code, reply.headers["Location"]) == (
            303,
            f"/payment/{claim}?order_id={order_id}",
        )
    page = await owner.get(f"/payment/success?order_id={order_id}")
    assert "rani-bima" in page.text or "Rani" in page.text
    for unknown in ("/payment/success", "/payment/success?id=somebody-elses"):
        assert order_id in (await owner.get(unknown)).text, "the newest order"


@pytest.mark.parametrize(
    "sent",
    [
        {"data": {"order_id": "INV-1", "transaction_status": "settlement", "other": "x"}},
        {"json": {"order_id": "INV-1"}},
        {"content": b"\xff", "headers": {"Content-Type": "multipart/form-data; boundary=x"}},
        {"content": b""},
    ],
)
async def test_a_return_by_post_is_a_return(stranger: httpx.AsyncClient, sent: dict[str, Any]) -> None:
    """Another site's POST carries no cookie; the GET that it becomes does."""
    reply = await stranger.post("/payment/success?status_code=200", **sent)
    assert reply.status_code == 303
    where = urlsplit(reply.headers["Location"])
    expected = {"status_code": ["200"]}
    if "data" in sent:
        expected |= {"order_id": ["INV-1"], "transaction_status": ["settlement"]}
    assert (where.netloc, where.path, parse_qs(where.query)) == ("", "/payment/success", expected)
    is_kind(await stranger.get(reply.headers["Location"]))


async def test_customers_of_this_site_find_the_way_to_log_in(stranger: httpx.AsyncClient) -> None:
    reply = await stranger.get("/payment/success?order_id=INV-1&pass=old")
    (link,) = re.findall(r'href="(/login[^"]*)"', reply.text)
    assert parse_qs(urlsplit(link).query) == {"next": ["/payment/success?order_id=INV-1"]}
