"""Reading and writing the payment state that the rules compute, always under the invitations' locks."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert

from tuntas.domain.facts import VirtualAccount
from tuntas.domain.grants import Entitlement
from tuntas.domain.ladder import PaymentStatus, Rung
from tuntas.domain.money import Rupiah
from tuntas.domain.orders import Order, OrderKind
from tuntas.domain.transactions import Transaction
from tuntas.store import models
from tuntas.store.database import UnitOfWork


@dataclass(frozen=True, slots=True)
class Book:
    """Everything that decides one invitation's payment state, read under its lock."""

    invitation_id: int
    orders: tuple[Order, ...]
    amounts: dict[str, Rupiah]
    """What each order id asked for."""
    payable_until: dict[str, datetime]
    """When each order's payment page ends."""


async def lock_books(session: UnitOfWork, order_ids: Iterable[str]) -> dict[int, Book]:
    """Lock the invitations these orders belong to, lowest id first, then read all their orders.

    Unknown order ids are left out. One fixed order of locks means that batches cannot deadlock.
    """
    owners = select(models.Order.invitation_id).where(models.Order.order_id.in_(list(order_ids)))
    locked = (
        select(models.Invitation.id)
        .where(models.Invitation.id.in_(owners))
        .order_by(models.Invitation.id)
        .with_for_update()
    )
    invitation_ids = (await session.scalars(locked)).all()
    if not invitation_ids:
        return {}
    rows = (
        await session.scalars(select(models.Order).where(models.Order.invitation_id.in_(invitation_ids)))
    ).all()
    attempts = await _transactions(session, [row.order_id for row in rows])
    return {
        invitation_id: Book(
            invitation_id=invitation_id,
            orders=tuple(
                _order(row, attempts[row.order_id]) for row in rows if row.invitation_id == invitation_id
            ),
            amounts={
                row.order_id: Rupiah(row.gross_amount) for row in rows if row.invitation_id == invitation_id
            },
            payable_until={
                row.order_id: row.expires_at for row in rows if row.invitation_id == invitation_id
            },
        )
        for invitation_id in invitation_ids
    }


async def write_transactions(session: UnitOfWork, transactions: Sequence[Transaction]) -> None:
    if not transactions:
        return
    rows = [_row(transaction) for transaction in transactions]
    statement = insert(models.Transaction).values(rows)
    key = ["order_id", "transaction_id", "stray"]
    changes = {name: statement.excluded[name] for name in rows[0] if name not in key}
    await session.execute(statement.on_conflict_do_update(index_elements=key, set_=changes))


async def write_order_status(session: UnitOfWork, order: Order, *, next_check_at: datetime | None) -> None:
    """The new status, and with it a fresh schedule of questions to Midtrans."""
    await session.execute(
        update(models.Order)
        .where(models.Order.order_id == order.order_id)
        .values(status=order.status, checks=0, next_check_at=next_check_at)
    )


async def write_invitation(
    session: UnitOfWork, invitation_id: int, status: PaymentStatus, entitlement: Entitlement
) -> None:
    """Replace the invitation's grants and what follows from them."""
    await session.execute(delete(models.DomainGrant).where(models.DomainGrant.invitation_id == invitation_id))
    session.add_all(
        models.DomainGrant(
            order_id=grant.order_id,
            invitation_id=invitation_id,
            paid_at=grant.paid_at,
            starts_at=grant.starts_at,
            ends_at=grant.ends_at,
        )
        for grant in entitlement.grants
    )
    await session.execute(
        update(models.Invitation)
        .where(models.Invitation.id == invitation_id)
        .values(
            payment_status=status,
            payment_confirmed_at=entitlement.confirmed_at,
            domain_expires_at=entitlement.expires_at,
        )
    )


async def write_invitation_status(session: UnitOfWork, invitation_id: int, status: PaymentStatus) -> None:
    """For changes that touch no grant; see `write_invitation`."""
    await session.execute(
        update(models.Invitation).where(models.Invitation.id == invitation_id).values(payment_status=status)
    )


async def read_transactions(session: UnitOfWork, order_id: str) -> dict[str, Rung]:
    """The attempts to pay one order, and how far each has come."""
    found = await _transactions(session, [order_id])
    return {attempt.transaction_id: attempt.rung for attempt in found[order_id]}


async def _transactions(session: UnitOfWork, order_ids: Sequence[str]) -> dict[str, list[Transaction]]:
    query = select(models.Transaction).where(models.Transaction.order_id.in_(order_ids))
    found: dict[str, list[Transaction]] = defaultdict(list)
    for row in await session.scalars(query):
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
                epoch_began_at=row.epoch_began_at,
                kept=row.kept_because is not None,
            )
        )
    return found


def _order(row: models.Order, transactions: list[Transaction]) -> Order:
    return Order(
        order_id=row.order_id,
        kind=OrderKind(row.kind),
        days=row.days,
        created_at=row.created_at,
        transactions=tuple(transactions),
        closed=row.closed,
        ended=row.paid_time_ended_because is not None,
    )


def _row(transaction: Transaction) -> dict[str, object]:
    return {
        "order_id": transaction.order_id,
        "transaction_id": transaction.transaction_id,
        "stray": transaction.stray,
        "gross_amount": transaction.gross_amount,
        "transaction_status": transaction.rung.status,
        "epoch": transaction.epoch,
        "epoch_began_at": transaction.epoch_began_at,
        "payment_type": transaction.payment_type,
        "transaction_time": transaction.transaction_time,
        "settlement_time": transaction.settlement_time,
        "first_heard_at": transaction.first_heard_at,
        "payable_until": transaction.payable_until,
        "bank": transaction.virtual_account.bank if transaction.virtual_account else None,
        "va_number": transaction.virtual_account.number if transaction.virtual_account else None,
    }
