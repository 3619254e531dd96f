"""Register, log in, log out, and who is believed to be calling."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from typing import Any

import httpx
import pytest

from tests.database import new_database
from tests.stand import Stand, open_stand
from tuntas.language import Language, text
from tuntas.store.embedded import EmbeddedPostgres

pytestmark = pytest.mark.anyio

PASSWORD = "a-long-password"
COOKIE = "tuntas_session"


@pytest.fixture(scope="module")
async def stand(postgres: EmbeddedPostgres) -> AsyncIterator[Stand]:
    """One for all tests here: each brings people of its own."""
    with new_database(postgres) as url:
        async with open_stand(url) as opened:
            yield opened


async def register(stand: Stand, email: str, **changes: Any) -> httpx.Response:
    return await post(
        stand, "/api/v1/register", {"name": "Siti", "email": email, "password": PASSWORD, **changes}
    )


async def log_in(stand: Stand, email: str, password: str = PASSWORD) -> httpx.Response:
    return await post(stand, "/api/v1/login", {"email": email, "password": password})


async def post(stand: Stand, path: str, body: dict[str, Any]) -> httpx.Response:
    """With every character escaped, so that also halves of a character get through."""
    return await stand.http.post(path, content=json.dumps(body), headers={"Content-Type": "application/json"})


async def who(stand: Stand, **headers: str) -> httpx.Response:
    return await stand.http.get("/api/v1/user-profile", headers=headers)


async def log_out(stand: Stand, **headers: str) -> httpx.Response:
    return await stand.http.post("/api/v1/logout", headers=headers)


def bearer(token: str) -> str:
    return f"Bearer {token}"


def refusal(reply: httpx.Response) -> tuple[int, str]:
    assert reply.json()["message"]
    return reply.status_code, reply.json()["code"]


async def test_a_new_customer_is_logged_in_at_once(stand: Stand) -> None:
    reply = await register(stand, "baru@example.test")
    assert reply.status_code == 201
    document = reply.json()
    assert set(document) == {"token", "user"}
    assert set(document["user"]) == {"id", "name", "email"}
    profile = (await who(stand, Authorization=bearer(document["token"]))).json()
    assert profile == {"user": document["user"], "invitation": None, "invitations": []}


async def test_an_address_is_one_account_however_it_is_written(stand: Stand) -> None:
    first = await register(stand, "  Dewi@Example.TEST ", name="  Dewi ")
    assert (first.json()["user"]["email"], first.json()["user"]["name"]) == ("dewi@example.test", "Dewi")
    for spelling in ("dewi@example.test", "DEWI@example.test", " dewi@EXAMPLE.test"):
        assert refusal(await register(stand, spelling)) == (409, "email_taken")
        assert (await log_in(stand, spelling)).json()["user"] == first.json()["user"]


async def test_of_parallel_registrations_one_wins(stand: Stand) -> None:
    replies = await asyncio.gather(*(register(stand, "sekaligus@example.test") for _ in range(4)))
    assert sorted(reply.status_code for reply in replies) == [201, 409, 409, 409]


@pytest.mark.parametrize("password", ["", "1234567"])
async def test_a_short_password_is_refused_and_nobody_is_added(stand: Stand, password: str) -> None:
    reply = await register(stand, "pendek@example.test", password=password)
    assert refusal(reply) == (422, "password_too_short")
    assert "8" in reply.json()["message"]
    assert stand.rows("select 1 from users where email = 'pendek@example.test'") == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"email": None}, "email"),
        ({"email": 5}, "email"),
        ({"email": ["a@example.test"]}, "email"),
        ({"email": "nobody"}, "email"),
        ({"email": "a@b"}, "email"),
        ({"email": "a b@example.test"}, "email"),
        ({"email": "a\x00@example.test"}, "email"),
        ({"email": f"{'a' * 250}@example.test"}, "email"),
        ({"email": "\ud800@example.test"}, "email"),
        ({"name": ""}, "name"),
        ({"name": "   "}, "name"),
        ({"name": {"first": "Siti"}}, "name"),
        ({"name": "S" * 201}, "name"),
        ({"name": "Si\x00ti"}, "name"),
        ({"name": "Siti \ud800"}, "name"),
        ({"password": 12345678}, "password"),
        ({"password": "x" * 257}, "password"),
        ({"password": "long enough \ud800"}, "password"),
    ],
    ids=lambda value: ascii(value)[:40],
)
async def test_a_field_that_cannot_be_is_named(stand: Stand, changes: dict[str, Any], field: str) -> None:
    reply = await register(stand, **{"email": "salah@example.test", **changes})
    assert refusal(reply) == (422, "invalid_request")
    assert [entry["field"] for entry in reply.json()["errors"]] == [field]
    assert PASSWORD not in reply.text
    assert stand.rows("select 1 from users where email = 'salah@example.test'") == []


@pytest.mark.parametrize("path", ["/api/v1/register", "/api/v1/login"])
@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", (422, "invalid_request")),
        (b"{", (400, "invalid_json")),
        (b"\xff\xfe", (400, "invalid_json")),
        (b"[" * 60_000, (400, "invalid_json")),
        (b"[]", (422, "invalid_request")),
        (b'"text"', (422, "invalid_request")),
        (b"{}", (422, "invalid_request")),
        (b"null", (422, "invalid_request")),
    ],
    ids=lambda value: str(value)[:12],
)
async def test_a_body_that_is_no_request_is_refused(
    stand: Stand, path: str, body: bytes, expected: tuple[int, str]
) -> None:
    reply = await stand.http.post(path, content=body, headers={"Content-Type": "application/json"})
    assert refusal(reply) == expected


async def test_a_wrong_password_and_an_unknown_address_look_alike(stand: Stand) -> None:
    await register(stand, "ada@example.test")
    wrong = await log_in(stand, "ada@example.test", "another-password")
    unknown = await log_in(stand, "tiada@example.test")
    assert refusal(wrong) == (401, "invalid_credentials")
    assert wrong.json() == unknown.json()
    assert wrong.headers["WWW-Authenticate"] == "Bearer"
    quickest = [
        min([(await log_in(stand, email, "another-password")).elapsed for _ in range(3)])
        for email in ("ada@example.test", "tiada@example.test")
    ]
    assert max(quickest) < 4 * min(quickest), "the time taken does not tell who has an account either"


@pytest.mark.parametrize(
    ("email", "password"),
    [("\x00", PASSWORD), ("a@example.test\x00", PASSWORD), ("\ud800", PASSWORD), ("a@b.test", "\ud800\x00")],
    ids=ascii,
)
async def test_what_no_address_or_password_can_hold_matches_nobody(
    stand: Stand, email: str, password: str
) -> None:
    assert refusal(await log_in(stand, email, password)) in {
        (401, "invalid_credentials"), (422, "invalid_request"),
    }  # fmt: skip


async def test_logging_out_ends_this_session_only(stand: Stand) -> None:
    first = (await register(stand, "dua@example.test")).json()["token"]
    second = (await log_in(stand, "dua@example.test")).json()["token"]
    assert (await log_out(stand, Authorization=bearer(first))).status_code == 204
    assert refusal(await who(stand, Authorization=bearer(first))) == (401, "unauthenticated")
    assert refusal(await log_out(stand, Authorization=bearer(first))) == (401, "unauthenticated")
    assert (await who(stand, Authorization=bearer(second))).status_code == 200


async def test_a_session_ends_after_thirty_days(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    token = (await register(stand, "lama@example.test")).json()["token"]
    monkeypatch.setattr(stand.clock, "ahead", timedelta(days=29, hours=23))
    assert (await who(stand, Authorization=bearer(token))).status_code == 200
    monkeypatch.setattr(stand.clock, "ahead", timedelta(days=30))
    assert refusal(await who(stand, Authorization=bearer(token))) == (401, "session_expired")
    await log_in(stand, "lama@example.test")
    rows = stand.rows(
        "select 1 from sessions join users on users.id = user_id where email = 'lama@example.test'"
    )
    assert len(rows) == 1, "logging in again sweeps up what has ended"


async def test_neither_tokens_nor_passwords_are_stored(stand: Stand) -> None:
    token = (await register(stand, "rahasia@example.test")).json()["token"]
    (row,) = stand.rows(
        "select sessions.*, users.* from sessions join users on users.id = user_id"
        " where email = 'rahasia@example.test'"
    )
    assert row["token_hash"] == hashlib.sha256(token.encode()).digest()
    assert row["password_hash"].startswith("$argon2id$")
    kept = " ".join(map(str, row.values()))
    assert token not in kept
    assert PASSWORD not in kept
    assert len(token) >= 43, "256 random bits"


@pytest.mark.parametrize(
    "value",
    ["", "Bearer", "Bearer  x y", "Basic Zm9vOmJhcg==", "Bearer guessed", "Bearer \xff\xfe", "Bearer a b c"],
)
async def test_nonsense_is_nobody(stand: Stand, value: str) -> None:
    reply = await stand.http.get(
        "/api/v1/user-profile", headers=httpx.Headers([(b"Authorization", value.encode("latin-1"))])
    )
    assert refusal(reply) == (401, "unauthenticated")
    assert reply.headers["WWW-Authenticate"] == "Bearer"


async def test_the_scheme_is_read_in_any_case(stand: Stand) -> None:
    token = (await register(stand, "skema@example.test")).json()["token"]
    for scheme in ("Bearer", "bearer", "BEARER"):
        assert (await who(stand, Authorization=f"{scheme}  {token}")).status_code == 200


async def test_the_cookie_of_the_pages_serves_the_api_too(stand: Stand) -> None:
    token = (await register(stand, "kue@example.test")).json()["token"]
    reply = await who(stand, Cookie=f"{COOKIE}={token}")
    assert reply.json()["user"]["email"] == "kue@example.test"
    both = await who(stand, Cookie=f"{COOKIE}={token}", Authorization="Bearer guessed")
    assert refusal(both) == (401, "unauthenticated"), "a bearer token that is given is the one that counts"


@pytest.mark.parametrize(
    ("origin", "own"),
    [
        ({"Sec-Fetch-Site": "same-origin", "Origin": "{own}"}, True),
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Origin": "{own}"}, True),
        ({}, True),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.test"}, False),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "{own}"}, False),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Sec-Fetch-Site": "anything"}, False),
        ({"Origin": "https://evil.test"}, False),
        ({"Origin": "http://{host}.evil.test"}, False),
        ({"Origin": "http://evil.test/{host}"}, False),
        ({"Origin": "null"}, False),
        ({"Origin": ""}, False),
        ({"Origin": "http://[broken"}, False),
    ],
    ids=str,
)
async def test_another_sites_page_cannot_act_with_the_cookie(
    stand: Stand, origin: dict[str, str], own: bool
) -> None:
    host = stand.url.removeprefix("http://")
    headers = {name: value.format(own=stand.url, host=host) for name, value in origin.items()}
    identity = await stand.bearer()
    cookie = {"Cookie": f"{COOKIE}={identity['Authorization'].removeprefix('Bearer ')}"}
    act = partial(stand.http.post, "/api/v1/invitations", json={})
    believed = (422, "invalid_request")
    refused = (403, "forbidden_origin")
    assert refusal(await act(headers={**headers, **cookie})) == (believed if own else refused)
    assert (await who(stand, **headers, **cookie)).status_code == 200, "reading is harmless"
    reply = await act(headers={**headers, **cookie, **identity})
    assert refusal(reply) == believed, "no browser adds a bearer token by itself"


@pytest.mark.parametrize(
    ("asked", "language"),
    [
        (None, Language.ID),
        ("id-ID", Language.ID),
        ("en-GB,en;q=0.9", Language.EN),
        ("fr-FR", Language.ID),
        ("en;q=0.4, id;q=0.8", Language.ID),
        ("\xff;;q=", Language.ID),
    ],
)
async def test_errors_speak_the_callers_language(stand: Stand, asked: str | None, language: Language) -> None:
    headers = [] if asked is None else [(b"Accept-Language", asked.encode("latin-1"))]
    async with httpx.AsyncClient(base_url=stand.url) as http:
        reply = await http.get("/api/v1/user-profile", headers=httpx.Headers(headers))
    assert reply.json()["message"] == text("error.unauthenticated", language)


async def test_the_default_language_is_configured_and_cookies_are_secure_behind_https(
    database_url: str,
) -> None:
    async with open_stand(
        database_url, tuntas_language="en", tuntas_base_url="https://undangan.example.test"
    ) as stand:
        reply = await who(stand)
        assert reply.json()["message"] == text("error.unauthenticated", Language.EN)
        form = {"email": "demo@tuntas.test", "password": "demo-password"}
        cookie = (await stand.http.post("/login", data=form)).headers["Set-Cookie"].lower()
    assert "secure" in cookie
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
