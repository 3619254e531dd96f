-- What taking in one notification asks and writes, as `tuntas serve` does for a batch of one (store/inbox.py,
-- store/books.py, store/ledger.py), without its savepoint; tests/integration/test_bench.py compares the rows.
-- pgbench sends these statements one after the other, prepared. What Tuntas gives as parameters the bench's own
-- functions make here, which costs about 30 of some 1,000 microseconds.
\set turn :turn + 1
\set i :turn * :clients + :client_id + 1
begin;
with again as (
    update notifications set deliveries = deliveries + 1 where body_hash = sha256(bench.body(:i)::bytea)
    returning id, coalesce(assigned_to, order_id) as about, transaction_id, transaction_status, received_at, outcome,
              assigned_to is not null as assigned, tries
)
select coalesce(again.id, nextval('notifications_id_seq')) as id,
       case when again.id is null then nextval('payment_logs_id_seq') end as line_id,
       again.about, again.transaction_id, again.transaction_status, again.received_at, again.outcome, again.assigned,
       again.tries
from (values (1)) as arrived(place) left join again on true \gset its_
select invitations.id as invitation_id, holds_domain, payment_status, payment_confirmed_at, domain_expires_at
from orders join invitations on invitations.id = orders.invitation_id
where orders.order_id = bench.order_id(:i) for update of invitations \gset its_
select orders.invitation_id, orders.order_id, kind, days, created_at, gross_amount, accepted_amount, closed, status,
       expires_at, paid_time_ended_because is not null as ended, paid_at, starts_at, ends_at
from orders left join domain_grants on domain_grants.order_id = orders.order_id
where orders.invitation_id = :its_invitation_id;
select order_id, transaction_id, transaction_status, gross_amount, payment_type, transaction_time, settlement_time,
       first_heard_at, payable_until, how_to_pay, stray, epoch, kept_because is not null as kept
from transactions where order_id = bench.order_id(:i) order by first_heard_at, transaction_id;
select transaction_id, order_id from transactions where transaction_id = bench.transaction_id(:i);
insert into transactions (order_id, transaction_id, stray, gross_amount, transaction_status, payment_type,
                          transaction_time, settlement_time, first_heard_at, payable_until, how_to_pay)
values (bench.order_id(:i), bench.transaction_id(:i), false, 299000, 'settlement', 'bank_transfer',
        '2026-11-03 12:00+07', '2026-11-03 12:01+07', now(), '2026-11-04 12:00+07',
        jsonb_build_object('bank', 'bca', 'va_number', bench.va_number(:i)))
on conflict (order_id, transaction_id, stray) do update
set transaction_status = excluded.transaction_status, settlement_time = excluded.settlement_time;
update orders set status = 'paid', checks = 0, next_check_at = now() + interval '10 minutes'
where order_id = bench.order_id(:i);
insert into domain_grants (invitation_id, order_id, paid_at, starts_at, ends_at)
values (:its_invitation_id, bench.order_id(:i), '2026-11-03 12:01+07', '2026-11-03 12:01+07', '2027-11-03 12:01+07')
on conflict (order_id) do update set paid_at = excluded.paid_at, starts_at = excluded.starts_at,
                                     ends_at = excluded.ends_at;
update invitations set payment_status = 'paid', payment_confirmed_at = '2026-11-03 12:01+07',
                       domain_expires_at = '2027-11-03 12:01+07'
where id = :its_invitation_id;
with received as (
    insert into payment_logs (id, created_at, event_type, order_id, transaction_id, transaction_status, raw)
    values (:its_line_id, now(), 'webhook_received', bench.order_id(:i), bench.transaction_id(:i), 'settlement',
            bench.body(:i)::bytea)
), told as (
    insert into payment_logs (created_at, event_type, outcome, order_id, transaction_id, transaction_status)
    values (now(), 'webhook_processed', 'applied', bench.order_id(:i), bench.transaction_id(:i), 'settlement')
)
insert into notifications (id, body_hash, log_id, order_id, transaction_id, transaction_status, received_at,
                           deliveries, outcome, handled_at, next_try_at)
values (:its_id, sha256(bench.body(:i)::bytea), :its_line_id, bench.order_id(:i), bench.transaction_id(:i), 'settlement',
        now(), 1, 'applied', now(), now())
on conflict (body_hash) do nothing returning id;
commit;
