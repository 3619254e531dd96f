"""What the clock will bring: the events that will still change something."""

from dataclasses import dataclass
from datetime import datetime

from midtrans_simulator.gateway import Gateway
from midtrans_simulator.notifications import courier
from midtrans_simulator.payments import acts, ovo, refunds
from midtrans_simulator.protocol.model import CHARGED_BACK, Status, Transaction
from midtrans_simulator.state.timers import Timer


@dataclass(frozen=True, slots=True)
class Upcoming:
    """`order_id` is None for what belongs to no order."""

    due: datetime
    event: str
    transaction: Transaction | None

    @property
    def order_id(self) -> str | None:
        return self.transaction.order_id if self.transaction is not None else None


def upcoming(gateway: Gateway) -> list[Upcoming]:
    """Soonest first, without those that time has overtaken."""
    found = (_read(gateway, timer) for timer in gateway.timers.pending())
    return [event for event in found if event is not None]


def _read(gateway: Gateway, timer: Timer) -> Upcoming | None:
    if timer.event == courier.DELIVER:
        waiting = gateway.courier.delivery(timer.subject)
        if waiting is None or waiting.next_try_at is None:
            return None
        return Upcoming(timer.due, timer.event, gateway.ledger.transaction(waiting.transaction_id))
    transaction = gateway.ledger.transaction(timer.subject.partition("/")[0])
    if transaction is None:
        return Upcoming(timer.due, timer.event, None)
    alive = _ALIVE.get(timer.event)
    if alive is not None and transaction.status not in alive:
        return None
    return Upcoming(timer.due, timer.event, transaction)


_ALIVE: dict[str, frozenset[Status | None]] = {
    acts.EXPIRE: frozenset({Status.PENDING, Status.AUTHORIZE}),
    acts.SETTLE: frozenset({Status.CAPTURE}),
    acts.CONCLUDE_CARD: frozenset({Status.PENDING}),
    acts.REVERSE: frozenset({Status.SETTLEMENT}),
    acts.ARRIVE: frozenset({Status.PENDING}),
    ovo.ANSWER: frozenset({Status.PENDING}),
    acts.WIN_CHARGEBACK: CHARGED_BACK,
    acts.SETTLE_AGAIN: frozenset({Status.SETTLEMENT}),
    acts.EXPIRE_LATE: frozenset({Status.PENDING}),
    refunds.RETURN: frozenset({Status.REFUND, Status.PARTIAL_REFUND}),
    refunds.CONFIRM: frozenset({Status.REFUND, Status.PARTIAL_REFUND}),
}
"""The statuses in which an event still does something."""
