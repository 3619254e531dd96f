"""No sequence of API and control calls reaches what must not be.

That is a status change that the table forbids, a body that the schema does not describe, an amount that
does not add up, or an error that is nobody's answer.
"""

import json
from importlib import resources
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from simulator.tests.json_schema import problems
from simulator.tests.test_transitions import ALLOWED, _watched

from midtrans_simulator import SimulatorConfig, create_app
from midtrans_simulator.protocol.methods import METHODS
from midtrans_simulator.protocol.model import Status, Transaction
from midtrans_simulator.protocol.signature import sign

KEY = "SB-Mid-server-simulator"
SCHEMA = json.loads((resources.files("midtrans_simulator") / "schemas" / "notification.json").read_text())
STRICT = SCHEMA | {"additionalProperties": False}
ORDER = {"order_id": "INV-1", "gross_amount": 299_000}
CARDS = ("4811111111111114", "4511111111111117", "4911111111111113", "4024007176265022", "4411111111111118")
ASYNC_TYPES = ("gopay", "qris", "shopeepay", "dana", "ovo", "bca_klikbca", "bank_transfer", "cimb_clicks")
CORE_ACTS = ("cancel", "expire", "approve", "deny", "refund", "refund/online/direct")
CONTROL_ACTS = (
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
    "pay_again",
)
HARMLESS_FAULTS = ("duplicate", "swap", "delay", "drop", "reversal", "late_settlement", "double_payment")
FAULTS = (*HARMLESS_FAULTS, "fee", "foreign_id", "refund_refused", "api_down", "api_lost", "api_html")

amount = some.sampled_from([None, 1_000, 298_000, 299_000, 0])
snap = some.tuples(
    some.just("snap"),
    some.sampled_from(sorted(METHODS)),
    some.sampled_from(CARDS),
    some.booleans(),
    some.booleans(),
)
charge = some.tuples(some.just("charge"), some.sampled_from(ASYNC_TYPES))
card = some.tuples(some.just("card"), some.sampled_from(CARDS), some.booleans(), some.booleans())
begin = some.one_of(snap, charge, card)
act = some.tuples(some.just("act"), some.sampled_from(CONTROL_ACTS), amount)
later = some.one_of(
    act,
    act,
    act,
    some.tuples(some.just("core"), some.sampled_from(CORE_ACTS), amount),
    some.tuples(some.just("time"), some.sampled_from(["5s", "3m", "20m", "1d", "8d"])),
    some.tuples(some.just("otp"), some.sampled_from(["112233", "1"])),
    some.tuples(some.just("capture"), amount),
    begin,
)
faults = some.sets(some.sampled_from(FAULTS), max_size=2)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(first=begin, calls=some.lists(later, min_size=2, max_size=12), switches=faults)
def test_every_sequence_of_calls_is_lawful(
    apart: Any, first: tuple[Any, ...], calls: list[tuple[Any, ...]], switches: set[str]
) -> None:
    apart(_play([first, ("faults", switches), *calls]))


async def _play(calls: list[tuple[Any, ...]]) -> None:
    app = create_app(SimulatorConfig(server_key=KEY, notify_url="http://127.0.0.1:9/closed", seed=1))
    gateway = app.state.gateway
    seen: list[tuple[str | None, str]] = []
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://simulator.test", auth=(KEY, "")) as api,
    ):
        with _watched(seen):
            player = _Player(api, gateway)
            for name, *given_ in calls:
                reply = await getattr(player, name)(*given_)
                assert reply.status_code != 500, (name, given_, reply.text)
        bodies = [json.loads(delivery.body) for delivery in gateway.courier.deliveries()]
        made = gateway.ledger.transactions()
    assert set(seen) <= ALLOWED | {(None, "settlement")}, set(seen) - ALLOWED
    for body in bodies:
        assert problems(STRICT, body) == []
        assert body["signature_key"] == sign(body["order_id"], body["status_code"], body["gross_amount"], KEY)
    for transaction in made:
        _check(transaction)


def _check(transaction: Transaction) -> None:
    assert 0 <= transaction.refunded <= transaction.gross_amount
    assert (transaction.refunded == transaction.gross_amount) is (transaction.status is Status.REFUND)
    assert not transaction.arriving or transaction.status is Status.PENDING
    assert len({refund.key for refund in transaction.refunds}) == len(transaction.refunds)


