"""What the shop sells is changed by command: for new offers only, in both languages, and written down."""

import asyncio

import pytest

from tests.command import DONE, MISSING, SANDBOX, UNUSABLE, WRONG, Result, tuntas
from tests.stand import PRICE, Stand

pytestmark = pytest.mark.anyio

ADD = [
    "packages", "add", "Anggrek", "--price", "250000", "--days", "90", "--description", "Undangan singkat.",
    "--feature", "Peta lokasi", "--name-en", "Orchid", "--description-en", "A short invitation.",
    "--feature-en", "A map to the place",
]  # fmt: skip


async def command(stand: Stand, *words: str) -> Result:
    where = {"DATABASE_URL": stand.database_url, "MIDTRANS_CORE_URL": stand.simulator_url}
    return await asyncio.to_thread(tuntas, *words, **SANDBOX, **where)


async def offered(stand: Stand, language: str = "id") -> dict[str, dict[str, object]]:
    found = await stand.http.get("/api/v1/packages", headers={"Accept-Language": language})
    return {package["name"]: package for package in found.json()}


async def number_of(stand: Stand, name: str) -> str:
    listed = (await command(stand, "packages", "list", "--json")).lines
    return next(str(package["package"]) for package in listed if package["name"] == name)


async def test_a_new_package_is_offered_in_both_languages(stand: Stand) -> None:
    added = await command(stand, *ADD)
    assert added.code == DONE, added.err
    assert "Anggrek  Rp250.000 for 90 days" in added.out
    package = (await offered(stand))["Anggrek"]
    assert (package["description"], package["features"]) == ("Undangan singkat.", ["Peta lokasi"])
    package = (await offered(stand, "en"))["Orchid"]
    assert (package["description"], package["features"]) == ("A short invitation.", ["A map to the place"])
    (act,) = stand.rows("select detail from payment_logs where event_type = 'operator_act'")
    told = {name: act["detail"][name] for name in ("act", "name", "price_amount", "days")}
    assert told == {"act": "package_add", "name": "Anggrek", "price_amount": 250_000, "days": 90}
    assert act["detail"]["actor"].startswith("cli:")
    twice = await command(stand, *ADD)
    assert twice.code == WRONG
    assert "tuntas packages list" in twice.err


async def test_a_new_price_concerns_new_offers_only(stand: Stand) -> None:
    number = await number_of(stand, "Kenanga")
    changed = await command(stand, "packages", "price", number, "--price", "350000")
    assert changed.out == f"New price: {number}  Kenanga  Rp350.000 for 365 days\n"
    assert (await offered(stand))["Kenanga"]["price"] == 350_000
    assert (await stand.ask_token()).json()["gross_amount"] == PRICE, "as bought"
    again = await command(stand, "packages", "price", number, "--price", "350000")
    assert again.code == DONE
    (act,) = stand.rows("select detail from payment_logs where event_type = 'operator_act'")
    assert (act["detail"]["former_amount"], act["detail"]["price_amount"]) == (PRICE, 350_000)
    assert "former amount Rp299.000" in (await command(stand, "logs", "--event", "operator_act")).out


async def test_a_retired_package_is_sold_to_nobody_new_and_can_come_back(stand: Stand) -> None:
    number = await number_of(stand, "Kenanga")
    assert (await command(stand, "packages", "retire", number)).code == DONE
    assert "Kenanga" not in await offered(stand)
    assert "Kenanga  Rp299.000 for 365 days  (retired)" in (await command(stand, "packages", "list")).out
    body = {"package_id": int(number), "domain": "terlambat"}
    refused = await stand.http.post("/api/v1/invitations", json=body, headers=await stand.bearer())
    assert (refused.status_code, refused.json()["code"]) == (404, "package_not_found")
    assert (await stand.ask_token()).status_code == 201, "who has chosen it can still pay"
    assert (await command(stand, "packages", "offer", number)).code == DONE
    assert "Kenanga" in await offered(stand)


