"""Frontends on other origins: what browsers are told, what nobody hard-codes, and where customers return."""

import re
from collections.abc import AsyncIterator

import pytest

from tests.integration.test_returns import Overheard
from tests.stand import SERVER_KEY, Stand, open_stand

pytestmark = pytest.mark.anyio

SHOP, OTHER = "https://shop.example.test", "https://other.example.test"


@pytest.fixture
def overheard() -> Overheard:
    return Overheard()


@pytest.fixture
async def shop(database_url: str, overheard: Overheard) -> AsyncIterator[Stand]:
    """A Tuntas that knows one frontend elsewhere."""
    known = f"{SHOP},http://localhost:5173"
    async with open_stand(database_url, transport=overheard, tuntas_allowed_origins=known) as opened:
        yield opened


async def asked(stand: Stand, path: str, origin: str, method: str = "POST") -> dict[str, str]:
    """What a preflight is answered, as far as browsers read it."""
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    reply = await stand.http.options(path, headers=headers)
    return {name: value for name, value in reply.headers.items() if name.startswith("access-control-")}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/midtrans/create-snap-token"),
        ("GET", "/api/v1/user-profile"),
        ("PATCH", "/api/v1/invitations/5"),
        ("GET", "//api/v1/payments"),
        ("GET", "/v1/user-profile"),
    ],
)
async def test_a_known_origin_may_call_the_api_and_nobody_else(shop: Stand, method: str, path: str) -> None:
    path = f"{shop.url}{path}"
    told = await asked(shop, path, SHOP, method)
    assert told["access-control-allow-origin"] == SHOP
    assert method in told["access-control-allow-methods"]
    assert {"authorization", "content-type"} <= set(
        re.split(r",\s*", told["access-control-allow-headers"].lower())
    )
    assert "access-control-allow-credentials" not in told
    for origin in (OTHER, "http://shop.example.test", f"{SHOP}:8443", f"{SHOP}.evil.test", "null"):
        assert "access-control-allow-origin" not in await asked(shop, path, origin, method)


async def test_every_answer_can_be_read_there_refusals_too(shop: Stand) -> None:
    known, unknown = {"Origin": SHOP}, {"Origin": OTHER}
    for path, status in (("/api/v1/packages", 200), ("/api/v1/user-profile", 401), ("/api/v1/nothing", 404)):
        reply = await shop.http.get(path, headers=known)
        assert (reply.status_code, reply.headers["Access-Control-Allow-Origin"]) == (status, SHOP)
        assert "Origin" in reply.headers["Vary"]
        reply = await shop.http.get(path, headers=unknown)
        assert "Access-Control-Allow-Origin" not in reply.headers
        assert "Access-Control-Allow-Credentials" not in reply.headers


async def test_pages_and_webhook_are_nobodys_to_call_from_elsewhere(shop: Stand) -> None:
    webhook = "/api/v1/midtrans/webhook"
    for path in ("/login", "/invitations", "/healthz", webhook, f"{webhook}/", f"/{webhook}"):
        assert await asked(shop, f"{shop.url}{path}", SHOP) == {}
        reply = await shop.http.get(f"{shop.url}{path}", headers={"Origin": SHOP})
        assert "Access-Control-Allow-Origin" not in reply.headers


async def test_our_cookie_does_nothing_across_origins(shop: Stand) -> None:
    token = (await shop.bearer())["Authorization"].removeprefix("Bearer ")
    reply = await shop.http.post(
        "/api/midtrans/create-snap-token",
        json={"invitation_id": 5},
        headers={"Origin": SHOP, "Sec-Fetch-Site": "same-site", "Cookie": f"tuntas_session={token}"},
    )
    assert (reply.status_code, reply.json()["code"]) == (403, "forbidden_origin")


async def test_without_the_setting_no_origin_is_known(stand: Stand) -> None:
    assert await asked(stand, "/api/v1/user-profile", SHOP, "GET") == {}


async def test_a_frontend_asks_what_it_would_otherwise_hard_code(stand: Stand) -> None:
    reply = await stand.http.get("/api/v1/config")
    assert (reply.status_code, reply.json()) == (
        200,
        {
            "client_key": "SB-Mid-client-simulator",
            "snap_js_url": f"{stand.simulator_url}/snap/snap.js",
            "environment": "sandbox",
            "languages": ["id", "en"],
            "default_language": "id",
        },
    )
    assert SERVER_KEY not in reply.text


