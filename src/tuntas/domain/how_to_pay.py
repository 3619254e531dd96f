"""What the customer needs to finish one attempt to pay, as far as Midtrans has told it.

Methods differ in what is told: a bank and a number, a biller code and a bill key, a store and a code, a QR,
the link of an app; cards and lenders have nothing of the kind. Where nothing is told, the hosted payment page
is the way on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

_TOGETHER = (
    ("bank", "va_number"),
    ("biller_code", "bill_key"),
    ("store", "payment_code"),
    ("qr_string",),
    ("qr_image_url",),
    ("app_url",),
)
"""What is of use only together, and never mixed from two tellings."""
_NAMES = tuple(name for names in _TOGETHER for name in names)


@dataclass(frozen=True, slots=True)
class HowToPay:
    """What was not told is None. Bank and store are Midtrans's own words, in small letters."""

    bank: str | None = None
    va_number: str | None = None
    biller_code: str | None = None
    bill_key: str | None = None
    """Mandiri Bill: typed in after the biller code."""
    store: str | None = None
    payment_code: str | None = None
    qr_string: str | None = None
    """The text inside the QR."""
    qr_image_url: str | None = None
    app_url: str | None = None
    """Opens the wallet's app."""
    answered: frozenset[str] = frozenset()
    """What of it Midtrans answered to a question of ours, by name. The rest is a notification's word, whose
    signature does not cover it."""

    def told(self) -> dict[str, str]:
        """Only what was told, by name."""
        return {name: value for name in _NAMES if (value := getattr(self, name)) is not None}

    def remembered(self) -> dict[str, str | Sequence[str]]:
        """To be stored; `recalled` reads it."""
        answered = {"answered": sorted(self.answered)} if self.answered else {}
        return {**self.told(), **answered}

    @classmethod
    def recalled(cls, stored: Mapping[str, Any]) -> Self:
        return cls(**{**stored, "answered": frozenset(stored.get("answered", ()))})


NOTHING_TOLD = HowToPay()


def join(one: HowToPay, other: HowToPay) -> HowToPay:
    """What two tellings about one attempt say together; in whichever order, and however often.

    Where both tell, an answer to our own question outranks a notification.
    """
    best: dict[str, str] = {}
    answered: set[str] = set()
    for names in _TOGETHER:
        view = max(one, other, key=lambda telling: _weight(telling, names))
        best |= {name: value for name, value in view.told().items() if name in names}
        answered |= view.answered.intersection(names)
    return HowToPay(**best, answered=frozenset(answered))


def _weight(telling: HowToPay, names: Sequence[str]) -> tuple[bool, int, list[str]]:
    told = telling.told()
    part = [told[name] for name in names if name in told]
    return not telling.answered.isdisjoint(names), len(part), part
