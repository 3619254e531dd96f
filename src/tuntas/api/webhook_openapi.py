"""The webhook in `/api/openapi.json`, by hand: its route is a plain one and reads the body itself."""

from typing import Any, Final

from tuntas.language import Language, text


def _answer(description: str, message: str, code: str | None = None) -> dict[str, Any]:
    body = {"message": message} if code is None else {"message": message, "code": code}
    schema = {
        "type": "object",
        "required": list(body),
        "properties": {name: {"type": "string"} for name in body},
    }
    content = {"schema": schema, "examples": {code or "answer": {"value": body}}}
    return {"description": description, "content": {"application/json": content}}


def _refusal(description: str, code: str) -> dict[str, Any]:
    return _answer(description, text(f"error.{code}", Language.ID), code)


_TEXT: Final = {"type": "string"}
WEBHOOK: Final[dict[str, Any]] = {
    "tags": ["midtrans"],
    "summary": "Take in a notification",
    "description": "For Midtrans's servers. The signature is the SHA-512 of `order_id`, `status_code`, "
    "`gross_amount` and the server key. Unknown fields are kept and ignored; 200 means stored, also for "
    "duplicates, unknown orders and other amounts.",
    "operationId": "midtrans_webhook",
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": [
                        "order_id",
                        "transaction_id",
                        "transaction_status",
                        "status_code",
                        "gross_amount",
                        "signature_key",
                    ],
                    "properties": {
                        "order_id": _TEXT,
                        "transaction_id": _TEXT,
                        "transaction_status": _TEXT,
                        "status_code": _TEXT,
                        "gross_amount": {"type": "string", "description": "Two decimals."},
                        "signature_key": {"type": "string", "description": "128 hexadecimal digits."},
                        "payment_type": _TEXT,
                        "fraud_status": _TEXT,
                        "transaction_time": _TEXT,
                        "settlement_time": _TEXT,
                        "expiry_time": _TEXT,
                    },
                    "additionalProperties": True,
                },
                "example": {
                    "order_id": "INV-6f081f0e-63cf-4f7c-aa53-3ed9c35ed2d3",
                    "transaction_id": "513f1f01-c9da-474c-9fc9-d5c64364b709",
                    "transaction_status": "settlement",
                    "status_code": "200",
                    "gross_amount": "299000.00",
                    "signature_key": "0" * 128,
                    "payment_type": "qris",
                    "transaction_time": "2026-11-03 12:00:00",
                    "settlement_time": "2026-11-03 12:01:00",
                },
            }
        },
    },
    "responses": {
        "200": _answer("Stored.", "Webhook processed successfully"),
        "400": _refusal("No JSON object with the fields needed: two retries.", "malformed_notification"),
        "403": _answer("The signature, or a code that cannot belong to the status.", "Invalid signature"),
        "413": _refusal("More than 64 KiB.", "payload_too_large"),
        "503": _refusal("It could not be stored: four retries.", "not_stored"),
    },
}
