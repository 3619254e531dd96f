"""Refunds that Midtrans tells in several spellings are each counted once, whatever comes first."""

import itertools
from typing import Any

import pytest

from tests.stand import PRICE, Stand

pytestmark = pytest.mark.anyio


def listed(*refunds: dict[str, Any]) -> dict[str, Any]:
    return {"refunds": [{"created_at": "2026-11-26 10:00:00", "reason": "", **refund} for refund in refunds]}


async def refunded(stand: Stand, *told: dict[str, Any]) -> int:
    """Rupiah given back of a fresh payment, as the books say after these notifications."""
    number = len(stand.rows("select 1 from invitations"))
    order_id = await stand.order() if number == 0 else await fresh_order(stand, number)
    await stand.notify(order_id, "settlement", payment_type="gopay")
    for fields in told:
        reply = await stand.notify(order_id, "partial_refund", payment_type="gopay", **fields)
        assert reply.status_code == 200
    (row,) = stand.rows(
        "select coalesce(sum(amount), 0)::int as n from refunds where order_id = %s", order_id
    )
    return int(row["n"])


async def fresh_order(stand: Stand, number: int) -> str:
    (package,) = stand.rows("select id from packages where price = %s", PRICE)
    body = {"package_id": package["id"], "domain": f"undangan-{number}"}
    made = await stand.http.post("/api/v1/invitations", json=body, headers=await stand.bearer())
    assert made.status_code == 201, made.text
    return await stand.order(invitation_id=made.json()["id"])


async def test_every_spelling_of_a_refund_counts_once_however_often_it_is_told(stand: Stand) -> None:
    for refund in (
        {"refund_key": "k", "refund_amount": "5000.00"},
        {"refund_chargeback_id": 1, "refund_amount": 5000},
        {"refund_chargeback_id": "1", "refund_amount": "5000"},
        {"refund_chargeback_uuid": "0d8178e1-c6c7-4ab4-81a6-893be9d924ab", "refund_amount": 5000},
        {"refund_amount": 5000},
    ):
        confirmed = {**refund, "bank_confirmed_at": "2026-11-27 10:00:00"}
        assert await refunded(stand, listed(refund), listed(refund), listed(confirmed)) == 5_000, refund
    flat = {"refund_key": "k", "refund_amount": "5000.00"}
    assert await refunded(stand, flat, flat, listed(flat)) == 5_000
    sum_only = {"refund_amount": "5000.00"}
    assert await refunded(stand, sum_only, sum_only) == 5_000


async def test_a_bare_sum_and_the_single_refunds_tell_of_the_same_money_in_any_order(stand: Stand) -> None:
    first, second = {"refund_key": "k1", "refund_amount": 5_000}, {"refund_key": "k2", "refund_amount": 7_000}
    told = [{"refund_amount": 5_000}, listed(first), {"refund_amount": 12_000}, listed(second)]
    for order in itertools.permutations(told):
        assert await refunded(stand, *order) == 12_000, order
    assert await refunded(stand, {"refund_amount": 12_000}, listed(first)) == 12_000
    assert await refunded(stand, listed(first), {"refund_amount": 12_000}) == 12_000
    assert stand.rows("select 1 from alerts where kind = 'over_refunded'") == []
