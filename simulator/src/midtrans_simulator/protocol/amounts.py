"""Rupiah as Midtrans reads and writes them. Inside they are int."""

import re


def text(rupiah: int) -> str:
    """`150000.00`: a string with exactly two decimals and no separators."""
    return f"{rupiah}.00"


def whole_rupiah(value: object) -> int | None:
    """An integer amount, or one written as digits; None for decimals and anything else."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,15}", value):
        return int(value)
    return None
