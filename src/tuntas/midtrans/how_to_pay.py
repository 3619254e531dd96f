"""Reading what the customer needs to pay: the fields differ by method (docs/midtrans.md, "Fields").

A notification tells numbers and codes. A QR's text and links come in replies to us alone, and only there are
they believed: nothing of them is signed, and customers would follow a forged link.
"""

from urllib.parse import urlsplit

from tuntas.domain.facts import Source
from tuntas.domain.how_to_pay import HowToPay
from tuntas.midtrans.fields import Fields

_ACCOUNTS_MAX = 10
"""`va_numbers`; the first one counts."""
_ACTIONS_MAX = 10
"""Entries of `actions`. Midtrans's own lists have five."""
_QR_MAX = 512
"""Characters inside a QRIS code."""
_URL_MAX = 2048
_LINK_SCHEMES = frozenset({"https", "http", "gojek", "shopeeid", "dana"})
"""What a link may open: a page, or the app of a wallet that Midtrans serves; never a script."""
_QR_IMAGE, _APP = ("generate-qr-code-v2", "generate-qr-code"), ("deeplink-redirect",)
"""Names of `actions`, the better one first."""


def read_how_to_pay(fields: Fields, source: Source) -> HowToPay:
    """A pair of which one half is missing is of no use and counts as not told."""
    told = {
        **_virtual_account(fields),
        **_both(fields, "biller_code", "bill_key"),
        **_store(fields),
        **(_links(fields) if source is Source.STATUS else {}),
    }
    return HowToPay(**told, answered=frozenset(told if source is Source.STATUS else ()))


def _virtual_account(fields: Fields) -> dict[str, str]:
    """Permata's own field, or `va_numbers[0]`."""
    if (number := fields.text("permata_va_number")) is not None:
        return {"bank": "permata", "va_number": number}
    for account in fields.objects("va_numbers", _ACCOUNTS_MAX)[:1]:
        bank, number = account.word("bank"), account.text("va_number")
        if bank and number:
            return {"bank": bank, "va_number": number}
    return {}


def _store(fields: Fields) -> dict[str, str]:
    store, code = fields.word("store"), fields.text("payment_code")
    return {"store": store, "payment_code": code} if store and code else {}


def _both(fields: Fields, one: str, other: str) -> dict[str, str]:
    first, second = fields.text(one), fields.text(other)
    return {one: first, other: second} if first and second else {}


def _links(fields: Fields) -> dict[str, str]:
    actions = {action.word("name"): action for action in fields.objects("actions", _ACTIONS_MAX)}
    found = {
        "qr_string": fields.text("qr_string", _QR_MAX),
        "qr_image_url": _first_link(actions, _QR_IMAGE),
        "app_url": _first_link(actions, _APP),
    }
    return {name: value for name, value in found.items() if value}


def _first_link(actions: dict[str | None, Fields], names: tuple[str, ...]) -> str | None:
    return next((_link(actions[name]) for name in names if name in actions), None)


def _link(action: Fields) -> str | None:
    """An address that a browser may be sent to; one that it may not is named, not shown."""
    url = action.text("url", _URL_MAX)
    if url is None:
        return None
    try:
        scheme = urlsplit(url).scheme
    except ValueError:
        scheme = ""
    if scheme in _LINK_SCHEMES and not any(map(str.isspace, url)):
        return url
    action.cannot_read("url")
    return None
