"""What arrives at the merchant's endpoint, and how often (Midtrans, "HTTP notifications")."""

import asyncio
import hashlib
import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from midtrans_simulator.protocol.signature import sign

START = datetime(2026, 11, 3, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("order_id", "code", "amount", "begins"),
    [
        ("ORDER-sandbox-0001", "200", "150000.00", "d65b4adf15335095"),
        ("ORDER-sandbox-0002", "201", "75000.00", "db70270f6c27da2b"),
        ("ORDER-sandbox-0003", "202", "50000.00", "a51d1bd2aa8b1dca"),
    ],
)
def test_signatures_match_the_official_vectors(order_id: str, code: str, amount: str, begins: str) -> None:
    assert sign(order_id, code, amount, "SB-Mid-server-test").startswith(begins)


def test_a_notification_looks_like_midtranss(bench: Any) -> None:
    async def story(b: Any) -> None:
        await b.begin(
            "bca_va", custom_field1="meja 5", metadata={"a": [1]}, customer_details={"first_name": "Sari"}
        )
        await b.act("INV-1", "pay")
        pending, settled = await b.endpoint.wait_for(2)
        assert pending.headers["user-agent"] == "Veritrans"
        assert pending.headers["content-type"] == pending.headers["accept"] == "application/json"
        assert list(settled.body) == sorted(settled.body, reverse=True)
        assert b": " not in settled.raw
        body = settled.body
        text = body["order_id"] + body["status_code"] + body["gross_amount"] + "SB-Mid-server-simulator"
        assert body["signature_key"] == hashlib.sha512(text.encode()).hexdigest()
        assert (body["status_code"], body["gross_amount"], body["currency"]) == ("200", "299000.00", "IDR")
        assert body["status_message"] == "midtrans payment notification"
        assert (body["custom_field1"], body["metadata"]) == ("meja 5", {"a": [1]})
        assert body["customer_details"] == {"full_name": "Sari"}
        assert "settlement_time" not in pending.body
        assert None not in body.values()

    bench(story)


@pytest.mark.parametrize(
    ("method", "payment_type", "fields"),
    [
        ("permata_va", "bank_transfer", {"permata_va_number"}),
        ("bni_va", "bank_transfer", {"va_numbers", "payment_amounts"}),
        ("echannel", "echannel", {"biller_code", "bill_key"}),
        ("alfamart", "cstore", {"store", "payment_code", "fraud_status"}),
        ("indomaret", "cstore", {"store", "payment_code", "approval_code"}),
        ("other_qris", "qris", {"acquirer", "issuer", "transaction_type", "merchant_cross_reference_id"}),
        ("gopay", "qris", {"acquirer", "issuer", "transaction_type"}),
        ("akulaku", "akulaku", {"fraud_status"}),
    ],
)
def test_each_method_carries_its_fields(bench: Any, method: str, payment_type: str, fields: set[str]) -> None:
    async def story(b: Any) -> None:
        await b.begin(method)
        await b.act("INV-1", "pay")
        _, settled = await b.endpoint.wait_for(2)
        assert settled.body["payment_type"] == payment_type
        assert fields <= set(settled.body)
        if method == "indomaret":
            assert "fraud_status" not in settled.body

    bench(story)


@pytest.mark.parametrize(
    ("act", "status", "code"),
    [
        ("cancel", "cancel", "202"),
        ("expire", "expire", "202"),
        ("deny", "deny", "202"),
        ("pay", "settlement", "200"),
    ],
)
def test_status_codes_of_7_4(bench: Any, act: str, status: str, code: str) -> None:
    async def story(b: Any) -> None:
        await b.begin("bca_va")
        await b.act("INV-1", act)
        body = (await b.endpoint.wait_for(2))[-1].body
        assert (body["transaction_status"], body["status_code"]) == (status, code)

    bench(story)


def test_headers_override_or_append_the_dashboards_url(bench: Any) -> None:
    async def story(b: Any) -> None:
        other = b.endpoint.url.replace("/notify", "/other")
        third = b.endpoint.url.replace("/notify", "/third")
        b.api.headers["X-Append-Notification"] = other
        await b.begin("bca_va")
        await b.quiet()
        assert sorted(post.path for post in b.endpoint.posts) == ["/notify", "/other"]
        b.api.headers["X-Override-Notification"] = f"{third}, {other}"
        await b.begin("bca_va", "INV-2")
        await b.quiet()
        assert sorted(post.path for post in b.endpoint.posts[2:]) == ["/other", "/third"]

    bench(story)


