"""`/api/openapi.json`: what the routes really answer, refusals, log-ins and the webhook included.

A route names the refusals that are its own with `refusals(…)`; those that follow from its shape (a body, a
log-in, a database behind it) are added here. A test holds the result against what the routes answer.
"""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from tuntas.api.webhook_openapi import WEBHOOK
from tuntas.http.caller import SESSION_COOKIE
from tuntas.http.errors import status_of_kind
from tuntas.language import Language, text
from tuntas.midtrans.errors import GatewayError
from tuntas.midtrans.notification import WEBHOOK_PATH
from tuntas.usecases.errors import ForbiddenOrigin, SessionExpired, Unauthenticated, UseCaseError

Kind = type[UseCaseError] | type[GatewayError]
Document = dict[str, Any]

_ABOUT: Final = """Payments on Midtrans, carried through to their end.

Money is a whole number of rupiah, times are ISO 8601 with their offset, bodies are at most 64 KiB. Every
refusal is `{"message", "code"}`: show the message, which is in the language of `Accept-Language`; decide by
the code."""
_FASTAPIS_OWN: Final = "HTTPValidationError"
"""What FastAPI says of wrong fields, and we do not."""
_REF: Final = "#/components/schemas/Refusal"
_REFUSAL: Final[Document] = {
    "type": "object",
    "title": "Refusal",
    "required": ["message", "code"],
    "properties": {
        "message": {"type": "string", "description": "For people, in their language."},
        "code": {"type": "string", "description": "For programs: never changes."},
        "errors": {
            "type": "array",
            "description": "With `invalid_request`: what is wrong with which field.",
            "items": {
                "type": "object",
                "required": ["field", "message"],
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
}
_COOKIE: Final[Document] = {
    "type": "apiKey",
    "in": "cookie",
    "name": SESSION_COOKIE,
    "description": "Of our own pages, and from their origin only.",
}
_PRICE_SHOWN: Final = "Rp299.000"
"""In the examples of sentences that name one."""


def refusals(*kinds: Kind) -> dict[int | str, Document]:
    """For a route's `responses`: how its own refusals look."""
    return {int(status): _answer(codes) for status, codes in _by_status(_coded(kinds)).items()}


def install(app: FastAPI) -> None:
    """Have the application describe itself so; made when it is first asked for."""

    def described() -> Document:
        if app.openapi_schema is None:
            app.openapi_schema = _describe(app)
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]  # FastAPI's own way to do it


def _describe(app: FastAPI) -> Document:
    document = get_openapi(
        title=app.title, version=app.version, description=_ABOUT, routes=app.routes, tags=_TAGS
    )
    for methods in document["paths"].values():
        for method, operation in methods.items():
            _complete(operation, changes=method != "get")
    document["paths"][WEBHOOK_PATH] = {"post": WEBHOOK}
    components = document["components"]
    components["schemas"]["Refusal"] = _REFUSAL
    components["securitySchemes"]["cookie"] = _COOKIE
    for unused in (_FASTAPIS_OWN, "ValidationError"):
        components["schemas"].pop(unused, None)
    return document


def _complete(operation: Document, *, changes: bool) -> None:
    """The refusals that follow from the operation's shape, and who may call it."""
    shape: list[tuple[HTTPStatus, str]] = []
    if "requestBody" in operation:
        shape.append((HTTPStatus.BAD_REQUEST, "invalid_json"))
        shape.append((HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "payload_too_large"))
    if "requestBody" in operation or any(map(_can_be_wrong, operation.get("parameters", ()))):
        shape.append((HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_request"))
    if "security" in operation:
        operation["security"].append({"cookie": []})
        shape += _coded((Unauthenticated, SessionExpired))
        shape += _coded((ForbiddenOrigin,)) if changes else []
    shape += [
        (HTTPStatus.INTERNAL_SERVER_ERROR, "internal_error"),
        (HTTPStatus.SERVICE_UNAVAILABLE, "busy"),
        (HTTPStatus.SERVICE_UNAVAILABLE, "database_unavailable"),
        (HTTPStatus.SERVICE_UNAVAILABLE, "shutting_down"),
    ]
    responses = operation["responses"]
    if _FASTAPIS_OWN in str(responses.get("422")):
        del responses["422"]
    for status, codes in _by_status(shape).items():
        key = str(int(status))
        known = responses.get(key, {}).get("content", {}).get("application/json", {}).get("examples", {})
        responses[key] = _answer([*known, *(code for code in codes if code not in known)])
    operation["responses"] = dict(sorted(responses.items()))


def _can_be_wrong(parameter: Document) -> bool:
    """Anything but a free text."""
    schema = parameter["schema"]
    return schema.get("type") != "string" or not schema.keys() <= {"type", "title"}


def _answer(codes: list[str]) -> Document:
    """One status: the codes that come with it, each with its sentence."""
    return {
        "description": ", ".join(f"`{code}`" for code in codes),
        "content": {
            "application/json": {
                "schema": {"$ref": _REF},
                "examples": {code: {"value": _example(code)} for code in codes},
            }
        },
    }


def _example(code: str) -> Document:
    message = text(f"error.{code}", Language.ID, price=_PRICE_SHOWN, minimum=8)
    example: Document = {"message": message, "code": code}
    if code == "invalid_request":
        field = "invitation_id"
        wrong = text("invalid.whole_number", Language.ID, field=field)
        example["errors"] = [{"field": field, "message": wrong}]
    return example


def _coded(kinds: Iterable[Kind]) -> list[tuple[HTTPStatus, str]]:
    return [(status_of_kind(kind), kind.code) for kind in kinds]


def _by_status(coded: Iterable[tuple[HTTPStatus, str]]) -> dict[HTTPStatus, list[str]]:
    found: dict[HTTPStatus, list[str]] = {}
    for status, code in coded:
        found.setdefault(status, []).append(code)
    return found


_TAGS: Final = [
    {"name": "accounts", "description": "Register, log in, log out."},
    {"name": "configuration", "description": "What a frontend needs to know."},
    {"name": "invitations", "description": "What is sold, and what was bought."},
    {"name": "payments", "description": "Asking to pay, and how a payment stands."},
    {"name": "midtrans", "description": "Called by Midtrans's servers, never by a frontend."},
]
