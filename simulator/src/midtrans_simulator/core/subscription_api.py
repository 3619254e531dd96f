"""`/v1/subscriptions` (seen live). Its refusals carry no status_code of their own: HTTP says it."""

import uuid
from typing import Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from midtrans_simulator.core.endpoint import Body, Call, merchant_endpoint
from midtrans_simulator.gateway import Gateway
from midtrans_simulator.payments import subscriptions
from midtrans_simulator.protocol import expiry as lives
from midtrans_simulator.protocol import wib
from midtrans_simulator.protocol.model import Subscription

_LARGEST = 99_999_999_999
_AMOUNT = "subscription.amount must be between 0.01 - 99999999999.00"
_UNITS = ("day", "week", "month")
_RETRY_UNITS = ("minute", "hour", "day")
_LONGEST_NAME = 40
_ECHOED = ("metadata", "customer_details", "gopay")


class _Refused(Exception):
    def __init__(self, http_status: int, message: str, problems: list[str] | None = None) -> None:
        super().__init__(message)
        self.http_status = http_status
        self.problems = problems


def routes(gateway: Gateway) -> list[Route]:
    def at(path: str, method: str, act: Any) -> Route:  # noqa: ANN401 - one of the acts below
        def answered(call: Call) -> Body | Response:
            try:
                return act(call)  # type: ignore[no-any-return] # all of them return a body
            except _Refused as refused:
                body: Body = {"status_message": str(refused)}
                if refused.problems is not None:
                    body["validation_message"] = refused.problems
                return JSONResponse(body, status_code=refused.http_status)

        return Route(f"/v1/subscriptions{path}", merchant_endpoint(gateway, answered), methods=[method])

    return [
        at("", "POST", _create),
        at("/{id}", "GET", lambda call: _view(_subscription(call))),
        at("/{id}", "PATCH", _change),
        at("/{id}/enable", "POST", _enable),
        at("/{id}/disable", "POST", _disable),
        at("/{id}/cancel", "POST", _cancel),
    ]


def _create(call: Call) -> Body:
    body = call.body
    problems = _problems(body)
    if problems:
        raise _Refused(400, "Bad request", problems)
    now = call.gateway.now()
    schedule = body["schedule"]
    config = call.gateway.config
    url = config.recurring_url or config.notify_url
    first_at = lives.start_time(schedule) or now
    subscription = Subscription(
        id=str(uuid.uuid4()),
        merchant_id=call.merchant.id,
        name=str(body["name"]),
        amount=_amount(body["amount"]) or 0,
        payment_type=str(body["payment_type"]),
        token=str(body.get("token", "")),
        schedule=schedule,
        created_at=now,
        first_at=first_at,
        next_at=first_at,
        notify_urls=[url] if url else [],
        retry_schedule=body.get("retry_schedule") or {},
        request={name: body[name] for name in _ECHOED if body.get(name)},
    )
    subscriptions.create(call.gateway, subscription)
    return _view(subscription)


def _change(call: Call) -> Body:
    """Name, amount, token, schedule and what is echoed, from the next charge on."""
    subscription = _subscription(call)
    body = call.body
    merged = {**_view(subscription), "token": subscription.token, **body}
    merged["schedule"] = subscription.schedule | (body.get("schedule") or {})
    problems = _problems(merged)
    if problems:
        raise _Refused(400, "Bad request", problems)
    subscription.name = str(merged["name"])
    subscription.amount = _amount(merged["amount"]) or subscription.amount
    subscription.token = str(merged["token"])
    subscription.schedule = merged["schedule"]
    subscription.retry_schedule = merged.get("retry_schedule") or {}
    subscription.request |= {name: body[name] for name in _ECHOED if name in body}
    moved = lives.start_time(body.get("schedule") or {})
    if moved is not None:
        subscription.next_at = moved
        subscriptions.start(call.gateway, subscription)
    call.gateway.subscriptions.put(subscription)
    return {"status_message": "Subscription is updated."}