async def test_other_words_are_told_to_everybody_and_written_down(stand: Stand) -> None:
    number = await number_of(stand, "Kenanga")
    changed = await command(
        stand, "packages", "edit", number, "--name", "Kenanga Baru", "--feature", "Galeri",
        "--feature", "Peta", "--name-en", "New Kenanga",
    )  # fmt: skip
    assert changed.out == f"Told of anew: {number}  Kenanga Baru  Rp299.000 for 365 days\n"
    package = (await offered(stand))["Kenanga Baru"]
    assert (package["features"], package["price"]) == (["Galeri", "Peta"], PRICE)
    assert "New Kenanga" in await offered(stand, "en")
    again = await command(stand, "packages", "edit", number, "--name", "Kenanga Baru")
    assert again.code == DONE
    (act,) = stand.rows("select detail from payment_logs where event_type = 'operator_act'")
    assert (act["detail"]["act"], act["detail"]["former"]["name"]) == ("package_edit", "Kenanga")
    assert (await command(stand, *ADD)).code == DONE
    taken = await command(stand, "packages", "edit", number, "--name", "Anggrek", "--description", "Lain.")
    assert taken.code == WRONG
    assert "tuntas packages list" in taken.err
    assert (await offered(stand))["Kenanga Baru"]["description"] == package["description"]


async def test_what_cannot_be_is_refused(stand: Stand) -> None:
    for words, code, hint in (
        (["packages", "price", "999", "--price", "1000"], MISSING, "tuntas packages list"),
        (["packages", "retire", "999"], MISSING, "tuntas packages list"),
        (["packages", "edit", "999", "--name", "Anggrek"], MISSING, "tuntas packages list"),
        (["packages", "edit", "1"], UNUSABLE, "--description"),
        (["packages", "price", "1", "--price", "0"], UNUSABLE, "--price"),
        (["packages", "add", " ", *ADD[3:]], UNUSABLE, "printable"),
        (["packages", "add", "Anggrek", "--price", "1000"], UNUSABLE, "--days"),
    ):
        result = await command(stand, *words)
        assert (result.code, result.out) == (code, ""), words
        assert hint in result.err
    assert stand.rows("select 1 from payment_logs where event_type = 'operator_act'") == []


async def test_a_shop_without_packages_says_so_to_customers_and_operators(stand: Stand) -> None:
    for package in (await command(stand, "packages", "list", "--json")).lines:
        await command(stand, "packages", "retire", str(package["package"]))
    token = (await stand.bearer())["Authorization"].split()[1]
    stand.http.cookies.set("tuntas_session", token)
    page = await stand.http.get("/invitations/new", headers={"Accept-Language": "id"})
    assert "belum ada paket yang ditawarkan" in page.text
    assert "<form id" not in page.text
    page = await stand.http.get("/invitations/new", headers={"Accept-Language": "en"})
    assert "Nothing is on offer" in page.text
    told = await command(stand, "doctor")
    assert told.code == WRONG
    assert "WRONG  packages" in told.out
    assert "tuntas packages add" in told.out
    assert (await command(stand, "doctor", "--json")).lines[0]["packages"] == 0


async def test_english_pages_tell_of_packages_in_english(stand: Stand) -> None:
    token = (await stand.bearer())["Authorization"].split()[1]
    stand.http.cookies.set("tuntas_session", token)
    for path in ("/invitations/new", "/checkout/5"):
        english = await stand.http.get(path, headers={"Accept-Language": "en"})
        assert english.status_code == 200, path
        assert "live for a whole year" in english.text
        assert "satu tahun penuh" not in english.text
    profile = await stand.http.get(
        "/api/v1/user-profile", headers={**await stand.bearer(), "Accept-Language": "en"}
    )
    assert "whole year" in profile.json()["invitation"]["package"]["description"]
