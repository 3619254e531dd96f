"""Guessing has to wait, in every process alike; who is guessed at gets in all the same."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest

from tests.database import new_database
from tests.stand import Stand, open_stand
from tuntas.domain.throttle import ACCOUNT, ADDRESS, FORGOTTEN_AFTER, REGISTRATIONS
from tuntas.store.embedded import EmbeddedPostgres
from tuntas.usecases.accounts import SESSIONS_MAX

pytestmark = pytest.mark.anyio

PASSWORD = "a-long-password"
HOME, ELSEWHERE, THIRD = "203.0.113.1", "198.51.100.1", "192.0.2.77"


@pytest.fixture
async def stand(database_url: str) -> AsyncIterator[Stand]:
    async with open_stand(database_url) as opened:
        yield opened


async def post(stand: Stand, path: str, address: str, **body: str) -> httpx.Response:
    """As a proxy on this machine passes it on for a client at `address`."""
    return await stand.http.post(path, json=body, headers={"X-Forwarded-For": address})


async def register(stand: Stand, email: str, address: str = HOME, password: str = PASSWORD) -> httpx.Response:
    return await post(stand, "/api/v1/register", address, name="Siti", email=email, password=password)


async def log_in(stand: Stand, email: str, address: str, password: str = PASSWORD) -> httpx.Response:
    return await post(stand, "/api/v1/login", address, email=email, password=password)


async def guess(stand: Stand, email: str, address: str) -> int:
    return (await log_in(stand, email, address, "guessed-wrongly")).status_code


def must_wait(reply: httpx.Response) -> int:
    assert (reply.status_code, reply.json()["code"]) == (429, "too_many_requests")
    return int(reply.headers["Retry-After"])


async def test_guessing_one_account_has_to_wait_longer_and_longer(stand: Stand) -> None:
    await register(stand, "korban@example.test")
    assert {await guess(stand, "korban@example.test", ELSEWHERE) for _ in range(ACCOUNT.free)} == {401}
    first = must_wait(await log_in(stand, "korban@example.test", ELSEWHERE))
    assert 0 < first <= ACCOUNT.first_wait.total_seconds()
    assert must_wait(await log_in(stand, "korban@example.test", THIRD)) <= first, "from wherever it comes"
    stand.clock.ahead += ACCOUNT.first_wait
    assert await guess(stand, "korban@example.test", THIRD) == 401
    assert must_wait(await log_in(stand, "KORBAN@example.test ", THIRD)) > ACCOUNT.first_wait.total_seconds()


async def test_who_is_guessed_at_gets_in_from_where_they_were_before_and_elsewhere_after_the_wait(
    stand: Stand,
) -> None:
    await register(stand, "korban@example.test")
    for _ in range(ACCOUNT.free):
        await guess(stand, "korban@example.test", ELSEWHERE)
    must_wait(await log_in(stand, "korban@example.test", THIRD))
    assert (await log_in(stand, "korban@example.test", HOME)).status_code == 200
    stand.clock.ahead += ACCOUNT.longest_wait
    assert (await log_in(stand, "korban@example.test", THIRD)).status_code == 200
    assert await guess(stand, "korban@example.test", THIRD) == 401, "a success forgets what came before"


async def test_guessing_goes_no_further_from_a_familiar_place(stand: Stand) -> None:
    await register(stand, "korban@example.test")
    assert {await guess(stand, "korban@example.test", HOME) for _ in range(ACCOUNT.free)} == {401}
    must_wait(await log_in(stand, "korban@example.test", HOME))


async def test_guesses_sent_at_once_count_too(stand: Stand) -> None:
    await register(stand, "korban@example.test")
    codes = await asyncio.gather(*(guess(stand, "korban@example.test", ELSEWHERE) for _ in range(40)))
    assert sorted(set(codes)) == [401, 429]
    assert codes.count(401) == ACCOUNT.free


async def test_accounts_that_do_not_exist_are_throttled_alike(stand: Stand) -> None:
    codes = [await guess(stand, "tiada@example.test", ELSEWHERE) for _ in range(ACCOUNT.free + 1)]
    assert codes == [401] * ACCOUNT.free + [429]


async def test_one_address_cannot_go_through_many_accounts(stand: Stand) -> None:
    emails = [f"orang-{number}@example.test" for number in range(ADDRESS.free + 1)]
    codes = [await guess(stand, email, ELSEWHERE) for email in emails]
    assert codes == [401] * ADDRESS.free + [429]
    assert await guess(stand, emails[-1], THIRD) == 401, "others are not concerned"


async def test_own_accounts_do_not_buy_more_guesses(stand: Stand) -> None:
    """Logging in now and then does not make an address's wrong passwords forgotten."""
    codes = []
    for number in range(ADDRESS.free + 1):
        if number % 10 == 5:
            await register(stand, f"penebak-{number}@example.test", HOME)
            assert (await log_in(stand, f"penebak-{number}@example.test", ELSEWHERE)).status_code == 200
        codes.append(await guess(stand, f"orang-{number}@example.test", ELSEWHERE))
    assert codes[-1] == 429


