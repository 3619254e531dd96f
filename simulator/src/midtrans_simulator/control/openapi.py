"""`GET /_control/openapi.json`: the control plane described in OpenAPI 3.1."""

from importlib.metadata import version
from typing import Any

from midtrans_simulator.protocol.methods import METHODS
from midtrans_simulator.protocol.model import AccountState, DeliveryState, Fraud, Status
from midtrans_simulator.state.faults import KINDS

Schema = dict[str, Any]


def document(acts: list[str]) -> Schema:
    """`acts` are what a transaction can be told."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "midtrans-simulator control plane",
            "version": version("midtrans-simulator"),
            "description": "What payers, banks, the fraud desk and time do. Needs no key; errors are 4xx.",
        },
        "servers": [{"url": "/_control"}],
        "paths": {**_machine_paths(), **_payment_paths(acts)},
        "components": {"schemas": {**_machine_schemas(), **_payment_schemas(), **_delivery_schemas()}},
    }


def _machine_paths() -> Schema:
    """State, clock, faults and what is known about the control plane itself."""
    return {
        "/state": {"get": _call("Everything there is", _ref("State"))},
        "/reset": {
            "post": _call(
                "Forget everything; the clock keeps its time unless it is reset, too",
                _ref("State"),
                body=_object({"clock": {"type": "boolean"}}),
            )
        },
        "/clock": {
            "get": _call("The virtual clock", _ref("Clock")),
            "post": _call(
                "Jump, stop, run or scale it; a jump returns when all that fell due has happened",
                _ref("Clock"),
                body=_object(
                    {
                        "advance": {"type": ["string", "number"], "examples": ["24h", "1d12h", 90]},
                        "running": {"type": "boolean"},
                        "speed": {"type": "number", "description": "virtual seconds per real second"},
                    }
                ),
            ),
        },
        "/faults": {
            "get": _call("The switches", _ref("Faults")),
            "put": _call("Switch on exactly these", _ref("Faults"), body=_switches()),
        },
        "/sink": {
            "post": _call("A notification endpoint that takes everything", _object({"message": _TEXT}))
        },
        "/openapi.json": {"get": _call("This document", {"type": "object"})},
    }


def _payment_paths(acts: list[str]) -> Schema:
    """Sessions, transactions, accounts and their notifications."""
    return {
        "/deliveries": {
            "get": _call(
                "Notifications with every try, oldest first",
                {"type": "array", "items": _ref("Delivery")},
                parameters=[_parameter("order_id", "query")],
            )
        },
        "/deliveries/{id}/resend": {
            "post": _call(
                "Send the same body again, now", _ref("Delivery"), parameters=[_parameter("id", "path")]
            )
        },
        "/sessions/{token}/choose": {
            "post": _call(
                "A customer confirms a method of the payment page",
                _ref("Transaction"),
                parameters=[_parameter("token", "path")],
                body=_object(
                    {
                        "method": {"enum": sorted(METHODS)},
                        "phone": {"type": "boolean", "description": "pays on the device at hand"},
                        "card_number": _TEXT,
                        "otp": _TEXT,
                        "payer_phone": {**_TEXT, "description": "the number OVO asks"},
                    },
                    ["method"],
                ),
            )
        },
        "/transactions/{id}/{act}": {
            "post": _call(
                "Something happens to a transaction; `id` may be an order_id, for its newest",
                _ref("Transaction"),
                parameters=[_parameter("id", "path"), _parameter("act", "path", {"enum": acts})],
                body=_object(
                    {
                        "amount": {
                            "type": "integer",
                            "description": "of a refund, rupiah; absent: all",
                        },
                        "refund_key": _TEXT,
                        "reason": _TEXT,
                        "partial": {"type": "boolean", "description": "chargeback"},
                        "otp": {**_TEXT, "description": "authenticate"},
                    }
                ),
            )
        },
        "/accounts/{id}/link": {
            "post": _call(
                "The customer agrees to link the wallet",
                _ref("Account"),
                parameters=[_parameter("id", "path")],
            )
        },
    }


_TEXT: Schema = {"type": "string"}
_MOMENT: Schema = {"type": "string", "format": "date-time"}
_MAYBE_TEXT: Schema = {"type": ["string", "null"]}
_MAYBE_MOMENT: Schema = {"type": ["string", "null"], "format": "date-time"}
_TEXTS: Schema = {"type": "array", "items": _TEXT}
_RUPIAH: Schema = {"type": "integer", "description": "rupiah"}


def _machine_schemas() -> Schema:
    return {
        "Error": _object({"message": _TEXT, "code": _TEXT}, ["message", "code"]),
        "Clock": _all({"now": _MOMENT, "running": {"type": "boolean"}, "speed": {"type": "number"}}),
        "Faults": _all(
            {
                "active": _switches(),
                "available": {"type": "object", "additionalProperties": _TEXT},
                "options": {"type": "object", "additionalProperties": _TEXTS},
                "seed": {"type": "integer"},
            }
        ),
        "Timer": _all({"due": _MOMENT, "event": _TEXT, "subject": _TEXT}),
        "Failure": _all({"at": _MOMENT, "event": _TEXT, "subject": _TEXT, "error": _TEXT}),
        "State": _all(
            {
                "clock": _ref("Clock"),
                "faults": _ref("Faults"),
                **{
                    name: {"type": "array", "items": _ref(kind)}
                    for name, kind in {
                        "sessions": "Session",
                        "transactions": "Transaction",
                        "deliveries": "Delivery",
                        "subscriptions": "Subscription",
                        "accounts": "Account",
                        "timers": "Timer",
                        "failures": "Failure",
                    }.items()
                },
            }
        ),
    }


def _payment_schemas() -> Schema:
    return {
        "Session": _all(
            {
                "token": _TEXT,
                "order_id": _TEXT,
                "merchant_id": _TEXT,
                "gross_amount": _RUPIAH,
                "state": {"enum": ["open", "cancelled", "replaced", "expired"]},
                "created_at": _MOMENT,
                "page_expires_at": _MOMENT,
                "notify_urls": _TEXTS,
                "transactions": _TEXTS,
            }
        ),
        "Transaction": _all(
            {
                "transaction_id": _TEXT,
                "order_id": _TEXT,
                "token": _MAYBE_TEXT,
                "method": {"enum": sorted(METHODS)},
                "payment_type": _TEXT,
                "gross_amount": _RUPIAH,
                "transaction_status": {"enum": [status.value for status in Status]},
                "fraud_status": {"enum": [*(fraud.value for fraud in Fraud), None]},
                "transaction_time": _MOMENT,
                "expiry_time": _MAYBE_MOMENT,
                "settlement_time": _MAYBE_MOMENT,
                "refunded": _RUPIAH,
                "details": {"type": "object"},
                "qr_string": _MAYBE_TEXT,
            }
        ),
        "Account": _all(
            {
                "account_id": _TEXT,
                "merchant_id": _TEXT,
                "phone_number": _TEXT,
                "account_status": {"enum": [state.value for state in AccountState]},
            }
        ),
        "Subscription": _all(
            {
                "id": _TEXT,
                "merchant_id": _TEXT,
                "name": _TEXT,
                "amount": _RUPIAH,
                "status": {"enum": ["active", "inactive"]},
                "next_at": _MAYBE_MOMENT,
                "charges": {"type": "integer"},
                "transactions": _TEXTS,
            }
        ),
    }


def _delivery_schemas() -> Schema:
    return {
        "Delivery": _all(
            {
                "id": _TEXT,
                "transaction_id": _TEXT,
                "order_id": _TEXT,
                "url": _TEXT,
                "state": {"enum": [state.value for state in DeliveryState]},
                "body": _TEXT,
                "created_at": _MOMENT,
                "next_try_at": _MAYBE_MOMENT,
                "copy_of": _MAYBE_TEXT,
                "tries": {"type": "array", "items": _ref("Try")},
            }
        ),
        "Try": _all(
            {
                "at": _MOMENT,
                "http_status": {"type": ["integer", "null"]},
                "reply": _TEXT,
                "error": _MAYBE_TEXT,
                "milliseconds": {"type": "integer"},
                "sequence": {"type": "integer", "description": "its place among all tries"},
            }
        ),
    }


def _switches() -> Schema:
    kinds: Schema = {"by": {"type": ["string", "number"]}, "status": {"type": "integer"}, "amount": _RUPIAH}
    common: Schema = {
        "share": {"type": "number", "minimum": 0, "maximum": 1},
        "times": {"type": ["integer", "null"]},
    }
    switches: Schema = {}
    for name, kind in KINDS.items():
        options = _object(common | {option: kinds.get(option, _TEXT) for option in kind.options})
        both = {"anyOf": [{"type": "boolean"}, options | {"additionalProperties": False}]}
        switches[name] = both | {"description": kind.about}
    switches["seed"] = {"type": "integer"}
    return _object(switches) | {"additionalProperties": False}


def _call(
    summary: str, answer: Schema, *, parameters: list[Schema] | None = None, body: Schema | None = None
) -> Schema:
    call: Schema = {
        "summary": summary,
        "responses": {
            "200": {"description": "done", "content": {"application/json": {"schema": answer}}},
            "4XX": {
                "description": "refused, and nothing changed",
                "content": {"application/json": {"schema": _ref("Error")}},
            },
        },
    }
    if parameters is not None:
        call["parameters"] = parameters
    if body is not None:
        call["requestBody"] = {"content": {"application/json": {"schema": body}}}
    return call


def _parameter(name: str, place: str, schema: Schema | None = None) -> Schema:
    return {"name": name, "in": place, "required": place == "path", "schema": schema or _TEXT}


def _all(properties: Schema) -> Schema:
    """An object that always has each of these, and nothing else."""
    return _object(properties, list(properties)) | {"additionalProperties": False}


def _object(properties: Schema, required: list[str] | None = None) -> Schema:
    made: Schema = {"type": "object", "properties": properties}
    return made | {"required": required} if required else made


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}
