"""The pages, as a browser without scripts reads them: who may see what, and that they tell the truth."""

import itertools
import re
import statistics
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx
import psycopg
import pytest
import structlog

from tests.database import new_database
from tests.stand import Stand, open_stand
from tuntas.language import Language, text
from tuntas.store.embedded import EmbeddedPostgres

pytestmark = pytest.mark.anyio

COOKIE = "tuntas_session"
PASSWORD = "a-long-password"
KENANGA = 2
SCRIPT = "\"><script>alert('x')</script>"
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
async def stand(postgres: EmbeddedPostgres) -> AsyncIterator[Stand]:
    """One for all tests here: each brings people and domains of its own."""
    with new_database(postgres) as url:
        async with open_stand(url) as opened:
            yield opened


@pytest.fixture
async def stranger(stand: Stand) -> AsyncIterator[httpx.AsyncClient]:
    """A browser that never logged in; it follows no redirect by itself."""
    async with httpx.AsyncClient(base_url=stand.url) as http:
        yield http


@pytest.fixture
async def customer(stand: Stand) -> AsyncIterator[httpx.AsyncClient]:
    """The browser of a new customer, logged in."""
    async with httpx.AsyncClient(base_url=stand.url, cookies={COOKIE: await new_session(stand)}) as http:
        yield http


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


# Logging in and out


@pytest.mark.parametrize(
    "path", ["/invitations", "/invitations/new", "/checkout/5", "/payment/success?order_id=INV-1&x=%2F"]
)
async def test_a_stranger_logs_in_and_comes_back(stranger: httpx.AsyncClient, path: str) -> None:
    reply = await stranger.get(path)
    assert reply.status_code == 303
    target = urlsplit(reply.headers["Location"])
    assert (target.netloc, target.path) == ("", "/login")
    (wanted,) = parse_qs(target.query)["next"]
    assert wanted == path
    form = await stranger.get(reply.headers["Location"])
    assert form.status_code == 200
    fields = {"email": "demo@tuntas.test", "password": "demo-password", "next": wanted}
    back = await stranger.post("/login", data=fields)
    assert (back.status_code, back.headers["Location"]) == (303, path)
    assert (await stranger.get("/login")).headers["Location"] == "/invitations", "already logged in"


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.test", "//evil.test", "/\\evil.test", "\\\\evil.test", "///evil.test", "/\t/evil.test",
        "\t//evil.test", "/\n/evil.test", "javascript:alert(1)", "evil.test", "/%2F/evil.test", "/\x00",
    ],
    ids=ascii,
)  # fmt: skip
async def test_logging_in_never_leads_to_another_site(
    stand: Stand, stranger: httpx.AsyncClient, target: str
) -> None:
    fields = {"email": "demo@tuntas.test", "password": "demo-password", "next": target}
    reply = await stranger.post("/login", data=fields)
    assert reply.status_code == 303
    location = reply.headers["Location"]
    assert urljoin(stand.url, location).startswith(f"{stand.url}/")
    assert not location.startswith(("//", "/\\"))
    assert not re.search(r"[\x00-\x20\\]", location)


async def test_a_refused_log_in_keeps_the_address_and_not_the_password(stranger: httpx.AsyncClient) -> None:
    fields = {"email": f"a@b.test{SCRIPT}", "password": "wrong-password", "next": f"/{SCRIPT}"}
    reply = await stranger.post("/login", data=fields)
    assert reply.status_code == 401
    assert "a@b.test" in reply.text
    assert "<script>alert" not in reply.text
    assert "wrong-password" not in reply.text
    assert COOKIE not in reply.cookies
    assert (await stranger.post("/login", data={"email": "\x00", "password": "\x00"})).status_code == 401
    assert (await stranger.post("/login", data={})).status_code == 401


async def test_registering_by_the_form(stranger: httpx.AsyncClient) -> None:
    fields = {"name": "Sari", "email": "sari@example.test", "password": PASSWORD}
    for changes, status in (
        ({"password": "short"}, 422),
        ({"email": f"nobody{SCRIPT}"}, 422),
        ({"name": "\x00"}, 422),
        ({"email": "demo@tuntas.test"}, 409),
    ):
        refused = await stranger.post("/register", data={**fields, **changes})
        assert refused.status_code == status
        assert "<script>alert" not in refused.text
        assert COOKIE not in refused.cookies
    reply = await stranger.post("/register", data=fields)
    assert (reply.status_code, reply.headers["Location"]) == (303, "/invitations")
    assert "Sari" in (await stranger.get("/invitations")).text


