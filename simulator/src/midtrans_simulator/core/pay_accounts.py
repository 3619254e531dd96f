"""`/v2/pay/account`: a customer's GoPay wallet linked to a merchant, for charges without asking.

Seen live.
"""

import re
import uuid

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from midtrans_simulator.core.endpoint import Body, Call, merchant_endpoint
from midtrans_simulator.core.errors import INVALID, CoreError
from midtrans_simulator.gateway import Gateway
from midtrans_simulator.protocol.model import AccountState, PayAccount

UNKNOWN_PHONE = "123450001"
BLOCKED_PHONE = "123450002"
"""The sandbox's numbers (Midtrans, "GoPay tokenization")."""

_REFUSED = {UNKNOWN_PHONE: "User Not Found", BLOCKED_PHONE: "Wallet is Blocked"}
_NOT_FOUND = "Account doesn't exist."
_NOT_ALLOWED = "Account status cannot be updated."
_BAD_PHONE = "gopay_partner.phone_number must be numeric digits and must not begin with 0"
_PHONE = re.compile(r"[1-9][0-9]{3,14}")


def routes(gateway: Gateway) -> list[Route]:
    async def activate(request: Request) -> Response:
        return _activate(gateway, request)

    return [
        Route("/v2/pay/account", merchant_endpoint(gateway, _create, idempotent=False), methods=["POST"]),
        Route("/v2/pay/account/{id}", merchant_endpoint(gateway, _read), methods=["GET"]),
        Route(
            "/v2/pay/account/{id}/unbind",
            merchant_endpoint(gateway, _unbind, idempotent=False),
            methods=["POST"],
        ),
        Route("/v2/pay/account/{id}/link", activate, methods=["GET"]),
    ]


def link(gateway: Gateway, account: PayAccount) -> None:
    """The customer agrees in the app."""
    account.state = AccountState.ENABLED
    gateway.accounts.put(account)


def _create(call: Call) -> Body:
    partner = call.body.get("gopay_partner")
    partner = partner if isinstance(partner, dict) else {}
    wrong = []
    if call.body.get("payment_type") != "gopay":
        wrong.append("payment_type must be gopay")
    phone = str(partner.get("phone_number", ""))
    if not _PHONE.fullmatch(phone):
        wrong.append(_BAD_PHONE)
    if wrong:
        raise CoreError(400, INVALID, validation_messages=wrong)
    if phone in _REFUSED:
        return {
            "status_code": "202",
            "payment_type": "gopay",
            "account_status": AccountState.DISABLED,
            "channel_response_code": "202",
            "channel_response_message": _REFUSED[phone],
        }
    account = PayAccount(str(uuid.uuid4()), call.merchant.id, phone, partner.get("redirect_url"))
    call.gateway.accounts.put(account)
    return {"status_code": "201", **_view(account), "actions": _activation(call.base, account)}


def _read(call: Call) -> Body:
    account = _account(call)
    if account.state is AccountState.PENDING:
        return {"status_code": "201", **_view(account), "actions": _activation(call.base, account)}
    if account.state is AccountState.DISABLED:
        return {"status_code": "204", **_view(account)}
    wallet = {
        "name": "GOPAY_WALLET",
        "active": True,
        "balance": {"value": "1000000.00", "currency": "IDR"},
        "metadata": {},
        "token": account.id,
    }
    return {"status_code": "200", **_view(account), "metadata": {"payment_options": [wallet]}}


def _unbind(call: Call) -> Body:
    account = _account(call)
    if account.state is not AccountState.ENABLED:
        raise CoreError(412, _NOT_ALLOWED, id=account.id)
    account.state = AccountState.DISABLED
    call.gateway.accounts.put(account)
    return {
        "status_code": "204",
        **_view(account),
        "channel_response_code": "0",
        "channel_response_message": "Process service request successfully.",
    }


def _activate(gateway: Gateway, request: Request) -> Response:
    """Where the customer agrees. There is no PIN here: opening the page links the wallet."""
    account = gateway.accounts.get(request.path_params["id"])
    if account is None:
        return Response(_NOT_FOUND, status_code=404, media_type="text/plain")
    if account.state is AccountState.PENDING:
        link(gateway, account)
    target = account.redirect_url or ""
    if target.startswith(("http://", "https://")):
        return RedirectResponse(target)
    return Response("The GoPay account is linked. You can close this page.", media_type="text/plain")


def _account(call: Call) -> PayAccount:
    account = call.gateway.accounts.get(call.reference)
    if account is None or account.merchant_id != call.merchant.id:
        raise CoreError(404, _NOT_FOUND)
    return account


def _view(account: PayAccount) -> Body:
    return {"payment_type": "gopay", "account_id": account.id, "account_status": account.state}


def _activation(base: str, account: PayAccount) -> list[dict[str, str]]:
    url = f"{base}/v2/pay/account/{account.id}/link"
    return [
        {"name": name, "method": "GET", "url": url}
        for name in ("activation-deeplink", "activation-link-url", "activation-link-app")
    ]
