"""Reading and writing the payment state that the rules compute, always under the invitations' locks."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from tuntas.domain.contradictions import Contradiction
from tuntas.domain.grants import Entitlement, Grant
from tuntas.domain.how_to_pay import HowToPay
from tuntas.domain.ladder import PaymentStatus, Rung
from tuntas.domain.money import Rupiah
from tuntas.domain.orders import Order, OrderKind
from tuntas.domain.transactions import Transaction, join
from tuntas.store import models
from tuntas.store.database import UnitOfWork
from tuntas.store.locks import Lock, take


@dataclass(frozen=True, slots=True)
class Book:
    """Everything that decides one invitation's payment state, read under its lock."""

    invitation_id: int
    orders: tuple[Order, ...]
    payable_until: dict[str, datetime]
    """When each order's payment page ends."""
    has_its_name: bool
    """Whether the invitation still holds its name; an unpaid one may have lost it to somebody else."""
    stored: dict[str, PaymentStatus]
    """What each order's row says: behind what the rules say when something else about it was changed."""

    def order(self, order_id: str) -> Order:
        return next(order for order in self.orders if order.order_id == order_id)


async def lock_books(session: UnitOfWork, order_ids: Iterable[str]) -> list[Book]:
    """Lock the invitations these orders belong to, lowest id first, then read all their orders.

    Unknown order ids are left out. One fixed order of locks means that batches cannot deadlock.
    """
    owners = select(models.Order.invitation_id).where(models.Order.order_id.in_(list(order_ids)))
    locked = (
        select(models.Invitation.id, models.Invitation.holds_domain)
        .where(models.Invitation.id.in_(owners))
        .order_by(models.Invitation.id)
        .with_for_update()
    )
    take(session, Lock.INVITATION)
    return await _books(session, dict((await session.execute(locked)).all()))


async def read_books(session: UnitOfWork, invitation_ids: Iterable[int]) -> list[Book]:
    """The books of these invitations that have orders, without a lock: for looking only."""
    names = select(models.Invitation.id, models.Invitation.holds_domain).where(
        models.Invitation.id.in_(list(invitation_ids))
    )
    return await _books(session, dict((await session.execute(names)).all()))


async def read_book(session: UnitOfWork, order_id: str) -> Book | None:
    """The book that an order stands in, without a lock: for looking only."""
    owner = (
        select(models.Invitation.id, models.Invitation.holds_domain)
        .join(models.Order, models.Order.invitation_id == models.Invitation.id)
        .where(models.Order.order_id == order_id)
    )
    books = await _books(session, dict((await session.execute(owner)).all()))
    return books[0] if books else None


async def _books(session: UnitOfWork, names: Mapping[int, bool]) -> list[Book]:
    """The books of these invitations, each with whether it holds its name."""
    if not names:
        return []
    query = select(models.Order).where(models.Order.invitation_id.in_(names))
    rows: dict[int, list[models.Order]] = defaultdict(list)
    for row in await session.scalars(query.execution_options(populate_existing=True)):
        rows[row.invitation_id].append(row)
    attempts = await _transactions(session, [row.order_id for found in rows.values() for row in found])
    return [
        Book(
            invitation_id=invitation_id,
            orders=tuple(_order(row, attempts[row.order_id]) for row in found),
            payable_until={row.order_id: row.expires_at for row in found},
            has_its_name=names[invitation_id],
            stored={row.order_id: PaymentStatus(row.status) for row in found},
        )
        for invitation_id, found in sorted(rows.items())
    ]


