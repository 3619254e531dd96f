-- What taking in one notification asks and writes, as `tuntas serve` does it for a batch of one.
-- pgbench sends these statements one by one, prepared; tests/integration/test_bench.py compares the rows.
\set turn :turn + 1
\set i :turn * :clients + :client_id + 1
begin;
-- Known already?
select id, outcome from notifications where body_hash = sha256(bench.body(:i)::bytea);
-- The book: the invitation under its lock, its orders, their attempts, who owns the transaction, what was granted.
select id, holds_domain from invitations
where id in (select invitation_id from orders where order_id = bench.order_id(:i)) order by id for update;
select invitation_id from orders where order_id = bench.order_id(:i) \gset
select * from orders where invitation_id = :invitation_id;
select * from transactions where order_id = bench.order_id(:i) order by first_heard_at, transaction_id;
select transaction_id, order_id from transactions where transaction_id = bench.transaction_id(:i);
select order_id, paid_at, starts_at, ends_at from domain_grants where invitation_id = :invitation_id;
-- What follows from the settlement.
insert into transactions (order_id, transaction_id, stray, gross_amount, transaction_status, payment_type,
                          transaction_time, settlement_time, first_heard_at, payable_until, bank, va_number)
values (bench.order_id(:i), bench.transaction_id(:i), false, 299000, 'settlement', 'bank_transfer',
        '2026-11-03 12:00+07', '2026-11-03 12:01+07', now(), '2026-11-04 12:00+07', 'bca', bench.va_number(:i))
on conflict (order_id, transaction_id, stray) do update
set transaction_status = excluded.transaction_status, settlement_time = excluded.settlement_time;
update orders set status = 'paid', checks = 0, next_check_at = null where order_id = bench.order_id(:i);
insert into domain_grants (order_id, invitation_id, paid_at, starts_at, ends_at)
values (bench.order_id(:i), :invitation_id, '2026-11-03 12:01+07', '2026-11-03 12:01+07', '2027-11-03 12:01+07');
update invitations set payment_status = 'paid', payment_confirmed_at = '2026-11-03 12:01+07',
                       domain_expires_at = '2027-11-03 12:01+07'
where id = :invitation_id and payment_status is distinct from 'paid';
-- The inbox and the log.
insert into payment_logs (created_at, event_type, order_id, transaction_id, transaction_status, detail, raw)
values (now(), 'webhook_received', bench.order_id(:i), bench.transaction_id(:i), 'settlement', '{}',
        bench.body(:i)::bytea)
returning id as log_id \gset
insert into notifications (body_hash, log_id, order_id, transaction_id, transaction_status, received_at,
                           outcome, handled_at, next_try_at)
values (sha256(bench.body(:i)::bytea), :log_id, bench.order_id(:i), bench.transaction_id(:i), 'settlement',
        now(), 'applied', now(), now())
on conflict (body_hash) do update set deliveries = notifications.deliveries + 1;
insert into payment_logs (created_at, event_type, order_id, transaction_id, transaction_status, outcome, detail)
values (now(), 'webhook_processed', bench.order_id(:i), bench.transaction_id(:i), 'settlement', 'applied', '{}');
commit;
