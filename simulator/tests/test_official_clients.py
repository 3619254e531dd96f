"""The official clients of Midtrans as they are, pointed at the simulator and at nothing else."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import midtransclient
import pytest
import requests
from midtransclient.config import ApiConfig
from midtransclient.error_midtrans import MidtransAPIError

NODE = Path(__file__).parent / "node"
KEYS = {"server_key": "SB-Mid-server-simulator", "client_key": "SB-Mid-client-simulator"}
CARD = {"card_number": "4811 1111 1111 1114", "card_exp_month": "12", "card_exp_year": "2030"}
SECRET = {**CARD, "card_cvv": "123", "client_key": "SB-Mid-client-simulator"}


@pytest.fixture
def core(shop: Any, monkeypatch: Any) -> Any:
    monkeypatch.setattr(ApiConfig, "CORE_SANDBOX_BASE_URL", shop.simulator)
    monkeypatch.setattr(ApiConfig, "SNAP_SANDBOX_BASE_URL", f"{shop.simulator}/snap/v1")
    return midtransclient.CoreApi(**KEYS)


def test_python_snap_and_the_life_of_an_order(shop: Any, core: Any) -> None:
    snap = midtransclient.Snap(**KEYS)
    order = {"transaction_details": {"order_id": "PY-1", "gross_amount": 200_000}}
    made = snap.create_transaction(order)
    assert made["redirect_url"] == f"{shop.simulator}/snap/v4/redirection/{made['token']}"
    with pytest.raises(MidtransAPIError) as unchosen:
        snap.transactions.status("PY-1")
    assert unchosen.value.api_response_dict["status_message"] == "Transaction doesn't exist."
    shop.control(f"sessions/{made['token']}/choose", {"method": "gopay"})
    shop.control("transactions/PY-1/pay")
    assert snap.transactions.status("PY-1")["transaction_status"] == "settlement"
    refund = {"refund_key": "py-1", "amount": 50_000, "reason": "batal"}
    assert snap.transactions.refund("PY-1", refund)["refund_amount"] == "50000.00"
    assert snap.transactions.refundDirect("PY-1", {"refund_key": "py-2"})["transaction_status"] == "refund"
    [told] = [body for body in shop.told() if body["transaction_status"] == "settlement"]
    assert core.transactions.notification(told)["transaction_status"] == "refund"
    with pytest.raises(MidtransAPIError) as again:
        snap.create_transaction(order)
    assert "order_id" in again.value.api_response_dict["error_messages"][0]


def test_python_core_cards(shop: Any, core: Any) -> None:
    token = core.card_token(SECRET)
    assert token["status_message"] == "Credit card token is created as Token ID."
    assert core.card_point_inquiry(token["token_id"])["point_balance_amount"] == "500000.00"
    charged = core.charge(
        {
            "payment_type": "credit_card",
            "transaction_details": {"order_id": "PY-2", "gross_amount": 20_000},
            "credit_card": {"token_id": token["token_id"], "authentication": True},
        }
    )
    assert (charged["status_code"], charged["transaction_status"]) == ("201", "pending")
    assert token["token_id"].endswith(charged["transaction_id"])
    shop.control("transactions/PY-2/challenge")
    assert core.transactions.status("PY-2")["fraud_status"] == "challenge"
    approved = core.transactions.approve("PY-2")
    assert approved["status_message"] == "Success, transaction is approved"
    assert core.transactions.cancel("PY-2")["status_message"] == "Success, transaction is canceled"
    registered = core.card_register(SECRET)
    assert registered["saved_token_id"].startswith("481111")
    assert registered["masked_card"] == "48111111-1114"
    held = core.charge(
        {
            "payment_type": "credit_card",
            "transaction_details": {"order_id": "PY-3", "gross_amount": 20_000},
            "credit_card": {"token_id": registered["saved_token_id"], "type": "authorize"},
        }
    )
    captured = core.capture({"transaction_id": held["transaction_id"], "gross_amount": 15_000})
    assert captured["status_message"] == "Success, Credit Card capture transaction is successful"
    with pytest.raises(MidtransAPIError) as retail:
        core.transactions.statusb2b("PY-3")
    assert retail.value.api_response_dict["status_code"] == "404"


def test_python_b2b_status(shop: Any, core: Any) -> None:
    core.charge(
        {
            "payment_type": "bank_transfer",
            "transaction_details": {"order_id": "PY-4", "gross_amount": 20_000},
            "bank_transfer": {"bank": "permata", "va_number": "1234567890"},
        }
    )
    shop.control("transactions/PY-4/pay")
    told = core.transactions.statusb2b("PY-4")
    assert told["status_message"] == "Success, transactions are retrieved"
    assert [each["transaction_status"] for each in told["transactions"]] == ["settlement"]


def test_python_subscriptions_and_pay_accounts(core: Any, shop: Any) -> None:
    saved = core.card_register(SECRET)["saved_token_id"]
    plan = {
        "name": "langganan",
        "amount": "14000",
        "currency": "IDR",
        "payment_type": "credit_card",
        "token": saved,
        "schedule": {"interval": 1, "interval_unit": "month", "max_interval": 3},
    }
    made = core.create_subscription(plan)
    assert (made["status"], made["amount"]) == ("active", "14000")
    assert core.update_subscription(made["id"], {"amount": "15000"}) == {
        "status_message": "Subscription is updated."
    }
    core.disable_subscription(made["id"])
    assert core.get_subscription(made["id"])["status"] == "inactive"
    core.enable_subscription(made["id"])
    assert core.get_subscription(made["id"])["amount"] == "15000"
    with pytest.raises(MidtransAPIError) as unknown:
        core.get_subscription("none")
    assert unknown.value.http_status_code == 404
    account = core.link_payment_account(
        {"payment_type": "gopay", "gopay_partner": {"phone_number": "81234567891", "country_code": "62"}}
    )
    assert (account["status_code"], account["account_status"]) == ("201", "PENDING")
    with pytest.raises(MidtransAPIError) as pending:
        core.unlink_payment_account(account["account_id"])
    assert pending.value.api_response_dict["status_message"] == "Account status cannot be updated."
    shop.control(f"accounts/{account['account_id']}/link")
    assert core.get_payment_account(account["account_id"])["account_status"] == "ENABLED"


@pytest.fixture(scope="session")
def node() -> str:
    """The node program, with the locked client installed beside the story."""
    program, npm = shutil.which("node"), shutil.which("npm")
    if program is None or npm is None:
        pytest.skip("node and npm are not on this machine")
    if not (NODE / "node_modules" / "midtrans-client").is_dir():
        install = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(install, cwd=NODE, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stderr
    return program


def test_node(shop: Any, node: str) -> None:
    _node_story(node, [shop.simulator, "JS-1"], shop.simulator)


def test_python_without_any_change_but_the_environment(
    proxied: tuple[str, str, str], monkeypatch: Any
) -> None:
    own, proxy, trusted = proxied
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", trusted)
    order = {"transaction_details": {"order_id": "PY-9", "gross_amount": 200_000}}
    made = midtransclient.Snap(**KEYS).create_transaction(order)
    assert made["redirect_url"] == f"{own}/snap/v4/redirection/{made['token']}"
    charged = midtransclient.CoreApi(**KEYS).charge({"payment_type": "qris", **order})
    assert charged["actions"][0]["url"].startswith(own)
    with pytest.raises(requests.exceptions.ProxyError):
        requests.get("https://example.test/", timeout=5)


def test_node_without_any_change_but_the_environment(proxied: tuple[str, str, str], node: str) -> None:
    own, proxy, trusted = proxied
    environment = {**os.environ, "HTTPS_PROXY": proxy, "NODE_EXTRA_CA_CERTS": trusted}
    _node_story(node, ["", "JS-9"], own, environment)


def _node_story(
    node: str, arguments: list[str], address: str, environment: dict[str, str] | None = None
) -> None:
    command = [node, "story.js", *arguments]
    done = subprocess.run(
        command, cwd=NODE, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["token"]["redirect_url"].startswith(address)
    assert told["unchosen"]["body"]["status_code"] == "404"
    assert told["invalid"]["body"]["error_messages"][0] == "transaction_details.order_id is required"
    assert told["nothing"] == {"status": 500, "body": {"message": "An unexpected error occurred"}}
    assert told["va"]["va_numbers"][0]["bank"] == "bca"
    assert told["taken"]["body"]["status_code"] == "406"
    assert told["status"]["transaction_status"] == "pending"
    assert (told["expired"]["status_code"], told["found"]["status_code"]) == ("407", "407")
    assert told["card"]["transaction_status"] == "capture"
    assert told["used"]["body"]["status_message"] == "Token id is missing, invalid, or timed out"
    assert told["notification"]["order_id"] == f"{arguments[1]}-card"
    assert told["subscription"]["status"] == "active"
    assert told["disabled"]["status_message"] == "Subscription is updated."
    assert told["account"]["account_status"] == "PENDING"
    assert told["unlinked"]["body"]["status_code"] == "412"
