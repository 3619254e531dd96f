"""Texts that JSON, URLs and forms allow and PostgreSQL or UTF-8 does not: a clear answer at every door."""

import asyncio
import json
from typing import Any

import httpx
import pytest

from tests.stand import PRICE, Stand, notification

pytestmark = pytest.mark.anyio

WEBHOOK = "/api/v1/midtrans/webhook"
JSON = {"Content-Type": "application/json"}
HALF = "\ud83d"
"""The first half of an emoji."""


async def deliver(stand: Stand, body: dict[str, Any] | bytes) -> int:
    """The status of the answer to a body sent as a careless sender writes it."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return (await stand.http.post(WEBHOOK, content=content, headers=JSON)).status_code


async def test_no_forgery_of_odd_texts_and_numbers_costs_more_than_any_other(stand: Stand) -> None:
    order_id = await stand.order()
    signed = notification(order_id, "settlement")
    forged = {**signed, "signature_key": "0" * 128}
    expected: list[tuple[dict[str, Any] | bytes, int]] = [
        ({**signed, "signature_key": HALF + "0" * 127}, 403),
        ({**signed, "signature_key": "nul\x00"}, 403),
        ({**forged, "order_id": f"INV-{HALF}"}, 400),
        ({**forged, "order_id": "INV-\x00"}, 400),
        ({**forged, "gross_amount": "299000.00\x00"}, 400),
        ({**forged, "transaction_id": HALF}, 403),
        ({**forged, "x": [HALF, "\x00"]}, 403),
        (b'{"order_id": ' + b"9" * 5_000 + b"}", 400),
        (b'{"a": ' * 9_000, 400),
        (b"[" * 900 + b"]" * 900, 400),
    ]
    for body, status in expected:
        assert await deliver(stand, body) == status, str(body)[:80].encode()
    assert (await stand.invitation())["payment_status"] == "pending"
    assert stand.rows("select 1 from notifications") == []


async def test_what_is_rightly_signed_is_applied_whatever_stands_beside_it(stand: Stand) -> None:
    order_id = await stand.order()
    body = notification(order_id, "settlement", custom_field1=f"a\x00{HALF}", metadata={HALF: "\x00"})
    content = json.dumps(body)[:-1] + ', "number": ' + "9" * 5_000 + "}"
    assert await deliver(stand, content.encode()) == 200
    assert (await stand.invitation())["payment_status"] == "paid"


async def test_a_refunds_reason_cut_inside_an_emoji_is_stored_without_the_half(stand: Stand) -> None:
    order_id = await stand.order()
    await stand.notify(order_id, "settlement", payment_type="gopay")
    row = {"refund_chargeback_id": 1, "refund_amount": 5000, "reason": f"salah tanggal {HALF}"}
    body = notification(order_id, "partial_refund", payment_type="gopay", refunds=[row])
    assert await deliver(stand, body) == 200
    (refund,) = stand.rows("select amount, reason, refund_key from refunds")
    assert refund == {"amount": 5_000, "reason": "salah tanggal \ufffd", "refund_key": "midtrans-1"}


async def test_a_fee_passed_on_to_the_buyer_pays_the_order(stand: Stand) -> None:
    order_id = await stand.order()
    info = {"original_amount": str(PRICE), "gross_amount": 301_093, "customer_imposed_payment_fee": "2093"}
    await stand.notify(
        order_id, "settlement", gross_amount="301093.00", extra_info={"gross_amount_info": json.dumps(info)}
    )
    assert (await stand.invitation())["payment_status"] == "paid"


async def test_a_body_that_was_encoded_twice_is_read(stand: Stand) -> None:
    order_id = await stand.order()
    twice = json.dumps(json.dumps(notification(order_id, "settlement")))
    assert await deliver(stand, twice.encode()) == 200
    assert (await stand.invitation())["payment_status"] == "paid"


ODD_TEXTS = ["\x00", f"a{HALF}", "\x1b[2J"]


async def test_every_field_of_the_api_refuses_what_cannot_be_kept(stand: Stand) -> None:
    headers = {**await stand.bearer(), **JSON}
    person = {"name": "Siti", "email": "siti@example.test", "password": "a-long-password"}
    invitation = {"package_id": 1, "domain": "siti-budi", "title": "T", "venue": "V"}
    doors: list[tuple[str, str, dict[str, object], list[str]]] = [
        ("POST", "/api/v1/register", person, ["name", "email"]),
        ("POST", "/api/v1/invitations", invitation, ["domain", "title", "venue", "event_date"]),
        ("PATCH", "/api/v1/invitations/5", {}, ["title", "venue", "event_date"]),
        ("POST", "/api/v1/midtrans/check-status", {}, ["order_id"]),
        ("POST", "/api/midtrans/create-snap-token", {"invitation_id": 5}, ["amount"]),
    ]
    for method, path, usual, names in doors:
        for name in names:
            for odd in ODD_TEXTS:
                content = json.dumps({**usual, name: odd}).encode()
                reply = await stand.http.request(method, path, content=content, headers=headers)
                assert reply.status_code in {422, 404}, (path, name, odd.encode("utf-8", "replace"))
                assert reply.json()["code"]
    for odd in ODD_TEXTS:
        content = json.dumps({"email": odd, "password": odd}).encode()
        reply = await stand.http.post("/api/v1/login", content=content, headers=JSON)
        assert reply.status_code in {401, 422}


async def test_endless_numbers_and_nesting_are_the_callers_mistake(stand: Stand) -> None:
    headers = {**await stand.bearer(), **JSON}
    endless = b"9" * 5_000
    for body in (
        b'{"invitation_id": ' + endless + b"}",
        b'{"invitation_id": 5, "amount": 1e' + endless + b"}",
        b'{"invitation_id": 1e999}',
        b'{"a": ' * 9_000,
        b"[" * 60_000,
    ):
        reply = await stand.http.post("/api/midtrans/create-snap-token", content=body, headers=headers)
        assert reply.status_code in {400, 422}, body[:40]
        assert reply.json()["code"] in {"invalid_json", "invalid_request"}


async def test_odd_texts_in_an_address_are_not_found_or_ignored(stand: Stand) -> None:
    bearer = await stand.bearer()
    cookie = {"Cookie": f"tuntas_session={bearer['Authorization'].removeprefix('Bearer ')}"}
    doors: list[tuple[str, dict[str, str], set[int]]] = [
        ("/api/v1/payments/", bearer, {404}),
        ("/api/v1/invitations/", bearer, {404, 422}),
        ("/i/", {}, {404}),
        ("/checkout/", cookie, {404}),
        ("/payment/success?order_id=", cookie, {200}),
        ("/login?next=", {}, {200}),
        ("/?lang=", {}, {303}),
    ]
    for path, headers, expected in doors:
        for odd in ("%00", "%ED%A0%BD", "%FF", "%1B", "a%0Ab"):
            reply = await stand.http.get(f"{path}{odd}", headers=headers)
            assert reply.status_code in expected, f"{path}{odd}"


async def test_no_name_of_a_host_is_our_mistake(stand: Stand) -> None:
    for host in (b"\xff\xfe", b"a b", b"[::1", b"%00", b"\xed\xa0\xbd", b"", b"a:b:c", b"x" * 300):
        head = b"GET / HTTP/1.1\r\nHost: " + host + b"\r\nConnection: close\r\n\r\n"
        assert 200 <= await status_over_the_wire(stand, head) < 500, host


async def test_no_session_or_language_that_a_browser_sends_is_our_mistake(stand: Stand) -> None:
    for value in (b"\xff\xfe", b"\xed\xa0\xbd", b"%00", b'"', b"\x01"):
        for name in (b"Cookie: tuntas_session=", b"Cookie: tuntas_language=", b"Authorization: Bearer "):
            head = b"GET /api/v1/user-profile HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
            status = await status_over_the_wire(stand, head + name + value + b"\r\n\r\n")
            assert 400 <= status < 500, name + value


async def test_a_form_in_a_charset_that_no_browser_uses_is_refused_or_read(stand: Stand) -> None:
    bearer = await stand.bearer()
    cookie = f"tuntas_session={bearer['Authorization'].removeprefix('Bearer ')}"
    for page, name in (
        ("/login", "password"),
        ("/login", "next"),
        ("/register", "name"),
        ("/invitations", "title"),
    ):
        part = f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'
        for charset, value in (
            ("unicode_escape", "\\ud83d"),
            ("utf-7", "+2D0-"),
            ("punycode", "\\"),
            ("undefined", "a"),
            ("no-such", "a"),
        ):
            reply = await stand.http.post(
                page,
                content=f"{part}{value}\r\n--x--\r\n".encode(),
                headers={
                    "Content-Type": f"multipart/form-data; charset={charset}; boundary=x",
                    "Cookie": cookie,
                },
            )
            assert reply.status_code in {400, 401, 422}, f"{page} {charset}"


async def status_over_the_wire(stand: Stand, request: bytes) -> int:
    """The status of the answer to bytes that no well-behaved client would send."""
    url = httpx.URL(stand.url)
    reader, writer = await asyncio.open_connection(url.host, url.port)
    writer.write(request)
    answer = await asyncio.wait_for(reader.readline(), 10)
    writer.close()
    return int(answer.split()[1])
