"""What must always hold, as named queries: each returns the subjects for which it does not."""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import text

from tuntas.store.alerts import AlertKind
from tuntas.store.database import BY_KEY_ONLY, UnitOfWork
from tuntas.store.inspection import Part, named_by_alert
from tuntas.store.liveness import SILENT_SECONDS

HELD_SECONDS = 15
"""Longer than any work of ours holds rows."""


@dataclass(frozen=True, slots=True)
class Invariant:
    """`query` selects one column, the subject. It may use `:now`, `:silent`, a worker's silent seconds, and
    `:held`; what PostgreSQL dates itself is held against its own clock, which the shop's may be ahead of.

    What would have to look at every payment ever made looks at the relation `part` instead, the ids of the
    invitations that are inspected this time; everything else finds its few rows by an index.
    """

    name: str
    wrong: str
    remedy: str
    query: str
    closes: AlertKind | None = None
    """Alerts that have no cause left while it holds."""

    @property
    def looks_at_a_part(self) -> bool:
        return "from part" in self.query


INVARIANTS = (
    Invariant(
        name="every_rupiah_has_its_place",
        wrong="Money came in that bought nothing, and nobody was told.",
        remedy="Run: tuntas orders sync <order>; then keep it: tuntas orders accept <order> --reason …, "
        "or give it back: tuntas refund <order> --reason …",
        query="""
            select distinct m.order_id
            from part join orders o on o.invitation_id = part.id join transactions m using (order_id)
            where m.kept_because is null
              and m.transaction_status in ('capture', 'settlement', 'partial_refund', 'partial_chargeback')
              and case when m.stray
                then not exists (
                  select 1 from transactions counted
                  where counted.transaction_id = m.transaction_id and not counted.stray
                    and counted.transaction_status not in
                      ('pending', 'authorize', 'challenge', 'failure', 'expire', 'cancel', 'deny'))
                else exists (
                  select 1 from transactions other
                  where other.order_id = m.order_id and not other.stray
                    and other.transaction_id <> m.transaction_id and other.kept_because is null
                    and other.transaction_status in
                      ('capture', 'settlement', 'partial_refund', 'partial_chargeback'))
                  or o.paid_time_ended_because is null
                  and not exists (select 1 from domain_grants g where g.order_id = m.order_id)
                end
              and not exists (
                select 1 from alerts a
                where a.kind in ('duplicate_payment', 'amount_mismatch') and a.subject = m.order_id
                  and a.resolved_at is null)""",
    ),
    Invariant(
        name="grants_have_a_paid_order",
        wrong="Paid time stands for an order that is neither paid nor refunded.",
        remedy="Run: tuntas orders sync <order>",
        query="""
            select g.order_id
            from part join domain_grants g on g.invitation_id = part.id join orders o using (order_id)
            where o.status not in ('paid', 'refunded')""",
    ),
    Invariant(
        name="invitations_follow_their_grants",
        wrong="An invitation's expiry is not the end of its last grant.",
        remedy="Run: tuntas orders sync <its newest order>",
        query="""
            select i.id::text from part join invitations i using (id)
            left join lateral (
                select max(g.ends_at) as ends_at from domain_grants g where g.invitation_id = i.id
            ) g on true
            where i.domain_expires_at is distinct from g.ends_at""",
    ),
    Invariant(
        name="refunds_fit_the_payment",
        wrong="What is reserved for a payment's refunds is not what they sum to.",
        remedy="Run: tuntas orders sync <order>",
        query="""
            select t.order_id
            from part join orders o on o.invitation_id = part.id join transactions t using (order_id)
            left join lateral (
                select sum(r.amount) as total from refunds r
                where r.order_id = t.order_id and r.transaction_id = t.transaction_id
                  and r.state in ('requested', 'accepted', 'confirmed')
            ) r on true
            where t.refund_reserved <> least(coalesce(r.total, 0), t.gross_amount)
            union
            select r.order_id
            from part join orders o on o.invitation_id = part.id join refunds r using (order_id)
            where r.state in ('requested', 'accepted', 'confirmed') and not exists (
                select 1 from transactions t
                where t.order_id = r.order_id and t.transaction_id = r.transaction_id)""",
    ),
    Invariant(
        name="refunds_are_tried_again",
        wrong="A refund without an answer should have been tried again an hour ago.",
        remedy="Is `tuntas worker` running? Then ask now: tuntas refund <order> --reason again",
        query="""
            select order_id from refunds
            where state = 'requested' and next_try_at < cast(:now as timestamptz) - interval '1 hour'""",
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
            where o.status = 'pending' and o.expires_at < cast(:now as timestamptz) - interval '3 hours'
              and :now > greatest(o.expires_at, t.payable_until) + interval '3 hours'
              and not exists (
                select 1 from transactions t where t.order_id = o.order_id
                  and t.transaction_status in ('authorize', 'challenge')
                  and :now < coalesce(t.transaction_time, t.first_heard_at) + interval '9 days')""",
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
        query="""
            select order_id from orders
            where next_check_at < cast(:now as timestamptz) - interval '1 hour'""",
    ),
    Invariant(
        name="no_session_holds_rows",
        closes=AlertKind.ORDER_LOCKED,
        wrong="A database session has held locks for longer than any work of ours takes: a forgotten psql?",
        remedy="Leave it with `rollback`, or end it: psql -c 'select pg_terminate_backend(<number>)'",
        query="""
            select s.pid::text from pg_stat_activity s
            where s.datname = current_database() and s.pid <> pg_backend_pid()
              and clock_timestamp() > s.xact_start + make_interval(secs => :held)
              and exists (
                select 1 from pg_locks l join pg_class c on c.oid = l.relation
                where l.pid = s.pid and l.granted and l.mode <> 'AccessShareLock'
                  and l.mode <> 'ShareUpdateExclusiveLock'
                  and c.relname in ('notifications', 'invitations', 'orders', 'transactions'))""",
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
                exists (
                    select 1 from orders
                    where next_check_at < cast(:now as timestamptz) - interval '10 minutes')
                or exists (
                    select 1 from procrastinate_jobs job
                    join procrastinate_events event on event.job_id = job.id
                    where job.status = 'todo' and event.at < now() - interval '10 minutes'))""",
    ),
)

