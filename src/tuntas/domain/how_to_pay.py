"""What the customer needs to finish one attempt to pay, as far as Midtrans has told it.

Methods differ in what is told: a bank and a number, a biller code and a bill key, a store and a code, a QR,
the link of an app; cards and lenders have nothing of the kind. Where nothing is told, the hosted payment page
is the way on.
"""

from dataclasses import dataclass

_TOGETHER = (
    ("bank", "va_number"),
    ("biller_code", "bill_key"),
    ("store", "payment_code"),
    ("qr_string",),
    ("qr_image_url",),
    ("app_url",),
)
"""What is of use only together, and never mixed from two tellings."""


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

    def told(self) -> dict[str, str]:
        """Only what was told, by name."""
        return {name: value for name in self.__slots__ if (value := getattr(self, name)) is not None}


NOTHING_TOLD = HowToPay()


def join(one: HowToPay, other: HowToPay) -> HowToPay:
    """What two tellings about one attempt say together; in whichever order, and however often."""
    views = one.told(), other.told()
    best: dict[str, str] = {}
    for names in _TOGETHER:
        parts = ([view[name] for name in names if name in view] for view in views)
        best |= dict(zip(names, max(parts, key=lambda part: (len(part), part)), strict=False))
    return HowToPay(**best)
