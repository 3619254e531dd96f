"""Writing the payment state that the rules compute, always under the invitations' locks.

Each kind of row is written by one statement, however many there are: columns go over as arrays.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, text, update

from tuntas.domain.contradictions import Contradiction
from tuntas.domain.grants import Grant
from tuntas.domain.ladder import PaymentStatus, Rung
from tuntas.domain.money import Rupiah
from tuntas.domain.orders import Order
from tuntas.domain.transactions import Transaction, join
from tuntas.store import models
from tuntas.store.books import Book, Follows
from tuntas.store.database import UnitOfWork
from tuntas.store.direct import Statements


@dataclass(frozen=True, slots=True)
class NewStatus:
    order_id: str
    status: PaymentStatus
    next_check_at: datetime | None


_WRITE_TRANSACTIONS = text("""
    insert into transactions (
        order_id, transaction_id, stray, gross_amount, transaction_status, epoch, payment_type,
        transaction_time, settlement_time, first_heard_at, payable_until, how_to_pay)
    select order_id, transaction_id, stray, gross_amount, transaction_status, epoch, payment_type,
        transaction_time, settlement_time, first_heard_at, payable_until, cast(how_to_pay as jsonb)
    from unnest(
        cast(:order_id as text[]), cast(:transaction_id as text[]), cast(:stray as boolean[]),
        cast(:gross_amount as bigint[]), cast(:transaction_status as text[]), cast(:epoch as timestamptz[]),
        cast(:payment_type as text[]), cast(:transaction_time as timestamptz[]),
        cast(:settlement_time as timestamptz[]), cast(:first_heard_at as timestamptz[]),
        cast(:payable_until as timestamptz[]), cast(:how_to_pay as text[])
    ) as new(
        order_id, transaction_id, stray, gross_amount, transaction_status, epoch, payment_type,
        transaction_time, settlement_time, first_heard_at, payable_until, how_to_pay)
    on conflict (order_id, transaction_id, stray) do update set
        gross_amount = excluded.gross_amount, transaction_status = excluded.transaction_status,
        epoch = excluded.epoch, payment_type = excluded.payment_type,
        transaction_time = excluded.transaction_time, settlement_time = excluded.settlement_time,
        first_heard_at = excluded.first_heard_at, payable_until = excluded.payable_until,
        how_to_pay = excluded.how_to_pay""")
_WRITE_STATUSES = text("""
    update orders set status = new.status, checks = 0, next_check_at = new.next_check_at
    from unnest(
        cast(:order_ids as text[]), cast(:statuses as text[]), cast(:next_checks_at as timestamptz[])
    ) as new(order_id, status, next_check_at)
    where orders.order_id = new.order_id""")
_FORGET_GRANTS = text("delete from domain_grants where order_id = any(cast(:order_ids as text[]))")
_WRITE_GRANTS = text("""
    insert into domain_grants (invitation_id, order_id, paid_at, starts_at, ends_at)
    select * from unnest(
        cast(:invitation_id as bigint[]), cast(:order_id as text[]), cast(:paid_at as timestamptz[]),
        cast(:starts_at as timestamptz[]), cast(:ends_at as timestamptz[]))
    on conflict (order_id) do update set
        paid_at = excluded.paid_at, starts_at = excluded.starts_at, ends_at = excluded.ends_at""")
_WRITE_FOLLOWS = text("""
    update invitations set
        payment_status = new.payment_status, payment_confirmed_at = new.confirmed_at,
        domain_expires_at = new.expires_at
    from unnest(
        cast(:ids as bigint[]), cast(:statuses as text[]), cast(:confirmed_at as timestamptz[]),
        cast(:expires_at as timestamptz[])
    ) as new(id, payment_status, confirmed_at, expires_at)
    where invitations.id = new.id""")


async def write_transactions(session: Statements, transactions: Sequence[Transaction]) -> None:
    if transactions:
        rows = [_row(transaction) for transaction in transactions]
        columns = {name: [row[name] for row in rows] for name in rows[0]}
        await session.execute(_WRITE_TRANSACTIONS, columns)


async def write_statuses(session: Statements, orders: Sequence[NewStatus]) -> None:
    """New statuses of orders, and with each a fresh schedule of questions to Midtrans."""
    if orders:
        columns = {
            "order_ids": [order.order_id for order in orders],
            "statuses": [order.status for order in orders],
            "next_checks_at": [order.next_check_at for order in orders],
        }
        await session.execute(_WRITE_STATUSES, columns)


async def write_grants(session: Statements, wanted: Sequence[tuple[Book, Sequence[Grant]]]) -> None:
    """Bring the grants of these books to what the rules say; what is so already is left alone."""
    gone = [
        order_id
        for book, grants in wanted
        for order_id in book.grants.keys() - {grant.order_id for grant in grants}
    ]
    new = [
        (book.invitation_id, grant)
        for book, grants in wanted
        for grant in grants
        if grant != book.grants.get(grant.order_id)
    ]
    if gone:
        await session.execute(_FORGET_GRANTS, {"order_ids": gone})
    if new:
        columns = {
            "invitation_id": [invitation_id for invitation_id, _ in new],
            "order_id": [grant.order_id for _, grant in new],
            "paid_at": [grant.paid_at for _, grant in new],
            "starts_at": [grant.starts_at for _, grant in new],
            "ends_at": [grant.ends_at for _, grant in new],
        }
        await session.execute(_WRITE_GRANTS, columns)


async def write_follows(session: Statements, wanted: Sequence[tuple[Book, Follows]]) -> None:
    """Write what follows for the invitations of these books, where their rows say otherwise."""
    new = [(book.invitation_id, follows) for book, follows in wanted if follows != book.follows]
    if new:
        columns = {
            "ids": [invitation_id for invitation_id, _ in new],
            "statuses": [follows.status for _, follows in new],
            "confirmed_at": [follows.confirmed_at for _, follows in new],
            "expires_at": [follows.expires_at for _, follows in new],
        }
        await session.execute(_WRITE_FOLLOWS, columns)


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


_SUSPECT = text("""
    update transactions set
        contradicted_by = new.contradicted_by, contradicted_since = :since, contradictions = 0
    from unnest(
        cast(:order_ids as text[]), cast(:transaction_ids as text[]), cast(:contradicted_by as text[])
    ) as new(order_id, transaction_id, contradicted_by)
    where transactions.order_id = new.order_id and transactions.transaction_id = new.transaction_id""")
_CHECK_SOON = text("""
    update orders set next_check_at = :at where order_id = any(cast(:order_ids as text[]))""")


async def suspect(session: Statements, told: Mapping[tuple[str, str], Rung], *, at: datetime) -> None:
    """Notifications said less of these payments (order, transaction) than our books: ask Midtrans next."""
    if told:
        columns = {
            "order_ids": [order_id for order_id, _ in told],
            "transaction_ids": [transaction_id for _, transaction_id in told],
            "contradicted_by": [rung.status for rung in told.values()],
        }
        await session.execute(_SUSPECT, {"since": at, **columns})
        await session.execute(_CHECK_SOON, {"at": at, "order_ids": columns["order_ids"]})


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
        "how_to_pay": json.dumps(told) if (told := transaction.how_to_pay.remembered()) else None,
    }
