"""`POST /snap/v1/transactions` and its cancel call (Midtrans, "JSON objects", "Cancel session")."""

from typing import Any

import pytest


def test_a_token_and_a_redirect_url_on_the_host_that_was_asked(bench: Any) -> None:
    async def story(b: Any) -> None:
        details = {"order_id": "INV-1", "gross_amount": 299_000}
        reply = await b.api.post("/snap/v1/transactions", json={"transaction_details": details})
        assert reply.status_code == 201
        token = reply.json()["token"]
        assert len(token) == 36
        assert reply.json()["redirect_url"] == f"http://simulator.test/snap/v4/redirection/{token}"

    bench(story)


def test_a_wrong_key_is_refused_before_the_body_is_looked_at(bench: Any) -> None:
    async def story(b: Any) -> None:
        for key in ("SB-Mid-server-other", "anything"):
            reply = await b.api.post("/snap/v1/transactions", content=b"{", auth=(key, ""))
            assert reply.status_code == 401
            assert len(reply.json()["error_messages"]) == 2
        reply = await b.api.post("/snap/v1/transactions", json={}, auth=("", ""))
        assert (reply.status_code, reply.json()) == (400, {"error_messages": ["Merchant is required"]})

    bench(story)


def test_any_sandbox_key_is_a_merchant_when_none_is_given(bench: Any) -> None:
    async def story(b: Any) -> None:
        body = {"transaction_details": {"order_id": "INV-1", "gross_amount": 10_000}}
        for key in ("SB-Mid-server-one", "SB-Mid-server-two", "Mid-server-three"):
            assert (await b.api.post("/snap/v1/transactions", json=body, auth=(key, ""))).status_code == 201
        assert (
            await b.api.post("/snap/v1/transactions", json=body, auth=("server-x", ""))
        ).status_code == 401

    bench(story, server_key=None, client_key=None)


def test_all_problems_are_reported_at_once(bench: Any) -> None:
    async def story(b: Any) -> None:
        body = {
            "transaction_details": {"gross_amount": 0},
            "item_details": [{"price": 1_000, "quantity": 1}],
            "customer_details": {"email": ""},
        }
        reply = await b.api.post("/snap/v1/transactions", json=body)
        assert reply.status_code == 400
        assert reply.json()["error_messages"] == [
            "transaction_details.order_id is required",
            "transaction_details.gross_amount must be greater than or equal to 0.01",
            "item_details Name is required",
            "transaction_details.gross_amount is not equal to the sum of item_details",
            "customer_details.email format is invalid",
        ]

    bench(story)


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (None, "transaction_details.order_id is required"),
        ({"transaction_details": {"order_id": "a" * 51, "gross_amount": 1}}, "maximum is 50"),
        ({"transaction_details": {"order_id": "a", "gross_amount": 1.5}}, "gross_amount must be an integer"),
        ({"custom_field1": "x" * 256}, "custom_field1 is too long"),
        ({"callbacks": {"finish": "x" * 256}}, "callbacks.finish is too long"),
        ({"enabled_payments": "bca_va"}, "enabled_payments must be an array"),
        ({"gopay": 1}, "gopay must be an object"),
        ({"bca_va": {"va_number": "12a"}}, "bca_va.va_number must be numeric"),
        ({"expiry": {"unit": "second", "duration": 30}}, "unit must be one of"),
        ({"expiry": {"unit": "minute", "duration": "x"}}, "duration must be a number"),
        ({"expiry": {"unit": "minute", "duration": 0}}, "at least 20 seconds"),
        ({"expiry": {"unit": "day", "duration": 10**12}}, "duration is too long"),
        ({"expiry": {"unit": "day", "duration": 1, "start_time": "today"}}, "yyyy-MM-dd HH:mm:ss Z"),
        (
            {"expiry": {"unit": "day", "duration": 1, "start_time": "2020-01-01 00:00:00 +0700"}},
            "already in the past",
        ),
        ({"item_details": [{"name": "x" * 51, "price": 1, "quantity": 0}]}, "Quantity must be at least 1"),
        ([], "There was a problem in the JSON you submitted"),
        (b"{", "There was a problem in the JSON you submitted"),
        (b'{"metadata": NaN}', "There was a problem in the JSON you submitted"),
        (b'{"custom_field1": "\\ud800"}', "There was a problem in the JSON you submitted"),
        (b"[" * 9_000, "There was a problem in the JSON you submitted"),
        ({"metadata": "x" * 17_000}, "too large"),
    ],
)
def test_a_bad_request_is_answered_with_its_problem(bench: Any, body: Any, problem: str) -> None:
    async def story(b: Any) -> None:
        sent = {"content": body} if isinstance(body, bytes) else {"json": body}
        reply = await b.api.post("/snap/v1/transactions", **sent)
        assert reply.status_code == 400
        assert problem in " ".join(reply.json()["error_messages"])

    bench(story)


