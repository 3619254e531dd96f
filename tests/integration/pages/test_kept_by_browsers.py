"""What browsers keep and what they must not, how much travels, and what is read in trouble."""

import gzip
import re

import httpx
import psycopg
import pytest

from tests.database import new_database
from tests.integration.pages.shop import COOKIE, buy, new_session, order
from tests.stand import open_stand
from tuntas.language import Language, text
from tuntas.store.embedded import EmbeddedPostgres
from tuntas.web import assets

pytestmark = pytest.mark.anyio


async def test_scripts_and_styles_are_kept_for_ever_under_an_address_of_their_own(
    stranger: httpx.AsyncClient,
) -> None:
    page = (await stranger.get("/login")).text
    addresses = set(re.findall(r'"(/static/[^"]+)"', page))
    assert len(addresses) >= 4
    for address in addresses:
        reply = await stranger.get(address)
        assert reply.status_code == 200
        assert reply.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert reply.headers["X-Content-Type-Options"] == "nosniff"
    style = next(address for address in addresses if address.endswith(".css"))
    async with stranger.stream("GET", style, headers={"Accept-Encoding": "gzip"}) as packed:
        body = b"".join([part async for part in packed.aiter_raw()])
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.headers["Vary"] == "Accept-Encoding"
    plain = await stranger.get(style, headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in plain.headers
    assert gzip.decompress(body) == plain.content
    assert len(body) < len(plain.content) / 2


async def test_a_page_older_than_the_server_still_finds_its_files(stranger: httpx.AsyncClient) -> None:
    for address in ("/static/tuntas.css", "/static/0123456789abcdef/tuntas.css"):
        reply = await stranger.get(address)
        assert (reply.status_code, reply.headers["Cache-Control"]) == (200, "no-cache")
        known = await stranger.get(address, headers={"If-None-Match": reply.headers["ETag"]})
        assert (known.status_code, known.content) == (304, b"")
    assert (await stranger.get(f"/static/{assets.VERSION}/nothing.js")).status_code == 404


def test_an_address_is_only_given_to_what_exists() -> None:
    with pytest.raises(KeyError):
        assets.address("nothing.js")


async def test_what_a_customer_sees_is_not_kept(customer: httpx.AsyncClient) -> None:
    number = await buy(customer, "tidak-disimpan")
    order_id = await order(customer, number)
    for path in (
        "/invitations", "/invitations/new", f"/invitations/{number}/edit", f"/invitations/{number}/address",
        f"/checkout/{number}", f"/payment/pending?order_id={order_id}", "/account",
    ):  # fmt: skip
        assert (await customer.get(path)).headers["Cache-Control"] == "no-store", path


async def test_trouble_shows_guests_nothing_of_the_owners(postgres: EmbeddedPostgres) -> None:
    with new_database(postgres) as url:
        async with open_stand(url) as stand, httpx.AsyncClient(base_url=stand.url) as http:
            http.cookies.set(COOKIE, await new_session(stand))
            name = psycopg.conninfo.conninfo_to_dict(url)["dbname"]
            with psycopg.connect(postgres.url, autocommit=True) as connection:
                connection.execute(
                    "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", [name]
                )
                connection.execute(f"alter database {name} rename to {name}_away")
                guest = await http.get("/i/rani-bima")
                on_own_host = await http.get("/", headers={"Host": "rani-bima.localhost"})
                owner = await http.get("/invitations")
                connection.execute(f"alter database {name}_away rename to {name}")
    for reply in (guest, on_own_host, owner):
        assert reply.status_code == 503
        assert text("error.database_unavailable", Language.ID) in reply.text
    for reply in (guest, on_own_host):
        assert "database_unavailable" not in reply.text
        assert 'href="/invitations"' not in reply.text
    assert "503 · database_unavailable" in owner.text


@pytest.mark.parametrize(
    ("setting", "href"),
    [("bantuan@toko.test", "mailto:bantuan@toko.test"), ("https://wa.me/628111", "https://wa.me/628111")],
)
async def test_help_is_promised_where_there_is_some(
    postgres: EmbeddedPostgres, setting: str, href: str
) -> None:
    with new_database(postgres) as url:
        async with open_stand(url, tuntas_contact=setting) as stand:
            page = (await stand.http.get("/login")).text
    assert f'href="{href}"' in page
    assert text("site.help", Language.ID) in page


async def test_no_help_is_promised_without(stranger: httpx.AsyncClient) -> None:
    assert text("site.help", Language.ID) not in (await stranger.get("/login")).text
    for language in Language:
        for key in ("gateway_rejected", "gateway_misconfigured", "internal_error"):
            assert not re.search("hubungi kami|contact us", text(f"error.{key}", language))
