"""What all pages have in common: language, strict headers, errors, health."""

import statistics
import time
from urllib.parse import urljoin

import httpx
import psycopg
import pytest
import structlog

from tests.database import new_database
from tests.integration.pages.shop import COOKIE, new_session
from tests.stand import Stand, open_stand
from tuntas.language import Language, text
from tuntas.store.embedded import EmbeddedPostgres

pytestmark = pytest.mark.anyio


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
    assert policy["form-action"] == f"'self' {stand.simulator_url}"
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
            assert (await stand.http.get("/readyz")).json()["status"] == "ok"
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
