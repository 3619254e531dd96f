"""What the paid orders entitle to. Recomputed from scratch each time, never incremented."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from tuntas.domain.orders import Order, OrderKind


@dataclass(frozen=True, slots=True)
class Grant:
    """Paid time that one order bought."""

    order_id: str
    paid_at: datetime
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Entitlement:
    grants: tuple[Grant, ...]
    duplicates: tuple[str, ...]
    """Order ids of further initial orders that were paid: they grant nothing."""

    @property
    def expires_at(self) -> datetime | None:
        return max((grant.ends_at for grant in self.grants), default=None)

    @property
    def confirmed_at(self) -> datetime | None:
        """The paid moment of the newest payment that bought time."""
        return max((grant.paid_at for grant in self.grants), default=None)


def entitle(orders: Iterable[Order], *, refund_revokes: bool) -> Entitlement:
    """The earliest paid initial order grants from its paid moment; each renewal adds to what is left."""
    paid = sorted(
        (paid_at, order.order_id, order)
        for order in orders
        if (paid_at := order.paid_at(refund_revokes=refund_revokes)) is not None
    )
    initial = [entry for entry in paid if entry[2].kind is OrderKind.INITIAL]
    renewals = [entry for entry in paid if entry[2].kind is OrderKind.RENEWAL]

    grants: list[Grant] = []
    for paid_at, order_id, order in initial[:1] + renewals:
        starts_at = max(paid_at, grants[-1].ends_at) if grants else paid_at
        grants.append(Grant(order_id, paid_at, starts_at, starts_at + timedelta(days=order.days)))
    return Entitlement(tuple(grants), tuple(order_id for _, order_id, _ in initial[1:]))
