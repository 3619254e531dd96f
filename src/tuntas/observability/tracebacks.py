"""An error as where it happened and what kind it was.

Never its message, its parameters or the values around it: PostgreSQL quotes the row it refuses, drivers quote
what they were given, and parsers quote what they could not read.
"""

import traceback
from collections.abc import Iterator
from pathlib import PurePath

FRAMES_MAX = 8
"""The innermost ones of our own code, after the two innermost of all: libraries nest deeply."""
CAUSES_MAX = 3
_ANYBODYS = 2
_OURS = "tuntas"


def outline(error: BaseException) -> list[str]:
    """Lines from the error to its causes: each with class, SQLSTATE, and its frames, innermost first."""
    lines: list[str] = []
    for number, cause in enumerate(_causes(error)):
        lines.append(("because of " if number else "") + _kind(cause))
        lines += [f"  {place(frame.filename, frame.lineno)} {frame.name}" for frame in _telling(cause)]
    return lines


def place(filename: str, line: int | None) -> str:
    """`usecases/ingest.py:88`, whatever folder this is installed in."""
    return f"{'/'.join(PurePath(filename).parts[-2:])}:{line}"


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in seen and len(seen) < CAUSES_MAX:
        yield cause
        seen.append(cause)
        if isinstance(cause, BaseExceptionGroup):
            cause = cause.exceptions[0]
        else:
            cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)


def _telling(error: BaseException) -> list[traceback.FrameSummary]:
    """The frames worth a line, innermost first."""
    frames = traceback.extract_tb(error.__traceback__)[::-1]
    ours = [frame for frame in frames[_ANYBODYS:] if _OURS in PurePath(frame.filename).parts]
    return frames[:_ANYBODYS] + ours[:FRAMES_MAX]


def _kind(error: BaseException) -> str:
    state = getattr(error, "sqlstate", None) or getattr(getattr(error, "orig", None), "sqlstate", None)
    name = f"{type(error).__module__}.{type(error).__qualname__}"
    return f"{name} {state}" if isinstance(state, str) else name
