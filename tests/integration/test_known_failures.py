"""How comparable systems lose money, and that this one does not.

`docs/known-failures.md` lists all of them with their tests; here are those that no other file proves.
"""

import asyncio
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.stand import PRICE, Stand, notification, open_stand
from tuntas.domain.money import Rupiah
from tuntas.midtrans.errors import GatewayRejected, GatewayUnavailable, TransactionNotFound
from tuntas.usecases.errors import RefundRefused
from tuntas.usecases.reconcile import sync_order
from tuntas.usecases.refund import refund, resume_refunds

pytestmark = pytest.mark.anyio

DENIED_CARD = {"card_number": "4911111111111113", "otp": "112233"}


async def status(stand: Stand) -> str:
    return str((await stand.invitation())["payment_status"])


async def faults(stand: Stand, **wanted: Any) -> None:
    reply = await stand.http.put(f"{stand.simulator_url}/_control/faults", json=wanted)
    assert reply.is_success, reply.text


@pytest.mark.parametrize(
    ("news", "ends"),
    [("refund", "refunded"), ("chargeback", "refunded"), ("deny", "failed"), ("partial_refund", "paid")],
)
async def test_f02_what_comes_after_paid_is_heard(stand: Stand, news: str, ends: str) -> None:
    """Fails when a paid order takes in nothing more."""
    order_id = await stand.order()
    await stand.notify(order_id, "settlement")
    await stand.notify(order_id, news)
    (attempt,) = stand.rows("select transaction_status from transactions")
    assert (attempt["transaction_status"], await status(stand)) == (news, ends)


async def test_f02_a_void_of_a_captured_card_is_heard(stand: Stand) -> None:
    """Fails when a paid order takes in nothing more, and when `cancel` stands below `capture`."""
    order_id = await stand.order()
    await stand.notify(order_id, "capture", payment_type="credit_card")
    await stand.notify(order_id, "cancel", payment_type="credit_card")
    assert await status(stand) == "failed"
    assert (await stand.invitation())["domain_expires_at"] is None


async def test_f06_after_a_denied_card_the_same_page_is_paid_by_qr(stand: Stand) -> None:
    """Fails when a failed order takes in nothing more."""
    order_id = await stand.order()
    await stand.choose(order_id, "credit_card", **DENIED_CARD)
    await stand.control("clock", advance="1s")
    assert await status(stand) == "failed"
    await stand.pay(order_id)
    await stand.control("clock", advance="1s")
    assert await status(stand) == "paid"
    attempts = await stand.transactions(order_id)
    assert sorted(found["transaction_status"] for found in attempts) == ["deny", "settlement"]


async def test_f07_an_order_made_before_a_price_change_is_paid_at_its_own_price(stand: Stand) -> None:
    """Fails when the amount is compared with the invitation's present price in place of the order's."""
    order_id = await stand.order()
    stand.rows("update invitations set price = 499000, days = 730 where id = 5 returning 1")
    await stand.notify(order_id, "settlement")
    assert await status(stand) == "paid"
    (grant,) = stand.rows("select ends_at - starts_at as bought from domain_grants")
    assert grant["bought"] == timedelta(days=365)


async def test_f12_a_renewal_adds_to_what_is_left_from_the_settlement_in_wib(stand: Stand) -> None:
    """Fails when a renewal begins at its own payment, when times are read as UTC, and when the moment of
    processing counts."""
    first = await stand.order()
    await stand.notify(first, "settlement", settlement_time="2026-11-03 23:59:59", transaction_id="t1")
    renewal = await stand.order(renew=True)
    await stand.notify(renewal, "settlement", settlement_time="2026-11-20 00:00:01", transaction_id="t2")
    invitation = await stand.invitation()
    confirmed = datetime(2026, 11, 19, 17, 0, 1, tzinfo=UTC)
    assert datetime.fromisoformat(invitation["payment_confirmed_at"]) == confirmed
    expires = datetime(2026, 11, 3, 16, 59, 59, tzinfo=UTC) + timedelta(days=2 * 365)
    assert datetime.fromisoformat(invitation["domain_expires_at"]) == expires


@pytest.mark.parametrize("why", ["bank", "funds"])
async def test_f16_a_refusal_inside_http_200_is_no_refund(stand: Stand, why: str) -> None:
    """The bank refuses with the body code 202, Midtrans for want of funds with 414.

    Fails when `CoreClient.refund` takes 202 for a success, or looks at HTTP only.
    """
    order_id = await stand.order()
    await stand.pay(order_id)
    await stand.control("clock", advance="1s")
    await faults(stand, refund_refused={"why": why})
    with pytest.raises(RefundRefused):
        await refund(stand.backend, order_id, amount=Rupiah(100_000), reason="batal", actor="test")
    (row,) = stand.rows(
        "select r.state, t.refund_reserved from refunds r join transactions t using (order_id)"
    )
    assert row == {"state": "refused", "refund_reserved": 0}
    assert await status(stand) == "paid"
    assert await resume_refunds(stand.backend) == 0, "a refusal is an answer"


