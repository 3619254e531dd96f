"""Reading what decides an invitation's payment state: all at once, under the invitation's lock."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text

from tuntas.domain.facts import VirtualAccount
from tuntas.domain.grants import Grant
from tuntas.domain.ladder import PaymentStatus, Rung
from tuntas.domain.money import Rupiah
from tuntas.domain.orders import Order, OrderKind
from tuntas.domain.transactions import Transaction
from tuntas.store.database import RowLocked, UnitOfWork
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
    grants: frozenset[Grant]

    def order(self, order_id: str) -> Order:
        return next(order for order in self.orders if order.order_id == order_id)


class Held(RowLocked):
    """Another session holds what these orders need; nobody waited for it."""

    def __init__(self, order_ids: frozenset[str]) -> None:
        super().__init__()
        self.order_ids = order_ids


_OWNERS = text("select order_id, invitation_id from orders where order_id = any(cast(:order_ids as text[]))")
_INVITATIONS = """
    select id, holds_domain, payment_status, payment_confirmed_at, domain_expires_at
    from invitations where id = any(cast(:ids as bigint[])) order by id"""
_LOOK = text(_INVITATIONS)
_LOCK = text(f"{_INVITATIONS} for update")
_LOCK_WHAT_IS_FREE = text(f"{_INVITATIONS} for update skip locked")
_ORDERS = text("""
    select invitation_id, order_id, kind, days, created_at, gross_amount, accepted_amount, closed, status,
        expires_at, paid_time_ended_because is not null as ended
    from orders where invitation_id = any(cast(:ids as bigint[]))""")
_ATTEMPTS = text("""
    select attempt.order_id, attempt.transaction_id, attempt.transaction_status, attempt.gross_amount,
        attempt.payment_type, attempt.transaction_time, attempt.settlement_time, attempt.first_heard_at,
        attempt.payable_until, attempt.bank, attempt.va_number, attempt.stray, attempt.epoch,
        attempt.kept_because is not null as kept
    from transactions attempt where attempt.order_id = any(cast(:order_ids as text[]))
    order by attempt.first_heard_at, attempt.transaction_id""")
_GRANTS = text("""
    select invitation_id, order_id, paid_at, starts_at, ends_at
    from domain_grants where invitation_id = any(cast(:ids as bigint[]))""")
_PAID_ORDERS = text("""
    select transaction_id, order_id from transactions
    where transaction_id = any(cast(:transaction_ids as text[]))""")


async def lock_books(session: UnitOfWork, order_ids: Iterable[str], *, wait: bool = True) -> list[Book]:
    """Lock the invitations these orders belong to, lowest id first, then read all their orders.

    Unknown order ids are left out. One fixed order of locks means that batches cannot deadlock. Without
    `wait` it raises Held at once when another session holds some of them, and has locked the others.
    """
    take(session, Lock.INVITATION)
    owners = await _owners(session, order_ids)
    ids = {"ids": sorted(set(owners.values()))}
    found = (await session.execute(_LOCK if wait else _LOCK_WHAT_IS_FREE, ids)).all()
    if len(found) < len(ids["ids"]):
        locked = {row.id for row in found}
        raise Held(frozenset(order_id for order_id, owner in owners.items() if owner not in locked))
    return await _books(session, found)


async def read_book(session: UnitOfWork, order_id: str) -> Book | None:
    """The book that an order stands in, without a lock: for looking only."""
    ids = {"ids": list((await _owners(session, [order_id])).values())}
    books = await _books(session, (await session.execute(_LOOK, ids)).all())
    return books[0] if books else None


async def owners_of(session: UnitOfWork, transaction_ids: Iterable[str]) -> dict[str, str]:
    """The order that each of these transactions is known to pay; the others are left out."""
    rows = await session.execute(_PAID_ORDERS, {"transaction_ids": list(transaction_ids)})
    return {row.transaction_id: row.order_id for row in rows}


async def _owners(session: UnitOfWork, order_ids: Iterable[str]) -> dict[str, int]:
    """The invitation of each of these orders; unknown ones are left out."""
    rows = await session.execute(_OWNERS, {"order_ids": list(order_ids)})
    return {row.order_id: row.invitation_id for row in rows}


async def _books(session: UnitOfWork, invitations: Sequence[Any]) -> list[Book]:
    """The books of these rows of invitations."""
    if not invitations:
        return []
    ids = {"ids": [row.id for row in invitations]}
    orders = (await session.execute(_ORDERS, ids)).all()
    attempts = await _attempts(session, [row.order_id for row in orders])
    granted = (await session.execute(_GRANTS, ids)).all()
    orders_of, grants_of = _by_invitation(orders), _by_invitation(granted)
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
            grants=frozenset(Grant(*grant[1:]) for grant in grants_of[row.id]),
        )
        for row in invitations
    ]


def _by_invitation(rows: Iterable[Any]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.invitation_id].append(row)
    return found


async def _attempts(session: UnitOfWork, order_ids: Sequence[str]) -> dict[str, list[Transaction]]:
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
                virtual_account=VirtualAccount(row.bank, row.va_number)
                if row.bank and row.va_number
                else None,
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
