"""What guests see under an invitation's address, while paid time runs and otherwise."""

from datetime import timedelta
from urllib.parse import urlsplit

import httpx
import pytest

from tests.integration.pages.shop import SCRIPT, buy, pay, shown
from tests.stand import Stand

pytestmark = pytest.mark.anyio


async def test_an_invitation_is_open_while_paid_time_runs(
    stand: Stand, customer: httpx.AsyncClient, stranger: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = await buy(customer, "tamu.example.test", title=f"Tamu{SCRIPT}", venue=f"Aula{SCRIPT}")
    path = "/i/tamu.example.test"
    closed = await stranger.get(path)
    assert (closed.status_code, shown(closed, "data-state")) == (402, "unpaid")
    assert "Aula" not in closed.text
    await pay(stand, customer, number)
    for address in (path, path.upper().replace("/I/", "/i/")):
        live = await stranger.get(address)
        assert live.status_code == 200
        assert "Tamu" in live.text
        assert "Aula" in live.text
        assert "<script>alert" not in live.text
    monkeypatch.setattr(stand.clock, "ahead", timedelta(days=364, hours=23))
    assert (await stranger.get(path)).status_code == 200
    monkeypatch.setattr(stand.clock, "ahead", timedelta(days=365, seconds=1))
    over = await stranger.get(path)
    assert (over.status_code, shown(over, "data-state")) == (402, "expired")
    assert "Aula" not in over.text


@pytest.mark.parametrize("domain", ["tidak-ada", "%00", "%FF", "a" * 5000, "%2E%2E", "%3Cscript%3Ealert"])
async def test_where_nothing_is_a_friendly_page_says_so(stranger: httpx.AsyncClient, domain: str) -> None:
    reply = await stranger.get(f"/i/{domain}")
    assert reply.status_code == 404
    assert "<script>alert" not in reply.text
    assert reply.headers["Content-Type"].startswith("text/html")


async def test_hosts_lead_to_the_invitation_that_lives_there(
    stand: Stand, customer: httpx.AsyncClient, stranger: httpx.AsyncClient
) -> None:
    await pay(stand, customer, await buy(customer, "rumah", title="Rumah Kami"))
    await pay(stand, customer, await buy(customer, "kami.example.test", title="Kami Sendiri"))
    own_domain = {"Host": "kami.example.test"}
    not_yet = await stranger.get("/", headers=own_domain)
    assert "Kami Sendiri" not in not_yet.text, "nobody has seen this domain point here"
    assert "Kami Sendiri" in (await stranger.get("/i/kami.example.test")).text
    stand.rows(
        "update invitations set domain_verified_at = now() where domain = 'kami.example.test' returning id"
    )
    for host, title in (
        ("rumah.localhost", "Rumah Kami"),
        ("RUMAH.localhost:8000", "Rumah Kami"),
        (f"rumah.{urlsplit(stand.url).netloc}", "Rumah Kami"),
        ("kami.example.test", "Kami Sendiri"),
        ("kami.example.test:80", "Kami Sendiri"),
        ("www.kami.example.test", "Kami Sendiri"),
    ):
        page = await stranger.get("/", headers={"Host": host})
        assert (page.status_code, title in page.text) == (200, True), host
    nobody = await stranger.get("/", headers={"Host": "tidak-ada.localhost"})
    assert (nobody.status_code, shown(nobody, "data-state")) == (404, "unknown")
    unpaid = await stranger.get("/", headers={"Host": "rani-bima.localhost"})
    assert (unpaid.status_code, shown(unpaid, "data-state")) == (402, "unpaid")


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1", "server.example.test", "[::1]:80", "[broken", "a..b", ":80"]
)
async def test_any_other_host_is_this_server_itself(stranger: httpx.AsyncClient, host: str) -> None:
    reply = await stranger.get("/", headers={"Host": host})
    assert (reply.status_code, reply.headers["Location"]) == (303, "/login")


async def test_a_logged_in_customer_starts_at_their_invitations(customer: httpx.AsyncClient) -> None:
    assert (await customer.get("/")).headers["Location"] == "/invitations"