async def test_the_customer_returns_to_the_frontend_that_asked(shop: Stand, overheard: Overheard) -> None:
    address = f"{SHOP}/thanks?from=tuntas"
    reply = await shop.ask_token(finish_url=address)
    assert reply.status_code == 201
    assert overheard.callbacks == {"finish": address, "error": address}
    again = await shop.ask_token(finish_url=address)
    assert (again.status_code, again.json()["snap_token"]) == (200, reply.json()["snap_token"])


async def test_who_asks_for_another_return_gets_it_until_a_method_is_chosen(
    shop: Stand, overheard: Overheard
) -> None:
    first = (await shop.ask_token()).json()
    second = await shop.ask_token(finish_url=f"{SHOP}/thanks")
    assert (second.status_code, second.json()["order_id"]) == (201, first["order_id"])
    assert second.json()["snap_token"] != first["snap_token"]
    assert overheard.callbacks["finish"] == f"{SHOP}/thanks"
    await shop.choose(first["order_id"], "bca_va")
    third = await shop.ask_token()
    assert (third.status_code, third.json()["reused"]) == (200, True)
    assert third.json()["snap_token"] == second.json()["snap_token"]
    assert len(shop.rows("select 1 from orders")) == 1, "what can be paid stays the one thing to pay"


async def test_a_live_token_survives_a_gateway_that_will_not_replace_it(shop: Stand) -> None:
    first = (await shop.ask_token()).json()
    await shop.http.put(f"{shop.simulator_url}/_control/faults", json={"api_down": {"status": 500}})
    second = await shop.ask_token(finish_url=f"{SHOP}/thanks")
    assert (second.status_code, second.json()["snap_token"]) == (200, first["snap_token"])


NOT_OURS = [
    f"{OTHER}/thanks", "http://shop.example.test/", f"{SHOP}:8443/", f"{SHOP}.evil.test/", "/thanks",
    "javascript://shop.example.test/%0aalert(1)", f"{SHOP}@evil.test/", "//shop.example.test",
    "https://evil.test\\@shop.example.test/", f"{SHOP}/ x", f"{SHOP}/\tx", "", "https://", "https://[",
]  # fmt: skip


async def test_customers_are_sent_nowhere_else(shop: Stand) -> None:
    for address in NOT_OURS:
        reply = await shop.ask_token(finish_url=address)
        assert (reply.status_code, reply.json()["code"]) == (422, "finish_url_not_allowed"), address
    assert shop.rows("select 1 from orders") == []


async def test_our_own_pages_are_always_allowed(stand: Stand) -> None:
    assert (await stand.ask_token(finish_url=f"{stand.url}/payment/success")).status_code == 201
    long = await stand.ask_token(finish_url=f"{stand.url}/{'x' * 255}")
    assert long.status_code == 422


@pytest.mark.parametrize("prefix", ["/api/v1", "/api", "/v1", "//api/v1", "/api//v1", "//v1"])
async def test_the_guides_endpoints_are_answered_however_their_path_is_typed(
    stand: Stand, prefix: str
) -> None:
    headers = await stand.bearer()
    body = {"invitation_id": 5, "amount": 299_000}
    reply = await stand.http.post(
        f"{stand.url}{prefix}/midtrans/create-snap-token", json=body, headers=headers
    )
    assert reply.status_code == 201
    profile = await stand.http.get(f"{stand.url}{prefix}/user-profile", headers=headers)
    assert profile.json()["invitation"]["order_id"] == reply.json()["order_id"]


async def test_an_address_that_does_not_exist_is_told_to_both_sides(
    stand: Stand, capfd: pytest.CaptureFixture[str]
) -> None:
    for path in ("/api/v1/nothing", "/api/nothing", "/v1/nothing", "/midtrans/notify"):
        reply = await stand.http.post(path, json={})
        assert reply.status_code == 404
        assert "not_found" in reply.text
        told = capfd.readouterr().err
        assert "no_such_address" in told
        assert path in told
