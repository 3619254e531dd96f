"""The rules of a token request. All problems are reported at once.

Midtrans, "JSON objects", "Snap errors".
"""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from midtrans_simulator.protocol import expiry as lives
from midtrans_simulator.protocol.methods import METHODS
from midtrans_simulator.protocol.order_rules import departures, order_problems, text_problems

_TEXTS: dict[str, dict[str, int]] = {
    "callbacks": {"finish": 255, "error": 255},
    "echannel": {"bill_info1": 255, "bill_info2": 255},
    "cstore": {"alfamart_free_text_1": 40, "alfamart_free_text_2": 40, "alfamart_free_text_3": 40},
    "credit_card.dynamic_descriptor": {"merchant_name": 25, "city_name": 13, "country_code": 2},
}
_OBJECTS = (*METHODS, "recurring", "metadata")
_VA_OBJECTS = tuple(name for name in _OBJECTS if name.endswith("_va"))


_PERMATA_DIGITS = 10
_ACQUIRERS = ("bca", "bni", "mandiri", "cimb", "bri", "danamon", "maybank", "mega")
_BIN = re.compile(r"[0-9]{1,8}")
_BIN_BANKS = ("bni", "bca", "mandiri", "cimb", "bri", "maybank")
_MOST_FREE_TEXTS = 10
_LONGEST_FREE_TEXT = 50


def problems(body: dict[str, Any], now: datetime, *, strict: bool = False) -> list[str]:
    """Everything that is wrong with a token request; `strict` holds it to the documents."""
    return [
        *order_problems(body, least="0.01"),
        *(departures(body) if strict else ()),
        *_methods(body),
        *_card(body.get("credit_card")),
        *_virtual_accounts(body),
        *text_problems(body, _TEXTS),
        *_expiries(body, now),
    ]


def _methods(body: dict[str, Any]) -> Iterator[str]:
    chosen = body.get("enabled_payments")
    if chosen is not None and not (
        isinstance(chosen, list) and all(isinstance(value, str) for value in chosen)
    ):
        yield "enabled_payments must be an array"
    for name in _OBJECTS:
        if body.get(name) is not None and not isinstance(body[name], dict):
            yield f"{name} must be an object"


def _card(options: object) -> Iterator[str]:
    if not isinstance(options, dict):
        return
    if options.get("bank") is not None and options["bank"] not in _ACQUIRERS:
        yield f"credit_card.bank must be one of {', '.join(_ACQUIRERS)}"
    if options.get("type") not in (None, "", "authorize", "authorize_capture"):
        yield "credit_card.type must be authorize or authorize_capture"
    for name in ("secure", "save_card"):
        if options.get(name) is not None and not isinstance(options[name], bool):
            yield f"credit_card.{name} must be a boolean"
    bins = options.get("whitelist_bins")
    if bins is not None and not isinstance(bins, list):
        yield "credit_card.whitelist_bins must be an array"
    elif bins and not all(_BIN.fullmatch(str(each)) or each in _BIN_BANKS for each in bins):
        yield "credit_card.whitelist_bins takes BINs of at most 8 digits, or names of banks"
    installment = options.get("installment")
    if installment is not None and not isinstance(installment, dict):
        yield "credit_card.installment must be an object"


def _virtual_accounts(body: dict[str, Any]) -> Iterator[str]:
    for name in _VA_OBJECTS:
        options = body.get(name)
        number = options.get("va_number") if isinstance(options, dict) else None
        if number and not re.fullmatch(r"[0-9]+", str(number)):
            yield f"{name}.va_number must be numeric"
        elif number and name == "permata_va" and len(str(number)) != _PERMATA_DIGITS:
            yield "permata_va.va_number must be 10 digits"
    bca = body.get("bca_va")
    free_text = bca.get("free_text") if isinstance(bca, dict) else None
    if isinstance(free_text, dict):
        for moment in ("inquiry", "payment"):
            yield from _free_texts(f"bca_va.free_text.{moment}", free_text.get(moment))


def _free_texts(path: str, texts: object) -> Iterator[str]:
    if texts is None:
        return
    if not isinstance(texts, list) or len(texts) > _MOST_FREE_TEXTS:
        yield f"{path} must be an array of at most 10 texts"
        return
    lines = [str(line) for text in texts if isinstance(text, dict) for line in text.values()]
    if any(len(line) > _LONGEST_FREE_TEXT for line in lines):
        yield f"{path} is too long (maximum is 50 characters)"


def _expiries(body: dict[str, Any], now: datetime) -> Iterator[str]:
    for name in ("expiry", "page_expiry"):
        expiry = body.get(name)
        if expiry is None:
            continue
        if not isinstance(expiry, dict):
            yield f"{name} must be an object"
            continue
        try:
            closes = lives.end(expiry, now)
        except ValueError as problem:
            yield f"{name}.{problem}"
            continue
        if lives.duration(expiry) < lives.SHORTEST:
            yield f"{name}.duration must be at least 20 seconds"
        elif closes <= now:
            yield f"{name} is already in the past"
