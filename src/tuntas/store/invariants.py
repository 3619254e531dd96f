"""What must always hold, as named queries: each returns the subjects for which it does not."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from tuntas.store.database import UnitOfWork
from tuntas.store.liveness import SILENT_SECONDS


@dataclass(frozen=True, slots=True)
class Invariant:
    """`query` selects one column, the subject. It may use `:now` and `:silent`, a worker's silent seconds."""

    name: str
    wrong: str
    remedy: str
    query: str


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
        remedy="Does Midtrans answer, and does `tuntas worker` run? Then: tuntas jobs run confirm <number>",
        query="""
            select id::text from notifications
            where outcome = 'awaiting_confirmation' and :now > handled_at + interval '10 minutes'""",
    ),
    Invariant(
        name="reconciliation_keeps_up",
        wrong="An order should have been asked about an hour ago.",
        remedy="Is `tuntas worker` running? Then run: tuntas jobs run reconcile_due",
        query="select order_id from orders where :now > next_check_at + interval '1 hour'",
    ),
    Invariant(
        name="a_worker_is_alive",
        wrong="No worker works, although there has been one or something waits for one.",
        remedy="Start one: tuntas worker",
        query="""
            select 'silent since ' || to_char(beat_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
            from (select max(beat_at) as beat_at from workers) last
            where beat_at < now() - make_interval(secs => :silent)
            union all
            select 'never seen' where not exists (select 1 from workers) and (
                exists (select 1 from orders where :now > next_check_at + interval '10 minutes')
                or exists (
                    select 1 from procrastinate_jobs job
                    join procrastinate_events event on event.job_id = job.id
                    where job.status = 'todo' and event.at < now() - interval '10 minutes'))""",
    ),
)

_QUERY_SECONDS_MAX = 10


async def broken(session: UnitOfWork, invariant: Invariant, *, now: datetime, limit: int) -> Sequence[str]:
    """Up to `limit` subjects for which the invariant does not hold. Bounds the time of this transaction."""
    await session.execute(text(f"set local statement_timeout = '{_QUERY_SECONDS_MAX}s'"))
    offered = {"now": now, "silent": SILENT_SECONDS}
    values = {name: value for name, value in offered.items() if f":{name}" in invariant.query}
    query = text(f"{invariant.query} limit {limit:d}")
    return (await session.scalars(query, values)).all()
