"""`/v2/{id}/…`: Core's calls, the rules of statuses (Midtrans, "Transaction status"), what is seen live."""

from typing import Any

import pytest

NOT_ALLOWED = "Transaction status cannot be updated."
ACCEPTED = "4811111111111114"


def test_an_order_without_a_chosen_method_does_not_exist_yet(bench: Any) -> None:
    async def story(b: Any) -> None:
        await b.token()
        reply = await b.api.get("/v2/INV-1/status")
        assert reply.status_code == 200
        assert reply.json()["status_code"] == "404"
        assert reply.json()["status_message"] == "Transaction doesn't exist."
        assert len(reply.json()["id"]) == 36
        assert (await b.core("INV-1", "cancel"))["status_code"] == "404"

    bench(story)


def test_a_wrong_key_is_http_401(bench: Any) -> None:
    async def story(b: Any) -> None:
        await b.begin("bca_va")
        reply = await b.api.get("/v2/INV-1/status", auth=("SB-Mid-server-other", ""))
        assert (reply.status_code, reply.json()["status_code"]) == (401, "401")
        reply = await b.api.get("/v2/INV-1/status", headers={"Authorization": "Basic !"})
        assert reply.status_code == 401

    bench(story)


def test_status_by_order_or_transaction_id(bench: Any) -> None:
    async def story(b: Any) -> None:
        made = await b.begin("bca_va")
        by_order, by_id = await b.status(), await b.status(made["transaction_id"])
        assert by_order == by_id
        assert by_order["status_code"] == "201"
        assert by_order["status_message"] == "Success, transaction is found"
        assert None not in by_order.values()

    bench(story)


@pytest.mark.parametrize(
    ("act", "code", "status", "later"),
    [("cancel", "200", "cancel", "200"), ("expire", "407", "expire", "407")],
)
def test_a_pending_payment_is_ended_once(bench: Any, act: str, code: str, status: str, later: str) -> None:
    async def story(b: Any) -> None:
        made = await b.begin("bca_va")
        done = await b.core("INV-1", act)
        assert (done["status_code"], done["transaction_status"]) == (code, status)
        again = await b.core("INV-1", act)
        assert again == {"status_code": "412", "status_message": NOT_ALLOWED, "id": made["transaction_id"]}
        assert (await b.status())["status_code"] == later

    bench(story)


def test_a_settled_payment_cannot_be_cancelled_nor_a_captured_one_refunded(bench: Any) -> None:
    async def story(b: Any) -> None:
        await b.begin("gopay")
        await b.act("INV-1", "pay")
        assert (await b.core("INV-1", "cancel"))["status_code"] == "412"
        await b.begin("credit_card", "INV-2", card_number=ACCEPTED)
        assert (await b.core("INV-2", "refund", {"amount": 1}))["status_code"] == "412"
        assert (await b.core("INV-2", "cancel"))["transaction_status"] == "cancel"

    bench(story)


def test_a_challenge_is_approved_or_denied(bench: Any) -> None:
    async def story(b: Any) -> None:
        await b.begin("credit_card", card_number="4511111111111117")
        assert (await b.status())["fraud_status"] == "challenge"
        assert (await b.core("INV-1", "approve"))["fraud_status"] == "accept"
        assert (await b.core("INV-1", "approve"))["status_code"] == "412"
        await b.begin("credit_card", "INV-2", card_number="4511111111111117")
        denied = await b.core("INV-2", "deny")
        assert (denied["transaction_status"], denied["fraud_status"]) == ("deny", "deny")
        await b.quiet()
        codes = [(post.body["transaction_status"], post.body["status_code"]) for post in b.endpoint.posts]
        assert sorted(codes) == [("capture", "200"), ("capture", "201"), ("capture", "201"), ("deny", "202")]

    bench(story)


@pytest.mark.parametrize(
    ("number", "status", "fraud", "response"),
    [
        (ACCEPTED, "capture", "accept", "00"),
        ("4811 1111 1111 1114", "capture", "accept", "00"),
        ("4911111111111113", "deny", "accept", "05"),
        ("4611111111111116", "deny", "deny", "05"),
        ("4511111111111117", "capture", "challenge", "00"),
        ("4472429869996670", "deny", "accept", "51"),
        ("4806000000000081", "deny", "accept", "51"),
        ("4242424242424242", "deny", "accept", "05"),
    ],
)
def test_the_card_number_decides(bench: Any, number: str, status: str, fraud: str, response: str) -> None:
    async def story(b: Any) -> None:
        await b.begin("credit_card", card_number=number)
        told = await b.status()
        assert (told["transaction_status"], told["fraud_status"]) == (status, fraud)
        assert told["channel_response_code"] == response

    bench(story)


