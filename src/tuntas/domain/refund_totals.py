"""Where Midtrans tells only how much of a payment went back so far, and no single refunds.

Such a sum and the single refunds tell of the same money, and either may be told first. So the sum counts
only as far as the single refunds do not explain it: one row holds that rest, and shrinks as they come.
The result, the greater of the sum told and the single refunds, does not depend on the order of telling.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tuntas.domain.money import Rupiah
from tuntas.domain.refunds import RefundRow, total_key


@dataclass(frozen=True, slots=True)
class RowsOfPayment:
    """What to write of one payment's refunds."""

    rows: tuple[RefundRow, ...]
    explained: bool
    """The row of the rest is to go: single refunds account for all of the sum now."""


def without_double_count(
    transaction_id: str, known: Mapping[str, int], told: Iterable[RefundRow]
) -> RowsOfPayment:
    """Single refunds as they are, and what they leave of the sum told.

    `known` is rupiah by refund key: all refunds of this payment so far but those refused.
    """
    rest_key = total_key(transaction_id)
    before = dict(known)
    rest_before = before.pop(rest_key, 0)
    singles: dict[str, RefundRow] = {}
    totals: list[int] = [rest_before + sum(before.values())] if rest_before else []
    for row in told:
        if row.is_total:
            totals.append(row.amount)
        else:
            singles[row.key] = _with(singles.get(row.key), row)
    explained = sum({**before, **{row.key: row.amount for row in singles.values()}}.values())
    rest = max(totals, default=0) - explained
    if rest > 0:
        return RowsOfPayment((*singles.values(), RefundRow(rest_key, Rupiah(rest))), explained=False)
    return RowsOfPayment(tuple(singles.values()), explained=rest_before > 0)


def _with(known: RefundRow | None, row: RefundRow) -> RefundRow:
    """One refund told twice: the later word, and the earliest moment at which a bank confirmed it."""
    moments = [each.bank_confirmed_at for each in (known, row) if each and each.bank_confirmed_at]
    return RefundRow(row.key, row.amount, row.reason, min(moments, default=None))
