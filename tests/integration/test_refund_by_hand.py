"""What Midtrans cannot give back is transferred by a person, written down once, and the books follow."""

import asyncio
import json
from typing import Any

import pytest

from tests.command import DONE, MISSING, SANDBOX, UNUSABLE, WRONG, Result, tuntas
from tests.stand import PRICE, Stand
from tuntas.domain.money import Rupiah
from tuntas.domain.refunds import WayBack
from tuntas.store.refunds import given_back_by_hand
from tuntas.usecases import errors
from tuntas.usecases.check_invariants import check_invariants
from tuntas.usecases.refund import RefundResult, refund
from tuntas.usecases.refund_by_hand import refund_by_hand

pytestmark = pytest.mark.anyio


async def paid(stand: Stand, method: str = "bca_va") -> str:
    order_id = await stand.order()
    await stand.pay(order_id, method)
    await stand.control("clock", advance="1s")
    assert (await stand.invitation())["payment_status"] == "paid"
    return order_id


async def transferred(
    stand: Stand, order_id: str, amount: int, reference: str = "FT-1", **options: Any
) -> RefundResult:
    return await refund_by_hand(
        stand.backend,
        order_id,
        amount=Rupiah(amount),
        paid_to="BCA 1234567890, Rani",
        reference=reference,
        reason="acara batal",
        actor="rani",
        **options,
    )


async def command(stand: Stand, *words: str) -> Result:
    where = {"DATABASE_URL": stand.database_url, "MIDTRANS_CORE_URL": stand.simulator_url}
    return await asyncio.to_thread(tuntas, *words, **SANDBOX, **where)


async def test_a_whole_transfer_is_a_refund_like_any_other(stand: Stand) -> None:
    order_id = await paid(stand)
    result = await transferred(stand, order_id, PRICE)
    assert (result.way, result.amount) == (WayBack.BY_HAND, PRICE)
    invitation = await stand.invitation()
    assert invitation["payment_status"] == "refunded"
    assert invitation["domain_expires_at"] is not None, "giving money back does not end the paid time"
    (row,) = stand.rows("select way, amount, state, actor, paid_to, reference, reason from refunds")
    assert row == {
        "way": "by_hand",
        "amount": PRICE,
        "state": "confirmed",
        "actor": "rani",
        "paid_to": "BCA 1234567890, Rani",
        "reference": "FT-1",
        "reason": "acara batal",
    }
    (act,) = stand.rows("select detail from payment_logs where event_type = 'operator_act'")
    assert act["detail"]["reference"] == "FT-1"
    assert await check_invariants(stand.backend) == []
    async with stand.backend.database.transaction() as session:
        assert len(await given_back_by_hand(session, order_id)) == 1


async def test_parts_end_at_what_was_paid(stand: Stand) -> None:
    order_id = await paid(stand, "indomaret")
    await transferred(stand, order_id, 100_000)
    assert (await stand.invitation())["payment_status"] == "paid"
    with pytest.raises(errors.RefundTooLarge) as refused:
        await transferred(stand, order_id, 200_000, "FT-2")
    assert refused.value.left == 199_000
    await transferred(stand, order_id, 199_000, "FT-3")
    assert (await stand.invitation())["payment_status"] == "refunded"
    with pytest.raises(errors.NothingToRefund):
        await transferred(stand, order_id, 1, "FT-4")


async def test_the_same_transfer_written_down_again_counts_once(stand: Stand) -> None:
    order_id = await paid(stand)
    first, *others = await asyncio.gather(*(transferred(stand, order_id, 100_000) for _ in range(4)))
    assert all(other == first for other in others)
    assert stand.rows("select refund_reserved from transactions") == [{"refund_reserved": 100_000}]
    with pytest.raises(errors.ReferenceTaken):
        await transferred(stand, order_id, 50_000)


async def test_what_has_not_been_paid_cannot_be_given_back_by_hand(stand: Stand) -> None:
    order_id = await stand.order()
    await stand.choose(order_id, "bca_va")
    with pytest.raises(errors.NothingToRefund):
        await transferred(stand, order_id, 1)
    with pytest.raises(errors.OrderNotFound):
        await transferred(stand, "INV-unknown", 1)


