"""Which fields of a request cannot be taken, told in the caller's language and naming each field."""

from collections.abc import Mapping, Sequence
from typing import Any

from tuntas.language import Language, text

_ENTRIES_MAX = 20
"""Fields told of at once; a list of thousands of wrong ones helps nobody."""
_SENTENCES: Mapping[str, str] = {
    "missing": "missing",
    "string_type": "text",
    "string_too_short": "too_short",
    "string_too_long": "too_long",
    "string_pattern_mismatch": "email",
    "not_keepable": "characters",
    "string_unicode": "characters",
    "int_type": "whole_number",
    "int_from_float": "whole_number",
    "int_parsing": "whole_number",
    "int_parsing_size": "whole_number",
    "greater_than": "too_small",
    "greater_than_equal": "too_small",
    "less_than": "too_large",
    "less_than_equal": "too_large",
    "bool_type": "yes_or_no",
    "not_a_day": "day",
    "date_type": "day",
    "date_parsing": "day",
    "date_from_datetime_parsing": "day",
    "date_from_datetime_inexact": "day",
    "model_attributes_type": "object",
}
"""By Pydantic's type of error; the only pattern of ours is that of e-mail addresses."""


def field_errors(found: Sequence[Mapping[str, Any]], language: Language) -> list[dict[str, str]]:
    """One `{"field", "message"}` for each, in the order in which they were found."""
    return [_told(entry, language) for entry in found[:_ENTRIES_MAX]]


def _told(entry: Mapping[str, Any], language: Language) -> dict[str, str]:
    place, *names = entry["loc"]
    field = ".".join(map(str, names)) or str(place)
    limits = entry.get("ctx", {})
    values = {
        "least": limits.get("min_length", limits.get("ge", limits.get("gt", 0) + 1)),
        "most": limits.get("max_length", limits.get("le", limits.get("lt", 0) - 1)),
    }
    sentence = _SENTENCES.get(entry["type"], "other")
    return {"field": field, "message": text(f"invalid.{sentence}", language, field=field, **values)}
