"""The payment page, view by view: every method in both languages, and what a card form takes."""

from typing import Any

import pytest

from midtrans_simulator.protocol.methods import METHODS

CARD = {"card_number": "4811 1111 1111 1114", "card_exp": "12/30", "card_cvv": "123"}
BCA_CARD = "4773 7760 5705 1650"


async def charge(b: Any, token: str, method: str, language: str = "id", **form: str) -> str:
    reply = await b.api.post(
        f"/snap/v4/transactions/{token}/charge?language={language}", json={"method": method, **form}
    )
    assert reply.status_code == 200
    return str(reply.text)


@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize("method", list(METHODS))
def test_every_method_goes_from_the_list_to_paid(bench: Any, method: str, language: str) -> None:
    async def story(b: Any) -> None:
        processor = {"other_va": ["permata_va"]}.get(method, [])
        token = await b.token(enabled_payments=[method, *processor])
        page = await b.api.get(f"/snap/v4/redirection/{token}?language={language}")
        assert f'data-method="{method}"' in page.text
        asked = f"/snap/v4/transactions/{token}/view?language={language}&method={method}"
        assert 'data-action="confirm"' in (await b.api.get(asked)).text
        waiting = await charge(b, token, method, language, **(CARD if method == "credit_card" else {}))
        assert 'data-view="success"' in waiting or 'data-view="pending"' in waiting
        if 'data-view="pending"' in waiting:
            await b.act("INV-1", "pay")
        done = (await b.api.get(f"/snap/v4/redirection/{token}?language={language}")).text
        assert 'data-view="success"' in done
        assert "INV-1" in done

    bench(story)


def test_an_app_is_opened_where_there_is_one(bench: Any) -> None:
    async def story(b: Any) -> None:
        for number, method in enumerate(("dana", "kredivo")):
            order = f"INV-{number}"
            page = await charge(b, await b.token(order), method)
            assert f"/v2/deeplink/index?id={b.gateway.ledger.find_anyones(order).id}" in page

    bench(story)


def test_ovo_asks_the_number_that_was_typed(bench: Any) -> None:
    async def story(b: Any) -> None:
        page = await charge(b, await b.token(), "ovo", payer_phone="081200000001")
        assert "081200000001" in page
        await b.advance("10s")
        assert (await b.status())["transaction_status"] == "settlement"

    bench(story)


@pytest.mark.parametrize(
    ("bins", "taken"),
    [(["48111111"], True), (["4911"], False), (["bca"], False), ([], True)],
)
def test_a_whitelist_of_cards_is_kept(bench: Any, bins: list[str], taken: bool) -> None:
    async def story(b: Any) -> None:
        token = await b.token(credit_card={"whitelist_bins": bins})
        page = await charge(b, token, "credit_card", **CARD)
        assert ('data-view="success"' in page) is taken
        assert ("tidak diterima untuk pesanan ini" in page) is not taken

    bench(story)


INSTALLMENT = {"terms": {"bca": [3, 6], "offline": [12]}, "minimum_amount": {"offline": 500_000}}


def test_instalments_are_offered_for_the_amount_and_told(bench: Any) -> None:
    async def story(b: Any) -> None:
        token = await b.token(credit_card={"installment": INSTALLMENT})
        form = (await b.api.get(f"/snap/v4/transactions/{token}/view?method=credit_card")).text
        assert 'value="bca:3"' in form
        assert "offline:12" not in form
        other = await charge(b, token, "credit_card", **CARD, installment="bca:3")
        assert "kartu bank lain" in other
        await charge(b, token, "credit_card", **(CARD | {"card_number": BCA_CARD}), installment="bca:3")
        assert (await b.status())["installment_term"] == 3

    bench(story)


def test_instalments_can_be_the_only_way(bench: Any) -> None:
    async def story(b: Any) -> None:
        token = await b.token(credit_card={"installment": INSTALLMENT | {"required": True}})
        page = await charge(b, token, "credit_card", **(CARD | {"card_number": BCA_CARD}))
        assert "Pilih dulu jangka waktu" in page
        assert (await b.status())["status_code"] == "404"

    bench(story)


@pytest.mark.parametrize("terms", [None, [], {"bca": 3}, {"bca": ["x"]}])
def test_odd_terms_offer_nothing(bench: Any, terms: Any) -> None:
    async def story(b: Any) -> None:
        token = await b.token(credit_card={"installment": {"terms": terms, "required": True}})
        assert 'data-view="success"' in await charge(b, token, "credit_card", **CARD)

    bench(story)


@pytest.mark.parametrize(
    ("path", "code"), [("unknown", "404"), ("cancelled", "406"), ("replaced", "406"), ("expired", "406")]
)
def test_a_closed_page_is_an_error_to_the_shop(bench: Any, path: str, code: str) -> None:
    async def story(b: Any) -> None:
        token = await b.token()
        if path == "cancelled":
            await b.api.post(f"/snap/v1/transactions/{token}/cancel")
        elif path == "replaced":
            await b.token()
        elif path == "expired":
            await b.advance("25h")
        shown = await b.api.get(f"/snap/v4/redirection/{'x' if path == 'unknown' else token}")
        assert 'data-view="closed"' in shown.text
        assert 'data-outcome="error"' in shown.text
        assert f"&#34;status_code&#34;: &#34;{code}&#34;" in shown.text

    bench(story)
