"""Choosing the language from what the browser asks for."""

import re

from tuntas.language.catalogue import Language

_RANGE = re.compile(
    r"([a-z]{1,8})(?:-[a-z0-9-]*)?"  # the language and its ignored subtags
    r"(?:\s*;\s*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?",  # a quality from 0 to 1
    re.IGNORECASE,
)
_PRIMARY = {"id": Language.ID, "in": Language.ID, "en": Language.EN}  # Java and old Androids say "in"


def negotiate(accept_language: str | None, default: Language = Language.ID) -> Language:
    """The language an ``Accept-Language`` header prefers among ours, `default` where it names none.

    Region subtags are ignored, parts that cannot be read are skipped, ``q=0`` means "not this one",
    and of equals the first wins.
    """
    best, best_quality = default, 0.0
    for part in (accept_language or "").split(","):
        match = _RANGE.fullmatch(part.strip())
        language = _PRIMARY.get(match[1].lower()) if match else None
        if match is None or language is None:
            continue
        quality = float(match[2] or 1)
        if quality > best_quality:
            best, best_quality = language, quality
    return best