async def test_logging_out_ends_the_session_itself(stand: Stand, customer: httpx.AsyncClient) -> None:
    token = customer.cookies[COOKIE]
    reply = await customer.post("/logout")
    assert (reply.status_code, reply.headers["Location"]) == (303, "/login")
    assert f'{COOKIE}=""; ' in reply.headers["Set-Cookie"]
    assert "Max-Age=0" in reply.headers["Set-Cookie"]
    kept = await stand.http.get("/api/v1/user-profile", headers={"Authorization": f"Bearer {token}"})
    assert kept.status_code == 401


async def test_an_ended_session_is_a_stranger(
    stand: Stand, customer: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stand.clock, "ahead", timedelta(days=30))
    assert (await customer.get("/invitations")).headers["Location"].startswith("/login?")
    assert (await customer.get("/login")).status_code == 200


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/login", {"email": "demo@tuntas.test", "password": "demo-password"}),
        ("/register", {"name": "X", "email": "x@example.test", "password": PASSWORD}),
        ("/invitations", {"package_id": "1", "domain": "dari-situs-lain"}),
        ("/logout", {}),
    ],
)
@pytest.mark.parametrize(
    "origin",
    [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.test"}],
)
async def test_another_sites_form_is_refused(
    stand: Stand, customer: httpx.AsyncClient, path: str, fields: dict[str, str], origin: dict[str, str]
) -> None:
    """Also of a neighbour on the same site: customers' invitations live on subdomains of ours."""
    reply = await customer.post(path, data=fields, headers=origin)
    assert reply.status_code == 403
    assert "forbidden_origin" in reply.text
    assert (await customer.get("/invitations")).status_code == 200, "still logged in as before"
    assert stand.rows("select 1 from invitations where domain = 'dari-situs-lain'") == []
    assert stand.rows("select 1 from users where email = 'x@example.test'") == []


# Buying and paying


async def test_the_form_for_a_new_invitation_says_what_is_wrong(customer: httpx.AsyncClient) -> None:
    good = {"package_id": str(KENANGA), "domain": "formulir", "title": "Tono & Tini"}
    for changes in (
        {"domain": "tidak sah"},
        {"domain": ""},
        {"domain": "rani-bima"},
        {"package_id": "99"},
        {"package_id": "x"},
        {"package_id": "9" * 5000},
        {"event_date": "kapan-kapan"},
        {"title": "x" * 201},
        {"venue": "a\x00b"},
        {"domain": SCRIPT},
    ):
        reply = await customer.post("/invitations", data={**good, **changes})
        assert reply.status_code == 422, changes
        assert "aria-invalid" in reply.text or 'id="package_id-problem"' in reply.text
        assert "<script>alert" not in reply.text
        if "title" not in changes:
            assert "Tono &amp; Tini" in reply.text, "what was typed is kept"
    assert re.search(r"/checkout/\d+", (await customer.post("/invitations", data=good)).headers["Location"])


async def test_checkout_shows_the_price_and_how_it_stands(stand: Stand, customer: httpx.AsyncClient) -> None:
    number = await buy(customer, "kasir", title="Kasir & Kas")
    page = await customer.get(f"/checkout/{number}")
    assert shown(page, "data-status") == "unpaid"
    assert (shown(page, "data-amount"), shown(page, "data-invitation-id")) == ("299000", str(number))
    assert "Rp299.000" in page.text
    assert f'src="{stand.simulator_url}/snap/snap.js"' in page.text
    assert shown(page, "data-client-key") == "SB-Mid-client-simulator"
    assert "SB-Mid-server" not in page.text
    order_id = await order(customer, number)
    assert order_id in (await customer.get(f"/checkout/{number}")).text
    await stand.notify(order_id, "pending")
    assert shown(await customer.get(f"/checkout/{number}"), "data-status") == "pending"
    await stand.notify(order_id, "deny")
    assert shown(await customer.get(f"/checkout/{number}"), "data-status") == "failed"
    await stand.notify(order_id, "settlement", transaction_id="another")
    assert shown(await customer.get(f"/checkout/{number}"), "data-status") == "paid"


@pytest.mark.parametrize("number", ["5", "0", "999999", str(2**63), "9" * 40, "x", "-1"])
async def test_other_peoples_checkout_does_not_exist(customer: httpx.AsyncClient, number: str) -> None:
    reply = await customer.get(f"/checkout/{number}")
    assert reply.status_code == 404
    assert "Rani" not in reply.text


async def test_the_result_page_believes_the_books_and_not_the_address(
    stand: Stand, customer: httpx.AsyncClient
) -> None:
    """F9: what Midtrans's popup appends is only a hint."""
    order_id = await order(customer, await buy(customer, "hasil"))
    claim = f"order_id={order_id}&status_code=200&transaction_status=settlement"
    page = await customer.get(f"/payment/success?{claim}")
    assert shown(page, "data-status") == "pending"
    assert text("payment.paid", Language.ID) not in re.sub(r"<title>.*?</title>", "", page.text)
    assert stand.rows("select status from orders where order_id = %s", order_id) == [{"status": "pending"}]
    await stand.notify(order_id, "settlement")
    for hint in ("success", "pending", "error"):
        page = await customer.get(f"/payment/{hint}?order_id={order_id}&transaction_status=deny")
        assert (page.status_code, shown(page, "data-status")) == (200, "paid")
        assert shown(await customer.get(f"/payment/{hint}"), "data-status") == "paid", "the newest order"
    await stand.notify(order_id, "deny")
    assert shown(await customer.get(f"/payment/success?{claim}"), "data-status") == "failed"


async def test_other_peoples_payments_are_unknown(stand: Stand, customer: httpx.AsyncClient) -> None:
    """F10"""
    theirs = await stand.order()
    for claimed in (theirs, "INV-1", "%00", "", "%FF", "x" * 5000):
        page = await customer.get(f"/payment/success?order_id={claimed}")
        assert (page.status_code, shown(page, "data-status")) == (200, "unknown")
        assert "Rani" not in page.text
    assert shown(await customer.get("/payment/success"), "data-status") == "unknown", "nothing ordered yet"


# What guests see


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
    for host, title in (
        ("rumah.localhost", "Rumah Kami"),
        ("RUMAH.localhost:8000", "Rumah Kami"),
        (f"rumah.{urlsplit(stand.url).netloc}", "Rumah Kami"),
        ("kami.example.test", "Kami Sendiri"),
        ("kami.example.test:80", "Kami Sendiri"),
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


# Language


async def test_the_language_is_chosen_once_and_kept(stranger: httpx.AsyncClient) -> None:
    assert '<html lang="id"' in (await stranger.get("/login")).text
    assert '<html lang="en"' in (await stranger.get("/login", headers={"Accept-Language": "en"})).text
    reply = await stranger.get("/login?next=%2Fcheckout%2F5&lang=en")
    assert (reply.status_code, reply.headers["Location"]) == (303, "/login?next=%2Fcheckout%2F5")
    page = await stranger.get("/login", headers={"Accept-Language": "id"})
    assert '<html lang="en"' in page.text
    assert text("login.lead", Language.EN) in page.text
    missing = await stranger.get("/api/v1/user-profile")
    assert missing.json()["message"] == text("error.unauthenticated", Language.EN)
    assert '<html lang="en"' in (await stranger.get("/login?lang=xx")).text


@pytest.mark.parametrize(
    "path", ["//evil.test/", "//evil.test", "/\\evil.test", "///evil.test", "/%5Cevil.test"]
)
async def test_choosing_a_language_never_leads_to_another_site(stand: Stand, path: str) -> None:
    reply = await raw_get(stand, f"{path}?lang=en")
    location = reply.headers.get("Location", "/")
    assert urljoin(stand.url, location.replace("\\", "/")).startswith(f"{stand.url}/"), location


async def raw_get(stand: Stand, target: str) -> httpx.Response:
    """A request for exactly this target, which a client would tidy up."""
    async with httpx.AsyncClient() as http:
        request = http.build_request("GET", stand.url)
        request.extensions["target"] = target.encode()
        return await http.send(request)


# Around everything


@pytest.mark.parametrize("path", ["/login", "/i/tidak-ada", "/nothing", "/static/tuntas.css", "/invitations"])
async def test_every_page_tells_browsers_to_be_strict(
    stand: Stand, stranger: httpx.AsyncClient, path: str
) -> None:
    headers = (await stranger.get(path)).headers
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'self'"
    assert policy["script-src"] == f"'self' {stand.simulator_url}"
    assert policy["frame-src"] == stand.simulator_url
    assert policy["frame-ancestors"] == "'none'"
    assert policy["form-action"] == "'self'"
    assert policy["base-uri"] == "'none'"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize(
    "path", ["/nothing", "/checkout", "/static/nothing", "/static/", "/static/..%2frender.py"]
)
async def test_people_get_a_page_for_what_is_not_there(stranger: httpx.AsyncClient, path: str) -> None:
    reply = await stranger.get(path)
    assert reply.status_code == 404
    assert reply.headers["Content-Type"].startswith("text/html")
    assert text("error.not_found", Language.ID) in reply.text


@pytest.mark.parametrize("path", ["/api/nothing", "/api/", "/api/v1/nothing", "/api/v1/midtrans/webhook/x"])
async def test_programs_get_json_for_what_is_not_there(stranger: httpx.AsyncClient, path: str) -> None:
    for reply in (await stranger.get(path), await stranger.post(path)):
        assert (reply.status_code, reply.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/midtrans/webhook"),
        ("PUT", "/api/v1/midtrans/webhook"),
        ("GET", "/api/v1/login"),
        ("DELETE", "/api/v1/invitations"),
        ("GET", "/api/midtrans/create-snap-token"),
    ],
)
async def test_the_wrong_method_is_told_the_right_one(
    stranger: httpx.AsyncClient, method: str, path: str
) -> None:
    reply = await stranger.request(method, path)
    assert (reply.status_code, reply.json()["code"]) == (405, "method_not_allowed")
    assert reply.headers["Allow"]
    assert method not in reply.headers["Allow"]


async def test_a_page_with_the_wrong_method_is_a_page_still(stranger: httpx.AsyncClient) -> None:
    reply = await stranger.post("/i/rani-bima")
    assert (reply.status_code, reply.headers["Content-Type"]) == (405, "text/html; charset=utf-8")


async def test_a_form_that_is_too_large_is_refused_kindly(stranger: httpx.AsyncClient) -> None:
    reply = await stranger.post("/login", data={"email": "x" * 70_000})
    assert reply.status_code == 413
    assert text("error.payload_too_large", Language.ID) in reply.text


async def test_an_unexpected_error_is_logged_and_reveals_nothing(database_url: str) -> None:
    async with open_stand(database_url) as stand, httpx.AsyncClient(base_url=stand.url) as http:
        http.cookies.set(COOKIE, await new_session(stand))
        with psycopg.connect(database_url) as connection:
            connection.execute("alter table packages rename to missing_table")
        with structlog.testing.capture_logs() as logs:
            page = await http.get("/invitations/new")
            answer = await http.get("/api/v1/packages")
            ready = await http.get("/readyz")
    assert (page.status_code, page.headers["Content-Type"]) == (500, "text/html; charset=utf-8")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert ready.status_code == 200
    for reply in (page, answer):
        assert text("error.internal_error", Language.ID) in reply.text
        for secret in ("Traceback", "packages", "sqlalchemy", "SB-Mid-server", "select"):
            assert secret not in reply.text
    assert [(log["event"], log["path"]) for log in logs] == [
        ("request_failed", "/invitations/new"),
        ("request_failed", "/api/v1/packages"),
    ]


async def test_readiness_is_about_the_database_and_health_is_not(postgres: EmbeddedPostgres) -> None:
    with new_database(postgres) as url:
        async with open_stand(url) as stand:
            assert (await stand.http.get("/readyz")).json() == {"status": "ok"}
            name = psycopg.conninfo.conninfo_to_dict(url)["dbname"]
            with psycopg.connect(postgres.url, autocommit=True) as connection:
                connection.execute(f"alter database {name} with allow_connections false")
                connection.execute(
                    "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", [name]
                )
            ready = await stand.http.get("/readyz")
            assert (ready.status_code, ready.json()) == (503, {"status": "database_unavailable"})
            assert (await stand.http.get("/healthz")).json() == {"status": "ok"}


async def test_a_small_answer_leaves_at_once(stand: Stand) -> None:
    """Held back for the acknowledgement of its head, each would take 40 ms (Nagle's algorithm)."""
    seconds = []
    for _ in range(40):
        before = time.perf_counter()
        await stand.http.get("/healthz")
        seconds.append(time.perf_counter() - before)
    assert statistics.median(seconds[20:]) < 0.03
