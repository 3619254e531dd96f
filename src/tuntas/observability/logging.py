"""Logs: one way out for every line, ours and the libraries', and one shape.

A field nobody approved never reaches a log. Of a library's line only the sentence as its author wrote it is
kept, without the values it was to be filled with; of an error, where it happened and its class.
"""

import logging
import re
import sys
import threading
import warnings
from collections.abc import MutableMapping
from contextlib import suppress
from typing import Any, TextIO

import structlog

from tuntas.observability.printable import printable
from tuntas.observability.quota import Quota
from tuntas.observability.tracebacks import outline, place

_ALLOWED = {
    "event", "level", "timestamp", "logger", "exception", "about", "count",
    "order_id", "transaction_id", "transaction_status", "outcome", "error", "path",
}  # fmt: skip
"""No keys, signatures, tokens, bodies, personal data: before adding a field, ask what it reveals."""

_TELLING = re.compile(r"\S*@\S*|[0-9A-Za-z+/=_-]{33,}")
"""In a library's sentence: addresses with what stands before their @, and what is as long as a key."""

Fields = MutableMapping[str, Any]

log = structlog.get_logger()


def configure_logging(*, json: bool) -> None:
    """Log to standard error: JSON lines in production, readable lines at a desk."""
    way_out = _WayOut(json=json)
    root = logging.getLogger()
    for handler in [handler for handler in root.handlers if isinstance(handler, _WayOut)]:
        handler.close()
        root.removeHandler(handler)
    root.addHandler(way_out)
    root.setLevel(logging.WARNING)
    logging.getLogger("tuntas").setLevel(logging.INFO)
    structlog.configure(
        processors=[*_BEGIN, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


def log_what_python_prints() -> None:
    """Warnings, and errors where nobody could catch them, go the way of every other line."""
    warnings.showwarning = _warning
    sys.unraisablehook = lambda told: log.error("error_nobody_could_catch", exc_info=told.exc_value)
    threading.excepthook = lambda told: log.error("thread_failed", exc_info=told.exc_value)


class _WayOut(logging.StreamHandler[TextIO]):
    def __init__(self, *, json: bool) -> None:
        super().__init__(sys.stderr)
        self._quota = Quota()
        self.addFilter(self._quota)
        end = [structlog.processors.JSONRenderer()] if json else [_with_lines, _at_a_desk()]
        self.setFormatter(
            structlog.stdlib.ProcessorFormatter(
                foreign_pre_chain=[*_BEGIN, _of_a_library],
                processors=[_outlined, _only_allowed, *end],
                use_get_message=False,
            )
        )

    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stderr  # as it is now: whoever runs us may have put another in its place
        super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802, ARG002  logging's name
        """Python's own way would print the values of the line that could not be written."""
        with suppress(OSError, ValueError):
            sys.stderr.write('{"event": "log_line_lost", "level": "error"}\n')

    def close(self) -> None:
        self._quota.tell(everything=True)
        super().close()


def _at_a_desk() -> structlog.dev.ConsoleRenderer:
    return structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())


def _with_lines(_logger: Any, _method: str, fields: Fields) -> Fields:  # noqa: ANN401
    if "exception" in fields:
        fields["exception"] = "\n".join(fields["exception"])
    return fields


def _of_a_library(_logger: Any, _method: str, fields: Fields) -> Fields:  # noqa: ANN401
    record: logging.LogRecord = fields["_record"]
    said = record.msg if isinstance(record.msg, str) else type(record.msg).__name__
    first_line = said.strip().partition("\n")[0]
    return {**fields, "event": _TELLING.sub("…", first_line), "logger": record.name}


def _outlined(_logger: Any, _method: str, fields: Fields) -> Fields:  # noqa: ANN401
    error = fields.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()
    if isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        fields["exception"] = outline(error)
    return fields


def _only_allowed(_logger: Any, _method: str, fields: Fields) -> Fields:  # noqa: ANN401
    return {name: _fit(value) for name, value in fields.items() if name in _ALLOWED}


def _fit(value: object) -> object:
    match value:
        case None | bool() | int() | float():
            return value
        case list():
            return [printable(line) for line in value]
        case _:
            return printable(value)


def _warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    del message, file, line
    log.warning("python_warning", error=f"{category.__name__} at {place(filename, lineno)}")


_BEGIN: list[Any] = [
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]