async def test_f20_a_payment_of_a_kind_nobody_knew_counts(stand: Stand) -> None:
    """Fails when a payment type must be one of a list, or a field nobody knows is an error."""
    order_id = await stand.order()
    new = {"payment_type": "beaming", "teleporter": {"pads": [1, 2]}, "acquirer": 7, "va_numbers": "none"}
    await stand.notify(order_id, "settlement", **new)
    assert await status(stand) == "paid"


async def test_f22_a_reply_is_what_its_body_says(stand: Stand) -> None:
    """Fails when replies are judged by HTTP status: 404, 412 and 414 come under HTTP 200."""
    core = stand.backend.core
    with pytest.raises(TransactionNotFound):
        await core.status("INV-nobody")
    order_id = await stand.order()
    await stand.pay(order_id)
    (attempt,) = await stand.transactions(order_id)
    transaction_id = attempt["transaction_id"]
    with pytest.raises(GatewayRejected, match="412"):
        await core.cancel(transaction_id)
    with pytest.raises(GatewayRejected, match="414"):
        await core.refund(transaction_id, refund_key="k", amount=Rupiah(PRICE + 1), reason="too much")
    await faults(stand, api_html={"status": 404})
    with pytest.raises(GatewayUnavailable):
        await core.status(transaction_id)


async def test_f26_nothing_that_guards_the_other_routes_stands_before_the_webhook(stand: Stand) -> None:
    """Fails when the webhook asks for a log-in, a browser's origin, a content type, or is rate-limited."""
    order_id = await stand.order()
    strange = {
        "Origin": "https://elsewhere.example",
        "Sec-Fetch-Site": "cross-site",
        "Authorization": "Bearer nonsense",
        "Cookie": "session=nonsense; tuntas_session=nonsense",
    }

    async def post(number: int) -> int:
        body = notification(order_id, "settlement", transaction_id=f"t{number % 10}")
        reply = await stand.http.post("/api/v1/midtrans/webhook", json=body, headers=strange)
        return reply.status_code

    assert set(await asyncio.gather(*map(post, range(100)))) == {200}
    assert await status(stand) == "paid"


async def test_f28_attempts_are_told_apart_by_their_own_ids_whatever_these_look_like(stand: Stand) -> None:
    """Fails when an order has one attempt only, and when a transaction id must be a UUID."""
    order_id = await stand.order()
    dana = "20260311111212800110166050301393462"
    await stand.notify(order_id, "deny", transaction_id="9aed5972-5b6a-401e-894b-a32c91ed1a3a")
    await stand.notify(order_id, "settlement", transaction_id=dana, payment_type="dana")
    await stand.notify(order_id, "expire", transaction_id=order_id)
    kept = stand.rows("select transaction_id, transaction_status from transactions order by 2")
    assert [row["transaction_status"] for row in kept] == ["deny", "expire", "settlement"]
    assert kept[2]["transaction_id"] == dana
    assert await status(stand) == "paid"


async def test_f28_a_gateway_with_other_ids_is_asked_and_refunded_by_them(database_url: str) -> None:
    """The simulator gives ids as DANA's, and no notification helps. Fails when an id is shortened, or is
    taken for a UUID, on the way to Midtrans or back."""
    async with open_stand(database_url, notified=False) as stand:
        await faults(stand, foreign_id=True)
        order_id = await stand.order()
        await stand.pay(order_id)
        await sync_order(stand.backend, order_id)
        assert await status(stand) == "paid"
        await refund(stand.backend, order_id, reason="batal", actor="test")
        assert await status(stand) == "refunded"


async def test_f30_an_order_id_cannot_be_guessed_and_opens_nothing(stand: Stand) -> None:
    """Fails with numbered ids, and when whoever knows an id may look at its payment."""
    order_id = await stand.order()
    assert uuid.UUID(order_id.removeprefix("INV-")).version == 4
    assert (await stand.http.get(f"/api/v1/payments/{order_id}")).status_code == 401
    somebody = await stand.register("siti@example.test")
    assert (await stand.http.get(f"/api/v1/payments/{order_id}", headers=somebody)).status_code == 404
