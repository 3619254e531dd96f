"""What is sold: packages, one's own invitations, their domains, and the profile the frontend reads."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.database import new_database
from tests.stand import Stand, open_stand
from tuntas.store.embedded import EmbeddedPostgres

pytestmark = pytest.mark.anyio

LIMIT = 64 * 1024
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
async def stand(postgres: EmbeddedPostgres) -> AsyncIterator[Stand]:
    """One for all tests here: each brings an owner and domains of its own."""
    with new_database(postgres) as url:
        async with open_stand(url) as opened:
            yield opened


class Owner:
    """A customer and the calls they make."""

    def __init__(self, stand: Stand, headers: dict[str, str]) -> None:
        self._http = stand.http
        self.headers = headers

    async def add(self, domain: str, package_id: int = 1, **details: Any) -> httpx.Response:
        return await self.post("/api/v1/invitations", package_id=package_id, domain=domain, **details)

    async def post(self, path: str, **body: Any) -> httpx.Response:
        return await self._http.post(path, content=json.dumps(body), headers=self.headers)

    async def get(self, path: str) -> httpx.Response:
        return await self._http.get(path, headers=self.headers)

    async def patch(self, invitation_id: Any, **body: Any) -> httpx.Response:
        path = f"/api/v1/invitations/{invitation_id}"
        return await self._http.patch(path, content=json.dumps(body), headers=self.headers)

    async def profile(self) -> dict[str, Any]:
        document = (await self.get("/api/v1/user-profile")).json()
        assert isinstance(document, dict)
        return document


async def new_owner(stand: Stand) -> Owner:
    headers = await stand.register(f"pemilik-{next(_numbers)}@example.test")
    return Owner(stand, {**headers, "Content-Type": "application/json"})


@pytest.fixture
async def owner(stand: Stand) -> Owner:
    return await new_owner(stand)


@pytest.fixture
async def demo(stand: Stand) -> Owner:
    """For tests that leave nothing behind."""
    return Owner(stand, {**await stand.bearer(), "Content-Type": "application/json"})


def refusal(reply: httpx.Response) -> tuple[int, str]:
    assert reply.json()["message"]
    return reply.status_code, reply.json()["code"]


def new_package(stand: Stand, price: int, *, active: bool = True) -> int:
    (row,) = stand.rows(
        "insert into packages (name, description, price, days, active)"
        " values (%s, '', %s, 30, %s) returning id",
        f"Paket {next(_numbers)}",
        price,
        active,
    )
    number = row["id"]
    assert isinstance(number, int)
    return number


async def test_packages_are_listed_cheapest_first_to_anyone(stand: Stand) -> None:
    packages = (await stand.http.get("/api/v1/packages")).json()
    demo = [package for package in packages if package["name"] in {"Melati", "Kenanga", "Cempaka"}]
    assert [package["price"] for package in demo] == [149_000, 299_000, 499_000]
    assert set(demo[0]) == {"id", "name", "description", "price", "days", "features"}
    assert type(demo[0]["price"]) is int


async def test_what_is_no_longer_sold_is_neither_listed_nor_bought(stand: Stand, owner: Owner) -> None:
    gone = new_package(stand, 1000, active=False)
    assert gone not in [package["id"] for package in (await stand.http.get("/api/v1/packages")).json()]
    for package_id in (gone, 2**62):
        assert refusal(await owner.add("tidak-dijual", package_id)) == (404, "package_not_found")


async def test_a_new_invitation_can_be_read_back(owner: Owner) -> None:
    details = {"title": "Budi & Ani", "event_date": "2027-02-14", "venue": "Gedung Serbaguna"}
    made = await owner.add("budi-ani", 2, **details)
    assert made.status_code == 201
    invitation = made.json()
    assert {name: invitation[name] for name in details} == details
    assert (invitation["domain"], invitation["payment_status"]) == ("budi-ani", "unpaid")
    assert (invitation["price"], invitation["days"]) == (299_000, 365)
    assert (await owner.get(f"/api/v1/invitations/{invitation['id']}")).json() == invitation
    assert (await owner.get("/api/v1/invitations")).json() == [invitation]


async def test_the_profile_is_what_the_seeds_frontend_reads(owner: Owner) -> None:
    assert (await owner.profile())["invitation"] is None
    first = (await owner.add("profil-lama")).json()
    newest = (await owner.add("profil-baru")).json()
    profile = await owner.profile()
    assert set(profile) == {"user", "invitation", "invitations"}
    assert profile["invitation"] == newest
    assert profile["invitations"] == [newest, first]
    assert newest["domain_state"] == "ready"
    read = {
        "id", "domain", "payment_status", "payment_confirmed_at", "domain_expires_at", "order_id", "package",
    }  # fmt: skip
    assert read <= set(profile["invitation"])
    assert profile["invitation"]["payment_status"] == "unpaid"
    reply = await owner.post("/api/midtrans/create-snap-token", invitation_id=first["id"])
    shown = (await owner.profile())["invitations"]
    assert [entry["order_id"] for entry in shown] == [None, reply.json()["order_id"]]


async def test_what_was_agreed_survives_a_new_price(stand: Stand, owner: Owner) -> None:
    package_id = new_package(stand, 100_000)
    before = (await owner.add("harga-lama", package_id)).json()
    stand.rows("update packages set price = 150000, days = 60 where id = %s returning id", package_id)
    after = (await owner.add("harga-baru", package_id)).json()
    assert (after["price"], after["days"]) == (150_000, 60)
    found = (await owner.get(f"/api/v1/invitations/{before['id']}")).json()
    assert (found["price"], found["days"]) == (100_000, 30)
    token = await owner.post("/api/midtrans/create-snap-token", invitation_id=before["id"], amount=100_000)
    assert (token.status_code, token.json()["gross_amount"]) == (201, 100_000)


@pytest.mark.parametrize(
    ("written", "domain"),
    [
        ("  Rani-Bima.Example.COM. ", "rani-bima.example.com"),
        ("lain-ejaan.localhost", "lain-ejaan"),
        ("x", "x"),
        ("2", "2"),
        ("a" * 63, "a" * 63),
        (".".join(["a" * 49] * 4), ".".join(["a" * 49] * 4)),
    ],
)
async def test_domains_are_kept_as_host_names_are(owner: Owner, written: str, domain: str) -> None:
    assert (await owner.add(written)).json()["domain"] == domain


@pytest.mark.parametrize(
    "domain",
    [
        "", " ", "-", "-a", "a-", "a_b", "a b", "a..b", ".a", "..", "a/b", "a:80", "a@b", "http://a", "ä",
        "вася", "a\nb", "a\x00", "a" * 64, ".".join(["a" * 50] * 4), "*.a", "a?b", "%41",
    ],
    ids=ascii,
)  # fmt: skip
async def test_what_no_host_can_be_called_is_no_domain(demo: Owner, domain: str) -> None:
    before = await demo.profile()
    assert refusal(await demo.add(domain)) == (422, "domain_invalid")
    assert await demo.profile() == before


async def test_a_domain_belongs_to_one_invitation(stand: Stand, owner: Owner) -> None:
    await owner.add("satu-saja")
    other = await new_owner(stand)
    for person, spelling in ((owner, "satu-saja"), (other, "SATU-saja"), (other, "satu-saja.")):
        assert refusal(await person.add(spelling)) == (409, "domain_taken")
    assert (await other.profile())["invitations"] == []


async def test_of_parallel_buyers_of_a_domain_one_wins(stand: Stand, owner: Owner) -> None:
    other = await new_owner(stand)
    replies = await asyncio.gather(*(person.add("rebutan") for person in [owner, other] * 5))
    assert sorted(reply.status_code for reply in replies) == [201] + [409] * 9
    assert len(stand.rows("select 1 from invitations where domain = 'rebutan'")) == 1


async def test_invitations_come_in_pages_that_lead_from_one_to_the_next(owner: Owner) -> None:
    made = [(await owner.add(f"halaman-{number}")).json()["id"] for number in range(7)]
    assert "Link" not in (await owner.get("/api/v1/invitations")).headers
    seen: list[int] = []
    path = "/api/v1/invitations?limit=3"
    for expected in (3, 3, 1):
        reply = await owner.get(path)
        found = [entry["id"] for entry in reply.json()]
        assert len(found) == expected
        seen += found
        path = reply.links["next"]["url"] if "next" in reply.links else ""
    assert path == ""
    assert seen == made[::-1]


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=101", "limit=x", "before=0", f"before={2**63}", "before=-1"]
)
async def test_a_page_that_cannot_be_is_refused(demo: Owner, query: str) -> None:
    assert refusal(await demo.get(f"/api/v1/invitations?{query}")) == (422, "invalid_request")


async def test_ten_thousand_invitations_in_one_account_slow_nothing_down(stand: Stand, owner: Owner) -> None:
    other = await new_owner(stand)
    for person, number in ((owner, 10_000), (other, 50)):
        stand.rows(
            "insert into invitations (owner_id, package_id, price, days, domain)"
            " select %s, 1, 149000, 180, %s || n from generate_series(1, %s) n returning id",
            (await person.profile())["user"]["id"], f"tumpukan-{number}-", number,
        )  # fmt: skip
    few = [await other.get("/api/v1/user-profile") for _ in range(9)]
    many = [await owner.get("/api/v1/user-profile") for _ in range(9)]
    assert len(many[0].json()["invitations"]) == len(few[0].json()["invitations"]) == 50
    assert many[0].links["next"]["url"].startswith("/api/v1/invitations?limit=50&before=")
    assert "next" not in few[0].links
    quickest = [min(reply.elapsed for reply in replies) for replies in (few, many)]
    assert quickest[1] < 5 * quickest[0], "the work does not grow with the account"
    assert refusal(await owner.add("satu-lagi")) == (409, "too_many_unpaid")


async def test_other_peoples_invitations_do_not_exist(stand: Stand, owner: Owner) -> None:
    """F10"""
    theirs = (await owner.add("milik-orang", title="Rahasia")).json()
    other = await new_owner(stand)
    for reply in (
        await other.get(f"/api/v1/invitations/{theirs['id']}"),
        await other.patch(theirs["id"], title="Diubah"),
        await other.post("/api/midtrans/create-snap-token", invitation_id=theirs["id"]),
        await other.get("/api/v1/invitations/999999"),
    ):
        assert refusal(reply) == (404, "invitation_not_found")
        assert "Rahasia" not in reply.text
    assert (await other.get("/api/v1/invitations")).json() == []
    assert (await owner.get(f"/api/v1/invitations/{theirs['id']}")).json() == theirs


async def test_other_peoples_orders_do_not_exist(stand: Stand, owner: Owner) -> None:
    """F10, F30: an order id is no credential."""
    invitation = (await owner.add("pesanan-orang")).json()
    reply = await owner.post("/api/midtrans/create-snap-token", invitation_id=invitation["id"])
    path = f"/api/v1/payments/{reply.json()['order_id']}"
    own = await owner.get(path)
    assert (own.status_code, own.json()["status"]) == (200, "pending")
    assert own.json()["invitation"]["domain"] == "pesanan-orang"
    other = await new_owner(stand)
    for unknown in (path, "/api/v1/payments/INV-1", "/api/v1/payments/%00", f"/api/v1/payments/{'x' * 5000}"):
        assert refusal(await other.get(unknown)) == (404, "order_not_found")
    assert refusal(await stand.http.get(path)) == (401, "unauthenticated")


@pytest.mark.parametrize("number", ["0", "-1", str(2**63), "9" * 40, "x", "1.5", "%00", "5;"])
async def test_a_number_that_cannot_be_finds_nothing(demo: Owner, number: str) -> None:
    expected = {(404, "invitation_not_found"), (422, "invalid_request")}
    assert refusal(await demo.get(f"/api/v1/invitations/{number}")) in expected
    assert refusal(await demo.patch(number, title="x")) in expected


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/invitations"),
        ("POST", "/api/v1/invitations"),
        ("GET", "/api/v1/invitations/5"),
        ("PATCH", "/api/v1/invitations/5"),
        ("GET", "/api/v1/user-profile"),
    ],
)
async def test_strangers_are_asked_to_log_in(stand: Stand, method: str, path: str) -> None:
    assert refusal(await stand.http.request(method, path, json={})) == (401, "unauthenticated")


async def test_details_change_and_what_was_bought_stays(owner: Owner) -> None:
    made = (await owner.add("ubah", title="Lama", venue="Aula")).json()
    reply = await owner.patch(
        made["id"], title=" Baru ", event_date="2027-08-17",
        price=1, days=9999, package_id=3, payment_status="paid", owner_id=1, id=1,
    )  # fmt: skip
    assert reply.status_code == 200
    assert reply.json() == {**made, "title": "Baru", "event_date": "2027-08-17"}
    assert (await owner.patch(made["id"])).json() == reply.json(), "nothing given, nothing changed"
    emptied = (await owner.patch(made["id"], title=None, venue=None, event_date=None)).json()
    assert emptied == {**made, "title": None, "venue": None, "event_date": None}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"package_id": "1"}, "package_id"),
        ({"package_id": 1.0}, "package_id"),
        ({"package_id": True}, "package_id"),
        ({"package_id": None}, "package_id"),
        ({"package_id": 0}, "package_id"),
        ({"package_id": 2**63}, "package_id"),
        ({"domain": None}, "domain"),
        ({"domain": 5}, "domain"),
        ({"domain": ["a"]}, "domain"),
        ({"domain": "a" * 256}, "domain"),
        ({"domain": "\ud800"}, "domain"),
        ({"title": 5}, "title"),
        ({"title": ""}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"title": "a\x00b"}, "title"),
        ({"venue": {}}, "venue"),
        ({"venue": "\x00"}, "venue"),
        ({"venue": "\udfff"}, "venue"),
        ({"event_date": "2027-02-30"}, "event_date"),
        ({"event_date": "kapan-kapan"}, "event_date"),
        ({"event_date": [2027]}, "event_date"),
    ],
    ids=lambda value: ascii(value)[:40],
)
async def test_a_field_that_cannot_be_is_named(
    stand: Stand, demo: Owner, changes: dict[str, Any], field: str
) -> None:
    reply = await demo.post("/api/v1/invitations", **{"package_id": 1, "domain": "salah", **changes})
    assert refusal(reply) == (422, "invalid_request")
    assert [entry["field"] for entry in reply.json()["errors"]] == [field]
    if field in {"title", "venue", "event_date"}:
        assert refusal(await demo.patch(5, **changes)) == (422, "invalid_request")
    assert stand.rows("select 1 from invitations where domain = 'salah'") == []


@pytest.mark.parametrize(
    "path",
    ["/api/v1/invitations", "/api/v1/login", "/api/midtrans/create-snap-token", "/api/v1/midtrans/webhook"],
)
@pytest.mark.parametrize("chunked", [False, True], ids=["whole", "chunked"])
async def test_no_body_may_pass_64_kib(stand: Stand, demo: Owner, path: str, chunked: bool) -> None:
    async def pieces(size: int) -> AsyncIterator[bytes]:
        for _ in range(size // 1024):
            yield b" " * 1024
        if size % 1024:
            yield b" " * (size % 1024)

    for size, refused in ((LIMIT, False), (LIMIT + 1, True), (4 * LIMIT, True)):
        content = pieces(size) if chunked else b" " * size
        reply = await stand.http.post(path, content=content, headers=demo.headers)
        assert (refusal(reply) == (413, "payload_too_large")) is refused, size
    assert (await stand.http.get("/healthz")).status_code == 200


async def test_an_endless_body_is_not_waited_for(stand: Stand, demo: Owner) -> None:
    """Only the head is sent, and a little more than is allowed of what it promises."""
    address, _, port = stand.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(address, int(port))
    head = f"POST /api/v1/invitations HTTP/1.1\r\nHost: {address}\r\nContent-Length: {10**12}\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in demo.headers.items())
    writer.write(head.encode() + b"\r\n" + b" " * (LIMIT + 1))
    status = await asyncio.wait_for(reader.readline(), 5)
    writer.close()
    await writer.wait_closed()
    assert b" 413 " in status
