-- The limit: the rows of `size` notifications, written by one statement that asks nothing and knows no rules.
create function bench.take_in(first bigint, size int) returns void language sql
begin atomic
    with given as materialized (
        select i, bench.order_id(i) as order_id, bench.transaction_id(i) as transaction_id,
               bench.body(i)::bytea as body
        from generate_series(first, first + size - 1) i
    ), received as (
        insert into payment_logs (created_at, event_type, order_id, transaction_id, transaction_status, raw)
        select now(), 'webhook_received', order_id, transaction_id, 'settlement', body from given
        returning id, order_id
    ), kept as (
        insert into notifications (body_hash, log_id, order_id, transaction_id, transaction_status, received_at,
                                   outcome, handled_at, next_try_at)
        select sha256(body), received.id, order_id, transaction_id, 'settlement', now(), 'applied', now(), now()
        from given join received using (order_id)
    ), attempts as (
        insert into transactions (order_id, transaction_id, stray, gross_amount, transaction_status, payment_type,
                                  transaction_time, settlement_time, first_heard_at, payable_until, how_to_pay)
        select order_id, transaction_id, false, 299000, 'settlement', 'bank_transfer', '2026-11-03 12:00+07',
               '2026-11-03 12:01+07', now(), '2026-11-04 12:00+07',
               jsonb_build_object('bank', 'bca', 'va_number', bench.va_number(i))
        from given
    ), paid as (
        update orders set status = 'paid', checks = 0, next_check_at = now() + interval '10 minutes'
        from given where orders.order_id = given.order_id
        returning orders.order_id, orders.invitation_id
    ), granted as (
        insert into domain_grants (order_id, invitation_id, paid_at, starts_at, ends_at)
        select order_id, invitation_id, '2026-11-03 12:01+07', '2026-11-03 12:01+07', '2027-11-03 12:01+07'
        from paid
    ), live as (
        update invitations set payment_status = 'paid', payment_confirmed_at = '2026-11-03 12:01+07',
                               domain_expires_at = '2027-11-03 12:01+07'
        from paid where invitations.id = paid.invitation_id
    )
    insert into payment_logs (created_at, event_type, order_id, transaction_id, transaction_status, outcome)
    select now(), 'webhook_processed', order_id, transaction_id, 'settlement', 'applied' from given;
end;
