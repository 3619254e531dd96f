"""A payment's answer holds everything that its owner needs: how to pay, until when, and what came back."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.stand import INVITATION, PRICE, Stand, open_stand
from tuntas.domain.money import Rupiah
from tuntas.store import orders
from tuntas.usecases.payments import payments_for
from tuntas.usecases.refund import refund
from tuntas.usecases.refund_by_hand import refund_by_hand

pytestmark = pytest.mark.anyio


async def seen(stand: Stand, order_id: str) -> dict[str, Any]:
    reply = await stand.http.get(f"/api/v1/payments/{order_id}", headers=await stand.bearer())
    assert reply.status_code == 200, reply.text
    document = reply.json()
    assert isinstance(document, dict)
    return document


async def chosen(stand: Stand, method: str, **options: Any) -> dict[str, Any]:
    """A payment after its method was chosen, Midtrans's notification and answer taken in."""
    order_id = await stand.order()
    await stand.choose(order_id, method, **options)
    await stand.control("clock", advance="1s")
    reply = await stand.http.post(
        "/api/v1/midtrans/check-status", json={"order_id": order_id}, headers=await stand.bearer()
    )
    assert reply.status_code == 200, reply.text
    return await seen(stand, order_id)


@pytest.mark.parametrize(
    ("method", "needed"),
    [
        ("bca_va", {"bank", "va_number"}),
        ("permata_va", {"bank", "va_number"}),
        ("echannel", {"biller_code", "bill_key"}),
        ("alfamart", {"store", "payment_code"}),
        ("indomaret", {"store", "payment_code"}),
        ("dana", {"app_url"}),
        ("ovo", set()),
        ("other_qris", set()),
        ("kredivo", set()),
    ],
)
async def test_every_method_says_how_it_is_paid_or_where_the_way_goes_on(
    stand: Stand, method: str, needed: set[str]
) -> None:
    options = {"phone": "+628111222333"} if method == "ovo" else {}
    payment = await chosen(stand, method, **options)
    (truth,) = await stand.transactions(payment["order_id"])
    way = payment["how_to_pay"] or {}
    assert payment["state"] == "pending"
    assert {name for name, value in way.items() if value} == needed
    told = {**truth["details"], **next(iter(truth["details"].get("va_numbers", [])), {})}
    for name in needed - {"bank", "app_url"}:
        assert way[name] == told.get(name, told.get("permata_va_number")), name
    assert payment["redirect_url"].startswith(stand.simulator_url)
    ends = datetime.fromisoformat(truth["expiry_time"]).replace(microsecond=0)
    assert datetime.fromisoformat(payment["pay_until"]) == ends, "the method's own end, not the page's"


async def test_before_a_method_is_chosen_the_page_and_its_end_are_told(stand: Stand) -> None:
    payment = await seen(stand, await stand.order())
    assert (payment["state"], payment["how_to_pay"]) == ("pending", None)
    assert payment["pay_until"] == payment["expires_at"]
    assert payment["redirect_url"].startswith(stand.simulator_url)


async def test_once_nothing_is_due_nothing_is_shown_to_pay_with(stand: Stand) -> None:
    order_id = await stand.order()
    await stand.pay(order_id, "bca_va")
    await stand.control("clock", advance="1s")
    payment = await seen(stand, order_id)
    due = ("how_to_pay", "pay_until", "redirect_url")
    assert (payment["state"], payment["bank"]) == ("paid", "bca")
    assert {name: payment[name] for name in due} == dict.fromkeys(due)


async def test_the_attempt_that_can_still_be_paid_is_shown_although_a_newer_one_was_refused(
    stand: Stand,
) -> None:
    order_id = await stand.order()
    va = [{"bank": "bni", "va_number": "8808"}]
    await stand.notify(order_id, "pending", transaction_id="va", va_numbers=va)
    await stand.notify(
        order_id,
        "deny",
        transaction_id="card",
        payment_type="credit_card",
        transaction_time="2026-11-03 13:00:00",
    )
    payment = await seen(stand, order_id)
    assert (payment["state"], payment["payment_type"]) == ("pending", "bank_transfer")
    assert payment["how_to_pay"]["va_number"] == "8808"


@pytest.mark.parametrize(
    "said",
    [
        {"status": "capture", "fraud_status": "challenge", "status_code": "201"},
        {"status": "authorize"},
    ],
)
async def test_a_card_in_review_is_not_told_to_pay_again(stand: Stand, said: dict[str, str]) -> None:
    order_id = await stand.order()
    await stand.notify(order_id, payment_type="credit_card", **said)
    payment = await seen(stand, order_id)
    assert (payment["status"], payment["state"]) == ("pending", "in_review")
    assert payment["redirect_url"] is payment["pay_until"] is None


