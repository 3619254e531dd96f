"""JSON from strangers: only what can also be written again."""

import json
from typing import Any

from midtrans_simulator.protocol import documented


def request(raw: bytes) -> Any:  # noqa: ANN401 - JSON is anything
    """A merchant's body with every field in its documented type. Raises ValueError as `parse` does."""
    try:
        return documented.read(parse(raw))
    except RecursionError:
        raise ValueError("nested too deeply") from None


def parse(raw: bytes) -> Any:  # noqa: ANN401 - JSON is anything
    """The value in `raw`; nothing at all counts as null. Raises ValueError for what is no JSON.

    NaN, half a surrogate pair and bottomless nesting are refused here, so that nothing later trips over them.
    """
    try:
        value = json.loads(raw or b"null", parse_constant=_refuse)
        json.dumps(value, ensure_ascii=False).encode()
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return value


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")
