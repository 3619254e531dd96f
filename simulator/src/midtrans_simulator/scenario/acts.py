"""What each actor of a story can do: one table of verbs."""

from collections.abc import Callable
from typing import Any

import httpx

from midtrans_simulator.client import Refused
from midtrans_simulator.protocol import durations
from midtrans_simulator.protocol.cards import OTP
from midtrans_simulator.scenario.stage import Failed, Stage
from midtrans_simulator.scenario.story import Step

Act = Callable[[Stage, Step], None]

DEFAULT_CARD = "4811 1111 1111 1114"
_GOOD = frozenset({"200", "201", "407"})
_SHOP_TIMEOUT = 30.0


def perform(stage: Stage, step: Step) -> None:
    """Raises Failed; for a verb that nobody knows, with those there are."""
    act = _ACTS.get((step.actor, step.verb))
    if act is None:
        known = ", ".join(verb for actor, verb in _ACTS if actor == step.actor)
        raise Failed(f"the {step.actor} cannot {step.verb!r}; there is {known}")
    try:
        act(stage, step)
    except Refused as refused:
        raise Failed(str(refused)) from None
    except httpx.HTTPError as problem:
        raise Failed(f"{type(problem).__name__}: {problem}") from None


def knows(step: Step) -> bool:
    return (step.actor, step.verb) in _ACTS


def _orders(stage: Stage, step: Step) -> None:
    """`shop: orders 299000`: the scenario itself asks for a token. `as`, `methods`, `expiry`, `request`."""
    if not step.argument.isdigit():
        raise Failed("say how much, in rupiah: `shop: orders 299000`")
    request: dict[str, Any] = {"credit_card": {"secure": True}, **(step.options.get("request") or {})}
    if "methods" in step.options:
        request["enabled_payments"] = step.options["methods"]
    if "expiry" in step.options:
        minutes = round(durations.parse(step.options["expiry"]).total_seconds() / 60)
        request["expiry"] = {"duration": minutes, "unit": "minute"}
    headers = {"X-Override-Notification": stage.notify_url} if stage.notify_url else None
    order_id = stage.new_order(step.options.get("as"))
    stage.token = stage.simulator.create_token(order_id, int(step.argument), headers=headers, **request)


def _takes_an_order(stage: Stage, step: Step) -> None:
    """`shop: takes an order`: the shop itself has asked, or will, for a token. `within` real seconds."""

    def newest() -> dict[str, Any] | None:
        fresh = [each for each in stage.simulator.state()["sessions"] if each["token"] not in stage.seen]
        return fresh[-1] if fresh else None

    seconds = durations.parse(step.options.get("within", "30s")).total_seconds()
    try:
        session = stage.simulator.wait_for(newest, seconds=seconds)
    except TimeoutError:
        raise Failed(f"the shop asked for no token within {seconds:g} s") from None
    stage.seen.add(session["token"])
    stage.token, stage.order_id = session["token"], session["order_id"]


def _is_asked(stage: Stage, step: Step) -> None:
    """`shop: is asked POST /checkout`: `json`, `headers`; then `status`, `says`, `keep` of its answer."""
    method, _, path = step.argument.removeprefix("asked ").partition(" ")
    origin = stage.shop_url or ""
    if not path.startswith("http") and not origin:
        raise Failed("where is the shop? run with --shop URL, or write the whole address")
    url = path if path.startswith("http") else origin.rstrip("/") + path
    named = _Named(stage)
    answer = httpx.request(
        method,
        url.format_map(named),
        json=_filled(step.options.get("json"), named),
        headers=_filled(step.options.get("headers"), named),
        timeout=_SHOP_TIMEOUT,
        trust_env=False,
    )
    wanted = step.options.get("status")
    if (wanted is not None and answer.status_code != wanted) or (wanted is None and answer.is_error):
        raise Failed(f"the shop answered {answer.status_code}: {answer.text[:300]}")
    body = answer.json() if step.options.get("says") or step.options.get("keep") else {}
    for name, value in (_filled(step.options.get("says"), named) or {}).items():
        if _at(body, name) != value:
            raise Failed(f"{name} is {_at(body, name)!r}, not {value!r}")
    for name, where in (step.options.get("keep") or {}).items():
        stage.kept[name] = _at(body, str(where))
    stage.order_id = str(stage.kept.get("order", stage.order_id))
    stage.token = str(stage.kept.get("token", stage.token))


