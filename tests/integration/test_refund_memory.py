"""A refund without an answer is not forgotten, not made twice, and takes no other refund's turn."""

import asyncio
import re
import shlex
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from tests.command import DONE, SANDBOX, WRONG, Result, tuntas
from tests.stand import INVITATION, PRICE, Stand
from tuntas.domain.money import Rupiah
from tuntas.domain.refunds import WayBack
from tuntas.midtrans.errors import GatewayTimeout
from tuntas.store.alerts import ADVICE, AlertKind
from tuntas.store.database import DatabaseUnreachable
from tuntas.usecases import errors
from tuntas.usecases.alerts import alerts
from tuntas.usecases.backend import Backend, open_backend
from tuntas.usecases.check_invariants import check_invariants
from tuntas.usecases.refund import RefundResult, refund, resume_refunds
from tuntas.usecases.settle_refund import settle_refund

pytestmark = pytest.mark.anyio

CARD = {"card_number": "4811111111111114", "otp": "112233"}


class BadLine(httpx.AsyncHTTPTransport):
    """The network to Midtrans, which fails for what `spoilt` names; what reached it is in `asked`."""

    def __init__(self, failure: Exception | int = 0) -> None:
        super().__init__()
        self.failure = failure
        self.spoilt: set[str] = set()
        self.asked: list[str] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        named = next((part for part in self.spoilt if part in request.url.path), None)
        if named is None or request.method == "GET":
            return await super().handle_async_request(request)
        self.asked.append(named)
        if isinstance(self.failure, int):
            return httpx.Response(self.failure, json={"status_code": str(self.failure)})
        raise self.failure


@asynccontextmanager
async def through(line: BadLine, stand: Stand) -> AsyncIterator[Backend]:
    """A backend beside the stand's, on the same books, whose calls go over this line."""
    settings = stand.backend.settings
    backend = open_backend(settings, stand.database_url, clock=stand.clock, transport=line)
    try:
        yield backend
    finally:
        await backend.close()


async def give_back(backend: Backend, order_id: str, amount: int | None = None) -> RefundResult:
    wanted = None if amount is None else Rupiah(amount)
    return await refund(backend, order_id, amount=wanted, reason="batal", actor="test")


async def paid(stand: Stand, method: str = "gopay", **options: Any) -> str:
    order_id = await stand.order()
    await stand.pay(order_id, method, **options)
    await stand.control("clock", advance="1s")
    return order_id


async def paid_orders(stand: Stand, number: int) -> list[str]:
    """Orders of one customer, each for an invitation of its own."""
    order_ids = []
    for place in range(number):
        body = {"package_id": 2, "domain": f"nomor-{place}"}
        headers = await stand.bearer()
        made = await stand.http.post("/api/v1/invitations", json=body, headers=headers)
        order_id = await stand.order(invitation_id=made.json()["id"])
        await stand.pay(order_id)
        order_ids.append(order_id)
    await stand.control("clock", advance="1s")
    return order_ids


def rows(stand: Stand) -> list[dict[str, Any]]:
    return stand.rows("select way, amount, state, tries from refunds order by created_at, refund_key")


def state_of(stand: Stand, order_id: str) -> str:
    (row,) = stand.rows("select state from refunds where order_id = %s", order_id)
    return str(row["state"])


async def open_kinds(stand: Stand) -> list[tuple[str, str]]:
    return [(alert.kind, alert.subject) for alert in await alerts(stand.backend)]


async def returned(stand: Stand, order_id: str) -> int:
    """What Midtrans says it gave back."""
    return sum(row.amount for row in (await stand.backend.core.status(order_id)).refunds)


async def command(stand: Stand, line: str) -> Result:
    """Run a command line as a text names it, on the stand's books and gateway."""
    words = shlex.split(line)
    assert words.pop(0) == "tuntas"
    where = {"DATABASE_URL": stand.database_url, "MIDTRANS_CORE_URL": stand.simulator_url}
    return await asyncio.to_thread(tuntas, *words, **SANDBOX, **where)


def remedies(kind: AlertKind, subject: str) -> list[str]:
    """The refund commands that an alert advises."""
    advice = ADVICE[kind].remedy.format(subject=subject)
    return re.findall(r"tuntas refund (?:'[^']*'|[^';.\s]+|[ ])+", advice)


async def lost(stand: Stand, order_id: str) -> None:
    """A refund is asked for, and Midtrans hears nothing of it."""
    line = BadLine(httpx.ReadTimeout("lost"))
    line.spoilt = {"/refund", "/cancel"}
    async with through(line, stand) as deaf:
        with pytest.raises(GatewayTimeout):
            await give_back(deaf, order_id)


def a_week_and_a_day_pass(stand: Stand) -> None:
    """Since the refund was asked for; commands read the machine's clock, so the row grows older instead."""
    moved = "created_at = created_at - interval '8 days', next_try_at = next_try_at - interval '8 days'"
    assert stand.rows(f"update refunds set {moved} returning 1")


