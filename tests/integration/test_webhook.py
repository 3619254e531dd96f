"""Where Midtrans knocks: `POST /api/v1/midtrans/webhook`, its replies to the letter."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.program import ran
from tests.stand import PRICE, Stand, notification, open_stand

pytestmark = pytest.mark.anyio

PROCESSED = {"message": "Webhook processed successfully"}
WEBHOOK = "/api/v1/midtrans/webhook"
PAID_AT = datetime(2026, 11, 3, 5, 1, tzinfo=UTC)


def outcomes(stand: Stand) -> list[str]:
    rows = stand.rows("select outcome from payment_logs where event_type = 'webhook_processed' order by id")
    return [row["outcome"] for row in rows]


async def test_a_settlement_pays_confirms_and_sets_the_expiry(stand: Stand) -> None:
    order_id = await stand.order()
    reply = await stand.notify(order_id, "settlement")
    assert (reply.status_code, reply.json()) == (200, PROCESSED)
    invitation = await stand.invitation()
    assert invitation["payment_status"] == "paid"
    assert datetime.fromisoformat(invitation["payment_confirmed_at"]) == PAID_AT
    assert datetime.fromisoformat(invitation["domain_expires_at"]) == PAID_AT + timedelta(days=365)
    assert invitation["order_id"] == order_id
    (received,) = stand.rows("select raw from payment_logs where event_type = 'webhook_received'")
    assert json.loads(received["raw"]) == notification(order_id, "settlement")


async def test_a_wrong_signature_is_refused_to_the_letter(stand: Stand) -> None:
    order_id = await stand.order()
    reply = await stand.notify(order_id, "settlement", signature_key="0" * 128)
    assert (reply.status_code, reply.json()) == (403, {"message": "Invalid signature"})
    assert (await stand.invitation())["payment_status"] == "pending"


async def test_a_pending_notification_edited_to_settlement_is_refused(stand: Stand) -> None:
    """F3: the signature over 201 is right, but 201 cannot belong to a settlement."""
    order_id = await stand.order()
    reply = await stand.notify(order_id, "settlement", status_code="201")
    assert (reply.status_code, reply.json()["message"]) == (403, "Invalid signature")
    assert (await stand.invitation())["payment_status"] == "pending"
    traces = stand.rows(
        "select order_id, outcome, raw from payment_logs where event_type = 'webhook_rejected'"
    )
    assert traces == [{"order_id": order_id, "outcome": "incoherent", "raw": None}]


@pytest.mark.parametrize(
    ("status", "changes", "expected"),
    [
        ("capture", {"payment_type": "credit_card"}, "paid"),
        ("settlement", {}, "paid"),
        ("pending", {}, "pending"),
        ("challenge", {}, "pending"),
        ("capture", {"fraud_status": "challenge", "status_code": "201"}, "pending"),
        ("deny", {}, "failed"),
        ("cancel", {}, "failed"),
        ("expire", {}, "failed"),
        ("refund", {}, "refunded"),
        ("authorize", {}, "pending"),
        ("failure", {}, "failed"),
        ("partial_refund", {}, "paid"),
        ("chargeback", {}, "refunded"),
        ("partial_chargeback", {}, "paid"),
        ("settlement", {"fraud_status": ...}, "paid"),
    ],
)
async def test_the_seeds_status_mapping(
    stand: Stand, status: str, changes: dict[str, Any], expected: str
) -> None:
    reply = await stand.notify(await stand.order(), status, **changes)
    assert (reply.status_code, reply.json()) == (200, PROCESSED)
    invitation = await stand.invitation()
    assert invitation["payment_status"] == expected
    has_expiry = invitation["domain_expires_at"] is not None
    assert has_expiry is (expected in {"paid", "refunded"})


async def test_the_same_settlement_twice_changes_nothing(stand: Stand) -> None:
    """F13"""
    order_id = await stand.order()
    await stand.notify(order_id, "settlement")
    before = await stand.invitation()
    reply = await stand.notify(order_id, "settlement")
    assert (reply.status_code, reply.json()) == (200, PROCESSED)
    assert await stand.invitation() == before
    assert outcomes(stand) == ["applied"]
    assert len(stand.rows("select * from domain_grants")) == 1


async def test_contradictory_facts_at_once_end_at_the_highest(stand: Stand) -> None:
    """F4: settlement and expire handled at the same time."""
    order_id = await stand.order()
    statuses = ["settlement", "expire", "pending", "settlement", "expire"] * 4
    replies = await asyncio.gather(*(stand.notify(order_id, status) for status in statuses))
    assert {reply.status_code for reply in replies} == {200}
    invitation = await stand.invitation()
    assert invitation["payment_status"] == "paid"
    assert datetime.fromisoformat(invitation["payment_confirmed_at"]) == PAID_AT
    assert len(stand.rows("select * from domain_grants")) == 1


async def test_late_news_of_an_earlier_attempt_takes_nothing_back(stand: Stand) -> None:
    """F5"""
    order_id = await stand.order()
    await stand.notify(order_id, "settlement", transaction_id="second")
    for status in ("pending", "deny", "expire"):
        await stand.notify(order_id, status, transaction_id="first")
    assert (await stand.invitation())["payment_status"] == "paid"


async def test_a_reversal_takes_the_domain_back(stand: Stand) -> None:
    """F11: Permata, Mandiri Bill and Indomaret reverse a settlement within minutes."""
    order_id = await stand.order()
    await stand.notify(order_id, "settlement")
    await stand.notify(order_id, "deny")
    invitation = await stand.invitation()
    assert invitation["payment_status"] == "failed"
    assert invitation["payment_confirmed_at"] is None
    assert invitation["domain_expires_at"] is None


async def test_an_order_that_is_not_ours_is_stored_and_answered(stand: Stand) -> None:
    reply = await stand.notify("INV-of-another-shop", "settlement")
    assert (reply.status_code, reply.json()) == (200, PROCESSED)
    assert outcomes(stand) == ["unknown_order"]


@pytest.mark.parametrize("amount", [f"{PRICE - 1}.00", f"{PRICE}.50", "1.00", "nonsense"])
async def test_another_amount_is_stored_flagged_and_grants_nothing(stand: Stand, amount: str) -> None:
    reply = await stand.notify(await stand.order(), "settlement", gross_amount=amount)
    assert (reply.status_code, reply.json()) == (200, PROCESSED)
    assert outcomes(stand) == ["amount_mismatch"]
    assert (await stand.invitation())["payment_status"] == "pending"


async def test_a_superseded_order_that_is_paid_after_all_counts(stand: Stand) -> None:
    """F1: an old VA stays payable after a new token was made."""
    first = await stand.order()
    stand.clock.ahead = timedelta(hours=24)
    second = await stand.order()
    assert second != first
    await stand.notify(first, "settlement")
    assert (await stand.invitation())["payment_status"] == "paid"


async def test_the_dashboards_test_notification_is_answered(stand: Stand) -> None:
    reply = await stand.notify("payment_notif_test_G123456789_abc", "settlement")
    assert (reply.status_code, reply.json()) == (200, PROCESSED)
    assert outcomes(stand) == ["dashboard_test"]


async def test_an_unknown_status_is_kept_and_changes_nothing(stand: Stand) -> None:
    """F20"""
    order_id = await stand.order()
    await stand.notify(order_id, "settlement")
    reply = await stand.notify(order_id, "teleported", new_field={"a": [1]}, payment_type="beaming")
    assert (reply.status_code, reply.json()) == (200, PROCESSED)
    assert outcomes(stand) == ["applied", "unknown_status"]
    assert (await stand.invitation())["payment_status"] == "paid"


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[]", b"null", b"{", b"\xff\xfe", b'{"order_id": 5}', b"[" * 60_000]
)
async def test_what_is_no_notification_is_a_400_with_a_code(stand: Stand, body: bytes) -> None:
    """F19"""
    reply = await stand.http.post(WEBHOOK, content=body)
    assert (reply.status_code, reply.json()["code"]) == (400, "malformed_notification")


async def test_a_huge_body_is_a_413_however_it_is_sent(stand: Stand) -> None:
    async def endless() -> Any:
        for _ in range(100):
            yield b" " * 1024

    for content in (b" " * 70_000, endless()):
        reply = await stand.http.post(WEBHOOK, content=content)
        assert (reply.status_code, reply.json()["code"]) == (413, "payload_too_large")


async def test_no_redirect_stands_before_the_webhook(stand: Stand) -> None:
    """F26"""
    order_id = await stand.order()
    reply = await stand.http.post(f"{WEBHOOK}/", json=notification(order_id, "settlement"))
    assert reply.status_code == 200


async def test_forgeries_leave_a_bounded_trace(stand: Stand) -> None:
    """F29"""
    for _ in range(8):
        batch = (stand.notify("INV-x", "settlement", signature_key="0" * 128) for _ in range(20))
        assert {reply.status_code for reply in await asyncio.gather(*batch)} == {403}
    traces = stand.rows("select raw from payment_logs where event_type = 'webhook_rejected'")
    assert len(traces) < 100
    assert {row["raw"] for row in traces} == {None}


async def test_what_cannot_be_stored_is_a_503_so_that_midtrans_comes_again(stand: Stand) -> None:
    order_id = await stand.order()
    with psycopg.connect(stand.database_url, autocommit=True) as connection:
        connection.execute("alter table notifications rename to away")
        reply = await stand.notify(order_id, "settlement")
        assert (reply.status_code, reply.json()["code"]) == (503, "not_stored")
        assert stand.rows("select 1 from payment_logs where event_type like 'webhook%%'") == []
        connection.execute("alter table away rename to notifications")
    assert (await stand.notify(order_id, "settlement")).status_code == 200
    assert (await stand.invitation())["payment_status"] == "paid"


async def test_during_a_key_rotation_both_keys_are_believed(database_url: str) -> None:
    """F32"""
    async with open_stand(database_url) as before:
        order_id = await before.order()
    async with open_stand(
        database_url,
        midtrans_server_key="SB-Mid-server-new",
        midtrans_previous_server_key="SB-Mid-server-simulator",
    ) as after:
        assert (await after.notify(order_id, "settlement")).status_code == 200


async def test_the_payment_log_can_be_neither_changed_nor_emptied(stand: Stand) -> None:
    """F31"""
    await stand.notify(await stand.order(), "settlement")
    for statement in (
        "update payment_logs set outcome = 'applied'",
        "delete from payment_logs",
        "truncate payment_logs cascade",
    ):
        with (
            psycopg.connect(stand.database_url) as connection,
            pytest.raises(psycopg.errors.RaiseException, match="append-only"),
        ):
            connection.execute(statement)  # type: ignore[arg-type]


async def test_nothing_secret_reaches_the_log(stand: Stand, capfd: pytest.CaptureFixture[str]) -> None:
    order_id = await stand.order()
    await stand.notify(order_id, "settlement", customer_details={"email": "guest@example.test"})
    await stand.notify(order_id, "settlement", signature_key="0" * 128)
    text = "".join(capfd.readouterr())
    assert order_id in text
    for secret in ("SB-Mid-server", "guest@example.test", "signature_key", "0" * 128):
        assert secret not in text


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/midtrans/webhook/",
        "//api/v1/midtrans/webhook",
        "/api//v1/midtrans/webhook",
        "/v1/midtrans/webhook",
        "/api/midtrans/webhook",
    ],
)
async def test_an_address_that_was_meant_for_the_webhook_reaches_it(stand: Stand, path: str) -> None:
    order_id = await stand.order()
    reply = await stand.http.post(f"{stand.url}{path}", json=notification(order_id, "settlement"))
    assert (reply.status_code, reply.json()) == (200, PROCESSED)
    assert (await stand.invitation())["payment_status"] == "paid"


async def test_what_a_sender_wrote_adds_no_lines_to_a_terminal(
    stand: Stand, capfd: pytest.CaptureFixture[str]
) -> None:
    """Rightly signed, but whoever chose the order id and the status wrote them for somebody's eyes."""
    evil = "INV-1\u2028webhook_processed  INV-2 - paid\u2029\u202e"
    assert (await stand.notify(evil, "settlement\u2028x")).status_code == 200
    capfd.readouterr()
    line, *others = stand.rows("select order_id, transaction_status from notifications")
    assert (line["order_id"], others) == (evil, []), "kept as it was sent"
    shown = []
    for command in (["logs"], ["webhook", "orphans"], ["doctor"], ["orders", "list"]):
        result = await asyncio.to_thread(ran, Path("/"), *command, DATABASE_URL=stand.database_url)
        shown.append(result.stdout)
        assert all(character.isprintable() for character in result.stdout.replace("\n", "")), command
    assert [line.count("webhook_processed") for line in shown[0].splitlines()] == [1, 2], (
        "two lines, one an event"
    )
    assert len(shown[1].splitlines()) == 1
