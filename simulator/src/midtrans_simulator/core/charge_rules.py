"""The rules of a charge request: the order's, and those of each payment type (Midtrans, "JSON objects")."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from midtrans_simulator.protocol import expiry as lives
from midtrans_simulator.protocol.amounts import whole_rupiah
from midtrans_simulator.protocol.methods import METHODS, Method
from midtrans_simulator.protocol.order_rules import departures, order_problems, text_problems

Body = dict[str, Any]

_TEXTS: dict[str, dict[str, int]] = {
    "echannel": {"bill_info1": 255, "bill_info2": 255},
    "cstore": {"alfamart_free_text_1": 40, "alfamart_free_text_2": 40, "alfamart_free_text_3": 40},
}
_BNI_PHONE = re.compile(r"(\+62|0)[0-9]{1,27}")
_UNITS = {"second": "seconds", "minute": "minutes", "hour": "hours", "day": "days"}


def problems(body: Body, method: Method, now: datetime, *, strict: bool = False) -> list[str]:
    """Everything that is wrong with a charge by `method`; `strict` holds it to the documents."""
    own = _OWN_RULES.get(method.code)
    return [
        *order_problems(body, least="1"),
        *(departures(body, method) if strict else ()),
        *_range(body, METHODS["other_qris"] if body["payment_type"] == "qris" else method),
        *text_problems(body, _TEXTS),
        *_virtual_account(body, method),
        *(own(body) if own is not None else ()),
        *_custom_expiry(body, method, now),
    ]


def expiry_time(body: Body, now: datetime) -> datetime | None:
    """When `custom_expiry` ends the payment; None without one. Raises ValueError when it says no moment."""
    custom = body.get("custom_expiry")
    if custom is None:
        return None
    if not isinstance(custom, dict):
        raise ValueError("must be an object")  # noqa: TRY004 - reported like any wrong value
    amount, unit = whole_rupiah(custom.get("expiry_duration")), custom.get("unit") or "minute"
    if amount is None or amount <= 0:
        raise ValueError("expiry_duration must be greater than 0")
    name = str(unit).lower().removesuffix("s")
    if name not in _UNITS:
        raise ValueError("unit must be one of second, minute, hour, day")
    begins = lives.start_time({"start_time": custom.get("order_time")}) or now
    try:
        return begins + timedelta(**{_UNITS[name]: amount})
    except OverflowError:
        raise ValueError("expiry_duration is too long") from None


def _custom_expiry(body: Body, method: Method, now: datetime) -> Iterator[str]:
    try:
        ends = expiry_time(body, now)
    except ValueError as problem:
        yield f"custom_expiry.{str(problem).replace('start_time', 'order_time')}"
        return
    if ends is None:
        return
    if ends <= now:
        yield "custom_expiry is already in the past"
    elif method.life_limits is not None and not method.life_limits[0] <= ends - now <= method.life_limits[1]:
        shortest, longest = (f"{limit.total_seconds():.0f}" for limit in method.life_limits)
        yield f"custom_expiry must be between {shortest} and {longest} seconds from now"


def _range(body: Body, method: Method) -> Iterator[str]:
    details = body.get("transaction_details")
    amount = whole_rupiah(details.get("gross_amount")) if isinstance(details, dict) else None
    if amount is None or amount <= 0:
        return
    if amount < method.minimum:
        yield f"transaction_details.gross_amount must be greater than or equal to {method.minimum}"
    if method.maximum is not None and amount > method.maximum:
        yield f"transaction_details.gross_amount must be less than or equal to {method.maximum}"


def _virtual_account(body: Body, method: Method) -> Iterator[str]:
    options = body.get(method.payment_type)
    number = options.get("va_number") if isinstance(options, dict) else None
    if number and not re.fullmatch(r"[0-9]+", str(number)):
        yield f"{method.payment_type}.va_number must be numeric"


def _card(body: Body) -> Iterator[str]:
    options = body.get("credit_card")
    if not isinstance(options, dict):
        yield "credit_card is required"
    elif not options.get("token_id"):
        yield "credit_card.token_id is required"
    elif options.get("type") not in (None, "", "authorize", "authorize_capture"):
        yield "credit_card.type must be authorize or authorize_capture"


def _bill(body: Body) -> Iterator[str]:
    options = body.get("echannel")
    if not isinstance(options, dict):
        yield "echannel is required"
        return
    for name in ("bill_info1", "bill_info2"):
        if not options.get(name):
            yield f"echannel.{name} is required"


def _bni(body: Body) -> Iterator[str]:
    phone = (body.get("customer_details") or {}).get("phone")
    if phone and not _BNI_PHONE.fullmatch(re.sub(r"[ -]", "", str(phone))):
        yield "customer_details.phone must start with +62 or 0 and have at most 30 characters"


def _akulaku(body: Body) -> Iterator[str]:
    items = body.get("item_details")
    if isinstance(items, list):
        ids = [item.get("id") for item in items if isinstance(item, dict)]
        if len(ids) != len({str(each) for each in ids}):
            yield "item_details.id must be unique"


_OWN_RULES: dict[str, Callable[[Body], Iterator[str]]] = {
    "credit_card": _card,
    "echannel": _bill,
    "bni_va": _bni,
    "akulaku": _akulaku,
}
