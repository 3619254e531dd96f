"""No sequence of calls reaches a change that Midtrans, "Transaction status", does not list."""

import ast
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as some

import midtrans_simulator
from midtrans_simulator import SimulatorConfig, create_app
from midtrans_simulator.payments import acts
from midtrans_simulator.payments.refunds import DuplicateRefund, RefundAmountRefused, RefundRequest, refund
from midtrans_simulator.protocol import transitions
from midtrans_simulator.protocol.methods import METHODS
from midtrans_simulator.protocol.model import Status
from midtrans_simulator.protocol.transitions import IllegalTransition
from midtrans_simulator.snap import choose, sessions

CARDS = ("4811111111111114", "4511111111111117", "4911111111111113", "4024007176265022")
ACTS = (
    "pay",
    "deny",
    "expire",
    "cancel",
    "settle",
    "challenge",
    "approve",
    "reverse",
    "chargeback",
    "refund",
    "part",
    "hour",
    "week",
)
ALLOWED = {
    (None, "pending"),
    (None, "capture"),
    (None, "authorize"),
    (None, "deny"),
    *(("pending", to) for to in ("settlement", "capture", "authorize", "deny", "cancel", "expire")),
    *(("authorize", to) for to in ("capture", "cancel", "deny", "expire")),
    *(("capture", to) for to in ("settlement", "cancel")),
    *(("challenge", to) for to in ("capture", "deny", "cancel")),
    *(("settlement", to) for to in ("refund", "partial_refund", "chargeback", "partial_chargeback", "deny")),
    *(("partial_refund", to) for to in ("partial_refund", "refund")),
    ("partial_chargeback", "chargeback"),
}


@settings(max_examples=300, deadline=None)
@given(
    method=some.sampled_from(sorted(METHODS)),
    card=some.sampled_from(CARDS),
    credit_card=some.fixed_dictionaries(
        {"secure": some.booleans(), "type": some.sampled_from(["", "authorize"])}
    ),
    acts=some.lists(some.sampled_from(ACTS), max_size=8),
)
def test_every_path_is_legal(apart: Any, method: str, card: str, credit_card: Any, acts: list[str]) -> None:
    seen = apart(_walk(method, card, credit_card, acts))
    assert set(seen) <= ALLOWED
    reversals = [step for step in seen if step == ("settlement", "deny")]
    assert not reversals or METHODS[method].reversible or method == "other_va"


async def _walk(method: str, card: str, credit_card: Any, acts: list[str]) -> list[tuple[str | None, str]]:
    app = create_app(SimulatorConfig(server_key="SB-Mid-server-simulator"))
    gateway = app.state.gateway
    async with app.router.lifespan_context(app):
        merchant = gateway.ledger.merchant_by_server_key("SB-Mid-server-simulator")
        details = {"order_id": "INV-1", "gross_amount": 299_000}
        enabled = [method, "permata_va"]
        request = {
            "transaction_details": details,
            "credit_card": credit_card,
            "enabled_payments": enabled,
        }
        session = sessions.create(gateway, merchant, request, [])
        seen: list[tuple[str | None, str]] = []
        with _watched(seen):
            transaction = choose.confirm(gateway, session, method, card_number=card)
            for act in acts:
                await _act(gateway, transaction, act)
        return seen


async def _act(gateway: Any, transaction: Any, act: str) -> None:
    try:
        if act in {"hour", "week"}:
            by = acts.HOLD if act == "week" else acts.HOLD / 168
            await gateway.timers.advance(by, gateway.courier.quiet)
        elif act in {"refund", "part"}:
            refund(gateway, transaction, RefundRequest(amount=1_000 if act == "part" else None))
        else:
            getattr(acts, act)(gateway, transaction)
    except (IllegalTransition, DuplicateRefund, RefundAmountRefused):
        pass


class _watched:  # noqa: N801 - used as a context manager
    """Writes down each status a transaction is given, whoever gives it."""

    def __init__(self, seen: list[tuple[str | None, str]]) -> None:
        self._seen = seen

    def __enter__(self) -> None:
        from midtrans_simulator.protocol.model import Transaction

        self._kind, self._slot = Transaction, Transaction.__dict__["status"]
        slot, seen = self._slot, self._seen

        def write(transaction: Any, value: Status | None) -> None:
            if value is not None:
                before = "challenge" if transaction.challenged else transaction.status
                seen.append((before, value))
            slot.__set__(transaction, value)

        Transaction.status = property(slot.__get__, write)  # type: ignore[assignment]

    def __exit__(self, *_: object) -> None:
        self._kind.status = self._slot


def test_only_one_function_changes_a_status() -> None:
    writers = []
    for path in Path(midtrans_simulator.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            targets = node.targets if isinstance(node, ast.Assign) else []
            if any(isinstance(each, ast.Attribute) and each.attr == "status" for each in targets):
                writers.append(path.name)
    assert sorted(writers) == [
        "attempts.py",
        "transitions.py",
    ]  # attempts.py: a verdict's, not a transaction's


def test_every_status_has_its_row() -> None:
    assert set(transitions.LEGAL) == {None, *Status}
