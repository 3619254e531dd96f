"""The dashboard's data: what it lists, what its buttons may do, and that it sends only what changed."""

import json
import shlex
from typing import Any

import pytest

from midtrans_simulator.dashboard import commands
from midtrans_simulator.dashboard.acts import acts
from midtrans_simulator.dashboard.hints import hint
from midtrans_simulator.dashboard.orders import Filter, Standing, orders
from midtrans_simulator.dashboard.page import LISTED_AT_FIRST
from midtrans_simulator.dashboard.upcoming import upcoming

SECURE = {"credit_card": {"secure": True}, "card_number": "4811111111111114"}
CHALLENGED = {"credit_card": {"secure": False}, "card_number": "4511111111111117"}
WAYS: list[tuple[str, dict[str, Any], list[str]]] = [
    ("bca_va", {}, []),
    ("bca_va", {}, ["pay"]),
    ("bca_va", {}, ["expire"]),
    ("permata_va", {}, ["pay"]),
    ("permata_va", {}, ["pay", "reverse"]),
    ("gopay", {}, ["pay"]),
    ("gopay", {}, ["pay", "refund_some"]),
    ("gopay", {}, ["pay", "refund"]),
    ("shopeepay", {}, ["pay"]),
    ("credit_card", SECURE, []),
    ("credit_card", SECURE, ["pay"]),
    ("credit_card", SECURE, ["pay", "settle"]),
    ("credit_card", SECURE, ["pay", "cancel"]),
    ("credit_card", SECURE, ["pay", "settle", "chargeback_some"]),
    ("credit_card", SECURE, ["pay", "settle", "chargeback"]),
    ("credit_card", SECURE, ["pay", "settle", "chargeback", "win_chargeback"]),
    ("gopay", {}, ["pay", "refund", "return_refund"]),
    ("credit_card", SECURE | {"credit_card": {"secure": True, "type": "authorize"}}, ["pay"]),
    ("credit_card", CHALLENGED, []),
    ("credit_card", CHALLENGED, ["approve"]),
]
CALLS: dict[str, tuple[str, dict[str, Any]]] = {
    "refund_some": ("refund", {"amount": 1_000}),
    "chargeback_some": ("chargeback", {"partial": True}),
}
EVERY = [
    "pay",
    "deny",
    "expire",
    "cancel",
    "settle",
    "challenge",
    "approve",
    "reverse",
    "refund",
    "chargeback",
    "win_chargeback",
    "return_refund",
]


@pytest.mark.parametrize(("method", "options", "way"), WAYS)
def test_a_button_is_shown_exactly_when_its_act_is_allowed(
    bench: Any, method: str, options: dict[str, Any], way: list[str]
) -> None:
    async def story(b: Any) -> None:
        for number, name in enumerate(EVERY):
            order = f"INV-{number}"
            await b.begin(method, order, **options)
            for step in way:
                act, body = CALLS.get(step, (step, {}))
                assert (await b.act(order, act, **body)).status_code == 200
            transaction = b.gateway.ledger.find_anyones(order)
            offered = {_named(act.name, act.body, act.asks_amount) for act in acts(transaction)}
            offered |= {"settle"} if "pay" in offered else set()  # two words for the same
            act, body = CALLS.get(name, (name, {}))
            reply = await b.act(order, act, **body)
            assert (reply.status_code == 200) is (name in offered), (name, reply.text)

    bench(story)


def _named(name: str, body: dict[str, Any], amount: int | None) -> str:
    return f"{name}_some" if body or amount is not None else name