def _enable(call: Call) -> Body:
    subscription = _subscription(call)
    if subscription.cancelled:
        raise _Refused(412, "Subscription is cancelled.")
    subscriptions.enable(call.gateway, subscription)
    return {"status_message": "Subscription is updated."}


def _disable(call: Call) -> Body:
    subscription = _subscription(call)
    subscription.active = False
    call.gateway.subscriptions.put(subscription)
    return {"status_message": "Subscription is updated."}


def _cancel(call: Call) -> Body:
    subscription = _subscription(call)
    subscription.active, subscription.cancelled = False, True
    call.gateway.subscriptions.put(subscription)
    return {"status_message": "Subscription is updated."}


def _subscription(call: Call) -> Subscription:
    found = call.gateway.subscriptions.get(call.reference)
    if found is None or found.merchant_id != call.merchant.id:
        raise _Refused(404, "Subscription doesn't exist.")
    return found


def _problems(body: Body) -> list[str]:
    problems = []
    name, amount = body.get("name"), _amount(body.get("amount"))
    if not name:
        problems.append("subscription.name is required")
    elif len(str(name)) > _LONGEST_NAME:
        problems.append("subscription.name must be at most 40 characters")
    if amount is None or not 0 < amount <= _LARGEST:
        problems.append(_AMOUNT)
    if body.get("payment_type") not in ("credit_card", "gopay"):
        problems.append("subscription.payment_type must be credit_card or gopay")
    elif not body.get("token"):
        problems.append("subscription.token is required")
    problems += [
        f"subscription.{name} must be an object"
        for name in _ECHOED
        if body.get(name) is not None and not isinstance(body[name], dict)
    ]
    problems += _schedule_problems(body.get("schedule"), "schedule", _UNITS)
    if body.get("retry_schedule") is not None:
        problems += _schedule_problems(body["retry_schedule"], "retry_schedule", _RETRY_UNITS)
    return problems


def _schedule_problems(schedule: object, name: str, units: tuple[str, ...]) -> list[str]:
    if not isinstance(schedule, dict):
        return [f"subscription.{name} is required"]
    problems = []
    interval = schedule.get("interval")
    if isinstance(interval, bool) or not isinstance(interval, int) or interval < 1:
        problems.append(f"subscription.{name}.interval must be greater than 0")
    if schedule.get("interval_unit") not in units:
        problems.append(f"subscription.{name}.interval_unit must be one of {', '.join(units)}")
    longest = schedule.get("max_interval")
    if longest is not None and (isinstance(longest, bool) or not isinstance(longest, int) or longest < 0):
        problems.append(f"subscription.{name}.max_interval must be a number")
    try:
        lives.start_time(schedule)
    except ValueError as problem:
        problems.append(f"subscription.{name}.{problem}")
    return problems


def _amount(value: object) -> int | None:
    """Whole rupiah, written as a number, `14000` or `14000.00`."""
    text = str(value).removesuffix(".00") if not isinstance(value, bool) else ""
    return int(text) if text.isascii() and text.isdigit() else None


def _view(subscription: Subscription) -> Body:
    previous = subscription.previous_at
    body: Body = {
        "id": subscription.id,
        "name": subscription.name,
        "amount": str(subscription.amount),
        "currency": "IDR",
        "created_at": wib.text(subscription.created_at),
        "schedule": {
            **subscription.schedule,
            "current_interval": subscription.charges,
            "previous_execution_at": wib.text(previous) if previous else None,
            "next_execution_at": wib.text(subscription.next_at) if subscription.active else None,
        },
        "retry_schedule": subscription.retry_schedule or None,
        "status": "active" if subscription.active else "inactive",
        "token": subscription.token,
        "payment_type": subscription.payment_type,
        "transaction_ids": list(subscription.transaction_ids),
        **subscription.request,
    }
    body["schedule"] = {name: value for name, value in body["schedule"].items() if value is not None}
    return {name: value for name, value in body.items() if value is not None}