@pytest.mark.parametrize(("otp", "status", "eci"), [("112233", "capture", "05"), ("000000", "deny", "07")])
def test_3ds_asks_for_the_otp(bench: Any, otp: str, status: str, eci: str) -> None:
    async def story(b: Any) -> None:
        await b.begin("credit_card", card_number=ACCEPTED, otp=otp, credit_card={"secure": True})
        told = await b.status()
        assert (told["transaction_status"], told["eci"]) == (status, eci)

    bench(story)


def test_a_cancels_answer_has_the_currency(bench: Any) -> None:
    """Midtrans, "Cancel transaction"."""

    async def story(b: Any) -> None:
        await b.begin("bca_va")
        assert (await b.core("INV-1", "cancel"))["currency"] == "IDR"

    bench(story)


def test_b2b_status_lists_the_payments_of_a_b2b_order_newest_first(bench: Any) -> None:
    """Midtrans, "Get transaction status B2B"."""

    async def story(b: Any) -> None:
        await b.begin("gopay", "PLAIN")
        refused = (await b.api.get("/v2/PLAIN/status/b2b")).json()
        assert (refused["status_code"], refused["status_message"]) == ("404", "Transaction doesn't exist.")
        await b.begin("permata_va", permata_va={"va_number": "1234567890"})
        await b.act("INV-1", "pay")
        for _ in range(2):
            await b.advance("1m")
            await b.act("INV-1", "pay_again")
        told = (await b.api.get("/v2/INV-1/status/b2b")).json()
        assert (told["status_code"], told["status_message"]) == ("200", "Success, transactions are retrieved")
        times = [each["transaction_time"] for each in told["transactions"]]
        assert len(times) == 3
        assert times == sorted(times, reverse=True)
        second = (await b.api.get("/v2/INV-1/status/b2b?page=1&per_page=2")).json()["transactions"]
        assert [each["transaction_time"] for each in second] == times[2:]
        for wrong in ("page=-1", "per_page=0", "per_page=x"):
            assert (await b.api.get(f"/v2/INV-1/status/b2b?{wrong}")).status_code == 400

    bench(story)


def test_refunds_add_up_to_the_whole(bench: Any) -> None:
    async def story(b: Any) -> None:
        await b.begin("gopay")
        await b.act("INV-1", "pay")
        part = await b.core("INV-1", "refund", {"refund_key": "r1", "amount": 100_000, "reason": "x"})
        assert (part["transaction_status"], part["refund_amount"]) == ("partial_refund", "100000.00")
        again = await b.core("INV-1", "refund", {"refund_key": "r1", "amount": 100_000})
        assert (again["status_code"], again["status_message"]) == ("406", "Duplicate refund ID")
        over = await b.core("INV-1", "refund", {"refund_key": "r2", "amount": 199_001})
        assert over["status_code"] == "414"
        rest = await b.core("INV-1", "refund/online/direct", {"refund_key": "r3"})
        assert (rest["transaction_status"], rest["refund_amount"]) == ("refund", "199000.00")
        assert rest["status_message"] == "Success, refund request is approved by the bank"
        told = await b.status()
        assert told["refund_amount"] == "299000.00"
        assert [refund["refund_key"] for refund in told["refunds"]] == ["r1", "r3"]
        assert (await b.core("INV-1", "refund"))["status_code"] == "412"

    bench(story)


@pytest.mark.parametrize("amount", [0, -1, 1.5, "x", True, 299_001])
def test_a_bad_refund_amount_refunds_nothing(bench: Any, amount: Any) -> None:
    async def story(b: Any) -> None:
        await b.begin("gopay")
        await b.act("INV-1", "pay")
        assert (await b.core("INV-1", "refund", {"amount": amount}))["status_code"] == "414"
        assert (await b.status())["transaction_status"] == "settlement"

    bench(story)


