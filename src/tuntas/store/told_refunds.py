"""Refunds and voids that Midtrans told of, for many payments at once, under their invitations' locks."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text

from tuntas.domain.money import Rupiah
from tuntas.domain.refund_totals import without_double_count
from tuntas.domain.refunds import RefundRow, total_key
from tuntas.store.direct import Statements
from tuntas.store.refunds import Payment, recount, void_key


@dataclass(frozen=True, slots=True)
class Void:
    """A captured payment that was cancelled: all of it went back."""

    payment: Payment
    amount: Rupiah
    stands: bool
    """False when the payment turned out otherwise: a void known before counts no more."""


_KNOWN = text("""
    select refund.order_id, refund.transaction_id, refund.refund_key, refund.amount
    from refunds refund join unnest(cast(:order_ids as text[]), cast(:transaction_ids as text[]))
        as asked(order_id, transaction_id)
        on refund.order_id = asked.order_id and refund.transaction_id = asked.transaction_id
    where refund.state <> 'refused'""")
_FORGET_REST = text("""
    delete from refunds
    using unnest(cast(:order_ids as text[]), cast(:keys as text[])) as gone(order_id, refund_key)
    where refunds.order_id = gone.order_id and refunds.refund_key = gone.refund_key""")
_RECORD = text("""
    insert into refunds (
        order_id, transaction_id, refund_key, amount, reason, bank_confirmed_at, way, state, ours, created_at)
    select order_id, transaction_id, refund_key, amount, reason, bank_confirmed_at, 'refund',
        case when bank_confirmed_at is null then 'accepted' else 'confirmed' end, false, :at
    from unnest(
        cast(:order_ids as text[]), cast(:transaction_ids as text[]), cast(:keys as text[]),
        cast(:amounts as bigint[]), cast(:reasons as text[]), cast(:confirmed_at as timestamptz[])
    ) as told(order_id, transaction_id, refund_key, amount, reason, bank_confirmed_at)
    on conflict (order_id, transaction_id, refund_key) do update set
        amount = excluded.amount,
        bank_confirmed_at = least(refunds.bank_confirmed_at, excluded.bank_confirmed_at),
        state = case
            when refunds.state = 'returned' then 'returned'  -- Midtrans goes on listing it
            when least(refunds.bank_confirmed_at, excluded.bank_confirmed_at) is not null then 'confirmed'
            else 'accepted' end,
        refusal = null""")
_VOID = text("""
    insert into refunds (order_id, transaction_id, refund_key, amount, way, state, ours, created_at)
    select order_id, transaction_id, refund_key, amount, 'cancel', 'accepted', false, :at
    from unnest(
        cast(:order_ids as text[]), cast(:transaction_ids as text[]), cast(:keys as text[]),
        cast(:amounts as bigint[])
    ) as told(order_id, transaction_id, refund_key, amount)
    on conflict (order_id, transaction_id, refund_key) do update set state = 'accepted', refusal = null""")
_NO_VOID = text("""
    update refunds set state = 'returned'
    from unnest(cast(:order_ids as text[]), cast(:transaction_ids as text[]))
        as asked(order_id, transaction_id)
    where refunds.order_id = asked.order_id and refunds.transaction_id = asked.transaction_id
        and refunds.way = 'cancel' and refunds.state = 'accepted'""")


async def record(
    session: Statements, told: Mapping[Payment, Sequence[RefundRow]], *, at: datetime
) -> Sequence[str]:
    """Take in rows that Midtrans listed, in any order and however often.

    Returns the orders of which more was given back than was paid: then an alert is due, and no refund of
    ours fits.
    """
    if not told:
        return []
    known = await _known(session, list(told))
    found = {
        payment: without_double_count(payment[1], known[payment], rows) for payment, rows in told.items()
    }
    gone = [(order_id, total_key(about)) for (order_id, about), rows in found.items() if rows.explained]
    if gone:
        rests = {"order_ids": [order_id for order_id, _ in gone], "keys": [key for _, key in gone]}
        await session.execute(_FORGET_REST, rests)
    new = [(payment, row) for payment, rows in found.items() for row in rows.rows]
    if new:
        columns: dict[str, Any] = {
            **_columns([payment for payment, _ in new]),
            "keys": [row.key for _, row in new],
            "amounts": [row.amount for _, row in new],
            "reasons": [row.reason for _, row in new],
            "confirmed_at": [row.bank_confirmed_at for _, row in new],
        }
        await session.execute(_RECORD, {"at": at, **columns})
    return await recount(session, [order_id for order_id, _ in told])


async def record_voids(session: Statements, voids: Sequence[Void], *, at: datetime) -> None:
    """Write down which captured payments went back whole, and which did not after all."""
    if standing := [void for void in voids if void.stands]:
        columns: dict[str, Any] = {
            **_columns([void.payment for void in standing]),
            "keys": [void_key(void.payment[1]) for void in standing],
            "amounts": [void.amount for void in standing],
        }
        await session.execute(_VOID, {"at": at, **columns})
    if gone := [void.payment for void in voids if not void.stands]:
        await session.execute(_NO_VOID, _columns(gone))
    if voids:
        await recount(session, [void.payment[0] for void in voids])


async def _known(session: Statements, payments: Sequence[Payment]) -> dict[Payment, dict[str, int]]:
    found: dict[Payment, dict[str, int]] = defaultdict(dict)
    for row in await session.execute(_KNOWN, _columns(payments)):
        found[row.order_id, row.transaction_id][row.refund_key] = row.amount
    return found


def _columns(payments: Sequence[Payment]) -> dict[str, list[str]]:
    return {
        "order_ids": [order_id for order_id, _ in payments],
        "transaction_ids": [transaction_id for _, transaction_id in payments],
    }
