"""The one door for JSON from outside: what comes through can be stored, compared and shown."""

import json
from decimal import Decimal

from tuntas.domain.texts import clean_json, is_clean_json

_DIGITS_MAX = 30
"""A longer whole number counts nothing here; as a Decimal it costs nothing to carry."""


class NotJson(ValueError):
    """No JSON in UTF-8, or nested beyond every use; the text says which."""


def read_json(body: bytes | str) -> object:
    """Parse JSON without ever making a float of an amount, and clean every text in it.

    Raises NotJson; nothing else, whatever the bytes.
    """
    try:
        text = body if isinstance(body, str) else body.decode(json.detect_encoding(body), "surrogatepass")
        value: object = _DECODER.decode(text)
        return value if is_clean_json(text) else clean_json(value)
    except RecursionError as error:
        raise NotJson("the JSON is nested too deeply") from error
    except (ValueError, ArithmeticError) as error:
        raise NotJson(f"no JSON in UTF-8: {type(error).__name__}") from error


def read_nested(value: object) -> object:
    """The value; where it is a text that itself holds a JSON object or list, what that says.

    Some senders encode twice. Only the next level is read: a text in a text in a text stays a text.
    """
    if isinstance(value, str) and value.lstrip()[:1] in {"{", "["}:
        try:
            return read_json(value)
        except NotJson:
            return value
    return value


def _number(digits: str) -> int | Decimal:
    return int(digits) if len(digits) <= _DIGITS_MAX else Decimal(digits)


_DECODER = json.JSONDecoder(parse_float=Decimal, parse_int=_number)
