-- What stands after a round; all of these must be the same number.
select (select count(*) from orders where status = 'paid') as paid_orders,
       (select count(*) from notifications where outcome = 'applied') as concluded,
       (select count(*) from transactions where transaction_status = 'settlement') as settled,
       (select count(*) from domain_grants) as granted,
       (select count(*) from invitations where domain_expires_at is not null) as live,
       (select count(*) from payment_logs where event_type = 'webhook_received') as received,
       (select count(*) from payment_logs where event_type = 'webhook_processed') as processed
