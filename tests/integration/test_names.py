"""One address, one owner: who holds a name, until when, and what happens when it is lost."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.stand import Stand, open_stand
from tuntas.domain.names import HOLD
from tuntas.domain.throttle import DOMAIN_CHECKS
from tuntas.store.alerts import ADVICE, AlertKind
from tuntas.usecases.backend import addresses_of
from tuntas.usecases.invitations import UNPAID_MAX

pytestmark = pytest.mark.anyio

_numbers = itertools.count(1)
DNS: dict[str, set[str]] = {}
"""What the world says besides the truth; a test adds to it."""


def resolve(host: str) -> frozenset[str]:
    return frozenset(DNS.get(host, addresses_of(host)))


@pytest.fixture
async def stand(database_url: str) -> AsyncIterator[Stand]:
    DNS.clear()
    async with open_stand(database_url, resolve=resolve, tuntas_reserved_names="promo, milik-kami") as opened:
        yield opened


class Owner:
    """A customer and what they do about names."""

    def __init__(self, stand: Stand, headers: dict[str, str]) -> None:
        self._http = stand.http
        self.headers = headers

    async def take(self, domain: str) -> httpx.Response:
        body = {"package_id": 2, "domain": domain}
        return await self._http.post("/api/v1/invitations", json=body, headers=self.headers)

    async def move(self, invitation_id: int, domain: str) -> httpx.Response:
        path = f"/api/v1/invitations/{invitation_id}"
        return await self._http.patch(path, json={"domain": domain}, headers=self.headers)

    async def see(self, invitation_id: int) -> dict[str, Any]:
        reply = await self._http.get(f"/api/v1/invitations/{invitation_id}", headers=self.headers)
        document = reply.json()
        assert isinstance(document, dict)
        return document

    async def ask_token(self, invitation_id: int) -> httpx.Response:
        body = {"invitation_id": invitation_id}
        return await self._http.post("/api/midtrans/create-snap-token", json=body, headers=self.headers)

    async def check(self, invitation_id: int) -> httpx.Response:
        path = f"/api/v1/invitations/{invitation_id}/check-domain"
        return await self._http.post(path, headers=self.headers)


async def new_owner(stand: Stand) -> Owner:
    return Owner(stand, await stand.register(f"pemilik-{next(_numbers)}@example.test"))


def refusal(reply: httpx.Response) -> tuple[int, str]:
    assert reply.json()["message"]
    return reply.status_code, reply.json()["code"]


async def number_of(reply: httpx.Response | Any) -> int:
    assert reply.status_code == 201, reply.text
    return int(reply.json()["id"])


async def test_however_it_is_written_an_address_is_sold_once(stand: Stand) -> None:
    one, other = await new_owner(stand), await new_owner(stand)
    base = stand.url.removeprefix("http://").partition(":")[0]
    await number_of(await one.take(f"Budi-Ani.{base}"))
    for spelling in ("budi-ani", "BUDI-ANI.", f"budi-ani.{base}.", "budi-ani.localhost"):
        assert refusal(await other.take(spelling)) == (409, "domain_taken")
    page = await stand.http.get("/", headers={"Host": f"budi-ani.{base}"})
    assert page.status_code == 402, "known, not yet paid"


@pytest.mark.parametrize("name", ["www", "api", "admin", "www.localhost", "promo", "MILIK-KAMI", "127.0.0.1"])
async def test_what_is_not_for_sale_cannot_be_had(stand: Stand, name: str) -> None:
    owner = await new_owner(stand)
    held = await number_of(await owner.take("milik-saya"))
    for reply in (await owner.take(name), await owner.move(held, name)):
        assert refusal(reply) in {(409, "domain_reserved"), (422, "domain_invalid")}
    assert (await owner.see(held))["domain"] == "milik-saya"


async def test_a_reserved_host_is_this_server_itself(stand: Stand) -> None:
    reply = await stand.http.get("/", headers={"Host": "www.localhost"})
    assert (reply.status_code, reply.headers["Location"]) == (303, "/login")


async def test_an_unpaid_name_is_free_for_the_next_after_two_days(stand: Stand) -> None:
    first, second = await new_owner(stand), await new_owner(stand)
    lost = await number_of(await first.take("rebutan"))
    stand.clock.ahead += HOLD - timedelta(minutes=1)
    assert refusal(await second.take("rebutan")) == (409, "domain_taken")
    stand.clock.ahead += timedelta(minutes=2)
    assert (await first.see(lost))["domain_state"] == "ready", "still theirs as long as nobody wants it"
    won = await number_of(await second.take("rebutan"))
    assert (await first.see(lost))["domain_state"] == "choose_another"
    assert refusal(await first.ask_token(lost)) == (409, "domain_released")
    assert refusal(await first.move(lost, "rebutan")) == (409, "domain_taken")
    assert (await first.move(lost, "rebutan-dua")).json()["domain_state"] == "ready"
    assert (await first.ask_token(lost)).status_code == 201
    assert (await second.ask_token(won)).status_code == 201


async def test_a_name_is_kept_while_an_order_for_it_can_be_paid(stand: Stand) -> None:
    first, second = await new_owner(stand), await new_owner(stand)
    held = await number_of(await first.take("dipesan"))
    stand.clock.ahead += HOLD - timedelta(hours=1)
    order_id = (await first.ask_token(held)).json()["order_id"]
    stand.clock.ahead += timedelta(hours=2)
    assert refusal(await second.take("dipesan")) == (409, "domain_taken")
    await stand.notify(order_id, "deny")
    assert refusal(await second.take("dipesan")) == (409, "domain_taken"), "the same page can still be paid"
    stand.clock.ahead += timedelta(days=1)
    assert (await second.take("dipesan")).status_code == 201


async def test_a_name_that_is_paid_is_never_lost(stand: Stand) -> None:
    first, second = await new_owner(stand), await new_owner(stand)
    held = await number_of(await first.take("lunas"))
    order_id = (await first.ask_token(held)).json()["order_id"]
    await stand.notify(order_id, "settlement", settlement_time="2020-01-01 12:00:00")
    stand.clock.ahead += timedelta(days=29)
    assert (await first.see(held))["live"] is False, "its time is over, and can be renewed"
    assert refusal(await second.take("lunas")) == (409, "domain_taken")
    assert refusal(await first.move(held, "pindah")) == (409, "domain_fixed")


async def test_money_that_comes_after_the_name_is_gone_counts_and_somebody_is_told(stand: Stand) -> None:
    first, second = await new_owner(stand), await new_owner(stand)
    late = await number_of(await first.take("terlambat"))
    order_id = (await first.ask_token(late)).json()["order_id"]
    await stand.notify(order_id, "expire")
    stand.clock.ahead += HOLD + timedelta(days=1)
    await number_of(await second.take("terlambat"))
    paid_at = (stand.clock.now() + timedelta(hours=7)).strftime("%Y-%m-%d %H:%M:%S")
    assert (await stand.notify(order_id, "settlement", settlement_time=paid_at)).status_code == 200
    seen = await first.see(late)
    assert (seen["payment_status"], seen["live"], seen["domain_state"]) == ("paid", True, "choose_another")
    told = "select subject, resolved_at from alerts where kind = 'name_lost'"
    assert stand.rows(told) == [{"subject": str(late), "resolved_at": None}]
    assert "{subject}" in ADVICE[AlertKind.NAME_LOST].wrong
    assert (await stand.http.get("/i/terlambat")).status_code == 402, "the name is the other's, unpaid"
    assert (await first.move(late, "tepat-waktu")).json()["domain_state"] == "ready"
    assert (await stand.http.get("/i/tepat-waktu")).status_code == 200
    (alert,) = stand.rows(told)
    assert alert["resolved_at"] is not None, "the cause is gone"


async def test_of_all_who_want_a_name_that_became_free_one_gets_it(stand: Stand) -> None:
    first = await new_owner(stand)
    lost = await number_of(await first.take("bebas"))
    stand.clock.ahead += HOLD
    others = [await new_owner(stand) for _ in range(4)]
    held = [await number_of(await other.take(f"punya-{next(_numbers)}")) for other in others[:2]]
    replies = await asyncio.gather(
        *(other.take("bebas") for other in others),
        *(other.move(number, "bebas") for other, number in zip(others, held, strict=False)),
    )
    codes = [reply.status_code for reply in replies]
    assert sum(code < 300 for code in codes) == 1
    assert sorted(set(codes) - {200, 201}) == [409]
    holders = stand.rows("select id from invitations where domain = 'bebas' and holds_domain")
    assert len(holders) == 1
    assert holders != [{"id": lost}]


async def test_two_who_want_each_others_names_do_not_block_one_another(stand: Stand) -> None:
    one, two = await new_owner(stand), await new_owner(stand)
    first, second = await number_of(await one.take("satu")), await number_of(await two.take("dua"))
    for _ in range(5):
        replies = await asyncio.gather(one.move(first, "dua"), two.move(second, "satu"))
        assert [refusal(reply) for reply in replies] == [(409, "domain_taken")] * 2


async def test_moving_on_frees_the_former_name_at_once(stand: Stand) -> None:
    one, two = await new_owner(stand), await new_owner(stand)
    held = await number_of(await one.take("dulu"))
    assert (await one.move(held, "Kini")).json()["domain"] == "kini"
    assert (await two.take("dulu")).status_code == 201
    assert refusal(await two.move(held, "curi")) == (404, "invitation_not_found")


async def test_an_own_domain_is_shown_once_it_points_here(stand: Stand) -> None:
    owner = await new_owner(stand)
    number = await number_of(await owner.take("www.Kami-Berdua.test"))
    await stand.notify((await owner.ask_token(number)).json()["order_id"], "settlement")
    assert (await owner.see(number))["domain_state"] == "point_dns"
    host = {"Host": "kami-berdua.test"}
    assert (await stand.http.get("/", headers=host)).status_code == 303, "this server itself"
    assert (await stand.http.get("/i/kami-berdua.test")).status_code == 200
    for answer in (set(), {"192.0.2.9"}, {"127.0.0.1", "192.0.2.9"}):
        DNS["kami-berdua.test"] = answer
        assert refusal(await owner.check(number)) == (409, "domain_elsewhere")
    DNS["kami-berdua.test"] = {"127.0.0.1"}
    assert refusal(await (await new_owner(stand)).check(number)) == (404, "invitation_not_found")
    assert (await owner.check(number)).json()["domain_state"] == "ready"
    assert (await stand.http.get("/", headers=host)).status_code == 200
    assert refusal(await owner.move(number, "lain.test")) == (409, "domain_fixed")


async def test_an_own_domain_that_never_pointed_here_can_be_given_up_even_when_paid(stand: Stand) -> None:
    owner = await new_owner(stand)
    number = await number_of(await owner.take("bukan-punyaku.test"))
    await stand.notify((await owner.ask_token(number)).json()["order_id"], "settlement")
    moved = (await owner.move(number, "punyaku")).json()
    assert (moved["domain"], moved["domain_state"]) == ("punyaku", "ready")


async def test_looking_up_domains_is_throttled_and_the_dns_is_really_asked(stand: Stand) -> None:
    assert "127.0.0.1" in addresses_of("localhost")
    assert addresses_of("tiada.invalid") == frozenset()
    owner = await new_owner(stand)
    number = await number_of(await owner.take("tiada.example.test"))
    DNS["tiada.example.test"] = set()
    for _ in range(DOMAIN_CHECKS.free):
        assert refusal(await owner.check(number)) == (409, "domain_elsewhere")
    assert refusal(await owner.check(number)) == (429, "too_many_requests")


async def test_only_so_many_invitations_wait_for_their_first_payment(stand: Stand) -> None:
    owner = await new_owner(stand)
    numbers = [await number_of(await owner.take(f"tunggu-{count}")) for count in range(UNPAID_MAX - 2)]
    replies = await asyncio.gather(*(owner.take(f"serentak-{count}") for count in range(5)))
    assert sorted(reply.status_code for reply in replies) == [201, 201, 409, 409, 409]
    assert refusal(await owner.take("satu-lagi")) == (409, "too_many_unpaid")
    await stand.notify((await owner.ask_token(numbers[0])).json()["order_id"], "settlement")
    assert (await owner.take("satu-lagi")).status_code == 201