async def test_a_key_that_midtrans_forgot_is_sent_again_by_nobody(stand: Stand) -> None:
    order_id = await paid(stand)
    await lost(stand, order_id)
    a_week_and_a_day_pass(stand)
    with pytest.raises(errors.RefundUncertain):
        await give_back(stand.backend, order_id)
    assert await resume_refunds(stand.backend) == 1
    assert await resume_refunds(stand.backend) == 0, "the worker leaves it to a person"
    assert await open_kinds(stand) == [("refund_uncertain", order_id)]
    assert await returned(stand, order_id) == 0
    assert await check_invariants(stand.backend) == []


@pytest.mark.parametrize(("which", "state"), [(0, "accepted"), (1, "refused")])
async def test_what_the_alert_about_a_forgotten_key_advises_works(
    stand: Stand, which: int, state: str
) -> None:
    order_id = await paid(stand)
    await lost(stand, order_id)
    a_week_and_a_day_pass(stand)
    await resume_refunds(stand.backend)
    advised = remedies(AlertKind.REFUND_UNCERTAIN, order_id)
    assert len(advised) == 2
    told = await command(stand, advised[which])
    assert told.code == DONE, told.err
    assert state_of(stand, order_id) == state
    assert await open_kinds(stand) == []
    (act,) = stand.rows("select detail from payment_logs where event_type = 'operator_act'")
    assert act["detail"]["act"] == "settle_refund"
    assert act["detail"]["note"] in {"seen there", "not there"}


async def test_after_a_person_said_not_done_the_money_goes_back_once(stand: Stand) -> None:
    order_id = await paid(stand)
    await lost(stand, order_id)
    a_week_and_a_day_pass(stand)
    await settle_refund(stand.backend, order_id, done=False, reason="not there", actor="test")
    result = await give_back(stand.backend, order_id)
    assert result.refund_key == f"{order_id}-r2"
    assert await returned(stand, order_id) == PRICE
    assert (await stand.invitation())["payment_status"] == "refunded"


async def test_the_customer_is_told_that_their_money_is_being_given_back(stand: Stand) -> None:
    order_id = await paid(stand)
    await lost(stand, order_id)
    reply = await stand.http.get(f"/api/v1/payments/{order_id}", headers=await stand.bearer())
    assert (reply.json()["status"], reply.json()["state"]) == ("paid", "giving_back")
    assert (reply.json()["refunded_amount"], reply.json()["given_back"]) == (0, [])
    token = (await stand.bearer())["Authorization"].removeprefix("Bearer ")
    for path in (f"/payment/success?order_id={order_id}", f"/checkout/{INVITATION}", "/invitations"):
        page = await stand.http.get(path, headers={"Cookie": f"tuntas_session={token}"})
        assert (
            "sedang dikembalikan" in page.text.lower()
            or "Pengembalian dana Anda sudah kami minta" in page.text
        )
        assert "data-pay=" not in page.text
    await stand.pass_time(minutes=2)
    assert await resume_refunds(stand.backend) == 1
    reply = await stand.http.get(f"/api/v1/payments/{order_id}", headers=await stand.bearer())
    assert (reply.json()["state"], reply.json()["refunded_amount"]) == ("given_back", PRICE)


async def test_a_refund_that_can_still_be_asked_about_is_not_settled_by_a_guess(stand: Stand) -> None:
    order_id = await paid(stand)
    with pytest.raises(errors.NoRefundUnderWay):
        await settle_refund(stand.backend, order_id, done=True, reason="I think", actor="test")
    await lost(stand, order_id)
    with pytest.raises(errors.RefundUnderWay):
        await settle_refund(stand.backend, order_id, done=True, reason="I think", actor="test")
    told = await command(stand, f"tuntas refund {order_id} --settle-as done --reason guess")
    assert (told.code, "(refund_under_way)" in told.err) == (WRONG, True)


async def test_a_void_leaves_a_row_before_midtrans_is_asked_and_the_worker_ends_it(stand: Stand) -> None:
    order_id = await paid(stand, "credit_card", **CARD)
    await lost(stand, order_id)
    assert rows(stand) == [{"way": "cancel", "amount": PRICE, "state": "requested", "tries": 0}]
    await stand.pass_time(minutes=2)
    assert await resume_refunds(stand.backend) == 1
    assert rows(stand) == [{"way": "cancel", "amount": PRICE, "state": "accepted", "tries": 1}]
    assert [found["transaction_status"] for found in await stand.transactions(order_id)] == ["cancel"]
    with pytest.raises(errors.NothingToRefund):
        await give_back(stand.backend, order_id)


