"""Control plane and dashboard belong to this machine; what Midtrans serves belongs to everybody."""

from typing import Any

import httpx
import pytest

from midtrans_simulator import SimulatorConfig, create_app

STRINGS = [
    ("GET", "/"),
    ("GET", "/_dashboard/live"),
    ("POST", "/_dashboard/trial"),
    ("GET", "/_control/state"),
    ("POST", "/_control/reset"),
    ("PUT", "/_control/faults"),
    ("POST", "/_control/clock"),
]


async def ask(method: str, path: str, headers: dict[str, str], **settings: Any) -> httpx.Response:
    app = create_app(SimulatorConfig(**settings))
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8100") as client:
            return await client.request(method, path, headers=headers, json={"running": True})


@pytest.mark.parametrize(("method", "path"), STRINGS)
def test_another_name_may_neither_look_nor_act(apart: Any, method: str, path: str) -> None:
    """As after DNS rebinding: the browser believes that an evil name is this machine."""
    reply = apart(ask(method, path, {"Host": "evil.example:8100"}))
    assert (reply.status_code, reply.json()["code"]) == (403, "not_a_local_name")
    assert "--control-host evil.example" in reply.json()["message"]


@pytest.mark.parametrize(
    "host",
    [
        "localhost:8100",
        "127.0.0.1:8100",
        "127.8.8.8",
        "[::1]:8100",
        "shop.localhost",
        "LOCALHOST",
        "localhost.",
    ],
)
def test_every_name_of_this_machine_may(apart: Any, host: str) -> None:
    assert apart(ask("GET", "/_control/state", {"Host": host})).status_code == 200


@pytest.mark.parametrize("host", ["", "127.0.0.1.evil.example", "notlocalhost", "10.0.0.1", "[::1", "a b"])
def test_what_only_looks_like_this_machine_may_not(apart: Any, host: str) -> None:
    assert apart(ask("GET", "/_control/state", {"Host": host})).status_code == 403


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://localhost:3000", "https://[", ""])
@pytest.mark.parametrize(("method", "path"), [each for each in STRINGS if each[0] != "GET"])
def test_a_page_of_another_origin_may_not_act(apart: Any, method: str, path: str, origin: str) -> None:
    reply = apart(ask(method, path, {"Origin": origin}))
    assert (reply.status_code, reply.json()["code"]) == (403, "foreign_origin")


def test_a_form_that_another_site_posts_may_not_act(apart: Any) -> None:
    headers = {"Sec-Fetch-Site": "cross-site"}
    assert apart(ask("POST", "/_control/reset", headers)).status_code == 403
    assert apart(ask("GET", "/", headers)).status_code == 200  # a link to the dashboard is a link


def test_the_dashboards_own_page_and_a_shell_may(apart: Any) -> None:
    own = {"Origin": "http://localhost:8100", "Sec-Fetch-Site": "same-origin"}
    assert apart(ask("POST", "/_control/clock", own)).status_code == 200
    assert apart(ask("POST", "/_control/clock", {})).status_code == 200


def test_names_that_were_told_may(apart: Any) -> None:
    headers = {"Host": "Simulator:8100"}
    assert apart(ask("GET", "/_control/state", headers, control_hosts=("simulator",))).status_code == 200
    assert apart(ask("GET", "/_control/state", headers, control_hosts=("*",))).status_code == 200
    foreign = headers | {"Origin": "http://evil.example"}
    assert apart(ask("POST", "/_control/clock", foreign, control_hosts=("*",))).status_code == 403


def test_what_midtrans_serves_answers_under_any_name_and_to_any_page(apart: Any) -> None:
    headers = {"Host": "api.sandbox.midtrans.com", "Origin": "http://shop.example"}
    assert apart(ask("GET", "/snap/snap.js", headers)).status_code == 200
    assert apart(ask("GET", "/v1/bins/45563300?client_key=SB-Mid-client-x", headers)).status_code == 200
    assert apart(ask("GET", "/snap/v4/popup", headers)).status_code == 200
