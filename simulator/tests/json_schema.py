"""As much of JSON Schema as the simulator's own schemas use. Any other keyword is an error, not ignored."""

import re
from collections.abc import Callable
from typing import Any

_KINDS = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "boolean": bool,
    "number": (int, float),
}
_ABOUT = {"$schema", "$defs", "title", "description", "then", "else", "examples", "default"}

Schema = dict[str, Any]


def problems(schema: Schema, value: Any, root: Schema | None = None, path: str = "$") -> list[str]:
    """What is wrong with `value`; nothing when it is valid."""
    root = root or schema
    found: list[str] = []
    for keyword, wanted in schema.items():
        if keyword not in _ABOUT:
            found += _KEYWORDS[keyword](schema, wanted, value, root, path)
    return found


def _fails(condition: bool, path: str, text: str) -> list[str]:
    return [f"{path} {text}"] if condition else []


def _reference(_: Schema, wanted: str, value: Any, root: Schema, path: str) -> list[str]:
    target: Any = root
    for name in wanted.removeprefix("#/").split("/"):
        target = target[name]
    return problems(target, value, root, path)


def _kind(_: Schema, wanted: str | list[str], value: Any, __: Schema, path: str) -> list[str]:
    names = [wanted] if isinstance(wanted, str) else wanted
    fits = any(
        value is None
        if name == "null"
        else isinstance(value, _KINDS[name]) and (name == "boolean" or not isinstance(value, bool))
        for name in names
    )
    return _fails(not fits, path, f"is no {' or '.join(names)}")


def _properties(_: Schema, wanted: dict[str, Schema], value: Any, root: Schema, path: str) -> list[str]:
    if not isinstance(value, dict):
        return []
    return [
        problem
        for name, schema in wanted.items()
        if name in value
        for problem in problems(schema, value[name], root, f"{path}.{name}")
    ]


def _additional(schema: Schema, wanted: Any, value: Any, root: Schema, path: str) -> list[str]:
    if not isinstance(value, dict):
        return []
    others = set(value) - set(schema.get("properties", {}))
    if wanted is False:
        return _fails(bool(others), path, f"has {', '.join(sorted(others))}")
    return [text for name in others for text in problems(wanted, value[name], root, f"{path}.{name}")]


def _items(_: Schema, wanted: Schema, value: Any, root: Schema, path: str) -> list[str]:
    items = value if isinstance(value, list) else []
    return [
        text for place, item in enumerate(items) for text in problems(wanted, item, root, f"{path}[{place}]")
    ]


def _condition(schema: Schema, wanted: Schema, value: Any, root: Schema, path: str) -> list[str]:
    branch = "else" if problems(wanted, value, root, path) else "then"
    return problems(schema.get(branch, {}), value, root, path)


def _any_of(_: Schema, wanted: list[Schema], value: Any, root: Schema, path: str) -> list[str]:
    fits = any(not problems(each, value, root, path) for each in wanted)
    return _fails(not fits, path, "fits none of anyOf")


_KEYWORDS: dict[str, Callable[[Schema, Any, Any, Schema, str], list[str]]] = {
    "$ref": _reference,
    "type": _kind,
    "const": lambda _, wanted, value, __, path: _fails(value != wanted, path, f"is not {wanted!r}"),
    "enum": lambda _, wanted, value, __, path: _fails(value not in wanted, path, f"is none of {wanted}"),
    "pattern": lambda _, wanted, value, __, path: _fails(
        isinstance(value, str) and re.search(wanted, value) is None, path, f"does not match {wanted}"
    ),
    "format": lambda *_: [],
    "minLength": lambda _, wanted, value, __, path: _fails(
        isinstance(value, str) and len(value) < wanted, path, "is too short"
    ),
    "minimum": lambda _, wanted, value, __, path: _fails(
        isinstance(value, int | float) and value < wanted, path, f"is below {wanted}"
    ),
    "maximum": lambda _, wanted, value, __, path: _fails(
        isinstance(value, int | float) and value > wanted, path, f"is above {wanted}"
    ),
    "minItems": lambda _, wanted, value, __, path: _fails(
        isinstance(value, list) and len(value) < wanted, path, "has too few items"
    ),
    "required": lambda _, wanted, value, __, path: (
        [f"{path} lacks {name}" for name in wanted if name not in value] if isinstance(value, dict) else []
    ),
    "properties": _properties,
    "additionalProperties": _additional,
    "items": _items,
    "allOf": lambda _, wanted, value, root, path: [
        text for each in wanted for text in problems(each, value, root, path)
    ],
    "anyOf": _any_of,
    "not": lambda _, wanted, value, root, path: _fails(
        not problems(wanted, value, root, path), path, f"fits what it must not: {wanted}"
    ),
    "if": _condition,
}