async def test_it_holds_over_processes(stand: Stand) -> None:
    for _ in range(ACCOUNT.free):
        await guess(stand, "korban@example.test", ELSEWHERE)
    async with open_stand(stand.database_url) as other:
        must_wait(await log_in(other, "korban@example.test", ELSEWHERE))


async def test_registering_is_throttled_by_address(stand: Stand) -> None:
    await register(stand, "pertama@example.test")
    for _ in range(REGISTRATIONS.free - 1):
        assert (await register(stand, "pertama@example.test")).status_code == 409
    assert must_wait(await register(stand, "baru@example.test")) <= REGISTRATIONS.first_wait.total_seconds()
    assert (await register(stand, "baru@example.test", ELSEWHERE)).status_code == 201
    stand.clock.ahead += REGISTRATIONS.first_wait
    assert (await register(stand, "lagi@example.test")).status_code == 201


async def test_the_pages_throttle_as_the_api_does(stand: Stand) -> None:
    fields = {"email": "korban@example.test", "password": "guessed-wrongly"}
    replies = [await stand.http.post("/login", data=fields) for _ in range(ACCOUNT.free + 1)]
    assert [reply.status_code for reply in replies] == [401] * ACCOUNT.free + [429]
    assert int(replies[-1].headers["Retry-After"]) > 0
    assert "korban@example.test" in replies[-1].text


@pytest.mark.parametrize("password", ["12345678", "        ", "sama@example.test", "Password1", "siti1234"])
async def test_what_is_guessed_first_is_no_password(stand: Stand, password: str) -> None:
    refused = await register(stand, "sama@example.test", password=password)
    assert (refused.status_code, refused.json()["code"]) == (422, "password_common")
    assert stand.rows("select 1 from users where email = 'sama@example.test'") == []


async def test_what_is_remembered_names_nobody_and_is_swept_up(stand: Stand) -> None:
    for number in range(5):
        await guess(stand, f"orang-{number}@example.test", ELSEWHERE)
    kept = stand.rows("select * from throttles")
    assert len(kept) == 6
    assert ELSEWHERE not in str(kept)
    assert "orang" not in str(kept)
    stand.clock.ahead += FORGOTTEN_AFTER + timedelta(seconds=1)
    await guess(stand, "lain@example.test", THIRD)
    assert len(stand.rows("select 1 from throttles")) == 2


async def test_a_user_has_a_bounded_number_of_sessions_and_the_newest_stay(stand: Stand) -> None:
    first = (await register(stand, "banyak@example.test")).json()["token"]
    for _ in range(SESSIONS_MAX):
        newest = (await log_in(stand, "banyak@example.test", HOME)).json()["token"]
    (row,) = stand.rows(
        "select count(*) from sessions join users on users.id = user_id where email = 'banyak@example.test'"
    )
    assert row["count"] == SESSIONS_MAX
    for token, status in ((first, 401), (newest, 200)):
        headers = {"Authorization": f"Bearer {token}"}
        assert (await stand.http.get("/api/v1/user-profile", headers=headers)).status_code == status


async def test_many_log_ins_at_once_leave_the_webhook_quick(postgres: EmbeddedPostgres) -> None:
    """Passwords are hashed in few threads with a queue that ends: too much is told to come again."""
    with new_database(postgres) as url:
        async with open_stand(url) as stand:
            order_id = await stand.order()
            flood = [
                asyncio.create_task(guess(stand, f"orang-{number}@example.test", f"203.0.113.{number}"))
                for number in range(64)
            ]
            slowest = 0.0
            while not all(task.done() for task in flood):
                reply = await stand.notify(order_id, "pending")
                assert reply.status_code == 200
                slowest = max(slowest, reply.elapsed.total_seconds())
            codes = await asyncio.gather(*flood)
    assert set(codes) <= {401, 503}
    assert 503 in codes
    assert 401 in codes
    assert slowest < 2