async def test_a_void_of_which_only_the_answer_was_lost_is_taken_for_done(stand: Stand) -> None:
    order_id = await paid(stand, "credit_card", **CARD)
    await lost(stand, order_id)
    (transaction,) = await stand.transactions(order_id)
    await stand.http.put(f"{stand.simulator_url}/_control/faults", json={"drop": True})
    await stand.backend.core.cancel(str(transaction["transaction_id"]))
    assert (await give_back(stand.backend, order_id)).way is WayBack.CANCEL
    assert rows(stand) == [{"way": "cancel", "amount": PRICE, "state": "accepted", "tries": 0}]


async def test_a_void_that_came_too_late_is_refused_and_somebody_is_told(stand: Stand) -> None:
    order_id = await paid(stand, "credit_card", **CARD)
    await lost(stand, order_id)
    await stand.act(order_id, "settle")
    await stand.pass_time(minutes=2)
    await resume_refunds(stand.backend)
    assert state_of(stand, order_id) == "refused"
    assert await open_kinds(stand) == [("refund_refused", order_id)]
    advised = remedies(AlertKind.REFUND_REFUSED, order_id)
    told = await command(stand, advised[0])
    assert told.code == DONE, told.err
    assert await open_kinds(stand) == []
    assert await returned(stand, order_id) == PRICE


async def test_what_was_refused_can_be_transferred_and_written_down(stand: Stand) -> None:
    order_id = await paid(stand)
    await lost(stand, order_id)
    await stand.http.put(f"{stand.simulator_url}/_control/faults", json={"refund_refused": {"why": "bank"}})
    await stand.pass_time(minutes=2)
    await resume_refunds(stand.backend)
    told = await command(stand, remedies(AlertKind.REFUND_REFUSED, order_id)[1])
    assert told.code == DONE, told.err
    assert await open_kinds(stand) == []


@pytest.mark.parametrize(
    "failure",
    [httpx.ReadTimeout("never"), 401, 503, RuntimeError("a bug")],
    ids=["timeout", "wrong key", "down", "bug"],
)
async def test_a_refund_that_always_fails_takes_no_others_turn(
    stand: Stand, failure: Exception | int
) -> None:
    bad, *good = await paid_orders(stand, 4)
    for order_id in (bad, *good):
        await lost(stand, order_id)
    line = BadLine(failure)
    line.spoilt = {str((await stand.transactions(bad))[0]["transaction_id"])}
    await stand.pass_time(minutes=2)
    async with through(line, stand) as backend:
        assert await resume_refunds(backend) == 4
        assert [state_of(stand, order_id) for order_id in good] == ["accepted"] * 3
        assert await resume_refunds(backend) == 0, "it backs off alone"
        for _ in range(4):
            assert await open_kinds(stand) == []
            await stand.pass_time(minutes=61)
            await resume_refunds(backend)
        assert await open_kinds(stand) == [("refund_stuck", bad)]
    assert len(line.asked) == 5
    tries = stand.rows("select outcome from payment_logs where event_type = 'refund_unanswered'")
    assert len(tries) == 5
    (advised,) = remedies(AlertKind.REFUND_STUCK, bad)
    told = await command(stand, advised)
    assert told.code == DONE, told.err
    assert await open_kinds(stand) == []
    assert state_of(stand, bad) == "accepted"


async def test_one_round_takes_a_bounded_number_in_the_order_of_their_turn(stand: Stand) -> None:
    (order_id,) = await paid_orders(stand, 1)
    stand.rows(
        """
        insert into refunds
          (order_id, transaction_id, refund_key, amount, state, ours, created_at, next_try_at)
        select %s, 'nobody-' || n, 'k', 1, 'requested', true, now(), now() - n * interval '1 minute'
        from generate_series(1, 25) n returning 1
        """,
        order_id,
    )
    assert await resume_refunds(stand.backend) == 20
    left = stand.rows(
        "select transaction_id from refunds where state = 'requested' order by next_try_at desc"
    )
    assert {row["transaction_id"] for row in left} == {f"nobody-{n}" for n in (1, 2, 3, 4, 5)}
    assert await resume_refunds(stand.backend) == 5


async def test_a_database_that_is_away_ends_the_round(stand: Stand) -> None:
    order_id = await paid(stand)
    await lost(stand, order_id)
    await stand.pass_time(minutes=2)
    line = BadLine(DatabaseUnreachable("gone meanwhile"))
    line.spoilt = {"/refund"}
    async with through(line, stand) as backend:
        with pytest.raises(DatabaseUnreachable):
            await resume_refunds(backend)
    assert state_of(stand, order_id) == "requested"


async def test_two_workers_never_try_the_same_refund_at_once(stand: Stand) -> None:
    order_ids = await paid_orders(stand, 5)
    for order_id in order_ids:
        await lost(stand, order_id)
    await stand.pass_time(minutes=2)
    tried = await asyncio.gather(*(resume_refunds(stand.backend) for _ in range(3)))
    assert sum(tried) == len(order_ids)
    assert {row["tries"] for row in rows(stand)} == {1}
