"""Core's refusals: a body with its own `status_code`, mostly under HTTP 200.

Midtrans, "Core API", "Status codes".
"""

import uuid
from datetime import UTC
from http import HTTPStatus
from typing import Any

from starlette.responses import JSONResponse

from midtrans_simulator.gateway import Gateway

NOT_FOUND = "Transaction doesn't exist."
NOT_ALLOWED = "Transaction status cannot be updated."
UNKNOWN_KEY = "Transaction cannot be authorized with the current client/server key."
INVALID = "One or more parameters in the payload is invalid."
NO_TOKEN = "Token id is missing, invalid, or timed out"  # noqa: S105 - a sentence
NO_ACCESS = "Merchant doesn't have access for this payment type"
DUPLICATE_REFUND = "Duplicate refund ID"
USED = "order_id has been paid and utilized, please use another order ID"

_SAID_BY_HTTP = 401


class CoreError(Exception):
    """`code` is the body's status_code; `id` the transaction's, else one of the request's own.

    With `validation_messages` it is answered under HTTP 400.
    """

    def __init__(
        self,
        code: int,
        message: str,
        *,
        id: str | None = None,  # noqa: A002 - the field's name
        validation_messages: list[str] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.id = id or str(uuid.uuid4())
        self.validation_messages = validation_messages

    def response(self, *, mirror: bool) -> JSONResponse:
        """`mirror`: the HTTP status repeats the body's code."""
        body: dict[str, Any] = {"status_code": str(self.code), "status_message": str(self)}
        if self.validation_messages is not None:
            body["validation_messages"] = self.validation_messages
        spoken = mirror or self.code == _SAID_BY_HTTP or self.validation_messages is not None
        return JSONResponse(body | {"id": self.id}, status_code=self.code if spoken else 200)


def wrong_path(gateway: Gateway, path: str, http_status: int) -> JSONResponse:
    """A path or a verb that Core does not have: JSON, never a page and never a redirect."""
    phrase = HTTPStatus(http_status).phrase
    body = {
        "timestamp": gateway.now().astimezone(UTC).isoformat(timespec="milliseconds"),
        "status": http_status,
        "error": phrase,
        "message": "No message available",
        "path": path,
    }
    return JSONResponse(body, status_code=http_status)


def apology(http_status: int, message: str) -> JSONResponse:
    """The gateway itself is in trouble: HTTP status and body say the same."""
    return CoreError(http_status, message).response(mirror=True)
