"""Rupiah as whole numbers. No float ever touches an amount."""

import re
from decimal import Decimal
from typing import NewType

Rupiah = NewType("Rupiah", int)
"""Whole Indonesian rupiah. Midtrans refuses fractions, so there is no smaller unit here."""

_BELOW = 10**15
"""Every amount is smaller: fifteen digits."""
_AMOUNT = re.compile(r"(\d{1,15})(?:\.0{1,2})?")


class NotRupiah(ValueError):
    """This is not a whole, unsigned amount of rupiah."""


def parse_rupiah(text: str) -> Rupiah:
    """Read a gateway amount such as ``"299000.00"``.

    Raises NotRupiah for signs, separators, exponents, or a fraction other than zero: an amount
    that cannot be read exactly is never rounded.
    """
    match = _AMOUNT.fullmatch(text) if text.isascii() else None
    if match is None:
        raise NotRupiah(f"{text[:40]!r} is not a whole amount of rupiah")
    return Rupiah(int(match[1]))


def read_rupiah(value: object) -> Rupiah:
    """Read an amount as a sender may spell it in JSON: as a text, an integer or a decimal number.

    Raises NotRupiah for everything else, floats too: their last digits are not what was sent.
    """
    if isinstance(value, str):
        return parse_rupiah(value)
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise NotRupiah(f"a {type(value).__name__} is not a whole amount of rupiah")
    # The bound comes first: written out, 1e999999999 alone would fill the memory.
    finite = isinstance(value, int) or value.is_finite()
    if not finite or not 0 <= value < _BELOW or value != int(value):
        raise NotRupiah("the number is not a whole amount of rupiah")
    return Rupiah(int(value))
