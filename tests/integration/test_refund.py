"""Money goes back once, never more than was paid, and survives lost answers."""

import asyncio
import itertools
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from tests.stand import PRICE, Stand, open_stand
from tuntas.domain.money import Rupiah
from tuntas.domain.refunds import WayBack
from tuntas.language import rupiah
from tuntas.midtrans.errors import GatewayUnavailable
from tuntas.store import refunds as store
from tuntas.usecases import errors
from tuntas.usecases.alerts import alerts
from tuntas.usecases.backend import open_backend
from tuntas.usecases.check_invariants import check_invariants
from tuntas.usecases.reconcile import sync_order
from tuntas.usecases.refund import RefundResult, refund, resume_refunds

pytestmark = pytest.mark.anyio

CARD = {"card_number": "4811111111111114", "otp": "112233"}


async def give_back(
    stand: Stand, order_id: str, amount: int | None = None, transaction_id: str | None = None
) -> RefundResult:
    wanted = None if amount is None else Rupiah(amount)
    return await refund(stand.backend, order_id, transaction_id, amount=wanted, reason="batal", actor="test")


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
    assert invitation["domain_expires_at"] is not None, "a refund leaves the domain as it is"
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


async def paid_twice(stand: Stand) -> tuple[str, str, str]:
    """One order, paid by two transactions of one wallet: the order id and the ids of the two."""
    order_id = await paid(stand)
    await stand.act(order_id, "pay_again")
    await stand.control("clock", advance="1s")
    first, second = await stand.transactions(order_id)
    return order_id, str(first["transaction_id"]), str(second["transaction_id"])


async def test_of_two_payments_one_must_be_named(stand: Stand) -> None:
    order_id = await paid(stand)
    (wallet,) = (str(found["transaction_id"]) for found in await stand.transactions(order_id))
    await stand.notify(order_id, "settlement", transaction_id="va", payment_type="bank_transfer")
    with pytest.raises(errors.TransactionNeeded) as needed:
        await give_back(stand, order_id)
    assert set(needed.value.ids) == {wallet, "va"}
    with pytest.raises(errors.RefundByHand):
        await give_back(stand, order_id, transaction_id="va")
    result = await give_back(stand, order_id, transaction_id=wallet)
    assert (result.transaction_id, result.amount) == (wallet, PRICE)
    assert (await stand.invitation())["payment_status"] == "paid", "the other payment stands"
    with pytest.raises(errors.NothingToRefund):
        await give_back(stand, order_id, transaction_id="nobody's")


async def test_each_payment_has_room_for_its_own_refunds(stand: Stand) -> None:
    order_id, first, second = await paid_twice(stand)
    assert (await give_back(stand, order_id, 200_000, transaction_id=first)).amount == 200_000
    assert (await give_back(stand, order_id, transaction_id=second)).amount == PRICE
    rest = await give_back(stand, order_id)
    assert (rest.transaction_id, rest.amount) == (first, 99_000), "the only one that is left"
    assert reserved(stand) == [PRICE, PRICE]
    assert (await stand.invitation())["payment_status"] == "refunded"
    assert await check_invariants(stand.backend) == []


async def test_a_lost_answer_about_one_payment_does_not_keep_the_other_waiting(stand: Stand) -> None:
    order_id, first, second = await paid_twice(stand)
    with nobody_listens() as url:
        settings = stand.backend.settings.model_copy(
            update={"midtrans_core_url": url, "midtrans_timeout_seconds": 0.3}
        )
        deaf = open_backend(settings, stand.database_url, clock=stand.clock)
        with pytest.raises(GatewayUnavailable):
            await refund(deaf, order_id, first, reason="batal", actor="test")
        await deaf.close()
    with pytest.raises(errors.TransactionNeeded):
        await give_back(stand, order_id)
    await give_back(stand, order_id, transaction_id=second)
    assert [row["state"] for row in refunds(stand)] == ["requested", "accepted"]
    await give_back(stand, order_id)
    assert [row["state"] for row in refunds(stand)] == ["accepted", "accepted"]


async def test_the_same_key_of_the_dashboard_may_stand_at_both_payments(stand: Stand) -> None:
    order_id = await stand.order()
    for number in (1, 2):
        row = {"refund_key": "dash", "refund_amount": f"{number * 1000}.00", "reason": ""}
        body = {"payment_type": "qris", "transaction_id": f"t{number}"}
        await stand.notify(order_id, "partial_refund", **body, refunds=[row])
    assert sorted(reserved(stand)) == [1_000, 2_000]


async def test_more_given_back_than_was_paid_is_told_and_leaves_no_room(stand: Stand) -> None:
    """Each payment by itself: another payment's room does not hide it."""
    order_id = await stand.order()
    await stand.notify(order_id, "settlement", payment_type="gopay", transaction_id="other")
    rows = [{"refund_key": f"k{part}", "refund_amount": "200000.00", "reason": ""} for part in (1, 2)]
    body = {"payment_type": "qris", "transaction_id": "t"}
    await stand.notify(order_id, "refund", **body, refunds=rows[:1])
    assert await alerts(stand.backend) == []
    await stand.notify(order_id, "refund", **body, refunds=rows)
    assert [(alert.kind, alert.subject) for alert in await alerts(stand.backend)] == [
        ("over_refunded", order_id)
    ]
    assert sorted(reserved(stand)) == [0, PRICE]
    assert await check_invariants(stand.backend) == []


