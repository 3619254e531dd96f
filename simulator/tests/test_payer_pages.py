"""The pages of the payer: the sandbox's payment simulators and the bank's 3DS page.

Midtrans, "Testing payment on sandbox".
"""

import html
import json
import re
from typing import Any

import pytest

from midtrans_simulator.payments import links

BANKS = [("/openapi/va/index", "permata_va"), ("/bca/va/index", "bca_va"), ("/bni/va/index", "bni_va")]
TILLS = [("/indomaret/phoenix/index", "indomaret"), ("/alfamart/index", "alfamart")]
CARD = "4811111111111114"


def number_of(transaction: dict[str, Any]) -> str:
    details = transaction["details"]
    shown = [va["va_number"] for va in details.get("va_numbers", [])]
    for name in ("permata_va_number", "bill_key", "payment_code"):
        shown += [details[name]] if name in details else []
    return str(shown[0])


@pytest.mark.parametrize(("path", "method"), [*BANKS, ("/openapi/va/index", "echannel"), *TILLS])
def test_a_number_is_looked_up_and_paid(bench: Any, path: str, method: str) -> None:
    async def story(b: Any) -> None:
        number = number_of(await b.begin(method))
        spaced = " ".join(re.findall(".{1,4}", number))
        bill = await b.api.get(path, params={"number": spaced})
        assert "Rp299.000" in bill.text
        assert "INV-1" in bill.text
        paid = await b.api.post(
            path, params={"number": spaced}, data={"action": "pay"}, follow_redirects=True
        )
        assert "Sudah dibayar" in paid.text
        assert (await b.status())["transaction_status"] == "settlement"

    bench(story)


def test_an_unknown_number_says_so(bench: Any) -> None:
    async def story(b: Any) -> None:
        reply = await b.api.get("/openapi/va/index?number=12345&language=en")
        assert reply.status_code == 404
        assert "There is no bill" in reply.text
        assert (await b.api.get("/openapi/va/index")).status_code == 200

    bench(story)


def test_a_bank_knows_only_its_own_numbers(bench: Any) -> None:
    async def story(b: Any) -> None:
        number = number_of(await b.begin("bca_va"))
        assert (await b.api.get(f"/bni/va/index?number={number}")).status_code == 404
        assert (await b.api.get(f"/alfamart/index?number={number}")).status_code == 404

    bench(story)


def test_a_bill_that_ended_cannot_be_paid(bench: Any) -> None:
    async def story(b: Any) -> None:
        number = number_of(await b.begin("bca_va"))
        await b.act("INV-1", "expire")
        params = {"number": number}
        reply = await b.api.post(
            "/bca/va/index", params=params, data={"action": "pay"}, follow_redirects=True
        )
        assert "tidak dapat dibayar lagi: expire" in reply.text
        assert (await b.status())["transaction_status"] == "expire"

    bench(story)


@pytest.mark.parametrize("path", ["/v2/qris/index", "/qris/index", "/gopay/ui/index"])
def test_a_qr_is_paid_by_the_address_of_its_image_or_by_its_content(bench: Any, path: str) -> None:
    async def story(b: Any) -> None:
        made = await b.begin("other_qris")
        image = f"http://simulator.test/v2/qris/{made['transaction_id']}/qr-code"
        picture = await b.api.get(image)
        assert picture.headers["content-type"] == "image/png"
        assert picture.content.startswith(b"\x89PNG")
        assert "INV-1" in (await b.api.get(path, params={"qr": made["qr_string"]})).text
        await b.api.post(path, params={"qr": image}, data={"action": "pay"})
        assert (await b.status())["transaction_status"] == "settlement"

    bench(story)


