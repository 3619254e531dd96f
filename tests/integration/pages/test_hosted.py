"""Paying and asking without scripts: plain forms, and Midtrans's own page."""

import httpx
import pytest

from tests.integration.pages.shop import buy, order, pay, shown
from tests.stand import Stand
from tuntas.language import Language, text

pytestmark = pytest.mark.anyio


async def test_the_button_leads_to_midtranss_page_in_the_readers_language(
    stand: Stand, customer: httpx.AsyncClient
) -> None:
    number = await buy(customer, "tanpa-skrip")
    reply = await customer.post(f"/checkout/{number}/pay", headers={"Accept-Language": "en"})
    assert reply.status_code == 303
    target = httpx.URL(reply.headers["Location"])
    assert str(target).startswith(f"{stand.simulator_url}/snap/")
    assert target.params["language"] == "en"
    (row,) = stand.rows("select redirect_url from orders where invitation_id = %s", number)
    assert str(target).startswith(row["redirect_url"])
    again = await customer.post(f"/checkout/{number}/pay")
    assert again.headers["Location"].startswith(row["redirect_url"]), "the same order"


async def test_a_refusal_is_told_on_the_checkout(stand: Stand, customer: httpx.AsyncClient) -> None:
    number = await buy(customer, "sudah-lunas")
    await pay(stand, customer, number)
    refused = await customer.post(f"/checkout/{number}/pay")
    assert refused.status_code == 409
    assert text("error.already_paid", Language.ID) in refused.text
    renewed = await customer.post(f"/checkout/{number}/pay", data={"renew": "1"})
    assert renewed.status_code == 303


@pytest.mark.parametrize("number", ["5", "0", "999999", "9" * 40, "x"])
async def test_nobody_pays_for_other_peoples_invitations(customer: httpx.AsyncClient, number: str) -> None:
    assert (await customer.post(f"/checkout/{number}/pay")).status_code == 404


@pytest.mark.parametrize("path", ["/checkout/5/pay", "/payment/check", "/account", "/invitations/5/edit"])
async def test_another_sites_form_is_refused(customer: httpx.AsyncClient, path: str) -> None:
    reply = await customer.post(path, headers={"Sec-Fetch-Site": "cross-site"})
    assert reply.status_code == 403


async def test_checking_asks_midtrans_and_comes_back(stand: Stand, customer: httpx.AsyncClient) -> None:
    order_id = await order(customer, await buy(customer, "cek-tanpa-skrip"))
    await stand.http.put(f"{stand.simulator_url}/_control/faults", json={"drop": True})
    await stand.pay(order_id, "bca_va")
    await stand.http.put(f"{stand.simulator_url}/_control/faults", json={})
    asked = {"order_id": order_id, "hint": "success"}
    reply = await customer.post("/payment/check", data=asked)
    assert reply.headers["Location"] == f"/payment/success?order_id={order_id}&checked=yes"
    assert shown(await customer.get(reply.headers["Location"]), "data-payment-state") == "paid"
    soon = await customer.post("/payment/check", data={**asked, "hint": "//evil.test"})
    assert soon.headers["Location"] == f"/payment/pending?order_id={order_id}&checked=yes"


async def test_a_midtrans_that_is_away_is_not_called_unchanged(
    stand: Stand, customer: httpx.AsyncClient
) -> None:
    order_id = await order(customer, await buy(customer, "cek-gagal"))
    await stand.http.put(f"{stand.simulator_url}/_control/faults", json={"api_html": True})
    reply = await customer.post("/payment/check", data={"order_id": order_id})
    await stand.http.put(f"{stand.simulator_url}/_control/faults", json={})
    assert reply.headers["Location"].endswith("&checked=no")
    page = await customer.get(reply.headers["Location"])
    assert text("payment.unreachable", Language.ID) in page.text


async def test_other_peoples_orders_are_not_asked_about(stand: Stand, customer: httpx.AsyncClient) -> None:
    theirs = await stand.order()
    assert (await customer.post("/payment/check", data={"order_id": theirs})).status_code == 404


async def test_who_left_midtranss_page_unpaid_finds_the_way_back_to_it(
    stand: Stand, customer: httpx.AsyncClient
) -> None:
    """Midtrans's finish address is one for all outcomes, and says in its query which it was."""
    order_id = await order(customer, await buy(customer, "kembali-dulu"))
    await stand.choose(order_id, "other_qris")
    await stand.notify(order_id, "pending", payment_type="qris", transaction_id="qr-1")
    claimed = await customer.get(f"/payment/success?order_id={order_id}&transaction_status=pending")
    assert text("payment.show_qr", Language.ID) in claimed.text
    paid = await customer.get(f"/payment/success?order_id={order_id}&transaction_status=settlement")
    assert text("payment.confirming", Language.ID) in paid.text
    assert text("payment.show_qr", Language.ID) not in paid.text
