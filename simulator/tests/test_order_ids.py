"""Order ids as merchants write them. Seen live; Midtrans's page "JSON objects" lists fewer characters."""

from typing import Any
from urllib.parse import quote

import httpx
import pytest

from midtrans_simulator import SimulatorConfig, running
from midtrans_simulator.client import Simulator

AS_WRITTEN = ["INV/200512/000082", "#123", "2016-10-20 12:39:16 +0700", "a:b", "Ä?&=%2F", "x" * 50]
PLAIN = "INV-1_a~b.c"


@pytest.mark.parametrize("order_id", AS_WRITTEN)
def test_snap_takes_it_and_core_finds_it_percent_encoded(bench: Any, order_id: str) -> None:
    async def story(b: Any) -> None:
        await b.begin("gopay", order_id)
        asked = quote(order_id, safe="")
        told = (await b.api.get(f"/v2/{asked}/status")).json()
        assert (told["order_id"], told["transaction_status"]) == (order_id, "pending")
        assert (await b.api.post(f"/_control/transactions/{asked}/pay", json={})).status_code == 200
        refunded = (await b.api.post(f"/v2/{asked}/refund", json={"amount": 1_000})).json()
        assert (refunded["order_id"], refunded["refund_amount"]) == (order_id, "1000.00")
        direct = (await b.api.post(f"/v2/{asked}/refund/online/direct", json={"amount": 1_000})).json()
        assert direct["transaction_status"] == "partial_refund"

    bench(story)


@pytest.mark.parametrize("order_id", AS_WRITTEN)
def test_a_charge_takes_it_and_it_is_cancelled_by_it(bench: Any, order_id: str) -> None:
    async def story(b: Any) -> None:
        order = {"order_id": order_id, "gross_amount": 10_000}
        made = await b.api.post("/v2/charge", json={"payment_type": "gopay", "transaction_details": order})
        assert made.json()["order_id"] == order_id
        gone = (await b.api.post(f"/v2/{quote(order_id, safe='')}/cancel")).json()
        assert (gone["status_code"], gone["order_id"]) == ("200", order_id)

    bench(story)


def test_over_a_real_socket_the_client_finds_each_of_them() -> None:
    with running(SimulatorConfig(seed=1)) as url, Simulator(url) as simulator:
        for order_id in AS_WRITTEN:
            simulator.choose(simulator.create_token(order_id, 10_000), "bca_va")
            simulator.pay(order_id)
            assert simulator.status(order_id)["transaction_status"] == "settlement"
        unencoded = httpx.get(f"{url}/v2/INV/200512/000082/status", auth=(simulator.server_key, ""))
        assert unencoded.json()["order_id"] == "INV/200512/000082"


@pytest.mark.parametrize(
    ("order_id", "message"),
    [
        ("x" * 51, "transaction_details.order_id is too long (maximum is 50 characters)"),
        ("   ", "transaction_details.order_id is required"),
        ("a\nb", "transaction_details.order_id format is invalid"),
    ],
)
def test_what_no_order_can_be_called(bench: Any, order_id: str, message: str) -> None:
    async def story(b: Any) -> None:
        order = {"order_id": order_id, "gross_amount": 10_000}
        refused = await b.api.post("/snap/v1/transactions", json={"transaction_details": order})
        assert (refused.status_code, refused.json()["error_messages"]) == (400, [message])

    bench(story)


def test_strict_holds_order_ids_to_the_documents(bench: Any) -> None:
    async def story(b: Any) -> None:
        for order_id in AS_WRITTEN[:-1]:
            order = {"order_id": order_id, "gross_amount": 10_000}
            refused = await b.api.post("/snap/v1/transactions", json={"transaction_details": order})
            assert refused.json()["error_messages"] == ["transaction_details.order_id format is invalid"]
            charged = await b.api.post(
                "/v2/charge", json={"payment_type": "gopay", "transaction_details": order}
            )
            assert charged.status_code == 400
        assert await b.token(PLAIN)

    bench(story, strict=True)


def test_the_dashboard_hints_at_an_order_id_that_the_documents_do_not_allow(bench: Any) -> None:
    async def story(b: Any) -> None:
        await b.token("INV/1")
        await b.token(PLAIN)
        hint = "transaction_details.order_id format is invalid"
        assert hint in (await b.api.get("/?order=INV%2F1&language=en")).text
        await b.choose(b.gateway.ledger.sessions()[0].token, "gopay")
        assert (await b.api.get("/?order=INV%2F1&language=en")).text.count(hint) == 1
        assert hint not in (await b.api.get(f"/?order={PLAIN}&language=en")).text

    bench(story)
