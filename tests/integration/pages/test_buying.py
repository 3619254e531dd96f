"""From the form for a new invitation to the result of its payment: the pages tell what the books say."""

import re

import httpx
import pytest

from tests.integration.pages.shop import (
    KENANGA,
    SCRIPT,
    buy,
    order,
    pay,
    shown,
)
from tests.stand import Stand
from tuntas.language import Language, text

pytestmark = pytest.mark.anyio


async def test_the_form_for_a_new_invitation_says_what_is_wrong(customer: httpx.AsyncClient) -> None:
    good = {"package_id": str(KENANGA), "domain": "formulir", "title": "Tono & Tini"}
    for changes in (
        {"domain": "tidak sah"},
        {"domain": ""},
        {"domain": "rani-bima"},
        {"package_id": "99"},
        {"package_id": "x"},
        {"package_id": "9" * 5000},
        {"event_date": "kapan-kapan"},
        {"title": "x" * 201},
        {"venue": "a\x00b"},
        {"domain": SCRIPT},
    ):
        reply = await customer.post("/invitations", data={**good, **changes})
        assert reply.status_code == 422, changes
        assert "aria-invalid" in reply.text or 'id="package_id-problem"' in reply.text
        assert "<script>alert" not in reply.text
        if "title" not in changes:
            assert "Tono &amp; Tini" in reply.text, "what was typed is kept"
    assert re.search(r"/checkout/\d+", (await customer.post("/invitations", data=good)).headers["Location"])


async def test_checkout_shows_the_price_and_how_it_stands(stand: Stand, customer: httpx.AsyncClient) -> None:
    number = await buy(customer, "kasir", title="Kasir & Kas")
    page = await customer.get(f"/checkout/{number}")
    assert shown(page, "data-status") == "unpaid"
    assert (shown(page, "data-amount"), shown(page, "data-invitation-id")) == ("299000", str(number))
    assert "Rp299.000" in page.text
    assert f'src="{stand.simulator_url}/snap/snap.js"' in page.text
    assert shown(page, "data-client-key") == "SB-Mid-client-simulator"
    assert "SB-Mid-server" not in page.text
    order_id = await order(customer, number)
    assert order_id in (await customer.get(f"/checkout/{number}")).text
    await stand.notify(order_id, "pending")
    assert shown(await customer.get(f"/checkout/{number}"), "data-status") == "pending"
    await stand.notify(order_id, "deny")
    assert shown(await customer.get(f"/checkout/{number}"), "data-status") == "failed"
    await stand.notify(order_id, "settlement", transaction_id="another")
    assert shown(await customer.get(f"/checkout/{number}"), "data-status") == "paid"


@pytest.mark.parametrize("number", ["5", "0", "999999", str(2**63), "9" * 40, "x", "-1"])
async def test_other_peoples_checkout_does_not_exist(customer: httpx.AsyncClient, number: str) -> None:
    reply = await customer.get(f"/checkout/{number}")
    assert reply.status_code == 404
    assert "Rani" not in reply.text


async def test_the_result_page_believes_the_books_and_not_the_address(
    stand: Stand, customer: httpx.AsyncClient
) -> None:
    """F9: what Midtrans's popup appends is only a hint."""
    order_id = await order(customer, await buy(customer, "hasil"))
    claim = f"order_id={order_id}&status_code=200&transaction_status=settlement"
    page = await customer.get(f"/payment/success?{claim}")
    assert shown(page, "data-status") == "pending"
    assert text("payment.paid", Language.ID) not in re.sub(r"<title>.*?</title>", "", page.text)
    assert stand.rows("select status from orders where order_id = %s", order_id) == [{"status": "pending"}]
    await stand.notify(order_id, "settlement")
    for hint in ("success", "pending", "error"):
        page = await customer.get(f"/payment/{hint}?order_id={order_id}&transaction_status=deny")
        assert (page.status_code, shown(page, "data-status")) == (200, "paid")
        assert shown(await customer.get(f"/payment/{hint}"), "data-status") == "paid", "the newest order"
    await stand.notify(order_id, "deny")
    assert shown(await customer.get(f"/payment/success?{claim}"), "data-status") == "failed"


async def test_other_peoples_payments_are_unknown(stand: Stand, customer: httpx.AsyncClient) -> None:
    """F10"""
    theirs = await stand.order()
    for claimed in (theirs, "INV-1", "%00", "", "%FF", "x" * 5000):
        page = await customer.get(f"/payment/success?order_id={claimed}")
        assert (page.status_code, shown(page, "data-status")) == (200, "unknown")
        assert "Rani" not in page.text
    assert shown(await customer.get("/payment/success"), "data-status") == "unknown", "nothing ordered yet"


async def test_my_invitations_come_in_pages(customer: httpx.AsyncClient) -> None:
    numbers = [await buy(customer, f"lembar-{count}") for count in range(21)]
    first = await customer.get("/invitations")
    assert first.text.count("/checkout/") == 20
    older = re.search(r'href="(/invitations\?before=\d+)"', first.text)
    assert older
    last = await customer.get(older[1])
    assert re.findall(r"/checkout/(\d+)", last.text) == [str(numbers[0])]
    assert 'rel="next"' not in last.text
    for nonsense in ("x", "-1", "9" * 40, "", "%00"):
        assert (await customer.get(f"/invitations?before={nonsense}")).status_code == 200


async def test_the_page_of_an_address_says_whose_move_it_is(
    stand: Stand, customer: httpx.AsyncClient
) -> None:
    number = await buy(customer, "belum-mengarah.example.test")
    shelf = await customer.get("/invitations")
    assert f'href="/invitations/{number}/address"' in shelf.text
    path = f"/invitations/{number}/address"
    page = await customer.get(path)
    assert shown(page, "data-state") == "point_dns"
    assert "CNAME" in page.text
    checked = await customer.post(f"{path}/check")
    assert checked.status_code == 409
    assert text("error.domain_elsewhere", Language.ID) in checked.text
    for wanted, status in (("rani-bima", 409), ("www", 409), ("tidak sah", 422), (SCRIPT, 422)):
        refused = await customer.post(path, data={"domain": wanted})
        assert refused.status_code == status
        assert "<script>alert" not in refused.text
    moved = await customer.post(path, data={"domain": "alamat-baru"})
    assert (moved.status_code, moved.headers["Location"]) == (303, path)
    page = await customer.get(path)
    assert shown(page, "data-state") == "ready"
    assert "alamat-baru" in page.text
    await pay(stand, customer, number)
    fixed = await customer.post(path, data={"domain": "pindah-lagi"})
    assert fixed.status_code == 409
    assert 'id="change"' not in fixed.text


@pytest.mark.parametrize("number", ["5", "0", "999999", "9" * 40])
async def test_other_peoples_addresses_do_not_exist(customer: httpx.AsyncClient, number: str) -> None:
    for reply in (
        await customer.get(f"/invitations/{number}/address"),
        await customer.post(f"/invitations/{number}/address", data={"domain": "curi"}),
        await customer.post(f"/invitations/{number}/address/check"),
    ):
        assert reply.status_code == 404
        assert "rani-bima" not in reply.text
