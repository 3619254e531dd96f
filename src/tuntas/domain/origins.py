"""Origins: scheme, host and port of a frontend, as browsers send them."""

import re
from urllib.parse import urlsplit

SCHEMES = frozenset({"https", "http", "capacitor", "ionic"})
"""Of web pages, and of those inside apps."""
_DEFAULT_PORTS = {"https": 443, "http": 80}
_UNSAFE = re.compile(r"[\s\\\x00-\x1f\x7f]")
"""What browsers and programs read differently within an address."""


class NotAnOrigin(ValueError):
    """The address has no origin that a browser would send."""


def origin_of(address: str) -> str:
    """The origin of an address, in small letters and without the usual port. Raises NotAnOrigin."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        raise NotAnOrigin(address) from None
    if _UNSAFE.search(address) or parts.scheme not in SCHEMES or not parts.hostname or "@" in parts.netloc:
        raise NotAnOrigin(address)
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    named = "" if port in (None, _DEFAULT_PORTS.get(parts.scheme)) else f":{port}"
    return f"{parts.scheme}://{host}{named}"


def is_origin(text: str) -> bool:
    """Whether this is an origin and nothing more: no path, no query, no sign for any."""
    try:
        origin_of(text)
    except NotAnOrigin:
        return False
    parts = urlsplit(text)
    return parts.path in {"", "/"} and not (parts.query or parts.fragment) and "*" not in text
