"""How payments stand, for the people who pay: one order, and all orders of some invitations."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from tuntas.domain.grants import Entitlement
from tuntas.domain.ladder import PaymentStatus, Rung
from tuntas.domain.money import Rupiah
from tuntas.domain.standing import PaymentState, standing
from tuntas.domain.unapplied import unapplied_payments
from tuntas.store import inbox, ledger, orders, refunds
from tuntas.store.models import Order, Transaction
from tuntas.usecases.backend import Backend


@dataclass(frozen=True, slots=True)
class OrderStanding:
    order_id: str
    state: PaymentState
    deadline: datetime


async def standings(backend: Backend, invitation_ids: Sequence[int]) -> Mapping[int, list[OrderStanding]]:
    """Of each invitation that was ever ordered: its orders, newest first."""
    async with backend.database.transaction() as session:
        found = await orders.of_invitations(session, invitation_ids)
        order_ids = [order.order_id for order in found]
        attempts: dict[str, list[Transaction]] = defaultdict(list)
        for attempt in await orders.attempts_at(session, order_ids):
            attempts[attempt.order_id].append(attempt)
        granted = await orders.granting(session, order_ids)
        returned = await refunds.given_back(session, order_ids)
        claimed = await inbox.claimed_paid(session, order_ids)
    now = backend.clock.now()
    told: dict[int, list[OrderStanding]] = defaultdict(list)
    for order in found:
        state = state_of(
            order,
            attempts[order.order_id],
            granted=order.order_id in granted,
            given_back=returned.get(order.order_id, Rupiah(0)),
            claimed=order.order_id in claimed,
            now=now,
        )
        deadline = deadline_of(order, attempts[order.order_id])
        told[order.invitation_id].append(OrderStanding(order.order_id, state, deadline))
    return told


def state_of(
    row: Order,
    attempts: Sequence[Transaction],
    *,
    granted: bool,
    given_back: Rupiah,
    claimed: bool,
    now: datetime,
) -> PaymentState:
    """`granted`: its payment bought time. A paid order that bought none, and whose time no person ended, is
    the second for the same thing.
    """
    order = ledger.order_of(row, attempts)
    bought_nothing = order.status is PaymentStatus.PAID and not granted and not order.ended
    entitlement = Entitlement(grants=(), duplicates=(order.order_id,) if bought_nothing else ())
    return standing(
        order,
        unapplied=unapplied_payments([order], entitlement),
        given_back=given_back,
        claimed=claimed,
        deadline=deadline_of(row, attempts),
        now=now,
    )


def deadline_of(order: Order, attempts: Sequence[Transaction]) -> datetime:
    """The last moment of what the customer chose; while nothing waits, of the payment page.

    A wallet's request may live for a minute only, while the page still takes another choice.
    """
    waiting = (found for found in attempts if found.transaction_status == Rung.PENDING.status)
    newest = next((found for found in waiting if not found.stray), None)
    return (newest.payable_until if newest else None) or order.expires_at
