"""The table of methods: one row is all that a new method needs to be offered, paid and told."""

from datetime import timedelta
from typing import Any

import pytest

from midtrans_simulator.protocol.methods import ACQUIRERS, BANKS, METHODS, STORES, Group, Method, Wallet

LINKAJA = Method(
    code="linkaja",
    name="LinkAja",
    group=Group.WALLET,
    payment_type="linkaja",
    lifetime=timedelta(minutes=5),
    charged="LinkAja transaction is created",
    wallet=Wallet.APP,
    refund_window=timedelta(days=30),
)


@pytest.mark.parametrize("language", ["id", "en"])
def test_a_row_makes_a_method(bench: Any, monkeypatch: pytest.MonkeyPatch, language: str) -> None:
    monkeypatch.setitem(METHODS, "linkaja", LINKAJA)

    async def story(b: Any) -> None:
        token = await b.token()
        page = f"/snap/v4/transactions/{token}"
        assert "LinkAja" in (await b.api.get(f"{page}/view?language={language}")).text
        assert "LinkAja" in (await b.api.get(f"{page}/view?method=linkaja&language={language}")).text
        shown = await b.api.post(f"{page}/charge?language={language}", json={"method": "linkaja"})
        assert 'data-view="pending"' in shown.text
        [made] = b.gateway.ledger.transactions()
        app = await b.api.get(f"/v2/deeplink/index?id={made.id}&language={language}")
        assert "LinkAja" in app.text
        await b.act("INV-1", "pay")
        refunded = await b.core("INV-1", "refund", {"amount": 99_000})
        assert refunded["transaction_status"] == "partial_refund"
        assert "LinkAja" in (await b.api.get(f"/?order=INV-1&language={language}")).text
        await b.quiet()
        assert {post.body["payment_type"] for post in b.endpoint.posts} == {"linkaja"}

    bench(story)


def test_banks_stores_and_acquirers_follow_from_the_rows() -> None:
    assert set(BANKS) == {"permata", "bca", "bni", "bri", "cimb", "danamon", "bsi", "seabank", "saqu"}
    assert set(STORES) == {"alfamart", "indomaret"}
    assert {name: method.code for name, method in ACQUIRERS.items()} == {
        "gopay": "gopay",
        "airpay shopee": "shopeepay",
    }
