"""What Midtrans answers, through one door: every failure has its class, and nothing else is raised."""

from typing import Any

import httpx
import pytest

from tests.gateway import TOKEN, Gateway, gives_a_token, refuses, says
from tuntas.clock import SystemClock
from tuntas.domain.money import Rupiah
from tuntas.midtrans.core import CoreClient
from tuntas.midtrans.errors import (
    DuplicateRefund,
    EmailRefused,
    GatewayError,
    GatewayMisconfigured,
    GatewayRejected,
    GatewayTimeout,
    GatewayUnavailable,
    OrderIdTaken,
    TransactionNotFound,
)
from tuntas.midtrans.http import ANSWER_BYTES_MAX, MidtransHttp
from tuntas.midtrans.snap import PaymentRequest, SnapClient

pytestmark = pytest.mark.anyio

STATUS: dict[str, Any] = {
    "status_code": "200",
    "transaction_status": "settlement",
    "transaction_id": "t-1",
    "order_id": "INV-1",
    "gross_amount": "299000.00",
}
CLOCK = SystemClock()
ENDLESS = says(200, STATUS).content + b" " * ANSWER_BYTES_MAX


def http(gateway: Gateway, *, seconds: float = 5) -> MidtransHttp:
    return MidtransHttp(
        base_url="https://midtrans.example.test", server_key="key", timeout_seconds=seconds, transport=gateway
    )


def core(answer: httpx.Response) -> CoreClient:
    return CoreClient(http(Gateway(lambda _: answer)), CLOCK)


def request(**changes: Any) -> PaymentRequest:
    usual: dict[str, Any] = {
        "order_id": "INV-1",
        "gross_amount": Rupiah(299_000),
        "item_id": "package-1",
        "item_name": "Melati",
        "customer_name": "Siti",
        "customer_email": "siti@example.test",
        "created_at": CLOCK.now(),
        "lifetime_minutes": 60,
        "finish_url": "https://shop.example.test/payment/success",
        "error_url": "https://shop.example.test/payment/error",
    }
    return PaymentRequest(**{**usual, **changes})


@pytest.mark.parametrize(
    ("sentences", "cause"),
    [
        (["transaction_details.order_id sudah digunakan"], OrderIdTaken),
        (["transaction_details.order_id telah digunakan sebelumnya"], OrderIdTaken),
        (["Transaction_details.order_id has already been taken"], OrderIdTaken),
        (["order_id has been paid and utilized, please use another order ID"], OrderIdTaken),
        (["customer_details.email format is invalid", "order_id sudah digunakan"], OrderIdTaken),
        (["customer_details.email format is invalid"], EmailRefused),
        (["customer_details.email tidak valid"], EmailRefused),
        (["transaction_details.order_id is required"], GatewayRejected),
        (["transaction_details.order_id wajib diisi"], GatewayRejected),
        (["transaction_details.order_id must be less than 50 characters"], GatewayRejected),
        (["transaction_details.order_id must use only letters and digits"], GatewayRejected),
        (["karakter pada order_id yang digunakan tidak diperbolehkan"], GatewayRejected),
        (["customer_details.phone has already been taken"], GatewayRejected),
    ],
)
async def test_a_refusal_of_snap_is_the_one_it_names(sentences: list[str], cause: type[Exception]) -> None:
    with pytest.raises(GatewayRejected) as refusal:
        await SnapClient(http(Gateway(refuses(*sentences)))).create(request())
    assert type(refusal.value) is cause
    assert refusal.value.messages == tuple(sentences)


async def test_names_that_are_too_long_are_cut_and_no_address_is_no_field() -> None:
    gateway = Gateway(gives_a_token)
    token = await SnapClient(http(gateway)).create(
        request(customer_name="S" * 300, item_name="M" * 80, customer_email=None)
    )
    assert token.token == TOKEN["token"]
    (asked,) = gateway.asked
    assert asked["customer_details"] == {"first_name": "S" * 255}
    assert asked["item_details"][0]["name"] == "M" * 50


