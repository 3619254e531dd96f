"""What other readers of notifications have met, each as a fault: odd types, money that comes otherwise."""

import hashlib
import time
from datetime import datetime, timedelta
from typing import Any

import pytest


async def switch(b: Any, **faults: Any) -> None:
    reply = await b.api.put("/_control/faults", json=faults)
    assert reply.status_code == 200, reply.text


def signed_well(body: dict[str, Any]) -> bool:
    text = body["order_id"] + body["status_code"] + body["gross_amount"] + "SB-Mid-server-simulator"
    return bool(body["signature_key"] == hashlib.sha512(text.encode()).hexdigest())


def test_times_statuses_and_codes_as_other_readers_met_them(bench: Any) -> None:
    async def story(b: Any) -> None:
        await switch(b, iso_times=True, capitals=True, unfit_code=True)
        await b.begin("gopay")
        await b.act("INV-1", "pay")
        pending, settled = (post.body for post in await b.endpoint.wait_for(2))
        assert (pending["transaction_status"], pending["status_code"]) == ("PENDING", "200")
        assert (settled["transaction_status"], settled["status_code"]) == ("SETTLEMENT", "202")
        assert settled["fraud_status"] == "ACCEPT"
        assert datetime.fromisoformat(settled["settlement_time"]).utcoffset() == timedelta(hours=7)
        assert "T" in settled["transaction_time"]
        assert signed_well(pending)
        assert signed_well(settled)

    bench(story)


def test_refund_rows_with_other_types(bench: Any) -> None:
    async def story(b: Any) -> None:
        await b.begin("gopay")
        await b.act("INV-1", "pay")
        await switch(b, odd_refunds=True)
        await b.core("INV-1", "refund", {"amount": 99_000, "refund_key": "r1"})
        body = (await b.endpoint.wait_for(3))[-1].body
        [row] = body["refunds"]
        assert (row["refund_amount"], row["refund_chargeback_id"]) == (99_000.0, "1")
        assert "refund_key" not in row
        assert len(row["refund_chargeback_uuid"]) == 36
        assert body["refund_amount"] == 99_000.0
        assert (await b.status())["refunds"][0]["refund_key"] == "r1"

    bench(story)


def test_half_a_surrogate_pair_is_posted_escaped_and_shown_without_harm(bench: Any) -> None:
    async def story(b: Any) -> None:
        await switch(b, surrogates=True)
        await b.begin("bca_va", custom_field1="kopi ☕")
        [post] = await b.endpoint.wait_for(1)
        assert b"\\ud83c" in post.raw
        with pytest.raises(UnicodeEncodeError):
            post.body["customer_details"]["full_name"].encode()
        assert post.body["custom_field1"] == "kopi ☕"
        assert signed_well(post.body)
        assert (await b.api.get("/?order=INV-1")).status_code == 200
        assert (await b.api.get("/_control/deliveries")).status_code == 200

    bench(story)


def test_a_refund_comes_back_from_the_bank(bench: Any) -> None:
    async def story(b: Any) -> None:
        await b.begin("gopay")
        await b.act("INV-1", "pay")
        await b.core("INV-1", "refund", {"amount": 99_000})
        await switch(b, refund_returned={"by": "3d", "times": 1})
        await b.core("INV-1", "refund", {"amount": 200_000})
        assert (await b.status())["transaction_status"] == "refund"
        await b.advance("3d")
        told = await b.status()
        assert (told["transaction_status"], told["refund_amount"]) == ("partial_refund", "99000.00")
        assert (await b.act("INV-1", "return_refund")).status_code == 200
        told = await b.status()
        assert told["transaction_status"] == "settlement"
        assert "refunds" not in told
        assert (await b.act("INV-1", "return_refund")).status_code == 409
        assert (await b.core("INV-1", "refund"))["transaction_status"] == "refund"

    bench(story)


