"""Reading what decides an invitation's payment state: all at once, under the invitation's lock."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text

from tuntas.domain.grants import Grant
from tuntas.domain.how_to_pay import NOTHING_TOLD, HowToPay
from tuntas.domain.ladder import PaymentStatus, Rung
from tuntas.domain.money import Rupiah
from tuntas.domain.orders import Order, OrderKind
from tuntas.domain.transactions import Transaction
from tuntas.store.database import RowLocked
from tuntas.store.direct import Statements
from tuntas.store.locks import Lock, take


@dataclass(frozen=True, slots=True)
class Follows:
    """What an invitation's row says of its payments: it follows from the orders."""

    status: PaymentStatus
    confirmed_at: datetime | None
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Book:
    """Everything that decides one invitation's payment state, read under its lock, and what is written of it.

    What is written is behind what the rules say when something was changed and not recounted yet.
    """

    invitation_id: int
    orders: tuple[Order, ...]
    payable_until: dict[str, datetime]
    """When each order's payment page ends."""
    has_its_name: bool
    """Whether the invitation still holds its name; an unpaid one may have lost it to somebody else."""
    stored: dict[str, PaymentStatus]
    """What each order's row says."""
    follows: Follows
    grants: dict[str, Grant]
    """By order id."""

    def order(self, order_id: str) -> Order:
        return next(order for order in self.orders if order.order_id == order_id)


class Held(RowLocked):
    """Another session holds what these orders need; nobody waited for it."""

    def __init__(self, order_ids: frozenset[str]) -> None:
        super().__init__()
        self.order_ids = order_ids


_INVITATIONS = """
    select invitations.id, invitations.holds_domain, invitations.payment_status,
        invitations.payment_confirmed_at, invitations.domain_expires_at, asked.order_id
    from orders asked join invitations on invitations.id = asked.invitation_id
    where asked.order_id = any(cast(:order_ids as text[])) order by invitations.id"""
_LOOK = text(_INVITATIONS)
_LOCK = text(f"{_INVITATIONS} for update of invitations")
_LOCK_WHAT_IS_FREE = text(f"{_INVITATIONS} for update of invitations skip locked")
_LOOK_AT_ALL = text("""
    select id, holds_domain, payment_status, payment_confirmed_at, domain_expires_at
    from invitations where id = any(cast(:ids as bigint[])) order by id""")
_OURS = text("select order_id from orders where order_id = any(cast(:order_ids as text[]))")
_ORDERS = text("""
    select orders.invitation_id, orders.order_id, orders.kind, orders.days, orders.created_at,
        orders.gross_amount, orders.accepted_amount, orders.closed, orders.status, orders.expires_at,
        orders.paid_time_ended_because is not null as ended,
        granted.paid_at, granted.starts_at, granted.ends_at
    from orders left join domain_grants granted on granted.order_id = orders.order_id
    where orders.invitation_id = any(cast(:ids as bigint[]))""")
_ATTEMPTS = text("""
    select order_id, transaction_id, transaction_status, gross_amount, payment_type, transaction_time,
        settlement_time, first_heard_at, payable_until, how_to_pay, stray, epoch,
        kept_because is not null as kept
    from transactions where order_id = any(cast(:order_ids as text[]))
    order by first_heard_at, transaction_id""")
_PAID_ORDERS = text("""
    select transaction_id, order_id from transactions
    where transaction_id = any(cast(:transaction_ids as text[]))""")


async def lock_books(session: Statements, order_ids: Iterable[str], *, wait: bool = True) -> list[Book]:
    """Lock the invitations these orders belong to, lowest id first, then read all their orders.

    Unknown order ids are left out. One fixed order of locks means that batches cannot deadlock. Without
    `wait` it raises Held at once when another session holds some of them, and has locked the others.
    """
    take(session, Lock.INVITATION)
    asked = {"order_ids": list(set(order_ids))}
    found = (await session.execute(_LOCK if wait else _LOCK_WHAT_IS_FREE, asked)).all()
    if not wait and len(found) < len(asked["order_ids"]):
        ours = set((await session.scalars(_OURS, asked)).all())
        if held := ours - {row.order_id for row in found}:
            raise Held(frozenset(held))
    return await _books(session, found)


async def read_book(session: Statements, order_id: str) -> Book | None:
    """The book that an order stands in, without a lock: for looking only."""
    books = await _books(session, (await session.execute(_LOOK, {"order_ids": [order_id]})).all())
    return books[0] if books else None


async def read_books(session: Statements, invitation_ids: Iterable[int]) -> list[Book]:
    """The books of these invitations that have orders, without a lock: for looking only."""
    ids = {"ids": list(invitation_ids)}
    return await _books(session, (await session.execute(_LOOK_AT_ALL, ids)).all())


async def owners_of(session: Statements, transaction_ids: Iterable[str]) -> dict[str, str]:
    """The order that each of these transactions is known to pay; the others are left out."""
    rows = await session.execute(_PAID_ORDERS, {"transaction_ids": list(transaction_ids)})
    return {row.transaction_id: row.order_id for row in rows}


async def _books(session: Statements, found: Sequence[Any]) -> list[Book]:
    """The books of these rows of invitations, each read once."""
    invitations = {row.id: row for row in found}
    if not invitations:
        return []
    rows = (await session.execute(_ORDERS, {"ids": list(invitations)})).all()
    attempts = await _attempts(session, [row.order_id for row in rows])
    orders_of: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        orders_of[row.invitation_id].append(row)
    return [
        Book(
            invitation_id=row.id,
            orders=tuple(_order(order, attempts[order.order_id]) for order in orders_of[row.id]),
            payable_until={order.order_id: order.expires_at for order in orders_of[row.id]},
            has_its_name=row.holds_domain,
            stored={order.order_id: PaymentStatus(order.status) for order in orders_of[row.id]},
            follows=Follows(
                PaymentStatus(row.payment_status), row.payment_confirmed_at, row.domain_expires_at
            ),
            grants={
                order.order_id: Grant(order.order_id, order.paid_at, order.starts_at, order.ends_at)
                for order in orders_of[row.id]
                if order.paid_at is not None
            },
        )
        for row in invitations.values()
    ]


async def _attempts(session: Statements, order_ids: Sequence[str]) -> dict[str, list[Transaction]]:
    found: dict[str, list[Transaction]] = defaultdict(list)
    for row in await session.execute(_ATTEMPTS, {"order_ids": order_ids}):
        found[row.order_id].append(
            Transaction(
                order_id=row.order_id,
                transaction_id=row.transaction_id,
                rung=Rung[row.transaction_status.upper()],
                gross_amount=Rupiah(row.gross_amount),
                payment_type=row.payment_type,
                transaction_time=row.transaction_time,
                settlement_time=row.settlement_time,
                first_heard_at=row.first_heard_at,
                payable_until=row.payable_until,
                how_to_pay=HowToPay.recalled(row.how_to_pay) if row.how_to_pay else NOTHING_TOLD,
                stray=row.stray,
                epoch=row.epoch,
                kept=row.kept,
            )
        )
    return found


def _order(row: Any, attempts: list[Transaction]) -> Order:  # noqa: ANN401  a row of _ORDERS
    return Order(
        order_id=row.order_id,
        kind=OrderKind(row.kind),
        days=row.days,
        created_at=row.created_at,
        price=Rupiah(row.gross_amount),
        transactions=tuple(attempt for attempt in attempts if not attempt.stray),
        strays=tuple(attempt for attempt in attempts if attempt.stray),
        accepted_amount=None if row.accepted_amount is None else Rupiah(row.accepted_amount),
        closed=row.closed,
        ended=row.ended,
    )
