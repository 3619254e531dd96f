"""Money goes back once, never more than was paid, and survives lost answers."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from tests.stand import PRICE, Stand, open_stand
from tuntas.domain.money import Rupiah
from tuntas.domain.refunds import WayBack
from tuntas.midtrans.errors import GatewayUnavailable
from tuntas.usecases import errors
from tuntas.usecases.refund import RefundResult, refund, resume_refunds

pytestmark = pytest.mark.anyio

CARD = {"card_number": "4811111111111114", "otp": "112233"}


async def give_back(stand: Stand, order_id: str, amount: int | None = None) -> RefundResult:
    wanted = None if amount is None else Rupiah(amount)
    return await refund(stand.backend, order_id, amount=wanted, reason="batal", actor="test")


async def paid(stand: Stand, method: str = "gopay", **options: Any) -> str:
    order_id = await stand.order()
    await stand.pay(order_id, method, **options)
    await stand.control("clock", advance="1s")
    assert (await stand.invitation())["payment_status"] == "paid"
    return order_id


def refunds(stand: Stand) -> list[dict[str, Any]]:
    return stand.rows("select refund_key, amount, state, ours from refunds order by created_at, refund_key")


def reserved(stand: Stand) -> list[int]:
    return [row["refund_reserved"] for row in stand.rows("select refund_reserved from transactions")]


async def midtrans_refunded(stand: Stand, order_id: str) -> int:
    fact = await stand.backend.core.status(order_id)
    return sum(row.amount for row in fact.refunds)


async def test_a_whole_refund(stand: Stand) -> None:
    order_id = await paid(stand)
    result = await give_back(stand, order_id)
    assert (result.amount, result.way, result.refund_key) == (PRICE, WayBack.REFUND, f"{order_id}-r1")
    invitation = await stand.invitation()
    assert invitation["payment_status"] == "refunded"
    assert invitation["domain_expires_at"] is not None, "the seed: a refund is no action for the domain"
    assert [(row["amount"], row["state"]) for row in refunds(stand)] == [(PRICE, "accepted")]


async def test_refunds_in_parts_end_at_what_was_paid(stand: Stand) -> None:
    order_id = await paid(stand)
    await give_back(stand, order_id, 100_000)
    assert (await stand.invitation())["payment_status"] == "paid"
    with pytest.raises(errors.RefundTooLarge) as refused:
        await give_back(stand, order_id, 200_000)
    assert refused.value.left == 199_000
    await give_back(stand, order_id)
    assert (await stand.invitation())["payment_status"] == "refunded"
    assert await midtrans_refunded(stand, order_id) == PRICE
    with pytest.raises(errors.NothingToRefund):
        await give_back(stand, order_id, 1)


async def test_the_second_notification_confirms_and_repeats_nothing(stand: Stand) -> None:
    order_id = await paid(stand)
    await give_back(stand, order_id, 100_000)
    await stand.control("clock", advance="25h")
    assert [(row["amount"], row["state"]) for row in refunds(stand)] == [(100_000, "confirmed")]
    assert reserved(stand) == [100_000]


async def test_a_refund_made_on_the_dashboard_comes_in_and_counts(stand: Stand) -> None:
    order_id = await paid(stand)
    await stand.act(order_id, "refund", amount=250_000, reason="dashboard")
    await stand.control("clock", advance="1s")
    assert [(row["amount"], row["ours"]) for row in refunds(stand)] == [(250_000, False)]
    with pytest.raises(errors.RefundTooLarge):
        await give_back(stand, order_id, 50_000)


async def test_a_captured_card_is_voided_whole(stand: Stand) -> None:
    order_id = await paid(stand, "credit_card", **CARD)
    with pytest.raises(errors.WholeRefundOnly):
        await give_back(stand, order_id, 1_000)
    result = await give_back(stand, order_id)
    assert (result.way, result.refund_key) == (WayBack.CANCEL, None)
    invitation = await stand.invitation()
    assert invitation["payment_status"] == "failed"
    assert invitation["domain_expires_at"] is None


@pytest.mark.parametrize("method", ["bca_va", "echannel", "indomaret"])
async def test_what_midtrans_cannot_refund_is_refused_before_the_call(stand: Stand, method: str) -> None:
    order_id = await paid(stand, method)
    with pytest.raises(errors.RefundByHand):
        await give_back(stand, order_id)
    assert refunds(stand) == []


async def test_what_is_not_paid_cannot_be_refunded(stand: Stand) -> None:
    order_id = await stand.order()
    with pytest.raises(errors.NothingToRefund):
        await give_back(stand, order_id)
    with pytest.raises(errors.OrderNotFound):
        await give_back(stand, "INV-unknown")


async def test_parallel_refunds_give_back_once(stand: Stand) -> None:
    """F15"""
    order_id = await paid(stand)
    results = await asyncio.gather(*(give_back(stand, order_id) for _ in range(8)), return_exceptions=True)
    assert any(isinstance(result, RefundResult) for result in results)
    assert await midtrans_refunded(stand, order_id) == PRICE
    assert len(refunds(stand)) == 1


@contextmanager
def nobody_listens() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        yield f"http://127.0.0.1:{silent.getsockname()[1]}"


async def test_a_refund_whose_answer_was_lost_is_tried_again_under_its_key(database_url: str) -> None:
    """F15: the key is in our books before Midtrans is asked."""
    async with open_stand(database_url) as stand:
        order_id = await paid(stand)
        with nobody_listens() as url:
            async with open_stand(database_url, midtrans_core_url=url, midtrans_timeout_seconds=0.3) as deaf:
                with pytest.raises(GatewayUnavailable):
                    await give_back(deaf, order_id, 100_000)
        assert [(row["state"], row["refund_key"]) for row in refunds(stand)] == [
            ("requested", f"{order_id}-r1")
        ]
        with pytest.raises(errors.RefundUnderWay):
            await give_back(stand, order_id, 50_000)
        await stand.pass_time(minutes=5)
        assert await resume_refunds(stand.backend) == 1
        assert [(row["amount"], row["state"]) for row in refunds(stand)] == [(100_000, "accepted")]
        assert await midtrans_refunded(stand, order_id) == 100_000
        assert await resume_refunds(stand.backend) == 0


async def test_a_refund_that_had_succeeded_unheard_is_not_made_twice(stand: Stand) -> None:
    order_id = await paid(stand)
    await stand.act(order_id, "refund", amount=100_000, refund_key=f"{order_id}-r1")
    stand.rows("delete from refunds returning 1")
    stand.rows("update transactions set refund_reserved = 0 returning 1")
    await give_back(stand, order_id, 100_000)
    assert await midtrans_refunded(stand, order_id) == 100_000
    assert [(row["amount"], row["state"]) for row in refunds(stand)] == [(100_000, "accepted")]


async def test_a_void_whose_answer_was_lost_is_not_refused_the_second_time(stand: Stand) -> None:
    order_id = await paid(stand, "credit_card", **CARD)
    (transaction,) = await stand.transactions(order_id)
    stand.rows("update orders set next_check_at = null returning 1")
    await stand.http.put(f"{stand.simulator_url}/_control/faults", json={"drop": True})
    await stand.backend.core.cancel(str(transaction["transaction_id"]))
    result = await give_back(stand, order_id)
    assert result.way is WayBack.CANCEL
    assert (await stand.invitation())["payment_status"] == "failed"


async def test_a_refusal_by_midtrans_is_recorded_as_one(stand: Stand) -> None:
    """F16: a refusal comes under HTTP 200."""
    order_id = await paid(stand)
    await stand.control("clock", advance="1100h")
    with pytest.raises(errors.RefundRefused):
        await give_back(stand, order_id, 100_000)
    assert [(row["amount"], row["state"]) for row in refunds(stand)] == [(100_000, "refused")]
    assert reserved(stand) == [0]
    assert (await stand.invitation())["payment_status"] == "paid"


async def test_the_database_itself_refuses_to_refund_too_much(stand: Stand) -> None:
    await paid(stand)
    with (
        psycopg.connect(stand.database_url) as connection,
        pytest.raises(psycopg.errors.CheckViolation, match="never_refunds_too_much"),
    ):
        connection.execute("update transactions set refund_reserved = gross_amount + 1")


async def test_a_refund_revokes_the_domain_only_where_configured(database_url: str) -> None:
    async with open_stand(database_url, tuntas_refund_revokes_domain=True) as stand:
        order_id = await paid(stand)
        await give_back(stand, order_id)
        invitation = await stand.invitation()
        assert (invitation["payment_status"], invitation["domain_expires_at"]) == ("refunded", None)