async def test_a_status_with_half_an_emoji_in_it_is_read_without() -> None:
    row = {"refund_key": "k1", "refund_amount": "5000.00", "reason": "salah tanggal \ud83d"}
    fact = await core(says(200, {**STATUS, "refunds": [row], "custom_field1": "a\x00"})).status("t-1")
    assert [refund.reason for refund in fact.refunds] == ["salah tanggal \ufffd"]


async def test_a_status_in_numbers_is_read_as_one_in_texts() -> None:
    numbers = {**STATUS, "status_code": 200, "gross_amount": 299_000}
    fact = await core(says(200, numbers)).status("t-1")
    assert fact.gross_amount == 299_000


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        (
            says(200, {"status_code": "404", "status_message": "Doesn't exist."}),
            TransactionNotFound,
        ),
        (
            says(404, {"status_code": 404, "status_message": ["Doesn't exist."]}),
            TransactionNotFound,
        ),
        (says(200, {"status_code": "401"}), GatewayMisconfigured),
        (says(401, {}), GatewayMisconfigured),
        (says(200, {**STATUS, "status_code": "500"}), GatewayUnavailable),
        (says(503, STATUS), GatewayUnavailable),
        (says(200, {**STATUS, "transaction_id": "t\x00"}), GatewayUnavailable),
        (says(200, {**STATUS, "transaction_id": 5}), GatewayUnavailable),
        (says(200, {**STATUS, "gross_amount": 2990.5}), GatewayUnavailable),
        (says(200, {**STATUS, "gross_amount": None}), GatewayUnavailable),
        (says(200, [STATUS]), GatewayUnavailable),
        (httpx.Response(200, content=b'{"status_code": "200", "a": ' + b"[" * 900), GatewayUnavailable),
        (httpx.Response(404, content=b"<html>"), GatewayUnavailable),
        (httpx.Response(302, headers={"Location": "/elsewhere"}), GatewayUnavailable),
        (
            httpx.Response(200, content=says(200, STATUS).content + b" " * ANSWER_BYTES_MAX),
            GatewayUnavailable,
        ),
        (httpx.Response(200, content=b"x", headers={"Content-Encoding": "gzip"}), GatewayUnavailable),
    ],
    ids=str,
)
async def test_an_answer_that_says_no_status_is_the_failure_it_is(
    answer: httpx.Response, cause: type[GatewayError]
) -> None:
    with pytest.raises(GatewayError) as failure:
        await core(answer).status("t-1")
    assert type(failure.value) is cause


async def test_an_endless_number_in_an_answer_loses_nothing() -> None:
    text = httpx.Response(200, content=says(200, STATUS).content[:-1] + b', "custom": ' + b"9" * 5_000 + b"}")
    assert (await core(text).status("t-1")).gross_amount == 299_000


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        (says(200, {"status_code": 406, "status_message": "Duplicate refund ID"}), DuplicateRefund),
        (says(200, {"status_code": "202", "status_message": "Refund denied by the bank"}), GatewayRejected),
        (says(200, {"status_code": "414", "status_message": {"a": "\x00"}}), GatewayRejected),
    ],
    ids=str,
)
async def test_a_refused_refund_is_told_in_midtranss_words(
    answer: httpx.Response, cause: type[GatewayError]
) -> None:
    with pytest.raises(GatewayRejected) as refusal:
        await core(answer).refund("t-1", refund_key="k", amount=Rupiah(1), reason="r")
    assert type(refusal.value) is cause
    assert "\x00" not in str(refusal.value)


async def test_an_answer_that_drips_without_end_is_given_up_on_in_time() -> None:
    silent = Gateway()
    silent.open.clear()
    with pytest.raises(GatewayTimeout):
        await CoreClient(http(silent, seconds=0.05), CLOCK).status("t-1")
