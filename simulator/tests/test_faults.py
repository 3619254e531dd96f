"""What happens once a year in production: each fault, its seed, and that it survives a restart."""

import asyncio
import hashlib
import json
import time
from pathlib import Path
from typing import Any

import pytest

from midtrans_simulator.control.view import faults as shown
from midtrans_simulator.state import faults as fault


async def switch(b: Any, **faults: Any) -> None:
    reply = await b.api.put("/_control/faults", json=faults)
    assert reply.status_code == 200, reply.text


def signed_well(body: dict[str, Any]) -> bool:
    text = body["order_id"] + body["status_code"] + body["gross_amount"] + "SB-Mid-server-simulator"
    return bool(body["signature_key"] == hashlib.sha512(text.encode()).hexdigest())


def test_a_settlement_overtakes_its_pending(bench: Any) -> None:
    async def story(b: Any) -> None:
        await switch(b, swap={"times": 1})
        await b.begin("bca_va")
        await b.quiet()
        assert b.endpoint.posts == []
        await b.act("INV-1", "pay")
        await b.quiet()
        assert b.endpoint.statuses == ["settlement", "pending"]
        await b.advance("10m")
        assert len(b.endpoint.posts) == 2

    bench(story)


def test_a_held_notification_comes_late_when_nothing_follows(bench: Any) -> None:
    async def story(b: Any) -> None:
        await switch(b, swap={"by": "2m"})
        await b.begin("bca_va")
        await b.advance("1m59s")
        assert b.endpoint.posts == []
        await b.advance("1s")
        assert b.endpoint.statuses == ["pending"]

    bench(story)


@pytest.mark.parametrize("part", fault.DAMAGES)
def test_damaged_notifications_cannot_be_believed(bench: Any, part: str) -> None:
    async def story(b: Any) -> None:
        await switch(b, corrupt={"part": part, "times": 1})
        await b.begin("bca_va")
        await b.act("INV-1", "pay")
        broken, whole = await b.endpoint.wait_for(2)
        if part == "json":
            with pytest.raises(json.JSONDecodeError):
                _ = broken.body
        else:
            assert not signed_well(broken.body)
        assert signed_well(whole.body)

    bench(story)


def test_unknown_fields_and_statuses_and_a_missing_fraud_status_are_signed(bench: Any) -> None:
    async def story(b: Any) -> None:
        await switch(b, unknown_fields=True, unknown_status=True, no_fraud_status=True)
        await b.begin("bca_va")
        [post] = await b.endpoint.wait_for(1)
        assert post.body["transaction_status"] == "under_review"
        assert "risk_assessment" in post.body
        assert "fraud_status" not in post.body
        assert signed_well(post.body)
        assert (await b.status())["transaction_status"] == "pending"

    bench(story)


def test_a_foreign_order_id_is_the_transaction_id_and_still_signed(bench: Any) -> None:
    async def story(b: Any) -> None:
        await switch(b, foreign_order_id=True, foreign_id=True)
        made = await b.begin("bsi_va")
        [post] = await b.endpoint.wait_for(1)
        assert post.body["order_id"] == post.body["transaction_id"] == made["transaction_id"]
        assert post.body["order_id"].startswith("A1")
        assert signed_well(post.body)
        assert (await b.status("INV-1"))["order_id"] == "INV-1"

    bench(story)


def test_a_settled_payment_is_taken_back_only_where_banks_do(bench: Any) -> None:
    async def story(b: Any) -> None:
        await switch(b, reversal={"by": "4m"})
        for order, method in (("INV-1", "permata_va"), ("INV-2", "bca_va")):
            await b.begin(method, order)
            await b.act(order, "pay")
        await b.advance("4m")
        assert (await b.status("INV-1"))["transaction_status"] == "deny"
        assert (await b.status("INV-2"))["transaction_status"] == "settlement"

    bench(story)


@pytest.mark.parametrize("act", ["expire", "cancel"])
def test_paid_in_the_last_second_settles_after_its_expiry(bench: Any, act: str) -> None:
    async def story(b: Any) -> None:
        await switch(b, late_settlement={"by": "10m"})
        await b.begin("bca_va", expiry={"duration": 20, "unit": "minute"})
        await b.advance("20m")
        assert (await b.status())["transaction_status"] == "pending"
        assert (await b.core("INV-1", act))["status_code"] == "412"
        await b.advance("10m")
        told = await b.status()
        assert told["transaction_status"] == "settlement"
        assert told["settlement_time"] > told["expiry_time"]
        assert b.endpoint.statuses == ["pending", "settlement"]

    bench(story)


def test_an_expiry_by_the_shop_comes_too_late(bench: Any) -> None:
    async def story(b: Any) -> None:
        await switch(b, late_settlement={"by": "1m"})
        await b.begin("gopay")
        assert (await b.core("INV-1", "expire"))["status_code"] == "412"
        await b.advance("1m")
        assert (await b.status())["transaction_status"] == "settlement"

    bench(story)


@pytest.mark.parametrize(("method", "paid"), [("bca_va", "settlement"), ("credit_card", "capture")])
def test_a_customer_pays_twice(bench: Any, method: str, paid: str) -> None:
    async def story(b: Any) -> None:
        await switch(b, double_payment={"by": "1m"})
        await b.begin(method, card_number="4811111111111114", credit_card={"secure": True})
        await b.act("INV-1", "pay")
        await b.advance("1h")
        told = [post.body for post in b.endpoint.posts if post.body["transaction_status"] == paid]
        assert [body["order_id"] for body in told] == ["INV-1", "INV-1"]
        assert told[0]["transaction_id"] != told[1]["transaction_id"]
        both = (await b.api.get("/_control/state")).json()["transactions"]
        assert [each["transaction_status"] for each in both] == [paid, paid]

    bench(story)


