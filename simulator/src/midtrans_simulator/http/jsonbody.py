"""JSON from strangers: only what can also be written again."""

import json
from typing import Any


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