async def owners_of(session: UnitOfWork, transaction_ids: Iterable[str]) -> dict[str, str]:
    """The order that each of these transactions is known to pay; the others are left out."""
    key = models.Transaction.transaction_id
    query = select(key, models.Transaction.order_id).where(key.in_(list(transaction_ids)))
    return dict((await session.execute(query)).all())


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
    """Bring the invitation's grants, and what follows from them, to what the rules say."""
    of_this = models.DomainGrant.invitation_id == invitation_id
    query = select(
        models.DomainGrant.order_id,
        models.DomainGrant.paid_at,
        models.DomainGrant.starts_at,
        models.DomainGrant.ends_at,
    ).where(of_this)
    kept = {Grant(*row) for row in await session.execute(query)}
    if kept != set(entitlement.grants):
        await session.execute(delete(models.DomainGrant).where(of_this))
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
        await session.flush()
    follows = (
        (models.Invitation.payment_status, status),
        (models.Invitation.payment_confirmed_at, entitlement.confirmed_at),
        (models.Invitation.domain_expires_at, entitlement.expires_at),
    )
    await session.execute(
        update(models.Invitation)
        .where(
            models.Invitation.id == invitation_id,
            or_(*(column.is_distinct_from(value) for column, value in follows)),
        )
        .values(dict(follows))
        .execution_options(synchronize_session=False)
    )


async def count_strays(session: UnitOfWork, order: Order, amount: Rupiah) -> None:
    """Strays of an amount that a person accepted become ordinary attempts."""
    counted = {found.transaction_id: found for found in order.transactions}
    for stray in order.strays:
        if stray.gross_amount != amount:
            continue
        is_row = (
            models.Transaction.order_id == stray.order_id,
            models.Transaction.transaction_id == stray.transaction_id,
            models.Transaction.stray,
        )
        known = counted.get(stray.transaction_id)
        if known is None:
            await session.execute(update(models.Transaction).where(*is_row).values(stray=False))
        else:
            await session.execute(delete(models.Transaction).where(*is_row))
            await write_transactions(session, [join(known, stray)])


async def keep_payment(session: UnitOfWork, order_id: str, transaction_id: str, reason: str) -> None:
    """This money stays although it bought nothing, for the reason a person gave."""
    await session.execute(
        update(models.Transaction)
        .where(models.Transaction.order_id == order_id, models.Transaction.transaction_id == transaction_id)
        .values(kept_because=reason)
    )


async def contradictions(session: UnitOfWork, order_id: str) -> dict[str, Contradiction]:
    """What Midtrans has said lower than our books, by transaction."""
    query = select(models.Transaction).where(
        models.Transaction.order_id == order_id, models.Transaction.contradicted_by.is_not(None)
    )
    return {
        row.transaction_id: Contradiction(
            Rung[row.contradicted_by.upper()], row.contradicted_since, row.contradictions
        )
        for row in await session.scalars(query.execution_options(populate_existing=True))
        if row.contradicted_by is not None and row.contradicted_since is not None
    }


async def write_contradiction(
    session: UnitOfWork, order_id: str, transaction_id: str, found: Contradiction | None
) -> None:
    """Remember what Midtrans said; None when the books agree."""
    await session.execute(
        update(models.Transaction)
        .where(models.Transaction.order_id == order_id, models.Transaction.transaction_id == transaction_id)
        .values(
            contradicted_by=found.rung.status if found else None,
            contradicted_since=found.since if found else None,
            contradictions=found.answers if found else 0,
        )
    )


async def _transactions(session: UnitOfWork, order_ids: Sequence[str]) -> dict[str, list[Transaction]]:
    query = (
        select(models.Transaction)
        .where(models.Transaction.order_id.in_(order_ids))
        .order_by(models.Transaction.first_heard_at, models.Transaction.transaction_id)
        .execution_options(populate_existing=True)
    )
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
                how_to_pay=HowToPay(**row.how_to_pay or {}),
                stray=row.stray,
                epoch=row.epoch,
                kept=row.kept_because is not None,
            )
        )
    return found


def _order(row: models.Order, attempts: list[Transaction]) -> Order:
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
        "payment_type": transaction.payment_type,
        "transaction_time": transaction.transaction_time,
        "settlement_time": transaction.settlement_time,
        "first_heard_at": transaction.first_heard_at,
        "payable_until": transaction.payable_until,
        "how_to_pay": transaction.how_to_pay.told() or None,
    }
