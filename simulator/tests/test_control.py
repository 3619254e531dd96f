"""The control plane: acts, faults, state, and surviving a restart."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest


def test_a_payment_can_be_reversed_only_where_banks_do(bench: Any) -> None:
    async def story(b: Any) -> None:
        await b.begin("permata_va")
        assert (await b.act("INV-1", "reverse")).status_code == 409
        await b.act("INV-1", "pay")
        assert (await b.act("INV-1", "reverse")).json()["transaction_status"] == "deny"
        await b.begin("bca_va", "INV-2")
        await b.act("INV-2", "pay")
        refused = await b.act("INV-2", "reverse")
        assert (refused.status_code, refused.json()["code"]) == (409, "illegal_transition")
        await b.quiet()
        first = [post.body for post in b.endpoint.posts if post.body["order_id"] == "INV-1"]
        assert [body["status_code"] for body in first] == ["201", "200", "202"]

    bench(story)


def test_a_card_goes_the_whole_way(bench: Any) -> None:
    async def story(b: Any) -> None:
        secure = {"credit_card": {"secure": True}, "card_number": "4811111111111114"}
        await b.begin("credit_card", **secure)
        assert (await b.act("INV-1", "challenge")).json()["fraud_status"] == "challenge"
        assert (await b.act("INV-1", "settle")).status_code == 409
        assert (await b.act("INV-1", "approve")).json()["fraud_status"] == "accept"
        assert (await b.act("INV-1", "settle")).json()["transaction_status"] == "settlement"
        assert (await b.act("INV-1", "chargeback", partial=True)).status_code == 200
        assert (await b.act("INV-1", "chargeback")).json()["transaction_status"] == "chargeback"
        assert (await b.act("INV-1", "refund")).status_code == 409

    bench(story)


def test_a_refund_by_hand(bench: Any) -> None:
    async def story(b: Any) -> None:
        await b.begin("gopay")
        await b.act("INV-1", "pay")
        assert (await b.act("INV-1", "refund", amount=1_000, refund_key="a")).json()["refunded"] == 1_000
        assert (await b.act("INV-1", "refund", refund_key="a")).json()["code"] == "duplicate_refund"
        assert (await b.act("INV-1", "refund", amount=999_999)).json()["code"] == "amount_refused"
        assert (await b.act("INV-1", "refund")).json()["transaction_status"] == "refund"

    bench(story)


def test_acts_on_nothing_say_so(bench: Any) -> None:
    async def story(b: Any) -> None:
        assert (await b.act("none", "pay")).json()["code"] == "transaction_not_found"
        await b.begin("bca_va")
        assert (await b.act("INV-1", "dance")).json()["code"] == "unknown_act"
        assert (await b.api.post("/_control/transactions/INV-1/pay", content=b"{")).status_code == 400
        assert (await b.api.post("/_control/sessions/x/choose", json={})).status_code == 404

    bench(story)


def test_duplicates_delays_and_drops(bench: Any) -> None:
    async def story(b: Any) -> None:
        await b.api.put("/_control/faults", json={"duplicate": {"times": 1}})
        await b.begin("bca_va", "INV-1")
        await b.quiet()
        assert b.endpoint.statuses == ["pending", "pending"]

        await b.api.put("/_control/faults", json={"delay": {"by": "5m"}})
        await b.begin("bca_va", "INV-2")
        await b.quiet()
        assert len(b.endpoint.posts) == 2
        await b.advance("5m")
        assert len(b.endpoint.posts) == 3

        await b.api.put("/_control/faults", json={"drop": True})
        await b.begin("bca_va", "INV-3")
        await b.advance("1h")
        [dropped] = (await b.api.get("/_control/deliveries?order_id=INV-3")).json()
        assert (dropped["state"], dropped["tries"]) == ("dropped", [])
        await b.api.put("/_control/faults", json={})
        await b.begin("bca_va", "INV-4")
        await b.quiet()
        assert b.endpoint.posts[-1].body["order_id"] == "INV-4"

    bench(story)


def test_the_api_can_be_down(bench: Any) -> None:
    async def story(b: Any) -> None:
        await b.api.put("/_control/faults", json={"api_down": {"times": 2}})
        assert (await b.api.post("/snap/v1/transactions", json={})).status_code == 503
        assert (await b.api.get("/v2/INV-1/status")).status_code == 503
        await b.token()

    bench(story)


@pytest.mark.parametrize(
    "body",
    [
        {"magic": True},
        {"drop": {"share": 2}},
        {"drop": {"by": "1s"}},
        {"delay": {"by": "soon"}},
        {"drop": "yes"},
        {"api_down": {"status": 200}},
        {"drop": {"times": -1}},
    ],
)
def test_a_wrong_switch_is_refused(bench: Any, body: Any) -> None:
    async def story(b: Any) -> None:
        reply = await b.api.put("/_control/faults", json=body)
        assert (reply.status_code, reply.json()["code"]) == (400, "invalid_request")

    bench(story)


def test_reset_keeps_the_clock_unless_it_is_reset_too(bench: Any) -> None:
    async def story(b: Any) -> None:
        begun = b.gateway.now()
        await b.api.post("/_control/clock", json={"advance": "24h", "speed": 60, "running": False})
        kept = (await b.api.post("/_control/reset")).json()["clock"]
        assert (kept["running"], kept["speed"]) == (False, 60)
        assert datetime.fromisoformat(kept["now"]) - begun >= timedelta(hours=24)
        back = (await b.api.post("/_control/reset", json={"clock": True})).json()["clock"]
        assert (back["running"], back["speed"]) == (True, 1)
        assert abs(datetime.fromisoformat(back["now"]) - begun) < timedelta(hours=1)
        wrong = await b.api.post("/_control/reset", json={"clock": "yes"})
        assert (wrong.status_code, wrong.json()["code"]) == (400, "invalid_request")

    bench(story)


def test_state_shows_everything_and_reset_forgets_it(bench: Any) -> None:
    async def story(b: Any) -> None:
        await b.begin("bca_va")
        await b.quiet()
        state = (await b.api.get("/_control/state")).json()
        assert [len(state[kind]) for kind in ("sessions", "transactions", "deliveries", "timers")] == [
            1,
            1,
            1,
            1,
        ]
        state = (await b.api.post("/_control/reset")).json()
        assert [len(state[kind]) for kind in ("sessions", "transactions", "deliveries", "timers")] == [
            0,
            0,
            0,
            0,
        ]
        await b.begin("bca_va")

    bench(story)


def test_everything_survives_a_restart(reopened: Any, tmp_path: Path) -> None:
    async def before(b: Any) -> None:
        await b.api.post("/_control/clock", json={"running": False, "advance": "40d"})
        b.endpoint.script = [b.reply(503)]
        await b.begin("bca_va", custom_field1="meja 5")
        await b.begin("gopay", "INV-2")
        await b.act("INV-2", "pay")
        await b.core("INV-2", "refund", {"refund_key": "r1", "amount": 5_000})
        await b.begin("credit_card", "INV-3", credit_card={"secure": True}, card_number="4811111111111114")
        await b.quiet()
        told["state"] = (await b.api.get("/_control/state")).json()
        told["status"] = [await b.status(order) for order in ("INV-1", "INV-2", "INV-3")]

    async def after(b: Any) -> None:
        assert (await b.api.get("/_control/state")).json() == told["state"]
        assert [await b.status(order) for order in ("INV-1", "INV-2", "INV-3")] == told["status"]
        page = await b.api.post(
            f"/snap/v4/transactions/{told['state']['sessions'][2]['token']}/authenticate",
            json={"otp": "112233"},
        )
        assert 'data-view="success"' in page.text
        sent = len(b.endpoint.posts)
        await b.advance("2m")
        assert b.endpoint.posts[sent + 0].body["order_id"] in {"INV-1", "INV-3"}
        [retried] = (await b.api.get("/_control/deliveries?order_id=INV-1")).json()
        assert [each["http_status"] for each in retried["tries"]] == [503, 200]
        await b.advance("1d")
        assert (await b.status())["transaction_status"] == "expire"
        again = await b.core("INV-2", "refund", {"refund_key": "r2", "amount": 5_000})
        assert again["refund_chargeback_id"] == 2

    told: dict[str, Any] = {}
    reopened([before, after], state_file=tmp_path / "state.db", seed=1)


def test_a_notification_on_its_way_at_the_stop_is_sent_at_the_start(reopened: Any, tmp_path: Path) -> None:
    async def before(b: Any) -> None:
        b.endpoint.script = [b.reply(200, hang=True)]
        await b.begin("bca_va")
        await b.endpoint.wait_for(1)

    async def after(b: Any) -> None:
        await b.endpoint.wait_for(2)
        await b.quiet()
        [delivery] = (await b.api.get("/_control/deliveries")).json()
        assert delivery["state"] == "delivered"

    reopened([before, after], state_file=tmp_path / "state.db")
