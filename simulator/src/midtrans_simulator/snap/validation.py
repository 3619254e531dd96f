"""The rules of a token request (2.2 to 2.6). All problems are reported at once.

Messages that section 2.6 documents stand here word for word; the others follow their pattern.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from midtrans_simulator import expiry as lives
from midtrans_simulator.amounts import whole_rupiah

_ORDER_ID = re.compile(r"[A-Za-z0-9._~-]+")
_LONGEST_ORDER_ID = 50
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_PERSON = {"first_name": 255, "last_name": 255, "email": 255, "phone": 255}
_ADDRESS = {**_PERSON, "address": 255, "city": 100, "postal_code": 10, "country_code": 10}
_ITEM = {"id": 50, "name": 50, "brand": 50, "category": 50, "merchant_name": 50, "url": 50}
_LIMITS: dict[str, dict[str, int]] = {
    "customer_details": _PERSON,
    "customer_details.billing_address": _ADDRESS,
    "customer_details.shipping_address": _ADDRESS,
    "callbacks": {"finish": 255, "error": 255},
    "echannel": {"bill_info1": 255, "bill_info2": 255},
    "cstore": {"alfamart_free_text_1": 40, "alfamart_free_text_2": 40, "alfamart_free_text_3": 40},
    "credit_card.dynamic_descriptor": {"merchant_name": 25, "city_name": 13, "country_code": 2},
}
_OBJECTS = (
    "credit_card",
    "bca_va",
    "permata_va",
    "bni_va",
    "bri_va",
    "cimb_va",
    "danamon_va",
    "bsi_va",
    "seabank_va",
    "gopay",
    "shopeepay",
    "dana",
    "uob_ezpay",
    "recurring",
    "metadata",
)
_VA_OBJECTS = tuple(name for name in _OBJECTS if name.endswith("_va"))


def problems(body: dict[str, Any], now: datetime) -> list[str]:
    """Everything that is wrong with a token request, in the order of its fields."""
    return [
        *_transaction(body),
        *_items(body),
        *_customer(body),
        *_methods(body),
        *_texts(body),
        *_expiries(body, now),
    ]


def _transaction(body: dict[str, Any]) -> Iterator[str]:
    details = body.get("transaction_details")
    if not isinstance(details, dict):
        details = {}
    order_id = details.get("order_id")
    if isinstance(order_id, int) and not isinstance(order_id, bool):
        order_id = str(order_id)
    if order_id is None or order_id == "":
        yield "transaction_details.order_id is required"
    elif not isinstance(order_id, str):
        yield "transaction_details.order_id must be a string"
    else:
        if len(order_id) > _LONGEST_ORDER_ID:
            yield "transaction_details.order_id is too long (maximum is 50 characters)"
        if not _ORDER_ID.fullmatch(order_id):
            yield "transaction_details.order_id format is invalid"
    gross_amount = details.get("gross_amount")
    amount = whole_rupiah(gross_amount)
    if gross_amount is None:
        yield "transaction_details.gross_amount is required"
    elif amount is None:
        yield "transaction_details.gross_amount must be an integer"
    elif amount <= 0:
        yield "transaction_details.gross_amount must be greater than or equal to 0.01"


def _items(body: dict[str, Any]) -> Iterator[str]:
    items = body.get("item_details")
    if items is None:
        return
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        yield "item_details must be an array"
        return
    total = 0
    countable = bool(items)
    for item in items:
        price, quantity = whole_rupiah(item.get("price")), whole_rupiah(item.get("quantity"))
        if not item.get("name"):
            yield "item_details Name is required"
        yield from _too_long("item_details", item, _ITEM)
        if price is None:
            yield f"item_details Price {_missing_or(item, 'price', 'must be an integer')}"
        if quantity is None or quantity < 1:
            yield f"item_details Quantity {_missing_or(item, 'quantity', 'must be at least 1')}"
        if price is None or quantity is None:
            countable = False
        else:
            total += price * quantity
    details = body.get("transaction_details")
    amount = whole_rupiah(details.get("gross_amount")) if isinstance(details, dict) else None
    if countable and amount is not None and amount != total:
        yield "transaction_details.gross_amount is not equal to the sum of item_details"


def _customer(body: dict[str, Any]) -> Iterator[str]:
    customer = body.get("customer_details")
    if not isinstance(customer, dict):
        return
    for path, person in (
        ("customer_details", customer),
        ("customer_details.billing_address", customer.get("billing_address")),
        ("customer_details.shipping_address", customer.get("shipping_address")),
    ):
        email = person.get("email") if isinstance(person, dict) else None
        if email is not None and not (isinstance(email, str) and _EMAIL.fullmatch(email)):
            yield f"{path}.email format is invalid"


def _methods(body: dict[str, Any]) -> Iterator[str]:
    chosen = body.get("enabled_payments")
    if chosen is not None and not (
        isinstance(chosen, list) and all(isinstance(value, str) for value in chosen)
    ):
        yield "enabled_payments must be an array"
    for name in _OBJECTS:
        if body.get(name) is not None and not isinstance(body[name], dict):
            yield f"{name} must be an object"
    for name in _VA_OBJECTS:
        options = body.get(name)
        number = options.get("va_number") if isinstance(options, dict) else None
        if number and not re.fullmatch(r"[0-9]+", str(number)):
            yield f"{name}.va_number must be numeric"


def _texts(body: dict[str, Any]) -> Iterator[str]:
    for path, limits in _LIMITS.items():
        found: Any = body
        for name in path.split("."):
            found = found.get(name) if isinstance(found, dict) else None
        if isinstance(found, dict):
            yield from _too_long(path, found, limits)
        elif found is not None:
            yield f"{path} must be an object"
    yield from _too_long("", body, {"custom_field1": 255, "custom_field2": 255, "custom_field3": 255})


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


def _too_long(path: str, fields: dict[str, Any], limits: dict[str, int]) -> Iterator[str]:
    prefix = f"{path}." if path else ""
    for name, limit in limits.items():
        value = fields.get(name)
        if isinstance(value, str) and len(value) > limit:
            yield f"{prefix}{name} is too long (maximum is {limit} characters)"
        elif value is not None and not isinstance(value, str | int):
            yield f"{prefix}{name} must be a string"


def _missing_or(item: dict[str, Any], name: str, otherwise: str) -> str:
    return "is required" if item.get(name) is None else otherwise
