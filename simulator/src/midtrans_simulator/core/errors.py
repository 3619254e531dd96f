"""Core's refusals: a body with its own `status_code`, under HTTP 200 except for 401 (4.2, 4.6)."""

import uuid

from starlette.responses import JSONResponse

NOT_FOUND = "Transaction doesn't exist."
NOT_ALLOWED = "Transaction status cannot be updated."
UNKNOWN_KEY = "Transaction cannot be authorized with the current client/server key."


class CoreError(Exception):
    """`code` is the body's status_code; `id` the transaction's, else one of the request's own."""

    def __init__(self, code: int, message: str, *, id: str | None = None) -> None:  # noqa: A002 - the field's name
        super().__init__(message)
        self.code = code
        self.id = id or str(uuid.uuid4())

    def response(self, *, mirror: bool) -> JSONResponse:
        """`mirror`: the HTTP status repeats the body's code."""
        body = {"status_code": str(self.code), "status_message": str(self), "id": self.id}
        return JSONResponse(body, status_code=self.code if mirror or self.code in {401, 500, 503} else 200)
