"""Structured logs with an allow-list: a field nobody approved never reaches a log."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

_ALLOWED = {
    "event", "level", "timestamp", "exception", "exc_info",
    "order_id", "transaction_id", "transaction_status", "outcome", "error", "path",
}  # fmt: skip
"""No keys, signatures, tokens, bodies, personal data: before adding a field, ask what it reveals."""


def configure_logging(*, json: bool) -> None:
    """Log to standard error: JSON lines in production, readable lines at a desk."""
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if json
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _only_allowed,
            *([structlog.processors.format_exc_info] if json else []),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )


def _only_allowed(_logger: Any, _method: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:  # noqa: ANN401
    return {name: value for name, value in fields.items() if name in _ALLOWED}