def _core(act: str, *, amount: bool = False) -> Act:
    """A shop's call of Core. `told` is the status_code it shall get; else a good one."""

    def perform_core(stage: Stage, step: Step) -> None:
        body = {name: value for name, value in step.options.items() if name != "told"}
        if amount and step.argument:
            body["amount"] = int(step.argument)
        try:
            answer = stage.simulator.core(stage.newest(), act, body)
        except Refused as refused:
            answer = refused.body if isinstance(refused.body, dict) else {"status_code": refused.http_status}
        code = str(answer.get("status_code"))
        wanted = step.options.get("told")
        if code != str(wanted) if wanted is not None else code not in _GOOD:
            raise Failed(f"Midtrans answered {code}: {answer.get('status_message')}")

    return perform_core


def _chooses(stage: Stage, step: Step) -> None:
    """`customer: chooses credit_card`: `card` (4811… by default), `phone` (OVO), `device: phone`."""
    options: dict[str, Any] = {}
    if step.argument == "credit_card":
        options["card_number"] = str(step.options.get("card", DEFAULT_CARD))
    if "phone" in step.options:
        options["payer_phone"] = str(step.options["phone"])
    options["phone"] = step.options.get("device") == "phone"
    stage.current()
    stage.simulator.choose(stage.token, step.argument, **options)


def _enters(stage: Stage, step: Step) -> None:
    """`customer: enters 112233`: the OTP on the bank's page."""
    stage.simulator.act(stage.newest(), "authenticate", otp=step.argument or OTP)


def _act(name: str) -> Act:
    def perform_act(stage: Stage, step: Step) -> None:
        stage.simulator.act(stage.newest(), name, **step.options)

    return perform_act


def _passes(stage: Stage, step: Step) -> None:
    stage.simulator.advance(step.argument)


def _resends(stage: Stage, _: Step) -> None:
    sent = stage.simulator.deliveries(stage.current())
    if not sent:
        raise Failed("there is no notification to send again")
    stage.simulator.resend(sent[-1]["id"])


_ACTS: dict[tuple[str, str], Act] = {
    ("shop", "orders"): _orders,
    ("shop", "takes"): _takes_an_order,
    ("shop", "is"): _is_asked,
    ("shop", "cancels"): _core("cancel"),
    ("shop", "expires"): _core("expire"),
    ("shop", "approves"): _core("approve"),
    ("shop", "denies"): _core("deny"),
    ("shop", "refunds"): _core("refund", amount=True),
    ("customer", "chooses"): _chooses,
    ("customer", "enters"): _enters,
    ("customer", "pays"): lambda stage, step: _act("pay_again" if step.argument == "again" else "pay")(
        stage, step
    ),
    ("bank", "denies"): _act("deny"),
    ("bank", "settles"): _act("settle"),
    ("bank", "reverses"): _act("reverse"),
    ("bank", "charges"): _act("chargeback"),
    ("bank", "returns"): _act("return_refund"),
    ("bank", "gives"): _act("win_chargeback"),
    ("fraud desk", "challenges"): _act("challenge"),
    ("fraud desk", "approves"): _act("approve"),
    ("fraud desk", "denies"): _act("deny"),
    ("time", "passes"): _passes,
    ("midtrans", "resends"): _resends,
}


class _Named(dict[str, Any]):
    """`{order}`, `{token}` and what was kept, inside the texts of `shop: is asked …`."""

    def __init__(self, stage: Stage) -> None:
        super().__init__({"order": stage.order_id, "token": stage.token, **stage.kept})

    def __missing__(self, name: str) -> str:
        raise Failed(f"{{{name}}} is not known; there is {', '.join(self)}")


def _filled(value: Any, named: _Named) -> Any:  # noqa: ANN401 - JSON is anything
    if isinstance(value, str):
        return value.format_map(named)
    if isinstance(value, dict):
        return {name: _filled(item, named) for name, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, named) for item in value]
    return value


def _at(body: Any, where: str) -> Any:  # noqa: ANN401 - JSON is anything
    """`invitation.payment_status`, `items.0.id`."""
    for name in where.split("."):
        if isinstance(body, list) and name.isdigit() and int(name) < len(body):
            body = body[int(name)]
        elif isinstance(body, dict) and name in body:
            body = body[name]
        else:
            raise Failed(f"the answer has no {where}")
    return body
