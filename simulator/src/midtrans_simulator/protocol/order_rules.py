"""What both hosts ask of an order: its id and amount, its items, its customer (Midtrans, "JSON objects").

Each function yields one message for each problem. Messages that the documents have stand here word for
word; the others follow their pattern.
"""

import re
from collections.abc import Iterator
from typing import Any

from midtrans_simulator.protocol.amounts import whole_rupiah
from midtrans_simulator.protocol.methods import Method

_DOCUMENTED_ORDER_ID = re.compile(r"[A-Za-z0-9._~-]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_BAD_ORDER_ID = "transaction_details.order_id format is invalid"
_LONGEST_ORDER_ID = 50
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_PERSON = {"first_name": 255, "last_name": 255, "email": 255, "phone": 255}
_ADDRESS = {**_PERSON, "address": 255, "city": 100, "postal_code": 10, "country_code": 10}
_ITEM = {"id": 50, "name": 50, "brand": 50, "category": 50, "merchant_name": 50, "url": 50}
_TEXTS: dict[str, dict[str, int]] = {
    "customer_details": _PERSON,
    "customer_details.billing_address": _ADDRESS,
    "customer_details.shipping_address": _ADDRESS,
}
_CUSTOM_FIELDS = {"custom_field1": 255, "custom_field2": 255, "custom_field3": 255}


def documented_order_id(order_id: str) -> bool:
    """Letters, digits and `-` `_` `~` `.`, as the documents ask (Midtrans, "JSON objects").

    Midtrans takes others too (seen live: `INV/200512/000082`, `#123`, `2016-10-20 12:39:16 +0700`) and finds
    them again under their percent-encoded form.
    """
    return _DOCUMENTED_ORDER_ID.fullmatch(order_id) is not None


def departures(body: dict[str, Any], method: Method | None = None) -> Iterator[str]:
    """What the documents would refuse and Midtrans is seen to take: refused with `--strict`, else a hint."""
    details = body.get("transaction_details")
    order_id = details.get("order_id") if isinstance(details, dict) else None
    if isinstance(order_id, str) and not documented_order_id(order_id):
        yield _BAD_ORDER_ID
    for name in method.documented_needs if method is not None else ():
        if not body.get(name):
            yield f"{name} is required"


def order_problems(body: dict[str, Any], *, least: str) -> Iterator[str]:
    """`least` is the smallest amount as this host writes it: `0.01` on Snap, `1` on Core."""
    yield from _transaction(body, least)
    yield from _items(body)
    yield from _customer(body)
    yield from text_problems(body, _TEXTS)
    yield from _too_long("", body, _CUSTOM_FIELDS)


def text_problems(body: dict[str, Any], limits: dict[str, dict[str, int]]) -> Iterator[str]:
    """Texts that are too long: `limits` has the longest length of each field of each object."""
    for path, fields in limits.items():
        found: Any = body
        for name in path.split("."):
            found = found.get(name) if isinstance(found, dict) else None
        if isinstance(found, dict):
            yield from _too_long(path, found, fields)
        elif found is not None:
            yield f"{path} must be an object"


def _transaction(body: dict[str, Any], least: str) -> Iterator[str]:
    details = body.get("transaction_details")
    if not isinstance(details, dict):
        details = {}
    order_id = details.get("order_id")
    if order_id is None or (isinstance(order_id, str) and not order_id.strip()):
        yield "transaction_details.order_id is required"
    elif not isinstance(order_id, str):
        yield "transaction_details.order_id must be a string"
    else:
        if len(order_id) > _LONGEST_ORDER_ID:
            yield "transaction_details.order_id is too long (maximum is 50 characters)"
        if _CONTROL.search(order_id):
            yield _BAD_ORDER_ID
    gross_amount = details.get("gross_amount")
    amount = whole_rupiah(gross_amount)
    if gross_amount is None:
        yield "transaction_details.gross_amount is required"
    elif amount is None:
        yield "transaction_details.gross_amount must be an integer"
    elif amount <= 0:
        yield f"transaction_details.gross_amount must be greater than or equal to {least}"


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