async def test_money_that_midtrans_has_yet_to_confirm_is_not_asked_for_again(database_url: str) -> None:
    async with open_stand(database_url, notified=False, tuntas_confirm="before") as stand:
        order_id = await stand.order()
        await stand.notify(order_id, "pending")
        assert (await seen(stand, order_id))["state"] == "pending"
        await stand.notify(order_id, "settlement")
        payment = await seen(stand, order_id)
        assert (payment["status"], payment["state"]) == ("pending", "confirming")
        assert payment["redirect_url"] is None


async def test_money_that_bought_nothing_has_words_of_its_own(stand: Stand) -> None:
    order_id = await stand.order()
    await stand.notify(order_id, "pending")
    await stand.notify(order_id, "settlement", transaction_id="less", gross_amount=f"{PRICE - 1000}.00")
    payment = await seen(stand, order_id)
    assert (payment["state"], payment["redirect_url"]) == ("in_review", None)
    await stand.notify(order_id, "settlement", transaction_id="va")
    await stand.notify(order_id, "settlement", transaction_id="qr", settlement_time="2026-11-03 12:05:00")
    assert (await seen(stand, order_id))["state"] == "paid_twice"


async def test_each_part_that_went_back_is_told(stand: Stand) -> None:
    order_id = await stand.order()
    await stand.pay(order_id, "gopay")
    await stand.control("clock", advance="1s")
    await refund(stand.backend, order_id, amount=Rupiah(100_000), reason="separuh", actor="rani")
    payment = await seen(stand, order_id)
    assert (payment["state"], payment["refunded_amount"]) == ("partly_given_back", 100_000)
    (part,) = payment["given_back"]
    assert (part["amount"], part["way"]) == (100_000, "refund")
    assert "separuh" not in str(payment), "reasons are written for the shop"
    await refund_by_hand(
        stand.backend,
        order_id,
        amount=Rupiah(PRICE - 100_000),
        paid_to="BCA 1234567890, Rani",
        reference="FT-1",
        reason="sisanya",
        actor="rani",
    )
    payment = await seen(stand, order_id)
    assert (payment["state"], payment["refunded_amount"]) == ("given_back", PRICE)
    assert [(part["way"], part["confirmed"]) for part in payment["given_back"]][-1] == ("by_hand", True)
    assert "1234567890" not in str(payment)


async def test_own_payments_come_in_pages_newest_first(stand: Stand) -> None:
    made = []
    for _ in range(5):
        made.append(await stand.order())
        await stand.notify(made[-1], "expire")
    headers, found = await stand.bearer(), []
    address: str | None = "/api/v1/payments?limit=2"
    pages = 0
    while address is not None:
        reply = await stand.http.get(address, headers=headers)
        assert reply.status_code == 200, reply.text
        found += [payment["order_id"] for payment in reply.json()]
        address, pages = reply.links.get("next", {}).get("url"), pages + 1
    assert (found, pages) == (made[::-1], 3)
    one = await seen(stand, made[0])
    assert (await stand.http.get("/api/v1/payments", headers=headers)).json()[-1] == one

    stranger = await stand.register("siti@tuntas.test")
    assert (await stand.http.get("/api/v1/payments", headers=stranger)).json() == []
    reply = await stand.http.get(f"/api/v1/payments?before={made[0]}", headers=stranger)
    assert (reply.status_code, reply.json()["code"]) == (404, "order_not_found")
    for wrong in ("limit=0", "limit=101", "limit=x", "before="):
        assert (await stand.http.get(f"/api/v1/payments?{wrong}", headers=headers)).status_code == 422


async def test_of_an_invitation_ordered_over_and_over_the_newest_orders_are_looked_at(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(orders, "ORDERS_LOOKED_AT", 2)
    made = []
    for _ in range(3):
        made.append(await stand.order())
        await stand.notify(made[-1], "expire", transaction_id=f"t-{len(made)}")
        stand.clock.ahead += timedelta(seconds=1)
    (owner,) = stand.rows("select owner_id from invitations where id = 5")
    found = await payments_for(stand.backend, owner["owner_id"], [INVITATION, 999])
    assert [payment.order.order_id for payment in found[INVITATION]] == made[:0:-1]
    assert await payments_for(stand.backend, owner["owner_id"] + 1, [INVITATION]) == {}