def test_without_a_url_nothing_is_sent(bench: Any) -> None:
    async def story(b: Any) -> None:
        await b.begin("bca_va")
        assert (await b.api.get("/_control/deliveries")).json() == []

    bench(story, notify_url=None)


SCHEDULES = {
    500: [2],
    400: [2, 10],
    404: [2, 10],
    503: [2, 10, 30, 90],
    301: [],
    302: [],
    303: [],
    401: [2, 10, 30, 90, 210],
    403: [2, 10, 30, 90, 210],
    422: [2, 10, 30, 90, 210],
    429: [2, 10, 30, 90, 210],
    502: [2, 10, 30, 90, 210],
}


@pytest.mark.parametrize(("reply", "minutes"), SCHEDULES.items())
def test_retries_follow_the_table_to_the_second(bench: Any, reply: int, minutes: list[int]) -> None:
    async def story(b: Any) -> None:
        await _hold(b)
        b.endpoint.script = [_reply(b, reply)] * 9
        await b.begin("bca_va", expiry={"duration": 7, "unit": "day"})
        await b.advance("12h")
        [delivery] = (await b.api.get("/_control/deliveries?order_id=INV-1")).json()
        moments = [START]
        for wait in minutes:
            moments.append(moments[-1] + timedelta(minutes=wait))
        assert [datetime.fromisoformat(each["at"]) for each in delivery["tries"]] == moments
        assert delivery["state"] == "failed"
        assert len({post.raw for post in b.endpoint.posts}) == 1

    bench(story, jitter=False)


def test_jitter_only_shortens_a_pause(bench: Any) -> None:
    async def story(b: Any) -> None:
        await _hold(b)
        b.endpoint.script = [_reply(b, 503)] * 9
        await b.begin("bca_va", expiry={"duration": 7, "unit": "day"})
        await b.advance("12h")
        [delivery] = (await b.api.get("/_control/deliveries")).json()
        moments = [datetime.fromisoformat(each["at"]) for each in delivery["tries"]]
        for wait, (before, after) in zip([2, 10, 30, 90], itertools.pairwise(moments), strict=True):
            assert timedelta(minutes=wait) * 0.27 < after - before < timedelta(minutes=wait)

    bench(story, seed=7)


def test_an_endpoint_that_recovers_gets_its_notification(bench: Any) -> None:
    async def story(b: Any) -> None:
        b.endpoint.script = [_reply(b, 503), _reply(b, 401)]
        await b.begin("bca_va")
        await b.advance("15m")
        [delivery] = (await b.api.get("/_control/deliveries")).json()
        assert [each["http_status"] for each in delivery["tries"]] == [503, 401, 200]
        assert delivery["state"] == "delivered"

    bench(story)


@pytest.mark.parametrize("status", [307, 308])
def test_a_redirect_that_keeps_the_method_is_followed_five_times(bench: Any, status: int) -> None:
    async def story(b: Any) -> None:
        b.endpoint.script = [_reply(b, status, location="/elsewhere")] * 5
        await b.begin("bca_va")
        await b.quiet()
        assert [post.path for post in b.endpoint.posts] == ["/notify", *["/elsewhere"] * 5]
        b.endpoint.script = [_reply(b, status, location="/elsewhere")] * 6
        await b.begin("bca_va", "INV-2")
        await b.quiet()
        [delivery] = (await b.api.get("/_control/deliveries?order_id=INV-2")).json()
        assert delivery["state"] == "retrying"

    bench(story)


@pytest.mark.parametrize("location", ["http://[::1", "http://[x]/", "//[", "http://a:port/", "http://ä/"])
def test_a_location_that_leads_nowhere_does_not_stop_the_next_notifications(
    bench: Any, location: str
) -> None:
    async def story(b: Any) -> None:
        b.endpoint.script = [_reply(b, 307, location=location)]
        await b.begin("bca_va")
        await b.act("INV-1", "pay")
        await b.quiet()
        assert b.endpoint.statuses == ["pending", "settlement"]
        first, second = (await b.api.get("/_control/deliveries?order_id=INV-1")).json()
        assert (first["state"], second["state"]) == ("retrying", "delivered")
        assert first["tries"][0]["error"]
        await b.advance("2m")
        assert b.endpoint.statuses == ["pending", "settlement", "pending"]

    bench(story)