async def test_a_wallet_can_be_paid_back_by_hand_once_midtrans_no_longer_can(stand: Stand) -> None:
    order_id = await paid(stand, "gopay")
    await stand.control("clock", advance="1100h")
    with pytest.raises(errors.RefundRefused):
        await refund(stand.backend, order_id, reason="batal", actor="test")
    await transferred(stand, order_id, PRICE)
    assert (await stand.invitation())["payment_status"] == "refunded"


async def test_after_a_part_by_hand_midtrans_gives_back_the_rest_and_no_more(stand: Stand) -> None:
    order_id = await paid(stand, "gopay")
    await transferred(stand, order_id, 200_000)
    result = await refund(stand.backend, order_id, reason="sisanya", actor="test")
    assert (result.way, result.amount) == (WayBack.REFUND, 99_000)
    assert stand.rows("select refund_reserved from transactions") == [{"refund_reserved": PRICE}]


@pytest.mark.parametrize("amount", [PRICE, 100_000])
async def test_the_paid_time_ends_by_a_recorded_act(stand: Stand, amount: int) -> None:
    order_id = await paid(stand)
    await transferred(stand, order_id, amount, ends_paid_time=True)
    invitation = await stand.invitation()
    assert (invitation["domain_expires_at"], invitation["live"]) == (None, False)
    assert invitation["payment_status"] == ("refunded" if amount == PRICE else "paid")
    acts = stand.rows("select detail->>'act' as act from payment_logs where event_type = 'operator_act'")
    assert {row["act"] for row in acts} == {"refund_by_hand", "end_paid_time"}
    assert await check_invariants(stand.backend) == []
    await stand.notify(order_id, "settlement", payment_type="bank_transfer", transaction_id="another")
    assert (await stand.invitation())["domain_expires_at"] is None, "no later fact brings it back"


async def test_the_command_says_what_it_wrote_down(stand: Stand) -> None:
    order_id = await paid(stand)
    options = ["--amount", "299000", "--to", "BCA 123, Rani", "--reference", "FT 7/2026", "--reason", "batal"]
    told = await command(stand, "refund", order_id, "--by-hand", *options, "--end-paid-time")
    assert told.code == DONE, told.err
    assert told.out == "Rp299.000 given back by hand is written down (FT 7/2026). The paid time has ended.\n"
    again = await command(stand, "refund", order_id, "--by-hand", *options, "--json")
    assert (again.json["amount"], again.json["way"]) == (PRICE, "by_hand")
    shown = json.loads((await command(stand, "orders", "show", order_id, "--json")).out)
    assert shown["refunded_amount"] == PRICE
    (row,) = shown["refunds"]
    assert (row["way"], row["paid_to"], row["reference"]) == ("by_hand", "BCA 123, Rani", "FT 7/2026")
    listed = (await command(stand, "orders", "list", "--json")).lines
    assert [line["refunded_amount"] for line in listed] == [PRICE]


async def test_the_command_refuses_what_cannot_be_meant(stand: Stand) -> None:
    order_id = await paid(stand)
    wrong = [
        ["--by-hand", "--reason", "batal"],
        ["--to", "BCA", "--reason", "batal"],
        ["--end-paid-time", "--reason", "batal"],
        ["--settle-as", "done", "--amount", "1", "--reason", "batal"],
        ["--reason", " "],
        ["--reason", "dua\nbaris"],
        ["--reason", "x" * 256],
    ]
    for words in wrong:
        assert (await command(stand, "refund", order_id, *words)).code == UNUSABLE, words
    by_hand = await command(stand, "refund", order_id, "--reason", "batal")
    assert (by_hand.code, "(refund_by_hand)" in by_hand.err) == (WRONG, True)
    assert (await command(stand, "refund", "INV-nobody", "--reason", "batal")).code == MISSING
    assert stand.rows("select 1 from refunds") == []