@pytest.mark.parametrize("partial", [True, False])
def test_a_chargeback_is_won(bench: Any, partial: bool) -> None:
    async def story(b: Any) -> None:
        await b.begin("credit_card", card_number="4811111111111114")
        await b.act("INV-1", "settle")
        await switch(b, chargeback_won={"by": "20d"})
        await b.act("INV-1", "chargeback", partial=partial)
        assert (await b.status())["transaction_status"].endswith("chargeback")
        await b.advance("20d")
        assert b.endpoint.statuses[-1] == "settlement"
        assert (await b.act("INV-1", "win_chargeback")).status_code == 409

    bench(story)


def test_a_promotion_makes_the_amount_smaller_and_a_fee_says_what_it_added_to(bench: Any) -> None:
    async def story(b: Any) -> None:
        await switch(b, promotion={"amount": 9_000})
        await b.begin("gopay", "INV-1")
        assert (await b.status("INV-1"))["gross_amount"] == "290000.00"
        info = {"gross_amount_info": {"original_amount": "299000.00"}}
        await switch(b, fee={"amount": 4_000, "told": "top"})
        await b.begin("gopay", "INV-2")
        assert (await b.status("INV-2"))["gross_amount"] == "303000.00"
        assert (await b.status("INV-2"))["extra_info"] == info
        await switch(b, fee={"told": "metadata"})
        await b.begin("gopay", "INV-3", metadata={"own": 1})
        assert (await b.status("INV-3"))["metadata"] == {"own": 1, "extra_info": info}
        await switch(b, fee=True)
        await b.begin("gopay", "INV-4")
        assert "extra_info" not in await b.status("INV-4")

    bench(story)


def test_a_qr_stays_pending_beyond_its_expiry(bench: Any) -> None:
    async def story(b: Any) -> None:
        await switch(b, late_expiry={"by": "2h"})
        await b.begin("gopay")
        await b.begin("bca_va", "INV-2", expiry={"duration": 15, "unit": "minute"})
        await b.advance("2h14m")
        assert (await b.status())["transaction_status"] == "pending"
        assert (await b.status("INV-2"))["transaction_status"] == "expire"
        await b.advance("1m")
        assert (await b.status())["transaction_status"] == "expire"

    bench(story)


def test_a_settlement_is_told_a_second_time_with_a_later_time(bench: Any) -> None:
    async def story(b: Any) -> None:
        await switch(b, settled_twice={"by": "10m"})
        await b.begin("bca_va")
        await b.act("INV-1", "pay")
        await b.advance("10m")
        first, second = (post.body for post in b.endpoint.posts[1:])
        assert first["transaction_id"] == second["transaction_id"]
        assert first["transaction_status"] == second["transaction_status"] == "settlement"
        assert first["settlement_time"] < second["settlement_time"]
        await b.advance("1d")
        assert len(b.endpoint.posts) == 3

    bench(story)


def test_406_never_ends_where_it_strikes(bench: Any) -> None:
    async def story(b: Any) -> None:
        await b.begin("gopay")
        await b.act("INV-1", "pay")
        await switch(b, api_406={"path": "/refund"})
        for _ in range(3):
            told = await b.core("INV-1", "refund", {"amount": 1_000, "refund_key": "r1"})
            assert (told["status_code"], told["status_message"]) == ("406", "Duplicate refund ID")
        assert "refunds" not in await b.status()
        await switch(b, api_406=True)
        order = {"order_id": "NEW", "gross_amount": 1_000}
        body = {"payment_type": "gopay", "transaction_details": order}
        assert (await b.api.post("/v2/charge", json=body)).json()["status_code"] == "406"

    bench(story)


def test_only_the_calls_on_the_path_are_slow(bench: Any) -> None:
    async def story(b: Any) -> None:
        await b.begin("gopay")
        await switch(b, api_slow={"by": "400ms", "path": "/status"})
        began = time.monotonic()
        await b.core("INV-1", "cancel")
        assert time.monotonic() - began < 0.3
        began = time.monotonic()
        await b.status()
        assert time.monotonic() - began >= 0.4

    bench(story)
