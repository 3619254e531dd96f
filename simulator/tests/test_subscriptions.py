"""`/v1/subscriptions`: section 11, on the virtual clock."""

from pathlib import Path
from typing import Any

import pytest

from midtrans_simulator.control.view import state

PLAN = {
    "name": "langganan",
    "amount": "14000",
    "currency": "IDR",
    "payment_type": "credit_card",
    "schedule": {"interval": 1, "interval_unit": "month", "max_interval": 3},
    "metadata": {"plan": "basic"},
}


async def saved(b: Any, number: str = "4811111111111114") -> str:
    query = {"card_number": number, "card_exp_month": "12", "card_exp_year": "2039"}
    return str((await b.api.get("/v2/card/register", params=query)).json()["saved_token_id"])


async def subscribe(b: Any, number: str = "4811111111111114", **changed: Any) -> dict[str, Any]:
    reply = await b.api.post("/v1/subscriptions", json={**PLAN, "token": await saved(b, number), **changed})
    assert reply.status_code == 200, reply.text
    return reply.json()


def test_a_card_is_charged_each_month_until_the_last(bench: Any) -> None:
    async def story(b: Any) -> None:
        made = await subscribe(b)
        assert (made["status"], made["schedule"]["current_interval"]) == ("active", 0)
        await b.advance("1s")
        await b.advance("95d")
        told = (await b.api.get(f"/v1/subscriptions/{made['id']}")).json()
        assert (told["status"], told["schedule"]["current_interval"]) == ("inactive", 3)
        orders = {post.body["order_id"] for post in b.endpoint.posts}
        assert len(orders) == 3
        assert all(order.startswith("SUBS-") for order in orders)
        assert {post.body["metadata"]["plan"] for post in b.endpoint.posts} == {"basic"}

    bench(story)


def test_a_refused_charge_is_retried_as_asked(bench: Any) -> None:
    async def story(b: Any) -> None:
        retry = {"interval": 1, "interval_unit": "day", "max_interval": 2}
        await subscribe(b, "4911111111111113", retry_schedule=retry)
        await b.advance("3d")
        assert b.endpoint.statuses == ["deny", "deny", "deny"]

    bench(story)


def test_subscriptions_have_their_own_notification_url(bench: Any) -> None:
    async def story(b: Any) -> None:
        start = {"interval": 1, "interval_unit": "day", "start_time": "2020-01-01 08:00:00 +0700"}
        await subscribe(b, schedule=start)
        await b.advance("1s")
        assert {delivery.url for delivery in b.gateway.courier.deliveries()} == {"http://127.0.0.1:9/again"}

    bench(story, recurring_url="http://127.0.0.1:9/again")


def test_disabled_it_rests_and_enabled_it_goes_on(bench: Any) -> None:
    async def story(b: Any) -> None:
        schedule = {"interval": 1, "interval_unit": "week"}
        made = await subscribe(b, schedule=schedule)
        await b.advance("1s")
        path = f"/v1/subscriptions/{made['id']}"
        await b.api.post(f"{path}/disable")
        await b.advance("30d")
        assert len(b.gateway.ledger.transactions()) == 1
        await b.api.post(f"{path}/enable")
        await b.advance("7d")
        assert len(b.gateway.ledger.transactions()) == 2
        assert (await b.api.post(f"{path}/cancel")).json() == {"status_message": "Subscription is updated."}
        assert (await b.api.post(f"{path}/enable")).status_code == 412

    bench(story)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"amount": "0"}, "subscription.amount must be between 0.01 - 99999999999.00"),
        ({"amount": "100000000000"}, "subscription.amount must be between 0.01 - 99999999999.00"),
        ({"name": ""}, "subscription.name is required"),
        ({"name": "x" * 41}, "subscription.name must be at most 40 characters"),
        ({"token": ""}, "subscription.token is required"),
        ({"token": "none"}, "subscription.token is not a saved token"),
        ({"payment_type": "qris"}, "subscription.payment_type must be credit_card or gopay"),
        ({"schedule": None}, "subscription.schedule is required"),
        (
            {"schedule": {"interval": 0, "interval_unit": "day"}},
            "subscription.schedule.interval must be greater",
        ),
        ({"schedule": {"interval": 1, "interval_unit": "eon"}}, "subscription.schedule.interval_unit must"),
        (
            {"schedule": {"interval": 1, "interval_unit": "day", "start_time": "soon"}},
            "subscription.schedule.start_time must be written yyyy-MM-dd HH:mm:ss Z",
        ),
        (
            {"retry_schedule": {"interval": 1, "interval_unit": "week"}},
            "subscription.retry_schedule.interval_unit must",
        ),
    ],
)
def test_a_wrong_plan_is_refused(bench: Any, changed: dict[str, Any], message: str) -> None:
    async def story(b: Any) -> None:
        request = {**PLAN, "token": await saved(b), **changed}
        reply = await b.api.post("/v1/subscriptions", json=request)
        assert (reply.status_code, reply.json()["status_message"]) == (400, "Bad request")
        assert any(message in each for each in reply.json()["validation_message"])

    bench(story)


def test_an_unknown_subscription_is_http_404(bench: Any) -> None:
    async def story(b: Any) -> None:
        for reply in (
            await b.api.get("/v1/subscriptions/none"),
            await b.api.patch("/v1/subscriptions/none", json={}),
        ):
            assert (reply.status_code, reply.json()["status_message"]) == (
                404,
                "Subscription doesn't exist.",
            )

    bench(story)


def test_subscriptions_cards_accounts_and_kept_replies_survive_a_restart(
    reopened: Any, tmp_path: Path
) -> None:
    told: dict[str, Any] = {}
    charge = {"payment_type": "gopay", "transaction_details": {"order_id": "INV-1", "gross_amount": 10_000}}
    key = {"Idempotency-Key": "key-1"}

    async def before(b: Any) -> None:
        await b.api.post("/_control/clock", json={"running": False})
        told["plan"] = await subscribe(b, schedule={"interval": 1, "interval_unit": "week"})
        request = {"payment_type": "gopay", "gopay_partner": {"phone_number": "8123456789"}}
        told["account"] = (await b.api.post("/v2/pay/account", json=request)).json()
        told["charge"] = (await b.api.post("/v2/charge", json=charge, headers=key)).json()
        await b.advance("1s")
        told["state"] = state(b.gateway)

    async def after(b: Any) -> None:
        assert state(b.gateway) == told["state"]
        assert (await b.api.post("/v2/charge", json=charge, headers=key)).json() == told["charge"]
        account = (await b.api.get(f"/v2/pay/account/{told['account']['account_id']}")).json()
        assert account["account_status"] == "PENDING"
        await b.advance("7d")
        plan = (await b.api.get(f"/v1/subscriptions/{told['plan']['id']}")).json()
        assert len(plan["transaction_ids"]) == 2

    reopened([before, after], state_file=tmp_path / "state.db")
