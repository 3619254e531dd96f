"""What must always hold, as named queries: each returns the subjects for which it does not."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from tuntas.store.alerts import AlertKind
from tuntas.store.database import UnitOfWork


@dataclass(frozen=True, slots=True)
class Invariant:
    """`query` may use `:now`; it selects one column, the subject."""

    name: str
    wrong: str
    remedy: str
    query: str
    closes: AlertKind | None = None
    """Alerts that have no cause left while it holds."""


INVARIANTS = (
    Invariant(
        name="paid_orders_have_their_grant",
        wrong="A paid order has no paid time, and is not a duplicate payment that somebody was told of.",
        remedy="Run: tuntas orders sync <order>",
        query="""
            select o.order_id from orders o
            left join domain_grants g using (order_id)
            left join alerts a on a.kind = 'duplicate_payment' and a.subject = o.order_id
            where o.status = 'paid' and g.order_id is null and a.id is null""",
    ),
    Invariant(
        name="grants_have_a_paid_order",
        wrong="Paid time stands for an order that is neither paid nor refunded.",
        remedy="Run: tuntas orders sync <order>",
        query="""
            select g.order_id from domain_grants g join orders o using (order_id)
            where o.status not in ('paid', 'refunded')""",
    ),
    Invariant(
        name="invitations_follow_their_grants",
        wrong="An invitation's expiry is not the end of its last grant.",
        remedy="Run: tuntas orders sync <its newest order>",
        query="""
            select i.id::text from invitations i
            left join lateral (
                select max(g.ends_at) as ends_at from domain_grants g where g.invitation_id = i.id
            ) g on true
            where i.domain_expires_at is distinct from g.ends_at""",
    ),
    Invariant(
        name="refunds_fit_the_payment",
        wrong="Refunds sum to more than the order's amount, or are not what is reserved for them.",
        remedy="Look at: tuntas orders show <order>; then at the order on Midtrans's dashboard",
        query="""
            select o.order_id from orders o
            left join lateral (
                select coalesce(sum(r.amount), 0) as total from refunds r
                where r.order_id = o.order_id and r.state <> 'refused'
            ) r on true
            where r.total <> o.refund_reserved""",
    ),
    Invariant(
        name="no_order_pends_past_its_end",
        wrong="An order is pending although it can no longer be paid.",
        remedy="Is `tuntas worker` running, and does Midtrans answer? Then run: tuntas sync",
        query="""
            select o.order_id from orders o
            left join lateral (
                select max(t.payable_until) as payable_until from transactions t
                where t.order_id = o.order_id
            ) t on true
            where o.status = 'pending'
              and :now > greatest(o.expires_at, t.payable_until) + interval '3 hours'
              and not exists (
                select 1 from transactions t where t.order_id = o.order_id
                  and t.transaction_status in ('authorize', 'challenge'))""",
    ),
    Invariant(
        name="no_notification_waits",
        wrong="A stored notification has not been handled for more than a minute.",
        remedy="Is `tuntas worker` running? Then run: tuntas webhook replay <number>",
        query="""
            select id::text from notifications
            where handled_at is null and :now > received_at + interval '1 minute'""",
    ),
    Invariant(
        name="no_confirmation_waits",
        wrong="A notification has waited for Midtrans's confirmation for more than ten minutes.",
        remedy="Is `tuntas worker` running, and does Midtrans answer?",
        query="""
            select id::text from notifications
            where outcome = 'awaiting_confirmation' and :now > handled_at + interval '10 minutes'""",
    ),
    Invariant(
        name="reconciliation_keeps_up",
        wrong="An order should have been asked about an hour ago.",
        remedy="Is `tuntas worker` running?",
        query="select order_id from orders where :now > next_check_at + interval '1 hour'",
    ),
    Invariant(
        name="no_session_holds_rows",
        closes=AlertKind.ORDER_LOCKED,
        wrong="A database session has held locks for longer than any work of ours takes: a forgotten psql?",
        remedy="Leave it with `rollback`, or end it: psql -c 'select pg_terminate_backend(<number>)'",
        query="""
            select s.pid::text from pg_stat_activity s
            where s.datname = current_database() and s.pid <> pg_backend_pid()
              and :now > s.xact_start + interval '15 seconds'
              and exists (
                select 1 from pg_locks l join pg_class c on c.oid = l.relation
                where l.pid = s.pid and l.granted and l.mode <> 'AccessShareLock'
                  and l.mode <> 'ShareUpdateExclusiveLock'
                  and c.relname in ('notifications', 'invitations', 'orders', 'transactions'))""",
    ),
)


async def broken(session: UnitOfWork, invariant: Invariant, *, now: datetime, limit: int) -> Sequence[str]:
    """Up to `limit` subjects for which the invariant does not hold."""
    values = {"now": now} if ":now" in invariant.query else {}
    query = text(f"{invariant.query} limit {limit:d}")
    return (await session.scalars(query, values)).all()