async def test_a_fee_that_the_gateway_added_goes_back_too(stand: Stand) -> None:
    order_id = await paid(stand)
    stand.rows("update transactions set gross_amount = gross_amount + 4000 returning 1")
    with pytest.raises(errors.RefundTooLarge) as refused:
        await give_back(stand, order_id, PRICE + 4_001)
    assert refused.value.left == PRICE + 4_000


async def test_money_that_fits_nowhere_goes_back_like_any_other(stand: Stand) -> None:
    """A promotion made the amount smaller: the attempt at the full price waits, the money is a stray."""
    order_id = await paid(stand)
    stand.rows(
        """
        insert into transactions (order_id, transaction_id, stray, gross_amount, transaction_status,
                                  payment_type, first_heard_at)
        select order_id, transaction_id, true, 250000, 'settlement', payment_type, first_heard_at
        from transactions returning 1
        """
    )
    stand.rows("update transactions set transaction_status = 'pending' where not stray returning 1")
    result = await give_back(stand, order_id)
    assert result.amount == 250_000
    assert await midtrans_refunded(stand, order_id) == 250_000
    assert await check_invariants(stand.backend) == []


async def test_a_refund_that_the_bank_returned_no_longer_counts(stand: Stand) -> None:
    order_id = await paid(stand)
    result = await give_back(stand, order_id, 100_000)
    await stand.control("clock", advance="25h")
    async with stand.backend.database.transaction() as session:
        transaction_id, now = result.transaction_id, stand.clock.now()
        await store.returned_by_bank(session, order_id, transaction_id, at=now)
    assert [(row["amount"], row["state"]) for row in refunds(stand)] == [(100_000, "returned")]
    assert reserved(stand) == [0]
    await sync_order(stand.backend, order_id)
    assert reserved(stand) == [0], "Midtrans goes on listing it"


async def test_a_void_made_on_the_dashboard_leaves_a_row_too(stand: Stand) -> None:
    order_id = await paid(stand, "credit_card", **CARD)
    await stand.act(order_id, "cancel")
    await stand.control("clock", advance="1s")
    rows = stand.rows("select way, amount, state, ours from refunds")
    assert rows == [{"way": "cancel", "amount": PRICE, "state": "accepted", "ours": False}]
    assert reserved(stand) == [PRICE]


@pytest.mark.parametrize("order", list(itertools.permutations(["capture", "cancel", "settlement"])))
async def test_a_void_that_turns_out_to_be_none_takes_no_room(stand: Stand, order: tuple[str, ...]) -> None:
    order_id = await stand.order()
    for status in order:
        await stand.notify(order_id, status, payment_type="credit_card", transaction_id="t")
    assert reserved(stand) == [0]
    assert await payment(stand, order_id) == {"status": "paid", "state": "paid", "refunded_amount": 0}
    assert await check_invariants(stand.backend) == []


async def payment(stand: Stand, order_id: str) -> dict[str, Any]:
    reply = await stand.http.get(f"/api/v1/payments/{order_id}", headers=await stand.bearer())
    return {name: reply.json()[name] for name in ("status", "state", "refunded_amount")}


async def page(stand: Stand, path: str) -> str:
    await stand.bearer()
    (token,) = stand.tokens.values()
    reply = await stand.http.get(path, cookies={"tuntas_session": token}, headers={"Accept-Language": "id"})
    assert reply.status_code == 200, reply.text
    return reply.text


@pytest.mark.filterwarnings("ignore:Setting per-request cookies")
@pytest.mark.parametrize(
    ("method", "amount", "status", "state", "word"),
    [
        ("gopay", None, "refunded", "given_back", "Dana dikembalikan"),
        ("gopay", 100_000, "paid", "partly_given_back", "Sebagian dikembalikan"),
        ("credit_card", None, "failed", "given_back", "Dana dikembalikan"),
    ],
)
async def test_the_customer_is_told_what_went_back(
    stand: Stand, method: str, amount: int | None, status: str, state: str, word: str
) -> None:
    order_id = await paid(stand, method, **(CARD if method == "credit_card" else {}))
    await give_back(stand, order_id, amount)
    back = amount or PRICE
    assert await payment(stand, order_id) == {"status": status, "state": state, "refunded_amount": back}
    shown = await page(stand, f"/payment/success?order_id={order_id}")
    assert f">{word}</h1>" in shown
    assert f"<dt>Dikembalikan</dt><dd>{rupiah(back)}</dd>" in shown
    assert "Coba bayar lagi" not in shown
    if state == "given_back":
        for path in ("/invitations", "/checkout/5"):
            assert "Belum berhasil" not in await page(stand, path)


@pytest.mark.filterwarnings("ignore:Setting per-request cookies")
async def test_a_payment_that_failed_is_still_said_to_have_failed(stand: Stand) -> None:
    order_id = await stand.order()
    await stand.notify(order_id, "expire")
    assert await payment(stand, order_id) == {"status": "failed", "state": "failed", "refunded_amount": 0}
    assert "Belum berhasil" in await page(stand, "/invitations")


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
