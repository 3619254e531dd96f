"""`/v1/subscriptions`, on the virtual clock (Midtrans, "Create subscription", "Recurring notification")."""

import hashlib
import re
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
        charges = [post.body for post in b.endpoint.posts if "order_id" in post.body]
        orders = {told["order_id"] for told in charges}
        assert len(orders) == 3
        assert all(re.fullmatch(r"langganan[0-9]{10}", order) for order in orders)
        assert {told["metadata"]["plan"] for told in charges} == {"basic"}

    bench(story)


def test_a_refused_charge_is_retried_as_asked(bench: Any) -> None:
    async def story(b: Any) -> None:
        retry = {"interval": 1, "interval_unit": "day", "max_interval": 2}
        await subscribe(b, "4911111111111113", retry_schedule=retry)
        await b.advance("3d")
        told = [post.body for post in b.endpoint.posts[1:]]
        assert [each["transaction_status"] for each in told] == ["deny", "deny", "deny"]

    bench(story)


def test_a_refused_charge_is_retried_three_times_hourly_and_then_the_subscription_rests(bench: Any) -> None:
    async def story(b: Any) -> None:
        made = await subscribe(b, "4911111111111113")
        await b.advance("2h59m")
        told = (await b.api.get(f"/v1/subscriptions/{made['id']}")).json()
        assert (told["status"], len(told["transaction_ids"])) == ("active", 3)
        await b.advance("40d")
        told = (await b.api.get(f"/v1/subscriptions/{made['id']}")).json()
        assert (told["status"], len(told["transaction_ids"])) == ("inactive", 4)

    bench(story)


def test_a_retry_that_succeeds_keeps_the_subscription(bench: Any) -> None:
    async def story(b: Any) -> None:
        made = await subscribe(b, "4911111111111113")
        await b.advance("1h30m")
        await b.api.patch(f"/v1/subscriptions/{made['id']}", json={"token": await saved(b)})
        await b.advance("1h")
        told = (await b.api.get(f"/v1/subscriptions/{made['id']}")).json()
        assert (told["status"], told["schedule"]["current_interval"]) == ("active", 1)
        await b.advance("32d")
        told = (await b.api.get(f"/v1/subscriptions/{made['id']}")).json()
        assert told["schedule"]["current_interval"] == 2

    bench(story)


@pytest.mark.parametrize(
    ("plan", "code"),
    [
        ({"token": "dummy"}, "411"),
        ({"token": "dummy", "payment_type": "gopay", "gopay": {"account_id": "none"}}, "404"),
    ],
)
def test_any_token_makes_one_and_a_bad_token_shows_at_the_charge(
    bench: Any, plan: dict[str, Any], code: str
) -> None:
    async def story(b: Any) -> None:
        made = await subscribe(b, **plan)
        assert made["status"] == "active"
        await b.advance("1s")
        told = b.endpoint.posts[-1].body
        assert (told["transaction_status"], told["status_code"]) == ("deny", "202")
        assert told["channel_response_code"] == code

    bench(story)


def test_the_shop_is_told_once_at_creation_and_with_each_charge(bench: Any) -> None:
    async def story(b: Any) -> None:
        made = await subscribe(b, schedule={"interval": 1, "interval_unit": "month"})
        await b.advance("1s")
        created, charged = [post.body for post in b.endpoint.posts]
        assert (created["id"], created["status"], created["amount"]) == (made["id"], "active", "14000")
        assert (created["schedule"]["current_interval"], created["metadata"]) == (0, {"plan": "basic"})
        assert created["schedule"]["next_execution_at"].endswith("Z")
        assert "transaction_status" not in created
        assert charged["subscription_id"] == made["id"]
        assert charged["transaction"]["transaction_status"] == "capture"
        assert charged["subscription"]["schedule"]["current_interval"] == 1
        signed = "".join(charged[name] for name in ("order_id", "status_code", "gross_amount"))
        expected = hashlib.sha512(f"{signed}SB-Mid-server-simulator".encode()).hexdigest()
        assert charged["signature_key"] == expected
        assert (await b.status(charged["order_id"]))["subscription_id"] == made["id"]

    bench(story)


def test_patch_keeps_what_it_is_given_and_get_shows_it(bench: Any) -> None:
    async def story(b: Any) -> None:
        made = await subscribe(b)
        changed = {
            "name": "langganan-2",
            "amount": "15000",
            "metadata": {"plan": "gold"},
            "customer_details": {"first_name": "Sari", "email": "sari@example.test"},
            "schedule": {"interval": 2, "interval_unit": "week"},
        }
        reply = await b.api.patch(f"/v1/subscriptions/{made['id']}", json=changed)
        assert reply.json() == {"status_message": "Subscription is updated."}
        told = (await b.api.get(f"/v1/subscriptions/{made['id']}")).json()
        schedule = told.pop("schedule")
        assert {name: told[name] for name in changed if name != "schedule"} == {
            name: value for name, value in changed.items() if name != "schedule"
        }
        assert (schedule["interval"], schedule["interval_unit"], schedule["max_interval"]) == (2, "week", 3)
        await b.advance("1s")
        assert b.endpoint.posts[-1].body["gross_amount"] == "15000.00"
        assert b.endpoint.posts[-1].body["metadata"] == {"plan": "gold"}

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
        ({"metadata": "x"}, "subscription.metadata must be an object"),
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
