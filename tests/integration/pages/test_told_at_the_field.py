"""Forms say which field is wrong, in the reader's language; what is not certain yet is changed later."""

import re

import httpx
import pytest

from tests.integration.pages.shop import PASSWORD, SCRIPT, buy, pay
from tests.stand import Stand
from tuntas.language import Language, text

pytestmark = pytest.mark.anyio

GOOD = {"name": "Sari", "email": "sari@contoh.test", "password": PASSWORD}


def problem_at(reply: httpx.Response, field: str) -> str:
    """What stands at a field that is marked as wrong, described by it, and has the focus."""
    marked = re.search(
        rf'<input id="{field}"[^>]*aria-describedby="{field}-problem[^>]*autofocus', reply.text
    )
    assert marked, f"{field} is not marked"
    told = re.search(rf'id="{field}-problem">.*?<span>(.*?)</span>', reply.text, re.DOTALL)
    assert told
    return told[1]


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize(
    ("changes", "field", "key"),
    [
        ({"name": " "}, "name", "field.missing"),
        ({"name": "x" * 201}, "name", "field.too_long"),
        ({"name": "a\x00b"}, "name", "field.invalid"),
        ({"email": "rani@example.test,"}, "email", "field.email"),
        ({"email": "rani"}, "email", "field.email"),
        ({"email": ""}, "email", "field.missing"),
        ({"email": "demo@tuntas.test"}, "email", "error.email_taken"),
        ({"password": "short"}, "password", "error.password_too_short"),
        ({"name": "", "email": ""}, "name", "field.missing"),
    ],
)
async def test_registering(
    stranger: httpx.AsyncClient, language: Language, changes: dict[str, str], field: str, key: str
) -> None:
    reply = await stranger.post(
        "/register", data={**GOOD, **changes}, headers={"Accept-Language": language.value}
    )
    assert reply.status_code in {409, 422}
    assert problem_at(reply, field) == text(key, language, longest=200, minimum=8)


@pytest.mark.parametrize(
    ("field", "typed", "key"),
    [
        ("event_date", "kapan-kapan", "field.event_date"),
        ("title", "x" * 201, "field.too_long"),
        ("venue", "a\x00b", "field.invalid"),
    ],
)
async def test_an_invitation_new_or_changed(
    customer: httpx.AsyncClient, field: str, typed: str, key: str
) -> None:
    number = await buy(customer, f"periksa-{field.replace('_', '-')}")
    new = {"package_id": "2", "domain": f"baru-{field.replace('_', '-')}", field: typed}
    for path, fields in (("/invitations", new), (f"/invitations/{number}/edit", {field: typed})):
        reply = await customer.post(path, data=fields)
        assert reply.status_code == 422
        assert problem_at(reply, field) == text(key, Language.ID, longest=200)


async def test_what_follows_later_is_filled_in_later_and_guests_see_it(
    stand: Stand, customer: httpx.AsyncClient, stranger: httpx.AsyncClient
) -> None:
    number = await buy(customer, "menyusul", title="Ani & Adi")
    assert f'href="/invitations/{number}/edit"' in (await customer.get("/invitations")).text
    form = await customer.get(f"/invitations/{number}/edit")
    assert 'value="Ani &amp; Adi"' in form.text
    details = {"title": f"Ani & Budi{SCRIPT}", "event_date": "2027-02-14", "venue": "Aula Kota"}
    reply = await customer.post(f"/invitations/{number}/edit", data=details)
    assert (reply.status_code, reply.headers["Location"]) == (303, "/invitations")
    await pay(stand, customer, number)
    public = (await stranger.get("/i/menyusul")).text
    assert "Aula Kota" in public
    assert "Budi" in public
    assert "<script>alert" not in public
    await customer.post(f"/invitations/{number}/edit", data={**details, "venue": ""})
    assert "Aula Kota" not in (await stranger.get("/i/menyusul")).text, "emptied, so not certain any more"


@pytest.mark.parametrize("number", ["5", "0", "999999", "9" * 40])
async def test_other_peoples_invitations_cannot_be_changed(customer: httpx.AsyncClient, number: str) -> None:
    path = f"/invitations/{number}/edit"
    for reply in (
        await customer.get(path),
        await customer.post(path, data={"title": "Curi"}),
        await customer.post(path, data={"title": "x" * 201}),
    ):
        assert reply.status_code == 404
        assert "Rani" not in reply.text


async def test_an_address_that_midtrans_refuses_can_be_mended(
    stand: Stand, customer: httpx.AsyncClient
) -> None:
    """Registered before such addresses were told at once."""
    (row,) = stand.rows(
        "update users set email = email || ',' where id = (select max(id) from users) returning id, email"
    )
    page = await customer.get("/account")
    assert f'value="{row["email"]}"' in page.text
    fields = {"name": "Sari Baru", "email": "sari.baru@contoh.test", "password": PASSWORD}
    wrong = await customer.post("/account", data={**fields, "password": "not-the-password"})
    assert problem_at(wrong, "password") == text("account.wrong_password", Language.ID)
    taken = await customer.post("/account", data={**fields, "email": "Demo@tuntas.test"})
    assert problem_at(taken, "email") == text("error.email_taken", Language.ID)
    slip = await customer.post("/account", data={**fields, "email": row["email"]})
    assert problem_at(slip, "email") == text("field.email", Language.ID)
    assert stand.rows("select email from users where id = %s", row["id"]) == [{"email": row["email"]}]
    saved = await customer.post("/account", data=fields)
    assert (saved.status_code, saved.headers["Location"]) == (303, "/account?saved")
    assert text("account.saved", Language.ID) in (await customer.get("/account?saved")).text
    assert await stand.bearer(fields["email"], PASSWORD), "logs in with the new address"


async def test_guessing_a_password_at_the_account_page_has_to_wait(customer: httpx.AsyncClient) -> None:
    fields = {"name": "Sari", "email": "tebak@contoh.test", "password": "not-the-password"}
    statuses = [(await customer.post("/account", data=fields)).status_code for _ in range(11)]
    assert statuses == [401] * 10 + [429]


async def test_whoever_was_logged_out_meanwhile_comes_back_to_the_form(
    stand: Stand, stranger: httpx.AsyncClient
) -> None:
    reply = await stranger.post(
        "/invitations/5/address/check", headers={"Referer": f"{stand.url}/invitations/5/address"}
    )
    assert reply.headers["Location"] == "/login?next=%2Finvitations%2F5%2Faddress"
    for elsewhere in ("https://evil.test/x", "http://[broken", ""):
        reply = await stranger.post("/account", headers={"Referer": elsewhere})
        assert reply.headers["Location"] == "/login?next=%2Finvitations"