def test_what_cannot_be_refunded_is_refused(bench: Any) -> None:
    async def story(b: Any) -> None:
        await b.begin("bca_va")
        await b.act("INV-1", "pay")
        assert (await b.core("INV-1", "refund"))["status_code"] == "412"
        await b.begin("shopeepay", "INV-2")
        await b.act("INV-2", "pay")
        assert (await b.core("INV-2", "refund", {"amount": 1}))["status_code"] == "414"
        await b.begin("kredivo", "INV-3")
        await b.act("INV-3", "pay")
        await b.advance("14d1m")
        assert (await b.core("INV-3", "refund"))["status_code"] == "412"

    bench(story)


@pytest.mark.parametrize("content", [b"", b"{}", b"null"])
def test_clients_may_send_nothing_in_several_ways(bench: Any, content: bytes) -> None:
    async def story(b: Any) -> None:
        await b.begin("bca_va")
        reply = await b.api.post("/v2/INV-1/cancel", content=content)
        assert reply.json()["status_code"] == "200"

    bench(story)


def test_body_codes_can_be_mirrored_as_http_statuses(bench: Any) -> None:
    async def story(b: Any) -> None:
        assert (await b.api.get("/v2/none/status")).status_code == 404

    bench(story, mirror_body_code=True)


def test_one_merchant_does_not_see_anothers_orders(bench: Any) -> None:
    async def story(b: Any) -> None:
        made = await b.begin("bca_va")
        for reference in ("INV-1", made["transaction_id"]):
            reply = await b.api.get(f"/v2/{reference}/status", auth=("SB-Mid-server-other", ""))
            assert reply.json()["status_code"] == "404"

    bench(story, server_key=None)


def test_every_sandbox_key_is_a_merchant_unless_a_list_is_given(bench: Any) -> None:
    async def answers(b: Any) -> list[int]:
        keys = ("SB-Mid-server-simulator", "SB-Mid-server-second", "Mid-server-third", "another")
        return [(await b.api.get("/v2/INV-1/status", auth=(key, ""))).status_code for key in keys]

    async def without(b: Any) -> None:
        assert await answers(b) == [200, 200, 200, 401]  # newer accounts have keys without SB-

    async def with_a_list(b: Any) -> None:
        assert await answers(b) == [200, 200, 401, 401]

    bench(without, server_key=None, client_key=None)
    bench(with_a_list, more_server_keys=("SB-Mid-server-second",))


@pytest.mark.parametrize(
    ("verb", "path", "status", "error"),
    [
        ("GET", "/v2/nothing", 404, "Not Found"),
        ("POST", "/v2/charge/", 404, "Not Found"),
        ("POST", "/v1/transactions", 404, "Not Found"),
        ("GET", "/v2/charge", 405, "Method Not Allowed"),
        ("GET", "/v2", 404, "Not Found"),
        ("GET", "/v2/INV-1/cancel", 405, "Method Not Allowed"),
    ],
)
def test_a_wrong_path_on_core_is_json_and_never_a_redirect(
    bench: Any, verb: str, path: str, status: int, error: str
) -> None:
    """Seen live."""

    async def story(b: Any) -> None:
        reply = await b.api.request(verb, path)
        assert reply.status_code == status
        assert reply.headers["content-type"] == "application/json"
        told = reply.json()
        assert set(told) == {"timestamp", "status", "error", "message", "path"}
        assert (told["status"], told["error"], told["path"]) == (status, error, path)

    bench(story)


def test_a_wrong_path_elsewhere_is_an_html_page(bench: Any) -> None:
    async def story(b: Any) -> None:
        for path in ("/snap/v1/nothing", "/nothing"):
            reply = await b.api.get(path)
            assert reply.status_code == 404
            assert reply.headers["content-type"].startswith("text/html")

    bench(story)


def test_payment_instructions_are_a_pdf(bench: Any) -> None:
    async def story(b: Any) -> None:
        token = (await b.begin("bca_va"))["token"]
        reply = await b.api.get(f"/snap/v1/transactions/{token}/pdf")
        assert reply.headers["content-type"] == "application/pdf"
        assert reply.content.startswith(b"%PDF-1.4")
        assert (await b.status())["va_numbers"][0]["va_number"].encode() in reply.content
        assert (await b.api.get("/snap/v1/transactions/none/pdf")).status_code == 404

    bench(story)
