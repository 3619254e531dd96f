-- One customer, one invitation and one pending order for each notification to come; all else is empty.
insert into packages (name, description, price, days) values ('Kenanga', 'The one on sale', 299000, 365)
on conflict (name) do nothing;

insert into users (name, email, password_hash)
select 'Customer ' || i, 'customer' || i || '@tuntas.test', 'none' from generate_series(1, %(number)s) i;

insert into invitations (owner_id, package_id, price, days, domain, payment_status)
select users.id, packages.id, price, days, 'couple-' || users.id, 'pending'
from users, packages where users.email like 'customer%%' and packages.name = 'Kenanga' order by users.id;

insert into orders (order_id, invitation_id, kind, gross_amount, days, created_at, expires_at,
                    snap_token, redirect_url, next_check_at)
select bench.order_id(row_number() over (order by id)), id, 'initial', price, days, now(), now() + interval '1 day',
       gen_random_uuid()::text, 'https://gateway.test/' || gen_random_uuid(), now() + interval '2 minutes'
from invitations where domain like 'couple-%%' order by id;