def test_orders_are_listed_by_standing_and_found_by_what_people_know(bench: Any) -> None:
    async def story(b: Any) -> None:
        await b.begin("bca_va", "INV-1")
        await b.begin("gopay", "INV-2")
        await b.act("INV-2", "pay")
        await b.begin("credit_card", "INV-3", card_number="4911111111111113")
        await b.token("INV-4")
        await b.quiet()
        b.endpoint.script = [b.reply(500)]
        await b.begin("permata_va", "INV-5")
        await b.quiet()
        listed = {order.order_id: order for order in orders(b.gateway)}
        assert list(listed) == ["INV-5", "INV-4", "INV-3", "INV-2", "INV-1"]
        standings = [listed[f"INV-{number}"].standing for number in range(1, 6)]
        assert standings == [
            Standing.WAITING,
            Standing.PAID,
            Standing.FAILED,
            Standing.OPEN,
            Standing.WAITING,
        ]
        va = listed["INV-1"].attempts[0].details["va_numbers"][0]["va_number"]
        assert [order for order in listed.values() if order.matches(Filter.ALL, va)] == [listed["INV-1"]]
        assert [name for name, order in listed.items() if order.matches(Filter.UNDELIVERED, "")] == ["INV-5"]
        assert hint(listed["INV-5"].deliveries[0]) == "crash"

    bench(story)


def test_a_later_success_speaks_for_an_order_with_failures(bench: Any) -> None:
    async def story(b: Any) -> None:
        token = await b.token()
        await b.choose(token, "credit_card", card_number="4911111111111113")
        await b.choose(token, "credit_card", card_number="4411111111111118")
        [order] = orders(b.gateway)
        assert order.standing is Standing.PAID
        assert len(order.attempts) == 2

    bench(story)


def test_what_time_has_overtaken_is_no_longer_announced(bench: Any) -> None:
    async def story(b: Any) -> None:
        await b.begin("bca_va")
        assert [event.event for event in upcoming(b.gateway)] == ["expire"]
        await b.act("INV-1", "pay")
        assert upcoming(b.gateway) == []

    bench(story)


def test_only_what_changed_is_sent(bench: Any) -> None:
    async def story(b: Any) -> None:
        await b.begin("bca_va")
        await b.quiet()
        first = (await b.api.get("/_dashboard/live?order=INV-1")).json()
        assert set(first["regions"]) == {"clock", "faults", "list", "detail"}
        again = await b.api.get(f"/_dashboard/live?order=INV-1&seen={first['version']}")
        assert "regions" not in again.json()
        await b.act("INV-1", "pay")
        changed = (await b.api.get(f"/_dashboard/live?order=INV-1&seen={first['version']}")).json()
        assert "settlement" in changed["regions"]["detail"]

    bench(story)


@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize(
    ("method", "options", "way"), [*WAYS, ("indomaret", {}, []), ("echannel", {}, []), ("kredivo", {}, [])]
)
def test_every_state_has_its_words(
    bench: Any, language: str, method: str, options: dict[str, Any], way: list[str]
) -> None:
    async def story(b: Any) -> None:
        await b.begin(method, **options)
        for step in way:
            act, body = CALLS.get(step, (step, {}))
            await b.act("INV-1", act, **body)
        page = await b.api.get(f"/?order=INV-1&language={language}")
        assert page.status_code == 200
        assert "INV-1" in page.text

    bench(story)


def test_names_from_strangers_stay_text(bench: Any) -> None:
    async def story(b: Any) -> None:
        name = "<script>alert(1)</script>"
        token = await b.token(item_details=[{"name": name, "price": 299_000, "quantity": 1}])
        page = await b.api.get("/?order=INV-1")
        assert token in page.text
        assert name not in page.text

    bench(story)


def test_a_trial_order_can_be_paid(bench: Any) -> None:
    async def story(b: Any) -> None:
        made = (await b.api.post("/_dashboard/trial")).json()
        page = await b.api.get("/", params=made)
        assert "Pilih cara bayar" in page.text
        [session] = b.gateway.ledger.sessions()
        await b.choose(session.token, "bca_va")
        await b.quiet()
        assert b.endpoint.posts[0].body["order_id"] == made["order"]

    bench(story)


