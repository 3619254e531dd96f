"""Which texts can be kept. JSON allows more than PostgreSQL, UTF-8 and a terminal do.

Three kinds of characters are refused everywhere: NUL, which PostgreSQL cannot store; half a character
outside the basic plane (a lone surrogate, an emoji cut in two), which UTF-8 cannot write; and the other
control characters but tab and line feed, which speak to terminals instead of people.

Free text keeps its sense without them: `clean` puts U+FFFD in their place. An identifier does not: another
id is another thing, so one that holds such a character (or the mark of one cleaned away) is refused.
"""

import re

REPLACEMENT = "\ufffd"
JSON_DEPTH_MAX = 64
"""How many objects and lists may stand in one another. Midtrans's own go four deep."""

_UNKEEPABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_NEVER_IN_IDENTIFIERS = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffd]")


class TooDeep(ValueError):
    """JSON nested deeper than JSON_DEPTH_MAX."""


def clean(text: str) -> str:
    """The text with U+FFFD in place of what cannot be kept; a line end of two characters becomes one."""
    return _UNKEEPABLE.sub(REPLACEMENT, text.replace("\r\n", "\n"))


def is_keepable(text: str) -> bool:
    """Whether every character can be stored, sent and shown as it is."""
    return _UNKEEPABLE.search(text) is None


def is_identifier(text: str, longest: int) -> bool:
    """Whether this may name a thing: 1 to `longest` characters, none of them one that cannot be kept."""
    return 0 < len(text) <= longest and _NEVER_IN_IDENTIFIERS.search(text) is None


def is_clean_json(text: str) -> bool:
    """Whether nothing in this JSON text needs `clean_json`: seen without looking at each value."""
    is_plain = "\\" not in text and is_keepable(text)
    return is_plain and text.count("{") + text.count("[") <= JSON_DEPTH_MAX


def clean_json(value: object, *, depth: int = JSON_DEPTH_MAX) -> object:
    """A parsed JSON value with every text in it cleaned, names of fields too. Raises TooDeep."""
    if isinstance(value, str):
        return clean(value)
    if not isinstance(value, dict | list):
        return value
    if depth == 0:
        raise TooDeep(f"JSON nested deeper than {JSON_DEPTH_MAX} levels")
    if isinstance(value, list):
        return [clean_json(entry, depth=depth - 1) for entry in value]
    return {clean(str(name)): clean_json(entry, depth=depth - 1) for name, entry in value.items()}
