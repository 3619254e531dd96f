"""Texts for numbers and booleans (seen live with clients in PHP, Ruby and Java): answered as documented."""

from typing import Any

from midtrans_simulator.protocol.documented import read

ACCEPTED = "4811111111111114"


def test_secure_as_a_text_asks_for_the_otp(bench: Any) -> None:
    async def story(b: Any) -> None:
        await b.begin("credit_card", card_number=ACCEPTED, credit_card={"secure": "true"})
        assert (await b.status())["transaction_status"] == "pending"
        await b.begin("credit_card", "INV-2", card_number=ACCEPTED, credit_card={"secure": "false"})
        assert (await b.status("INV-2"))["transaction_status"] == "capture"

    bench(story)


def test_a_charge_with_texts_is_authenticated_saved_and_paid_in_terms(bench: Any) -> None:
    async def story(b: Any) -> None:
        query = {"card_number": ACCEPTED, "card_cvv": "123", "card_exp_month": "12", "card_exp_year": "2039"}
        token = (await b.api.get("/v2/token", params=query)).json()["token_id"]
        request = {
            "payment_type": "credit_card",
            "transaction_details": {"order_id": 4711, "gross_amount": "299000"},
            "credit_card": {
                "token_id": token,
                "authentication": "true",
                "save_token_id": "true",
                "installment_term": "6",
            },
            "custom_field1": 12,
            "metadata": {"secure": "true", "quantity": "1"},
        }
        told = (await b.api.post("/v2/charge", json=request)).json()
        assert (told["status_code"], told["order_id"]) == ("201", "4711")
        assert told["saved_token_id"]
        assert told["installment_term"] == 6
        assert told["custom_field1"] == "12"
        assert told["metadata"] == {"secure": "true", "quantity": "1"}

    bench(story)


def test_a_subscription_with_texts_shows_numbers(bench: Any) -> None:
    async def story(b: Any) -> None:
        plan = {
            "name": "langganan",
            "amount": 14_000,
            "currency": "IDR",
            "payment_type": "credit_card",
            "token": "any",
            "schedule": {"interval": "1", "interval_unit": "month", "max_interval": "12"},
        }
        made = await b.api.post("/v1/subscriptions", json=plan)
        assert made.status_code == 200, made.text
        told = (await b.api.get(f"/v1/subscriptions/{made.json()['id']}")).json()
        assert (told["schedule"]["interval"], told["schedule"]["max_interval"]) == (1, 12)
        assert told["amount"] == "14000"

    bench(story)


def test_items_expiry_and_instalments_with_texts(bench: Any) -> None:
    async def story(b: Any) -> None:
        items = [{"id": 7, "name": "Undangan", "price": "149500", "quantity": "2"}]
        made = await b.begin("bca_va", item_details=items, expiry={"duration": "2", "unit": "hours"})
        assert made["transaction_status"] == "pending"
        token = await b.token(
            "INV-2",
            credit_card={
                "secure": "true",
                "installment": {
                    "required": "true",
                    "terms": {"bca": ["3", "6"]},
                    "minimum_amount": {"bca": "1"},
                },
            },
        )
        form = (await b.api.get(f"/snap/v4/transactions/{token}/view?method=credit_card")).text
        assert 'value="bca:3"' in form
        assert 'value="bca:6"' in form

    bench(story)


def test_what_cannot_be_read_is_left_for_the_rules_to_refuse(bench: Any) -> None:
    async def story(b: Any) -> None:
        order = {"order_id": "INV-1", "gross_amount": "soon"}
        refused = await b.api.post(
            "/snap/v1/transactions", json={"transaction_details": order, "credit_card": {"secure": "perhaps"}}
        )
        assert refused.json()["error_messages"] == [
            "transaction_details.gross_amount must be an integer",
            "credit_card.secure must be a boolean",
        ]

    bench(story)


def test_every_level_is_read_but_the_merchants_own() -> None:
    sent = {
        "a": [{"secure": "TRUE", "quantity": "2", "phone": 812}],
        "metadata": {"secure": "true"},
        "x": "1",
    }
    assert read(sent) == {
        "a": [{"secure": True, "quantity": 2, "phone": "812"}],
        "metadata": {"secure": "true"},
        "x": "1",
    }
