"""What is wrong with a form, told at the field, in the reader's language."""

from collections.abc import Iterable

from pydantic import ValidationError

from tuntas.language import Language, text

_FIELDS_WITH_A_SENTENCE = {"email", "event_date"}
_LONGEST = 200
"""Characters that a field keeps where its type tells no other bound."""


def problems_of(error: ValidationError, fields: Iterable[str], language: Language) -> dict[str, str]:
    """A sentence for each field that cannot be taken, in the order in which the form shows them."""
    told = {str(entry["loc"][0]): _sentence(dict(entry), language) for entry in reversed(error.errors())}
    return {name: told[name] for name in fields if name in told}


def _sentence(entry: dict[str, object], language: Language) -> str:
    name = str(next(iter(entry["loc"]))) if isinstance(entry["loc"], tuple) else ""
    if not str(entry.get("input") or "").strip() or entry["type"] == "missing":
        return text("field.missing", language)
    if entry["type"] == "string_too_long":
        context = entry.get("ctx")
        longest = context.get("max_length", _LONGEST) if isinstance(context, dict) else _LONGEST
        return text("field.too_long", language, longest=longest)
    return text(f"field.{name}" if name in _FIELDS_WITH_A_SENTENCE else "field.invalid", language)
