"""An inspection looks at a part of the books, and at all of them in turn."""

import psycopg
import pytest

from tests.crowd import fill
from tests.stand import Stand
from tuntas.store import inspection
from tuntas.usecases.alerts import alerts
from tuntas.usecases.check_invariants import check_invariants

pytestmark = pytest.mark.anyio

CROWD = 12
RULE = "invitations_follow_their_grants"


@pytest.fixture
async def shop(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> Stand:
    """Thirteen invitations, of which an inspection sees the two newest and two others."""
    fill(stand.database_url, CROWD)
    monkeypatch.setattr(inspection, "PART_SIZE", 2)
    return stand


async def broken(shop: Stand) -> list[str]:
    return [breach.invariant.name for breach in await check_invariants(shop.backend)]


async def alert_is_open(shop: Stand) -> bool:
    return any(alert.subject == RULE for alert in await alerts(shop.backend))


def damage(shop: Stand, invitation_id: int) -> None:
    _write(shop, "update invitations set domain_expires_at = ends_at + interval '1 day'", invitation_id)


def mend(shop: Stand, invitation_id: int) -> None:
    _write(shop, "update invitations set domain_expires_at = ends_at", invitation_id)


def _write(shop: Stand, change: str, invitation_id: int) -> None:
    with psycopg.connect(shop.database_url) as connection:
        done = connection.execute(
            f"{change} from domain_grants where invitation_id = id and id = {invitation_id}"
        )
        assert done.rowcount == 1


def paid(shop: Stand) -> list[int]:
    found = shop.rows("select id from invitations where payment_status = 'paid' order by id")
    return [row["id"] for row in found]


async def test_the_newest_are_looked_at_every_time(shop: Stand) -> None:
    assert await broken(shop) == []
    (newest,) = shop.rows("select max(id) as id from invitations")
    with psycopg.connect(shop.database_url) as connection:
        connection.execute(
            "update invitations set domain_expires_at = now(), payment_confirmed_at = now() where id = %s",
            (newest["id"],),
        )
    for _ in range(3):
        assert await broken(shop) == [RULE]


async def test_damage_to_the_oldest_is_found_within_one_round(shop: Stand) -> None:
    oldest, *_ = paid(shop)
    assert await broken(shop) == [], "the first part has been seen"
    damage(shop, oldest)
    found = [await broken(shop) for _ in range(CROWD // 2 + 2)]
    assert [RULE] in found
    (row,) = shop.rows("select went_round_at from inspection")
    assert row["went_round_at"] is not None


async def test_an_alert_stays_while_others_are_looked_at_and_closes_when_its_cause_is_gone(
    shop: Stand,
) -> None:
    wrong = paid(shop)[3]
    damage(shop, wrong)
    for _ in range(CROWD):
        if await alert_is_open(shop):
            break
        await broken(shop)
    for _ in range(3):
        assert await broken(shop) == [RULE], "what an alert names is looked at every time"
        assert await alert_is_open(shop)
    mend(shop, wrong)
    assert await broken(shop) == []
    assert not await alert_is_open(shop)