def test_a_second_payment_can_be_ordered(bench: Any) -> None:
    async def story(b: Any) -> None:
        await b.begin("bca_va")
        assert (await b.act("INV-1", "pay_again")).status_code == 409
        await b.act("INV-1", "pay")
        assert (await b.act("INV-1", "pay_again")).status_code == 200
        assert len(b.gateway.ledger.transactions()) == 2

    bench(story)


def test_a_fee_is_added_to_the_amount(bench: Any) -> None:
    async def story(b: Any) -> None:
        await switch(b, fee={"amount": 2_500})
        await b.begin("bca_va")
        [post] = await b.endpoint.wait_for(1)
        assert post.body["gross_amount"] == "301500.00"
        assert (await b.status())["gross_amount"] == "301500.00"
        assert signed_well(post.body)

    bench(story)


@pytest.mark.parametrize(
    ("why", "code", "message"),
    [
        ("bank", "202", "Refund denied by the bank"),
        ("funds", "414", "Refund request is rejected due to merchant insufficient funds"),
    ],
)
def test_a_refund_is_refused_and_nothing_changes(bench: Any, why: str, code: str, message: str) -> None:
    async def story(b: Any) -> None:
        await b.begin("gopay")
        await b.act("INV-1", "pay")
        await switch(b, refund_refused={"why": why, "times": 1})
        told = await b.core("INV-1", "refund/online/direct", {"refund_key": "r1"})
        assert (told["status_code"], told["status_message"]) == (code, message)
        if why == "bank":
            assert (told["transaction_status"], told["refund_amount"]) == ("settlement", "0.00")
        assert (await b.status())["transaction_status"] == "settlement"
        assert (await b.core("INV-1", "refund", {"refund_key": "r1"}))["status_code"] == "200"

    bench(story)


def test_the_api_answers_with_a_proxys_page(bench: Any) -> None:
    async def story(b: Any) -> None:
        await switch(b, api_html={"times": 2, "status": 520})
        for reply in (await b.api.get("/v2/INV-1/status"), await b.api.post("/snap/v1/transactions")):
            assert reply.status_code == 520
            assert reply.headers["content-type"].startswith("text/html")

    bench(story)


def test_an_answer_is_lost_but_the_work_is_done(bench: Any) -> None:
    async def story(b: Any) -> None:
        await b.begin("bca_va")
        await switch(b, api_lost={"path": "/cancel"})
        assert (await b.api.get("/v2/INV-1/status")).status_code == 200
        lost = await b.api.post("/v2/INV-1/cancel")
        assert (lost.status_code, lost.json()["status_code"]) == (504, "504")
        assert (await b.status())["transaction_status"] == "cancel"

    bench(story)


def test_the_api_is_slow(bench: Any) -> None:
    async def story(b: Any) -> None:
        await switch(b, api_slow={"by": "200ms", "path": "/snap/v1", "times": 1})
        began = time.monotonic()
        await b.token()
        assert time.monotonic() - began >= 0.2

    bench(story)


def test_the_same_seed_brings_the_same_misfortunes(bench: Any) -> None:
    told: list[list[str]] = []

    async def story(b: Any) -> None:
        await switch(b, drop={"share": 0.5})
        for number in range(24):
            await b.begin("bca_va", f"INV-{number}")
        told.append([delivery.state for delivery in b.gateway.courier.deliveries() if delivery.state])
        await b.quiet()

    for seed in (7, 7, 8):
        bench(story, seed=seed)
    dropped = [[state == "dropped" for state in states] for states in told]
    assert dropped[0] == dropped[1] != dropped[2]
    assert 4 < sum(dropped[0]) < 20


def test_faults_survive_a_restart_as_they_were(reopened: Any, tmp_path: Path) -> None:
    kept: dict[str, Any] = {}

    async def before(b: Any) -> None:
        await switch(b, drop={"share": 0.5, "times": 9}, fee={"amount": 1_000}, swap={"times": 1})
        await b.begin("bca_va")
        await b.begin("bca_va", "INV-2")
        await b.quiet()
        kept["faults"] = shown(b.gateway)
        kept["held"] = [delivery.id for delivery in b.gateway.courier.deliveries() if delivery.held]

    async def after(b: Any) -> None:
        assert shown(b.gateway) == kept["faults"]
        assert kept["held"] == [each.id for each in b.gateway.courier.deliveries() if each.held]
        await b.api.post("/_control/reset")
        assert shown(b.gateway)["active"] == {}
        assert shown(b.gateway)["seed"] == kept["faults"]["seed"]

    reopened([before, after], state_file=tmp_path / "state.db")


def test_every_fault_is_described_and_takes_its_defaults(bench: Any) -> None:
    async def story(b: Any) -> None:
        await switch(b, **dict.fromkeys(fault.KINDS, True))
        told = (await b.api.get("/_control/faults")).json()
        assert set(told["active"]) == set(told["available"]) == set(told["options"])
        await asyncio.sleep(0)

    bench(story)


@pytest.mark.parametrize(
    "body",
    [
        {"fee": {"amount": 1.5}},
        {"corrupt": {"part": "feelings"}},
        {"refund_refused": {"why": "weather"}},
        {"api_down": {"path": 7}},
        {"swap": {"by": "soon"}},
        {"drop": {"times": True}},
    ],
)
def test_wrong_options_are_refused_and_change_nothing(bench: Any, body: Any) -> None:
    async def story(b: Any) -> None:
        await switch(b, drop=True)
        reply = await b.api.put("/_control/faults", json=body)
        assert (reply.status_code, reply.json()["code"]) == (400, "invalid_request")
        assert list((await b.api.get("/_control/faults")).json()["active"]) == ["drop"]

    bench(story)
