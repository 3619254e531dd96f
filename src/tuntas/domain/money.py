"""Rupiah as whole numbers. No float ever touches an amount."""

import re
from typing import NewType

Rupiah = NewType("Rupiah", int)
"""Whole Indonesian rupiah. Midtrans refuses fractions, so there is no smaller unit here."""

_AMOUNT = re.compile(r"(\d{1,15})(?:\.0{1,2})?")


class NotRupiah(ValueError):
    """The text is not a whole, unsigned amount of rupiah."""


def parse_rupiah(text: str) -> Rupiah:
    """Read a gateway amount such as ``"299000.00"``.

    Raises NotRupiah for signs, separators, exponents, or a fraction other than zero: an amount
    that cannot be read exactly is never rounded.
    """
    match = _AMOUNT.fullmatch(text) if text.isascii() else None
    if match is None:
        raise NotRupiah(f"{text[:40]!r} is not a whole amount of rupiah")
    return Rupiah(int(match[1]))