def test_gopay_returns_to_the_callback_url_with_its_result(bench: Any) -> None:
    async def story(b: Any) -> None:
        back = {"enable_callback": True, "callback_url": "https://shop.test/back/"}
        made = await b.begin("gopay", phone=True, gopay=back)
        page = f"/v2/deeplink/index?id={made['transaction_id']}"
        assert "order_id=INV-1&amp;result=abort" in (await b.api.get(page)).text
        paid = await b.api.post(page, data={"action": "pay"}, follow_redirects=True)
        assert "https://shop.test/back/?order_id=INV-1&amp;result=success" in paid.text

    bench(story)


def test_gopay_stays_in_its_app_without_enable_callback(bench: Any) -> None:
    async def story(b: Any) -> None:
        made = await b.begin("gopay", phone=True, gopay={"callback_url": "https://shop.test/back/"})
        page = await b.api.get(f"/v2/deeplink/index?id={made['transaction_id']}")
        assert "shop.test" not in page.text

    bench(story)


def told(page: str) -> dict[str, Any]:
    found = re.search(r'name="response" value="([^"]*)"', page)
    assert found is not None
    return json.loads(html.unescape(found[1]))


async def secure_card(b: Any, number: str = CARD) -> str:
    made = await b.begin("credit_card", credit_card={"secure": True}, card_number=number)
    return f"/v2/3ds/redirect/{made['details']['masked_card']}-{made['transaction_id']}"


@pytest.mark.parametrize(("otp", "code", "status"), [("112233", "200", "capture"), ("000000", "202", "deny")])
def test_the_banks_page_takes_the_otp(bench: Any, otp: str, code: str, status: str) -> None:
    async def story(b: Any) -> None:
        page = await secure_card(b)
        assert 'name="otp"' in (await b.api.get(page)).text
        result = told((await b.api.post(page, data={"otp": otp})).text)
        assert (result["status_code"], result["transaction_status"]) == (code, status)
        assert (await b.status())["transaction_status"] == status

    bench(story)


def test_the_banks_page_posts_to_the_callback_url_when_asked(bench: Any) -> None:
    async def story(b: Any) -> None:
        page = await secure_card(b)
        asked = {"callback_type": "form", "callback_url": "https://shop.test/3ds?a=b"}
        done = await b.api.post(page, params=asked, data={"otp": "112233"})
        assert 'action="https://shop.test/3ds?a=b"' in done.text
        hostile = {"callback_type": "form", "callback_url": "javascript:alert(1)"}
        assert "javascript:" not in (await b.api.get(page, params=hostile)).text

    bench(story)


def test_the_banks_page_of_an_unknown_card_says_so(bench: Any) -> None:
    async def story(b: Any) -> None:
        reply = await b.api.get("/v2/3ds/redirect/48111111-1114-nothing")
        assert (reply.status_code, "tidak dikenal" in reply.text) == (404, True)
        va = await b.begin("bca_va")
        assert (await b.api.get(f"/v2/3ds/redirect/1-2-{va['transaction_id']}")).status_code == 404

    bench(story)


@pytest.mark.parametrize(
    "method",
    [
        "bca_va",
        "permata_va",
        "echannel",
        "indomaret",
        "alfamart",
        "other_qris",
        "dana",
        "kredivo",
        "credit_card",
    ],
)
def test_the_dashboard_leads_to_the_payers_page(bench: Any, method: str) -> None:
    async def story(b: Any) -> None:
        card = {"credit_card": {"secure": True}, "card_number": CARD} if method == "credit_card" else {}
        await b.begin(method, **card)
        page = links.payer_page("http://simulator.test", b.gateway.ledger.find_anyones("INV-1"))
        assert html.escape(page) in (await b.api.get("/?order=INV-1")).text
        await b.api.post(page, data={"action": "pay"})
        assert b.gateway.ledger.find_anyones("INV-1").status in {"settlement", "capture"}

    bench(story)


def test_a_wrong_path_is_an_html_page(bench: Any) -> None:
    async def story(b: Any) -> None:
        reply = await b.api.get("/nothing/here?language=en")
        assert reply.status_code == 404
        assert "Nothing lives here" in reply.text
        assert "P-1" in (await b.api.get("/snap/finish?order_id=P-1")).text

    bench(story)
