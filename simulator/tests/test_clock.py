"""Everything that happens later follows the virtual clock."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from midtrans_simulator.state.clock import Clock

NOON = datetime(2026, 11, 3, 5, tzinfo=UTC)  # 12:00 WIB


def test_the_clock_runs_stops_scales_and_jumps() -> None:
    real = 0.0
    clock = Clock(NOON, speed=60, monotonic=lambda: real)
    real = 2.0
    assert clock.now() == NOON + timedelta(minutes=2)
    clock.stop()
    real = 50.0
    assert clock.now() == NOON + timedelta(minutes=2)
    assert clock.real_seconds_until(NOON + timedelta(hours=1)) is None
    clock.run()
    clock.scale(1)
    real = 51.0
    assert clock.now() == NOON + timedelta(minutes=2, seconds=1)
    clock.move_to(NOON + timedelta(days=1))
    assert clock.real_seconds_until(NOON + timedelta(days=1, seconds=9)) == 9.0


def test_a_virtual_account_expires_after_a_day_with_code_202_then_407(bench: Any) -> None:
    async def story(b: Any) -> None:
        await b.begin("bca_va")
        assert (await b.status())["expiry_time"] == "2026-11-04 12:00:00"
        await b.advance("23h59m59s")
        assert (await b.status())["transaction_status"] == "pending"
        await b.advance("1s")
        assert (await b.status())["status_code"] == "407"
        assert b.endpoint.posts[-1].body["status_code"] == "202"
        assert b.endpoint.statuses == ["pending", "expire"]

    bench(_stopped(story), start_time=NOON)


@pytest.mark.parametrize(
    ("expiry", "ends"),
    [
        ({"duration": 30, "unit": "minutes"}, "2026-11-03 14:30:00"),
        ({"start_time": "2026-11-03 12:00:00 +0700", "duration": 3, "unit": "hour"}, "2026-11-03 15:00:00"),
        ({"start_time": "2026-11-03 05:00:00 +0000", "duration": 1, "unit": "days"}, "2026-11-04 12:00:00"),
    ],
)
def test_expiry_counts_from_the_confirmation_unless_it_has_a_start(
    bench: Any, expiry: Any, ends: str
) -> None:
    async def story(b: Any) -> None:
        token = await b.token(expiry=expiry, page_expiry={"duration": 1, "unit": "day"})
        await b.advance("2h")
        await b.choose(token, "bca_va")
        assert (await b.status())["expiry_time"] == ends

    bench(_stopped(story), start_time=NOON)


def test_a_page_expires_without_a_word_and_its_va_can_still_be_paid(bench: Any) -> None:
    async def story(b: Any) -> None:
        unused = await b.token(page_expiry={"duration": 5, "unit": "minute"})
        await b.begin("bca_va", "INV-2", page_expiry={"duration": 5, "unit": "minute"})
        await b.advance("5m")
        refused = await b.api.post(f"/_control/sessions/{unused}/choose", json={"method": "bca_va"})
        assert refused.json()["code"] == "session_closed"
        assert b.endpoint.statuses == ["pending"]
        assert (await b.act("INV-2", "pay")).status_code == 200

    bench(_stopped(story), start_time=NOON)


def test_captures_of_a_day_settle_the_next_day_at_four(bench: Any) -> None:
    async def story(b: Any) -> None:
        await b.begin("credit_card", card_number="4811111111111114")
        assert (await b.status())["transaction_status"] == "capture"
        await b.advance("27h59m")
        assert (await b.status())["transaction_status"] == "capture"
        await b.advance("1m")
        assert (await b.status())["settlement_time"] == "2026-11-04 16:00:00"

    bench(_stopped(story), start_time=NOON)


def test_a_challenge_nobody_answers_is_denied_at_settlement(bench: Any) -> None:
    async def story(b: Any) -> None:
        await b.begin("credit_card", card_number="4511111111111117")
        assert (await b.status())["fraud_status"] == "challenge"
        await b.advance("2d")
        assert (await b.status())["transaction_status"] == "deny"

    bench(story, start_time=NOON)


def test_a_card_left_in_3ds_expires_after_ten_minutes(bench: Any) -> None:
    async def story(b: Any) -> None:
        await b.begin("credit_card", card_number="4811111111111114", credit_card={"secure": True})
        assert (await b.status())["status_code"] == "201"
        await b.advance("10m")
        assert (await b.status())["transaction_status"] == "expire"

    bench(story, start_time=NOON)


def test_a_slow_card_is_accepted_after_a_minute(bench: Any) -> None:
    async def story(b: Any) -> None:
        await b.begin("credit_card", card_number="4024007176265022")
        assert (await b.status())["transaction_status"] == "pending"
        await b.advance("60s")
        assert (await b.status())["transaction_status"] == "capture"
        assert b.endpoint.statuses == ["pending", "capture"]

    bench(story)


def test_a_hold_is_captured_or_released_after_seven_days(bench: Any) -> None:
    async def story(b: Any) -> None:
        options = {"type": "authorize"}
        held = await b.begin("credit_card", card_number="4811111111111114", credit_card=options)
        assert held["transaction_status"] == "authorize"
        reply = await b.api.post(
            "/v2/capture", json={"transaction_id": held["transaction_id"], "gross_amount": 100_000}
        )
        assert reply.json()["transaction_status"] == "capture"
        assert (await b.status())["gross_amount"] == "100000.00"
        await b.begin("credit_card", "INV-2", card_number="4811111111111114", credit_card=options)
        await b.advance("7d")
        assert (await b.status("INV-2"))["transaction_status"] == "expire"

    bench(story)


def test_time_runs_by_itself_as_fast_as_asked(bench: Any) -> None:
    async def story(b: Any) -> None:
        await b.begin("gopay")
        await b.endpoint.wait_for(2)  # 15 virtual minutes are 90 real milliseconds
        assert b.endpoint.statuses == ["pending", "expire"]

    bench(story, speed=10_000)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"advance": "soon"},
        {"advance": "-1s"},
        {"advance": -5},
        {"speed": 0},
        {"running": 1},
        {"to": "x"},
        {"advance": 1e300},
    ],
)
def test_a_wrong_order_to_the_clock_is_refused(bench: Any, body: Any) -> None:
    async def story(b: Any) -> None:
        reply = await b.api.post("/_control/clock", json=body)
        assert (reply.status_code, reply.json()["code"]) == (400, "invalid_request")

    bench(story)


def _stopped(story: Any) -> Any:
    """The story with the clock held, so that every second in it is exact."""

    async def told(b: Any) -> None:
        await b.api.post("/_control/clock", json={"running": False})
        b.gateway.clock.move_to(NOON)
        await story(b)

    return told


def test_an_event_that_fails_is_told_and_the_clock_goes_on(
    bench: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async def story(b: Any) -> None:
        def broken(_: str) -> None:
            raise KeyError("a fault of our own")

        b.gateway.timers.on("broken", broken)
        b.gateway.timers.schedule(b.gateway.now() + timedelta(seconds=1), "broken", "it")
        b.gateway.timers.schedule(b.gateway.now() + timedelta(seconds=1), "unheard of", "it")
        await b.begin("bca_va")
        await b.advance("24h")
        assert (await b.status())["transaction_status"] == "expire"
        told = (await b.api.get("/_control/state")).json()["failures"]
        assert [each["event"] for each in told] == ["broken", "unheard of"]
        assert told[0]["error"] == "KeyError: 'a fault of our own'"
        page = (await b.api.get("/?language=en")).text
        assert "a fault of our own" in page

    bench(story)
    assert "the event broken of it failed" in caplog.text


def test_an_event_that_fails_does_not_stop_the_clock_that_runs_by_itself(bench: Any) -> None:
    async def story(b: Any) -> None:
        b.gateway.timers.schedule(b.gateway.now(), "unheard of", "it")
        day = {"duration": 1, "unit": "day"}
        await b.begin("bca_va", expiry={"duration": 1, "unit": "minute"}, page_expiry=day)
        posts = await b.endpoint.wait_for(2)
        assert posts[-1].body["transaction_status"] == "expire"

    bench(story, speed=60.0)
