"""Log in, register and log out by form; where that leads, and who cannot make a browser do it."""

import re
from datetime import timedelta
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx
import pytest

from tests.integration.pages.shop import (
    COOKIE,
    PASSWORD,
    SCRIPT,
)
from tests.stand import Stand

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    "path", ["/invitations", "/invitations/new", "/checkout/5", "/invitations?before=1&x=%2F"]
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
