"""The address of the database as people write it, and what happens when nobody answers there."""

import pytest

from tests.stand import Stand, open_stand
from tuntas.store.database import Database, UnsupportedDatabase

pytestmark = pytest.mark.anyio


async def test_the_usual_options_of_an_address_are_understood(database_url: str) -> None:
    database = Database(f"{database_url}&application_name=shop&connect_timeout=5&sslmode=prefer")
    async with database.transaction() as session:
        name = (await session.connection()).exec_driver_sql("show application_name")
        assert (await name).scalar_one() == "shop"
    await database.close()


def test_an_option_we_cannot_honour_is_named_not_ignored(database_url: str) -> None:
    with pytest.raises(UnsupportedDatabase, match="target_session_attrs"):
        Database(f"{database_url}&target_session_attrs=read-write")


async def test_a_database_that_is_away_is_a_503_with_a_code(stand: Stand) -> None:
    headers = await stand.bearer()
    nowhere = "postgresql://postgres@127.0.0.1:9/tuntas"
    async with open_stand(nowhere) as away:
        reply = await away.http.get("/api/v1/user-profile", headers=headers)
        assert (reply.status_code, reply.json()["code"]) == (503, "database_unavailable")
        page = await away.http.get("/i/rani-bima")
        assert page.status_code == 503
        assert "database_unavailable" in page.text
        assert (await away.notify("INV-x", "settlement")).status_code == 503
        assert (await away.http.get("/healthz")).status_code == 200
        assert (await away.http.get("/readyz")).status_code == 503