def test_curl_lines_survive_a_shell() -> None:
    body = {"custom_field1": "it's $HOME `now`"}
    line = shlex.split(commands.token("http://simulator.test", "SB-Mid-server-simulator", body))
    assert line[:5] == ["curl", "-u", "SB-Mid-server-simulator:", "-X", "POST"]
    assert json.loads(line[-1]) == body


def test_an_unreachable_endpoint_gets_advice(bench: Any) -> None:
    async def story(b: Any) -> None:
        await b.begin("bca_va")
        await b.quiet()
        page = await b.api.get("/?order=INV-1&language=en")
        assert "Nobody listens at this address" in page.text

    bench(story, notify_url="http://127.0.0.1:9/notify")


@pytest.mark.parametrize("part", ["signature", "amount", "json"])
def test_damaged_notifications_are_shown_as_they_are(bench: Any, part: str) -> None:
    async def story(b: Any) -> None:
        await b.api.put("/_control/faults", json={"corrupt": {"part": part}})
        await b.begin("bca_va")
        await b.quiet()
        assert (await b.api.get("/?order=INV-1")).status_code == 200

    bench(story)


def test_everything_that_happens_at_once_can_be_looked_at(bench: Any) -> None:
    async def story(b: Any) -> None:
        every = (await b.api.get("/_control/faults")).json()["available"]
        harmless = {name: True for name in every if not name.startswith("api_")}
        await b.api.put("/_control/faults", json=harmless)
        for method in ("permata_va", "gopay", "dana"):
            await b.begin(method, f"INV-{method}")
            await b.act(f"INV-{method}", "pay")
        await b.advance("2d")
        for order in orders(b.gateway):
            page = await b.api.get("/", params={"order": order.order_id, "language": "en"})
            assert page.status_code == 200

    bench(story)


@pytest.mark.parametrize("text", ["wulandari", "SARI wul", "sari@example.test", "0812345", "gelas keramik"])
def test_an_order_is_found_by_its_customer_and_by_what_was_bought(bench: Any, text: str) -> None:
    async def story(b: Any) -> None:
        who = {
            "first_name": "Sari",
            "last_name": "Wulandari",
            "email": "sari@example.test",
            "phone": "08123456789",
        }
        items = [{"id": "g", "name": "Gelas keramik", "price": 299_000, "quantity": 1}]
        await b.token("SNAP", customer_details=who, item_details=items)
        order = {"order_id": "CORE", "gross_amount": 299_000}
        charge = {"payment_type": "gopay", "transaction_details": order}
        await b.api.post("/v2/charge", json=charge | {"customer_details": who, "item_details": items})
        await b.token("OTHER")
        found = {order.order_id for order in orders(b.gateway) if order.matches(Filter.ALL, text)}
        assert found == {"SNAP", "CORE"}

    bench(story)


def test_older_orders_are_listed_when_more_are_asked_for(bench: Any) -> None:
    async def story(b: Any) -> None:
        for number in range(LISTED_AT_FIRST + 5):
            await b.token(f"INV-{number:03}")
        first = (await b.api.get("/?language=en")).text
        assert "INV-005" in first
        assert "INV-004" not in first
        assert "5 older orders" in first
        all_of_them = (await b.api.get(f"/?language=en&shown={LISTED_AT_FIRST * 2}")).text
        assert "INV-000" in all_of_them
        assert "older orders" not in all_of_them
        for odd in ("x", "-1", "99999999999999", "²"):
            assert (await b.api.get(f"/?shown={odd}")).status_code == 200

    bench(story)


def test_stopped_time_and_active_faults_are_said_aloud(bench: Any) -> None:
    async def story(b: Any) -> None:
        quiet = (await b.api.get("/?language=en")).text
        assert "Time stands still" not in quiet
        assert "Faults are on" not in quiet
        await b.api.post("/_control/clock", json={"running": False})
        await b.api.put("/_control/faults", json={"drop": True, "fee": True})
        page = (await b.api.get("/?language=en")).text
        assert "Time stands still" in page
        assert "drop, fee" in page

    bench(story)
