"""A notification URL that was mistyped is told to a person; noise is not."""

import json

import pytest

from tests.command import DONE, WRONG
from tests.integration.test_remedies import carried_out
from tests.stand import Stand, notification
from tuntas.store.alerts import ADVICE, AlertKind

pytestmark = pytest.mark.anyio

ODD = ("/webhook", "/api/v1/midtrans/notification", "/", "/payment/success", "/api/v1/login", "/a%1b[2J")


async def test_a_signed_notification_at_another_address_is_shown_by_the_doctor_and_healed_as_advised(
    stand: Stand,
) -> None:
    order_id = await stand.order()
    await stand.pay(order_id)
    told = notification(order_id, "settlement")
    (before,) = stand.rows("select status from orders where order_id = %s", order_id)
    for path in ODD:
        stand.rows("delete from alerts returning 1")
        await stand.http.post(path, json=told)
        (alert,) = stand.rows("select id, kind, detail from alerts where resolved_at is null")
        right = f"{stand.url}/api/v1/midtrans/webhook"
        about = {"path": path.replace("%1b", "\\x1b"), "right_address": right}
        assert (alert["kind"], alert["detail"]) == (AlertKind.WEBHOOK_ELSEWHERE, about)
    assert stand.rows("select status from orders where order_id = %s", order_id) == [before]
    doctor = await carried_out(stand, "tuntas doctor")
    assert doctor.code == WRONG
    assert "path /a\\x1b[2J" in doctor.out
    for command in ("tuntas sync", f"tuntas resolve {alert['id']} --note mended"):
        named = command.partition(f" {alert['id']}")[0]
        assert named in ADVICE[AlertKind.WEBHOOK_ELSEWHERE].remedy
        done = await carried_out(stand, command)
        assert done.code == DONE, done
    assert (await carried_out(stand, "tuntas doctor")).code == DONE


async def test_many_odd_addresses_are_one_alert(stand: Stand) -> None:
    told = notification("INV-5", "settlement")
    for number in range(9):
        await stand.http.post(f"/{number}{'x' * 300}", json=told)
    (alert,) = stand.rows("select detail from alerts")
    assert alert["detail"]["path"] == f"/0{'x' * 198}"


async def test_what_nobody_signed_makes_no_alert(stand: Stand) -> None:
    signed = notification("INV-5", "settlement")
    forged = json.dumps({**signed, "signature_key": "0" * 128}).encode()
    padded = json.dumps({**signed, "more": "x" * 70_000}).encode()
    for body in (b"", b"{", b'{"signature_key": 1}', forged, padded, b"\xff" * 70_000):
        reply = await stand.http.post("/webhook", content=body)
        assert reply.status_code == 404
    assert stand.rows("select * from alerts") == []