_QUERY_SECONDS_MAX = 10
_PART = """
    with part as materialized (
        select id from invitations where id > :after and id <= :until
        union
        select id from invitations where id > :newest
        union
        select invitation_id from orders where order_id = any(:named)
        union
        select id from invitations where id = any(:named_ids))"""


async def broken(
    session: UnitOfWork, invariant: Invariant, part: Part, *, now: datetime, limit: int
) -> Sequence[str]:
    """Up to `limit` subjects for which the invariant does not hold. Bounds the time of this transaction."""
    query, offered = invariant.query, {"now": now, "silent": SILENT_SECONDS, "held": HELD_SECONDS}
    if invariant.looks_at_a_part:
        named = await named_by_alert(session, invariant.name)
        query = f"{_PART} {query}"
        offered |= asdict(part) | {"named": named, "named_ids": _ids(named)}
        for name, value in BY_KEY_ONLY.items():
            await session.execute(text(f"set local {name} = {value}"))
    await session.execute(text(f"set local statement_timeout = '{_QUERY_SECONDS_MAX}s'"))
    values = {name: value for name, value in offered.items() if re.search(rf":{name}\b", query)}
    return (await session.scalars(text(f"{query} limit {limit:d}"), values)).all()


def _ids(subjects: Sequence[str]) -> list[int]:
    """The subjects that are numbers; the others are order ids."""
    return [int(subject) for subject in subjects if re.fullmatch(r"[0-9]{1,18}", subject)]
