"""Card tokens, saved cards, BINs and points: what a shop's own card form calls (seen live)."""

import re
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from midtrans_simulator.core.endpoint import Body, Call, merchant_endpoint
from midtrans_simulator.core.errors import INVALID, NO_TOKEN, UNKNOWN_KEY, CoreError, apology
from midtrans_simulator.gateway import Gateway
from midtrans_simulator.http import auth
from midtrans_simulator.http.api_faults import Endpoint, with_faults
from midtrans_simulator.payments import vault
from midtrans_simulator.protocol import cards

POINTS = "500000.00"
"""What every card has in points."""

_FROM_ANYWHERE = {"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "*"}
_CVV = re.compile(r"[0-9]{3,4}")
_SHORTEST_BIN, _LONGEST_BIN = 6, 8
_MONTHS = range(1, 13)


def routes(gateway: Gateway) -> list[Route]:
    return [
        Route("/v2/token", _browser_endpoint(gateway, _token), methods=["GET", "OPTIONS"]),
        Route("/v2/card/register", _browser_endpoint(gateway, _register), methods=["GET", "OPTIONS"]),
        Route("/v1/bins/{bin}", _browser_endpoint(gateway, _bin), methods=["GET", "OPTIONS"]),
        Route("/v2/point_inquiry/{id}", merchant_endpoint(gateway, _points), methods=["GET"]),
    ]


def _browser_endpoint(gateway: Gateway, act: Callable[[Gateway, Request], Body]) -> Endpoint:
    """For the client key, from any page: card numbers go from the browser straight to the gateway."""

    async def endpoint(request: Request) -> Response:
        if request.method == "OPTIONS":
            return Response(headers=_FROM_ANYWHERE)
        try:
            _authorize(gateway, request)
            answer: Response = JSONResponse(act(gateway, request))
        except CoreError as error:
            answer = error.response(mirror=gateway.config.mirror_body_code)
        answer.headers.update(_FROM_ANYWHERE)
        return answer

    return with_faults(gateway, endpoint, apology)


def _authorize(gateway: Gateway, request: Request) -> None:
    """A client key as parameter or in Basic, or a server key in Basic, as the official clients send.

    Raises CoreError 401 without one.
    """
    key = request.query_params.get("client_key") or auth.server_key(request) or ""
    known = gateway.ledger.knows_client_key(key) or gateway.ledger.merchant_by_server_key(key) is not None
    if not known:
        raise CoreError(401, UNKNOWN_KEY)


def _token(gateway: Gateway, request: Request) -> Body:
    """A token for one charge, from a card number or from a saved card and its CVV."""
    query = request.query_params
    saved = vault.peek(gateway, query["token_id"]) if query.get("token_id") else None
    if query.get("token_id") and saved is None:
        raise CoreError(411, NO_TOKEN)
    number = saved.number if saved is not None else _card_number(gateway, request)
    if not _CVV.fullmatch(query.get("card_cvv", "").strip()):
        raise CoreError(400, INVALID, validation_messages=["card_cvv must be 3 or 4 digits"])
    made = vault.tokenize(gateway, number)
    return {
        "status_code": "200",
        "status_message": "Credit card token is created as Token ID.",
        "token_id": made.id,
        "hash": f"{cards.find(number).masked}-mami",
    }


def _register(gateway: Gateway, request: Request) -> Body:
    number = _card_number(gateway, request)
    saved = vault.save(gateway, number)
    return {
        "status_code": "200",
        "status_message": "Credit Card is registered.",
        "saved_token_id": saved.id,
        "masked_card": cards.find(number).masked,
    }


def _card_number(gateway: Gateway, request: Request) -> str:
    """Digits only. Raises CoreError 400 for a wrong number or a past expiry date."""
    query = request.query_params
    number = re.sub(r"\s", "", query.get("card_number", ""))
    wrong = []
    if not number:
        wrong.append("card_number is required")
    elif not cards.plausible(number):
        wrong.append("card_number does not match with luhn algorithm")
    month, year = query.get("card_exp_month", "").strip(), query.get("card_exp_year", "").strip()
    now = gateway.now()
    if not (month.isdigit() and year.isdigit() and int(month) in _MONTHS):
        wrong.append("card_exp_month and card_exp_year are required")
    elif int(year) % 100 + 2000 < now.year:
        wrong.append("card_exp_year must be greater than this year")
    elif (int(year) % 100 + 2000, int(month)) < (now.year, now.month):
        wrong.append("card_exp_month must be greater than this month")
    if wrong:
        raise CoreError(400, INVALID, validation_messages=wrong)
    return number


def _bin(_: Gateway, request: Request) -> Body:
    asked = request.path_params["bin"]
    if not (asked.isdigit() and _SHORTEST_BIN <= len(asked) <= _LONGEST_BIN):
        raise CoreError(400, INVALID, validation_messages=["bin must be 6 to 8 digits"])
    brand = cards.brand(asked)
    if brand is None:
        raise CoreError(404, "BIN is not found.")
    bank = cards.issuer(asked) or "other"
    return {
        "data": {
            "bin": asked,
            "bank": cards.BANK_NAMES.get(bank, bank),
            "bank_code": bank.upper(),
            "brand": brand,
            "bin_type": "CREDIT",
            "bin_class": "GOLD",
            "channel": "online_offline",
            "country_code": "ID",
            "country_name": "INDONESIA",
            "registration_required": False,
        }
    }


def _points(call: Call) -> Body:
    if vault.peek(call.gateway, call.reference) is None:
        raise CoreError(411, NO_TOKEN)
    return {
        "status_code": "200",
        "status_message": "Success, Credit Card Point inquiry is successful",
        "point_balance_amount": POINTS,
    }
