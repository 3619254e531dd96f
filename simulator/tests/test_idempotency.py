"""The Idempotency-Key header (Midtrans, "Idempotent requests")."""

import asyncio
from typing import Any

ORDER = {"order_id": "INV-1", "gross_amount": 299_000}


async def charge(b: Any, key: str, payment_type: str = "gopay", order_id: str = "INV-1", **body: Any) -> Any:
    request = {
        "payment_type": payment_type,
        "transaction_details": {**ORDER, "order_id": order_id},
        **body,
    }
    return await b.api.post("/v2/charge", json=request, headers={"Idempotency-Key": key})


def test_a_repeat_gets_the_first_answer_whatever_it_says(bench: Any) -> None:
    async def story(b: Any) -> None:
        first = await charge(b, "key-1")
        again = await charge(b, "key-1", "qris", "INV-2")
        assert again.json() == first.json()
        elsewhere = await b.api.post("/v2/INV-1/cancel", headers={"Idempotency-Key": "key-1"})
        assert elsewhere.json() == first.json()
        assert len(b.gateway.ledger.transactions()) == 1

    bench(story)


def test_a_key_lives_five_minutes(bench: Any) -> None:
    async def story(b: Any) -> None:
        await charge(b, "key-1")
        await b.advance("4m59s")
        assert (await charge(b, "key-1")).json()["status_code"] == "201"
        await b.advance("1s")
        assert (await charge(b, "key-1")).json()["status_code"] == "406"

    bench(story)


def test_failures_long_keys_and_empty_keys_are_not_kept(bench: Any) -> None:
    async def story(b: Any) -> None:
        assert (await charge(b, "key-1", "credit_card")).json()["status_code"] == "400"
        assert (await charge(b, "key-1")).json()["status_code"] == "201"
        for key in ("k" * 47, ""):
            await charge(b, key, order_id="INV-2")
            assert (await charge(b, key, order_id="INV-2")).json()["status_code"] == "406"
            await b.core("INV-2", "cancel")
        await charge(b, "k" * 46, order_id="INV-2")
        assert (await charge(b, "k" * 46, order_id="INV-2")).json()["status_code"] == "201"

    bench(story)


def test_four_methods_do_not_know_keys(bench: Any) -> None:
    async def story(b: Any) -> None:
        methods: list[tuple[str, dict[str, Any]]] = [
            ("bank_transfer", {"bank_transfer": {"bank": "permata"}}),
            ("cimb_clicks", {}),
            ("bca_klikbca", {}),
            ("cstore", {"cstore": {"store": "indomaret"}}),
        ]
        for number, (payment_type, body) in enumerate(methods):
            order = f"INV-{number}"
            await charge(b, order, payment_type, order, **body)
            assert (await charge(b, order, payment_type, order, **body)).json()["status_code"] == "406"

    bench(story)


def test_four_methods_ignore_a_key_under_which_another_methods_answer_is_kept(bench: Any) -> None:
    async def story(b: Any) -> None:
        kept = (await charge(b, "key-1")).json()
        methods: list[tuple[str, dict[str, Any]]] = [
            ("bank_transfer", {"bank_transfer": {"bank": "permata"}}),
            ("bank_transfer", {}),
            ("cimb_clicks", {}),
            ("bca_klikbca", {}),
            ("cstore", {"cstore": {"store": "Indomaret"}}),
        ]
        for number, (payment_type, body) in enumerate(methods):
            told = (await charge(b, "key-1", payment_type, f"OWN-{number}", **body)).json()
            assert (told["status_code"], told["order_id"]) == ("201", f"OWN-{number}")
        assert (await charge(b, "key-1", "cstore", cstore={"store": "alfamart"})).json() == kept

    bench(story)


def test_while_the_first_is_running_a_repeat_gets_202(bench: Any) -> None:
    async def story(b: Any) -> None:
        await b.api.put("/_control/faults", json={"api_slow": {"by": "300ms"}})
        first = asyncio.create_task(charge(b, "key-1"))
        await asyncio.sleep(0.1)
        assert (await charge(b, "key-1")).status_code == 202
        assert (await first).json()["status_code"] == "201"
        assert (await charge(b, "key-1")).json() == (await first).json()

    bench(story)


def test_another_merchant_has_other_keys(bench: Any) -> None:
    async def story(b: Any) -> None:
        await charge(b, "key-1")
        b.api.headers.pop("Authorization")
        b.api.auth = ("SB-Mid-server-other", "")
        await charge(b, "key-1")
        assert len(b.gateway.ledger.transactions()) == 2

    bench(story, server_key=None)