class _Player:
    """One method for each kind of call, all about one order."""

    def __init__(self, api: httpx.AsyncClient, gateway: Any) -> None:
        self.api = api
        self.gateway = gateway
        self.token = "none"

    async def snap(self, method: str, card: str, secure: bool, hold: bool) -> httpx.Response:
        """A token, or the one there is, and a method on its page."""
        options = {"secure": secure, "type": "authorize" if hold else None}
        enabled = [method, "permata_va"]
        body = {"transaction_details": ORDER, "credit_card": options, "enabled_payments": enabled}
        reply = await self.api.post("/snap/v1/transactions", json=body)
        self.token = reply.json()["token"] if reply.status_code == 201 else self.token
        choice = {"method": method, "card_number": card}
        return await self._control(f"sessions/{self.token}/choose", choice)

    async def otp(self, otp: str) -> httpx.Response:
        return await self._control("transactions/INV-1/authenticate", {"otp": otp})

    async def charge(self, payment_type: str) -> httpx.Response:
        body = {"payment_type": payment_type, "transaction_details": ORDER}
        return await self.api.post("/v2/charge", json=body)

    async def card(self, number: str, secure: bool, hold: bool) -> httpx.Response:
        query = {"card_number": number, "card_cvv": "123", "card_exp_month": "1", "card_exp_year": "2039"}
        made = await self.api.get("/v2/token", params=query)
        token = "none" if made.is_error else made.json().get("token_id", "none")
        use = {"token_id": token, "authentication": secure, "type": "authorize" if hold else None}
        body = {"payment_type": "credit_card", "transaction_details": ORDER, "credit_card": use}
        return await self.api.post("/v2/charge", json=body)

    async def core(self, act: str, rupiah: int | None) -> httpx.Response:
        body = {} if rupiah is None else {"amount": rupiah}
        return await self.api.post(f"/v2/INV-1/{act}", json=body)

    async def capture(self, rupiah: int | None) -> httpx.Response:
        found = self.gateway.ledger.find_anyones("INV-1")
        body = {"transaction_id": found.id if found else "none", "gross_amount": rupiah or 299_000}
        return await self.api.post("/v2/capture", json=body)

    async def act(self, act: str, rupiah: int | None) -> httpx.Response:
        body = {"amount": rupiah} if act == "refund" and rupiah is not None else {}
        return await self._control(f"transactions/INV-1/{act}", body)

    async def time(self, by: str) -> httpx.Response:
        return await self._control("clock", {"advance": by})

    async def faults(self, names: set[str]) -> httpx.Response:
        return await self.api.put("/_control/faults", json=dict.fromkeys(names, True))

    async def _control(self, path: str, body: dict[str, Any]) -> httpx.Response:
        return await self.api.post(f"/_control/{path}", json=body)


@pytest.mark.parametrize("method", sorted(METHODS))
def test_what_every_method_tells_is_as_described(bench: Any, method: str) -> None:
    async def story(b: Any) -> None:
        enabled = [method, "permata_va"]
        customer = {"first_name": "Sari", "email": "sari@example.test", "phone": "0812345678"}
        await b.begin(
            method,
            card_number="4811111111111114",
            credit_card={"secure": True},
            enabled_payments=enabled,
            customer_details=customer,
            custom_field1="meja 5",
            metadata={"a": 1},
        )
        await b.act("INV-1", "pay")
        await b.advance("2d")
        await b.act("INV-1", "refund", amount=99_000)
        await b.act("INV-1", "refund")
        await b.advance("2d")
        assert len(b.endpoint.posts) >= 2
        for post in b.endpoint.posts:
            assert problems(STRICT, post.body) == []

    bench(story)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"gross_amount": "299000"}, "gross_amount"),
        ({"gross_amount": 299000}, "gross_amount"),
        ({"status_code": "200"}, "status_code"),
        ({"transaction_time": "2026-01-01T00:00:00Z"}, "transaction_time"),
        ({"signature_key": "x"}, "signature_key"),
        ({"va_numbers": []}, "va_numbers"),
        ({"permata_va_number": "1"}, "anyOf"),
        ({"settlement_time": "2026-01-01 00:00:00"}, "must not"),
        ({"surprise": 1}, "surprise"),
        ({"transaction_status": "capture"}, "credit_card"),
        ({"transaction_status": "refund"}, "refunds"),
        ({"order_id": None}, "order_id"),
    ],
)
def test_the_schema_refuses_what_midtrans_does_not_send(
    bench: Any, change: dict[str, Any], problem: str
) -> None:
    async def story(b: Any) -> None:
        await b.begin("bca_va")
        [post] = await b.endpoint.wait_for(1)
        assert problems(STRICT, post.body) == []
        assert any(problem in each for each in problems(STRICT, {**post.body, **change}))

    bench(story)