def test_a_repeated_create_replaces_the_unused_token(bench: Any) -> None:
    async def story(b: Any) -> None:
        first, second = await b.token(), await b.token()
        assert first != second
        refused = await b.api.post(f"/_control/sessions/{first}/choose", json={"method": "bca_va"})
        assert refused.json()["code"] == "session_closed"
        await b.choose(second, "bca_va")

    bench(story)


def test_an_order_in_use_or_paid_takes_no_new_token(bench: Any) -> None:
    async def story(b: Any) -> None:
        body = {"transaction_details": {"order_id": "INV-1", "gross_amount": 299_000}}
        await b.begin("bca_va")
        reply = await b.api.post("/snap/v1/transactions", json=body)
        assert reply.json()["error_messages"] == ["transaction_details.order_id sudah digunakan"]
        await b.act("INV-1", "pay")
        reply = await b.api.post("/snap/v1/transactions", json=body)
        assert reply.json()["error_messages"] == [
            "transaction_details.order_id has been paid and utilized, please use another order ID"
        ]

    bench(story)


@pytest.mark.parametrize("ending", ["cancel", "expire", "deny"])
def test_an_order_that_ended_unpaid_may_be_used_again(bench: Any, ending: str) -> None:
    async def story(b: Any) -> None:
        first = await b.begin("bca_va")
        await b.act("INV-1", ending)
        second = await b.begin("other_qris")
        assert second["transaction_id"] != first["transaction_id"]
        assert (await b.status())["transaction_id"] == second["transaction_id"]
        assert (await b.status(first["transaction_id"]))["transaction_status"] == ending

    bench(story)


def test_a_denied_card_leaves_the_token_open_until_the_fourth_failure(bench: Any) -> None:
    async def story(b: Any) -> None:
        token = await b.token()
        for _ in range(4):
            await b.choose(token, "credit_card", card_number="4911111111111113")
        refused = await b.api.post(f"/_control/sessions/{token}/choose", json={"method": "bca_va"})
        assert refused.json()["code"] == "too_many_failures"

    bench(story)


def test_a_session_is_cancelled_once_and_only_unused(bench: Any) -> None:
    async def story(b: Any) -> None:
        token = await b.token()
        url = f"/snap/v1/transactions/{token}/cancel"
        done = await b.api.post(url)
        assert done.status_code == 200
        assert done.json()["canceled_at"].endswith("Z")
        assert (await b.api.post(url)).json() == {"error_messages": ["token already canceled"]}
        used = (await b.begin("bca_va", "INV-2"))["token"]
        busy = await b.api.post(f"/snap/v1/transactions/{used}/cancel")
        assert busy.json() == {"error_messages": ["Transaction is on progress"]}
        assert (await b.api.post("/snap/v1/transactions/none/cancel")).status_code == 404

    bench(story)


def test_enabled_payments_and_aliases_open_only_their_methods(bench: Any) -> None:
    async def story(b: Any) -> None:
        token = await b.token(enabled_payments=["cstore", "gopay", "unheard_of"])
        page = (await b.api.get(f"/snap/v4/redirection/{token}")).text
        shown = [
            code for code in ("alfamart", "indomaret", "gopay", "bca_va") if f'data-method="{code}"' in page
        ]
        assert shown == ["alfamart", "indomaret", "gopay"]
        refused = await b.api.post(f"/_control/sessions/{token}/choose", json={"method": "bca_va"})
        assert refused.json()["code"] == "method_unavailable"

    bench(story)


def test_an_amount_outside_a_methods_range_shows_it_closed(bench: Any) -> None:
    async def story(b: Any) -> None:
        token = await b.token(amount=5_000)
        page = (await b.api.get(f"/snap/v4/redirection/{token}")).text
        assert 'data-method="bca_va" disabled' in page
        refused = await b.api.post(f"/_control/sessions/{token}/choose", json={"method": "bca_va"})
        assert refused.json()["code"] == "method_unavailable"

    bench(story)


@pytest.mark.parametrize("path", ["/snap/v4/redirection/", "/snap/v3/redirection/", "/snap/v2/vtweb/"])
def test_the_page_answers_under_old_paths(bench: Any, path: str) -> None:
    async def story(b: Any) -> None:
        assert "Pilih cara bayar" in (await b.api.get(path + await b.token())).text
        assert (await b.api.get(path + "unknown")).status_code == 404

    bench(story)


@pytest.mark.parametrize(
    ("asked", "given"),
    [("12345678901", "8240612345678901"), ("123", "8240600000000123"), ("1234567890199", "8240612345678901")],
)
def test_a_custom_va_number_is_cut_or_padded(bench: Any, asked: str, given: str) -> None:
    async def story(b: Any) -> None:
        await b.begin("bca_va", bca_va={"va_number": asked})
        assert (await b.status())["va_numbers"] == [{"bank": "bca", "va_number": given}]
        await b.begin("bca_va", "INV-2", bca_va={"va_number": asked})
        assert (await b.status("INV-2"))["va_numbers"][0]["va_number"] != given

    bench(story)