def test_whatever_goes_wrong_with_one_notification_the_rest_of_its_lane_goes_out(
    bench: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async def story(b: Any) -> None:
        await b.begin("bca_va")
        await b.quiet()
        poster = b.gateway.courier._postman._poster
        b.gateway.courier._postman._poster = _Broken(poster)
        await b.act("INV-1", "pay")
        await b.quiet()
        b.gateway.courier._postman._poster = poster
        await b.advance("2m")
        assert b.endpoint.statuses == ["pending", "settlement"]
        delivery = (await b.api.get("/_control/deliveries?order_id=INV-1")).json()[-1]
        assert delivery["tries"][0]["error"] == "KeyError: 'a fault of our own'"

    bench(story)
    assert "could not be sent" in caplog.text


class _Broken:
    """A poster with a fault of its own; it closes as the real one."""

    def __init__(self, poster: Any) -> None:
        self.close = poster.close

    async def post(self, _: str, __: bytes) -> None:
        raise KeyError("a fault of our own")


def test_no_answer_and_no_connection_are_retried(bench: Any) -> None:
    async def story(b: Any) -> None:
        b.endpoint.script = [_reply(b, 200, hang=True)]
        b.api.headers["X-Append-Notification"] = "http://127.0.0.1:9/closed, no-url"
        await b.begin("bca_va")
        await b.quiet()
        deliveries = (await b.api.get("/_control/deliveries")).json()
        assert {delivery["state"] for delivery in deliveries} == {"retrying"}
        assert "no answer within 0.1 s" in [delivery["tries"][0]["error"] for delivery in deliveries]

    bench(story, delivery_timeout=0.1)


def test_a_slow_order_keeps_no_other_order_waiting(bench: Any) -> None:
    async def story(b: Any) -> None:
        b.endpoint.script = [_reply(b, 200, hang=True)]
        await b.begin("bca_va", "INV-SLOW")
        await b.endpoint.wait_for(1)
        await b.begin("bca_va", "INV-QUICK")
        async with asyncio.timeout(1):
            posts = await b.endpoint.wait_for(2)
        assert posts[1].body["order_id"] == "INV-QUICK"

    bench(story, delivery_timeout=2)


def test_a_delivery_is_sent_again_on_demand(bench: Any) -> None:
    async def story(b: Any) -> None:
        await b.begin("bca_va")
        await b.quiet()
        [delivery] = (await b.api.get("/_control/deliveries")).json()
        copy = (await b.api.post(f"/_control/deliveries/{delivery['id']}/resend")).json()
        assert copy["copy_of"] == delivery["id"]
        first, second = await b.endpoint.wait_for(2)
        assert first.raw == second.raw
        assert (await b.api.post("/_control/deliveries/none/resend")).status_code == 404

    bench(story)


def test_a_refund_is_told_twice_the_second_time_with_the_banks_word(bench: Any) -> None:
    async def story(b: Any) -> None:
        await b.begin("gopay")
        await b.act("INV-1", "pay")
        await b.core("INV-1", "refund", {"refund_key": "r1", "amount": 99_000, "reason": "batal"})
        await b.advance("1d")
        first, second = (post.body for post in (await b.endpoint.wait_for(4))[2:])
        assert first["transaction_status"] == second["transaction_status"] == "partial_refund"
        assert first["gross_amount"] == "299000.00"
        assert first["refund_amount"] == "99000.00"
        assert "bank_confirmed_at" not in first["refunds"][0]
        assert "bank_confirmed_at" in second["refunds"][0]
        assert first["refunds"][0]["reason"] == "batal"

    bench(story)


async def _hold(b: Any) -> None:
    await b.api.post("/_control/clock", json={"running": False})
    b.gateway.clock.move_to(START)


def _reply(b: Any, status: int, **more: Any) -> Any:
    return b.reply(status, **more)
