"""What a story expects of its order by now."""

import json
from collections.abc import Callable
from typing import Any

from midtrans_simulator.scenario.stage import Failed, Stage


def check(stage: Stage, wanted: dict[str, Any]) -> None:
    """Raises Failed with what is there instead, or with the expectations there are."""
    for name, value in wanted.items():
        look = EXPECTATIONS.get(name)
        if look is None:
            raise Failed(f"{name!r} cannot be expected; there is {', '.join(EXPECTATIONS)}")
        found = look(stage)
        if found != value:
            raise Failed(f"{name} is {_shown(found)}, not {_shown(value)}")


def _status(stage: Stage) -> Any:  # noqa: ANN401 - as YAML has it
    """What GET status says of the newest transaction; `none` while no method is chosen."""
    made = stage.transactions()
    return stage.simulator.status(made[-1]["transaction_id"])["transaction_status"] if made else "none"


def _notifications(stage: Stage) -> list[str]:
    return [_body(delivery).get("transaction_status", "unreadable") for _, delivery in stage.tries()]


def _body(delivery: dict[str, Any]) -> dict[str, Any]:
    try:
        body = json.loads(delivery["body"])
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _shown(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


EXPECTATIONS: dict[str, Callable[[Stage], Any]] = {
    "status": _status,
    "fraud": lambda stage: stage.transactions()[-1]["fraud_status"],
    "amount": lambda stage: stage.transactions()[-1]["gross_amount"],
    "refunded": lambda stage: stage.transactions()[-1]["refunded"],
    "transactions": lambda stage: [each["transaction_status"] for each in stage.transactions()],
    "notifications": _notifications,
    "replies": lambda stage: [attempt["http_status"] for attempt, _ in stage.tries()],
    "delivered": lambda stage: all(delivery["state"] == "delivered" for _, delivery in stage.tries()),
    "undelivered": lambda stage: sum(
        1 for each in stage.simulator.deliveries(stage.current()) if each["state"] != "delivered"
    ),
}
