"""One reader for every request body: each field becomes the type the documents give it.

Midtrans takes `"true"` for true, `"12"` for 12 and 4711 for `"4711"` (seen live with clients in PHP, Ruby and
Java), and answers with the documented type. What can be read in no such way stays as it was, for the rules to
refuse. `metadata` belongs to the merchant and comes back as it was sent.
"""

import re
from collections.abc import Callable
from typing import Any

_FLAGS = frozenset(
    {
        "authentication",
        "disabled",
        "enable_callback",
        "enforce_tokenization",
        "payment_option_active",
        "pre_auth",
        "required",
        "save_card",
        "save_token_id",
        "secure",
        "tokenization",
    }
)
_COUNTS = frozenset(
    {
        "duration",
        "expiry_duration",
        "gross_amount",
        "installment_term",
        "interval",
        "max_interval",
        "minimum_amount",
        "price",
        "quantity",
        "terms",
    }
)
_TEXTS = frozenset(
    {
        "account_id",
        "address",
        "bill_info1",
        "bill_info2",
        "bill_key",
        "brand",
        "category",
        "city",
        "country_code",
        "custom_field1",
        "custom_field2",
        "custom_field3",
        "email",
        "first_name",
        "id",
        "last_name",
        "merchant_name",
        "name",
        "order_id",
        "payer_phone_number",
        "phone",
        "phone_number",
        "postal_code",
        "reason",
        "refund_key",
        "token",
        "token_id",
        "transaction_id",
        "user_id",
        "va_number",
        "whitelist_bins",
    }
)
_OF_THE_MERCHANT = frozenset({"metadata"})
_OF_ONE_TYPE_THROUGHOUT = frozenset({"terms", "minimum_amount"})
"""Objects whose own keys are banks: everything in them is a count."""

_NUMBER = re.compile(r"-?[0-9]{1,15}")
_BOOLEANS = {"true": True, "false": False}


def read(value: Any, name: str = "") -> Any:  # noqa: ANN401 - JSON is anything
    """`value` of the field `name` in its documented type, all the way down."""
    if isinstance(value, dict):
        within = name if name in _OF_ONE_TYPE_THROUGHOUT else None
        return {
            key: each if key in _OF_THE_MERCHANT else read(each, within or key) for key, each in value.items()
        }
    if isinstance(value, list):
        return [read(each, name) for each in value]
    reader = _READERS.get(name)
    return value if reader is None else reader(value)


def _flag(value: Any) -> Any:  # noqa: ANN401 - what is no flag is handed on
    if isinstance(value, str):
        return _BOOLEANS.get(value.strip().lower(), value)
    return bool(value) if value in (0, 1) else value


def _count(value: Any) -> Any:  # noqa: ANN401 - what is no count is handed on
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        return int(value)
    return value


def _text(value: Any) -> Any:  # noqa: ANN401 - what is no text is handed on
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


_READERS: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(_FLAGS, _flag),
    **dict.fromkeys(_COUNTS, _count),
    **dict.fromkeys(_TEXTS, _text),
}
