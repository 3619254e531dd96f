"""Where Midtrans tells only how much of a payment went back so far, and no single refunds.

Such a sum and the single refunds tell of the same money, and either may be told first. So the sum counts
only as far as the single refunds do not explain it: one row holds that rest, and shrinks as they come.
The result, the greater of the sum told and the single refunds, does not depend on the order of telling.
"""

from collections.abc import Iterable

from sqlalchemy import delete, select

from tuntas.domain.money import Rupiah
from tuntas.domain.refunds import RefundRow, total_key
from tuntas.store.database import UnitOfWork
from tuntas.store.models import Refund


async def without_double_count(
    session: UnitOfWork, order_id: str, transaction_id: str, rows: Iterable[RefundRow]
) -> list[RefundRow]:
    """The rows to write: single refunds as they are, and what they leave of the sum told.

    The caller holds the invitation's lock.
    """
    rest_key = total_key(transaction_id)
    given = list(rows)
    singles = [row for row in given if not row.is_total]
    before = await _amounts(session, order_id, transaction_id)
    rest_before = before.pop(rest_key, 0)
    told = [row.amount for row in given if row.is_total]
    if rest_before:
        told.append(Rupiah(rest_before + sum(before.values())))
    explained = sum({**before, **{row.key: row.amount for row in singles}}.values())
    rest = max(told, default=0) - explained
    if rest > 0:
        return [*singles, RefundRow(rest_key, Rupiah(rest))]
    if rest_before:
        of_this_order = (Refund.order_id == order_id, Refund.refund_key == rest_key)
        await session.execute(delete(Refund).where(*of_this_order))
    return singles


async def _amounts(session: UnitOfWork, order_id: str, transaction_id: str) -> dict[str, int]:
    """Rupiah by refund key: all refunds of this payment but those refused."""
    query = select(Refund.refund_key, Refund.amount).where(
        Refund.order_id == order_id, Refund.transaction_id == transaction_id, Refund.state != "refused"
    )
    return {row.refund_key: row.amount for row in await session.execute(query)}
