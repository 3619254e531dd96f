"""`openapi.json` is true: what it says of each route is what the route does, refusals included."""

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

from tests.stand import PRICE, Stand, notification, open_stand
from tuntas.app import Application
from tuntas.midtrans.notification import MAX_BODY_BYTES

pytestmark = pytest.mark.anyio

VERBS = {"get", "post", "patch", "put", "delete"}
RARE = {
    "overloaded", "busy", "database_unavailable", "shutting_down", "internal_error", "token_in_progress",
    "gateway_misconfigured", "gateway_timeout", "gateway_unavailable", "gateway_rejected",
    "too_many_unpaid", "domain_released", "session_expired", "not_stored",
    "too_many_requests",
}  # fmt: skip
"""Codes that other tests bring about, one by one."""


class Contract:
    """The document, and every answer held against it."""

    def __init__(self, document: dict[str, Any], stand: Stand) -> None:
        self.document = document
        self.stand = stand
        self.seen: dict[tuple[str, str], set[str]] = defaultdict(set)
        """By operation: the codes of its refusals, and the statuses of what was no refusal."""

    def operations(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        for path, methods in self.document["paths"].items():
            for method in VERBS & methods.keys():
                yield method, path, methods[method]

    async def call(self, method: str, path: str, at: str = "", **request: Any) -> httpx.Response:
        """Call the operation `path`, at the address `at` where it has parameters."""
        reply = await self.stand.http.request(method, at or path, **request)
        operation = self.document["paths"][path][method]
        told = operation["responses"].get(str(reply.status_code))
        assert told is not None, f"{method} {path} answered {reply.status_code}: {reply.text}"
        if "content" not in told:
            assert reply.content == b""
            self.seen[method, path].add(str(reply.status_code))
            return reply
        content = told["content"]["application/json"]
        self.valid(reply.json(), content["schema"])
        code = reply.json()["code"] if reply.status_code >= 400 and "code" in reply.json() else None
        if code is not None and "examples" in content:
            assert code in content["examples"], f"{method} {path} answered {code}"
        self.seen[method, path].add(code or str(reply.status_code))
        return reply

    def valid(self, document: object, schema: dict[str, Any]) -> None:
        resolvable = {**schema, "components": self.document["components"]}
        Draft202012Validator(resolvable).validate(document)

    def promised(self, operation: dict[str, Any]) -> set[str]:
        """Every code of a refusal it may answer, and every status of what is none."""
        found = set()
        for status, told in operation["responses"].items():
            examples = told.get("content", {}).get("application/json", {}).get("examples", {})
            found |= set(examples) - {"answer"} or {status} if int(status) >= 400 else {status}
        return found


async def read(stand: Stand) -> Contract:
    reply = await stand.http.get("/api/openapi.json")
    assert reply.status_code == 200
    return Contract(reply.json(), stand)


async def test_the_document_is_whole(stand: Stand) -> None:
    contract = await read(stand)
    names = []
    for method, path, operation in contract.operations():
        where = f"{method} {path}"
        names.append(operation["operationId"])
        assert operation["summary"][0].isupper(), where
        assert operation["tags"], where
        for status, told in operation["responses"].items():
            content = told.get("content", {}).get("application/json", {})
            for example in content.get("examples", {}).values():
                contract.valid(example["value"], content["schema"])
            assert int(status) < 400 or "examples" in content, (where, status)
        body = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if body is not None:
            schema = body["schema"]
            if "$ref" in schema:
                schema = contract.document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
            shown = [*schema.get("examples", []), *([body["example"]] if "example" in body else [])]
            assert shown, where
            for example in shown:
                contract.valid(example, body["schema"])
    assert len(names) == len(set(names)) > 10
    for reference in re.findall(r"#/components/schemas/(\w+)", str(contract.document)):
        assert reference in contract.document["components"]["schemas"]
    assert set(contract.document["components"]["securitySchemes"]) == {"bearer", "cookie"}


async def test_who_may_call_is_as_told(stand: Stand) -> None:
    contract = await read(stand)
    token = (await stand.bearer())["Authorization"].removeprefix("Bearer ")
    for method, path, operation in contract.operations():
        at = path.replace("{invitation_id}", "5").replace("{order_id}", "INV-1")
        if path.endswith("/webhook"):
            continue
        stranger = await stand.http.request(method, at)
        ended = await stand.http.request(method, at, headers={"Authorization": "Bearer old"})
        if "security" in operation:
            assert (stranger.status_code, ended.status_code) == (401, 401), path
            if method == "get":
                known = await stand.http.get(at, headers={"Cookie": f"tuntas_session={token}"})
                assert known.status_code in {200, 404}, path
            else:
                known = await stand.http.request(
                    method,
                    at,
                    headers={"Cookie": f"tuntas_session={token}", "Sec-Fetch-Site": "cross-site"},
                )
                assert known.json()["code"] == "forbidden_origin", path
        else:
            assert stranger.status_code != 401, path


async def test_every_route_answers_what_it_promises(stand: Stand) -> None:
    """Each refusal that a caller can bring about is brought about, and each answer fits its schema."""
    contract = await read(stand)
    bearer = await stand.bearer()
    for method, path, operation in contract.operations():
        at = path.replace("{invitation_id}", "5").replace("{order_id}", "INV-1")
        if "security" in operation:
            await contract.call(method, path, at)
            if method != "get":
                token = bearer["Authorization"].removeprefix("Bearer ")
                cookie = {"Cookie": f"tuntas_session={token}", "Sec-Fetch-Site": "cross-site"}
                await contract.call(method, path, at, headers=cookie)
        if "requestBody" in operation and not path.endswith("/webhook"):
            as_json = {**bearer, "Content-Type": "application/json"}
            await contract.call(method, path, at, headers=as_json, content=b"{")
            await contract.call(method, path, at, headers=as_json, content=b"[]")
            too_much = b'{"x": "' + b"x" * MAX_BODY_BYTES + b'"}'
            await contract.call(method, path, at, headers=as_json, content=too_much)
        if "{invitation_id}" in path:
            await contract.call(method, path, path.replace("{invitation_id}", "x"), headers=bearer, json={})
    await _accounts(contract)
    await _invitations(contract, bearer)
    await _payments(contract, bearer)
    await _webhook(contract)
    for method, path, operation in contract.operations():
        missed = contract.promised(operation) - RARE - contract.seen[method, path]
        assert not missed, f"{method} {path} never answered {missed}"


async def _accounts(contract: Contract) -> None:
    register, login = "/api/v1/register", "/api/v1/login"
    someone = {"name": "Siti", "email": "siti@tuntas.test", "password": "kata-sandi-siti"}
    made = await contract.call("post", register, json=someone)
    await contract.call("post", register, json=someone)
    for password in ("x", "password123"):
        other = {**someone, "email": "other@tuntas.test", "password": password}
        await contract.call("post", register, json=other)
    await contract.call("post", login, json={"email": someone["email"], "password": someone["password"]})
    wrong = {"email": someone["email"], "password": "wrong"}
    await contract.call("post", login, json=wrong)
    headers = {"Authorization": f"Bearer {made.json()['token']}"}
    await contract.call("post", "/api/v1/logout", headers=headers)


async def _invitations(contract: Contract, bearer: dict[str, str]) -> None:
    await contract.call("get", "/api/v1/config")
    await contract.call("get", "/api/v1/packages")
    shelf, one = "/api/v1/invitations", "/api/v1/invitations/{invitation_id}"
    check = f"{one}/check-domain"
    made = await contract.call("post", shelf, headers=bearer, json={"package_id": 2, "domain": "a-b.test"})
    number = made.json()["id"]
    for package, domain in ((999, "x-y"), (2, "-"), (2, "www"), (2, "rani-bima")):
        await contract.call("post", shelf, headers=bearer, json={"package_id": package, "domain": domain})
    await contract.call("get", shelf, headers=bearer)
    await contract.call("get", shelf, f"{shelf}?limit=0", headers=bearer)
    for change in ({"venue": "Solo"}, {"domain": "-"}, {"domain": "www"}, {"domain": "rani-bima"}):
        await contract.call("patch", one, f"{shelf}/{number}", headers=bearer, json=change)
    for path, method in ((one, "get"), (one, "patch"), (check, "post")):
        await contract.call(method, path, path.replace("{invitation_id}", "999"), headers=bearer, json={})
    await contract.call("get", one, f"{shelf}/5", headers=bearer)
    await contract.call("post", check, f"{shelf}/5/check-domain", headers=bearer)
    await contract.call("post", check, f"{shelf}/{number}/check-domain", headers=bearer)
    await contract.call("get", "/api/v1/user-profile", headers=bearer)


async def _payments(contract: Contract, bearer: dict[str, str]) -> None:
    stand = contract.stand
    ask = {"invitation_id": 5, "amount": PRICE}
    tokens = ("/api/midtrans/create-snap-token", "/api/v1/midtrans/create-snap-token")
    order_id = ""
    for path in tokens:
        for changed in ({"invitation_id": 999}, {"amount": 1}, {"finish_url": "https://evil.test"}, {}, {}):
            reply = await contract.call("post", path, headers=bearer, json={**ask, **changed})
        order_id = reply.json()["order_id"]
        if path == tokens[0]:
            await stand.notify(order_id, "capture", transaction_id="card", fraud_status="challenge")
            for again in tokens:
                await contract.call("post", again, headers=bearer, json=ask)
            await stand.notify(order_id, "expire", transaction_id="card")
    one, page = "/api/v1/payments/{order_id}", "/api/v1/payments"
    check = "/api/v1/midtrans/check-status"
    await contract.call("get", one, f"{page}/{order_id}", headers=bearer)
    await contract.call("get", one, f"{page}/INV-1", headers=bearer)
    await contract.call("get", one, f"{page}/{'x' * 51}", headers=bearer)
    await contract.call("get", page, headers=bearer)
    await contract.call("get", page, f"{page}?before=INV-1", headers=bearer)
    await contract.call("get", page, f"{page}?limit=0", headers=bearer)
    for named in (order_id, order_id, "INV-1"):
        await contract.call("post", check, headers=bearer, json={"order_id": named})
    await stand.notify(order_id, "settlement")
    await contract.call("get", one, f"{page}/{order_id}", headers=bearer)
    for path in tokens:
        await contract.call("post", path, headers=bearer, json=ask)
    shelf = "/api/v1/invitations"
    await contract.call(
        "patch", f"{shelf}/{{invitation_id}}", f"{shelf}/5", headers=bearer, json={"domain": "baru"}
    )


async def _webhook(contract: Contract) -> None:
    path = "/api/v1/midtrans/webhook"
    await contract.call("post", path, json=notification("INV-unknown", "pending"))
    await contract.call("post", path, json={**notification("INV-1", "pending"), "signature_key": "x"})
    await contract.call("post", path, content=b"{")
    await contract.call("post", path, content=b"x" * (MAX_BODY_BYTES + 1))


async def test_at_a_desk_the_api_can_be_tried_on_a_page_of_our_own_files(stand: Stand) -> None:
    for at_a_desk in (True, False):
        app = Application(stand.backend, at_a_desk=at_a_desk)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=stand.url) as client:
            page = await client.get("/api/docs")
            assert page.status_code == (200 if at_a_desk else 404)
            files = re.findall(r'(?:src|href)="([^"]*)"', page.text)
            assert len(files) == (3 if at_a_desk else 0)
            for address in files:
                assert address.startswith("/api/docs/"), "nothing from elsewhere"
                assert (await client.get(address)).status_code == 200
            if at_a_desk:
                assert (await client.get("/api/openapi.json")).json()["paths"]


async def test_refusals_of_the_gateway_are_as_told(database_url: str) -> None:
    async with open_stand(database_url, notified=False) as stand:
        contract = await read(stand)
        bearer = await stand.bearer()
        for fault in ({"api_down": {"status": 500}}, {"api_html": {"status": 200}}):
            await stand.http.put(f"{stand.simulator_url}/_control/faults", json=fault)
            path = "/api/midtrans/create-snap-token"
            reply = await contract.call("post", path, headers=bearer, json={"invitation_id": 5})
            assert reply.json()["code"].startswith("gateway_")
