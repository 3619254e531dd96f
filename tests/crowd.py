"""A shop that has sold for more than a year, made by the database itself: minutes for millions of rows."""

import psycopg

DAYS = 500
"""How far back the oldest order goes; the newest is of a minute ago."""
LOG_LINES = 10
"""For each order: its token asked for and given, three notifications received and processed, two checks."""

_NUMBERS = "generate_series({first}::bigint, {last}::bigint) as n"
_ORDER = "'INV-' || md5('order ' || n)::uuid"
_TRANSACTION = "md5('transaction ' || n)::uuid::text"
_MADE = "now() - interval '{days} days' * (1 - (n - {first})::float8 / {count}) - interval '1 minute'"
_STATUS = """case when {made} > now() - interval '1 day' then 'pending'
    when n % 20 < 15 then 'paid' when n % 20 = 19 then 'refunded' else 'failed' end"""

_STEPS = (
    """insert into users (name, email, password_hash, created_at)
    select 'Siti ' || n, 'crowd-' || n || '@tuntas.test', 'none', {made} from {numbers} where n % 5 = 0""",
    """insert into sessions (token_hash, user_id, created_at, expires_at)
    select sha256(email::bytea), id, created_at, created_at + interval '30 days' from users
    where email like 'crowd-%' on conflict do nothing""",
    """insert into invitations (id, owner_id, package_id, price, days, domain, payment_status,
        payment_confirmed_at, domain_expires_at, created_at)
    overriding system value
    select n, u.id, (select min(id) from packages), 299000, 365, 'crowd-' || n,
        {status}, case when {status} = 'paid' then {made} end,
        case when {status} = 'paid' then {made} + interval '365 days' end, {made}
    from {numbers} join users u on u.email = 'crowd-' || (n - n % 5) || '@tuntas.test'""",
    """insert into orders (order_id, invitation_id, kind, gross_amount, days, status, created_at, expires_at,
        snap_token, redirect_url, closed, next_check_at)
    select {order}, n, 'initial', 299000, 365, {status}, {made}, {made} + interval '1 day',
        'token-' || n, 'https://pay.test/' || n, {status} = 'failed',
        case when {status} = 'pending' then now() + interval '1 hour' * (n % 24) end
    from {numbers}""",
    """insert into transactions (order_id, transaction_id, gross_amount, transaction_status, payment_type,
        transaction_time, settlement_time, first_heard_at, refund_reserved)
    select {order}, {transaction}, 299000,
        case {status} when 'paid' then 'settlement' when 'refunded' then 'refund'
            when 'failed' then 'expire' else 'pending' end,
        'qris', {made}, case when {status} in ('paid', 'refunded') then {made} end, {made},
        case when {status} = 'refunded' then 299000 else 0 end
    from {numbers}""",
    """insert into domain_grants (order_id, invitation_id, paid_at, starts_at, ends_at)
    select {order}, n, {made}, {made}, {made} + interval '365 days' from {numbers}
    where {status} in ('paid')""",
    """insert into refunds (order_id, transaction_id, refund_key, amount, state, ours, created_at)
    select {order}, {transaction}, {order} || '-r1', 299000, 'confirmed', true, {made} from {numbers}
    where {status} = 'refunded'""",
    """insert into refunds (order_id, transaction_id, refund_key, amount, state, ours, created_at, refusal)
    select {order}, {transaction}, {order} || '-r2', 299000, 'refused', true, {made}, 'too late'
    from {numbers} where n % 3 = 0""",
    """insert into payment_logs
        (created_at, event_type, order_id, transaction_id, transaction_status, outcome, raw)
    select {made} + interval '1 second' * k,
        (array['token_requested', 'token_created', 'webhook_received', 'webhook_processed',
            'webhook_received', 'webhook_processed', 'webhook_received', 'webhook_processed',
            'status_checked', 'status_checked'])[k],
        {order}, case when k > 2 then {transaction} end, case when k > 2 then 'settlement' end,
        case when k in (4, 6, 8) then 'applied' end,
        case when k in (3, 5, 7) then
            convert_to(
                '{{"of": "' || {order} || k || '", "rest": "' || repeat('x', {padding}) || '"}}', 'UTF8')
        end
    from {numbers} cross join generate_series(1, {lines}) as k order by n, k""",
    """insert into notifications
        (body_hash, log_id, order_id, transaction_id, transaction_status, received_at, outcome, handled_at)
    select sha256(raw), id, order_id, transaction_id, transaction_status, created_at,
        case when id % 1000 = 0 then 'unknown_status' else 'applied' end, created_at
    from payment_logs where raw is not null and id > {before} on conflict do nothing""",
    """insert into alerts (kind, subject, created_at, resolved_at)
    select 'books_differ', {order}, {made}, {made} from {numbers} where n % 3 = 0""",
    """insert into throttles (key, count, last_at)
    select sha256(('crowd ' || n)::bytea), 1, now() from {numbers} where n % 5 = 0 on conflict do nothing""",
)


def fill(url: str, orders: int, *, first: int = 1_000_000, padding: int = 500) -> None:
    """Add so many orders with all that hangs on them; ids from `first` on must be free.

    `padding` characters make a notification's body as long as a real one.
    """
    last = first + orders - 1
    with psycopg.connect(url) as connection:
        connection.execute("set synchronous_commit = off")
        row = connection.execute("select coalesce(max(id), 0) from payment_logs").fetchone()
        assert row is not None
        made = _MADE.format(days=DAYS, first=first, count=orders)
        words = {
            "made": made,
            "status": _STATUS.format(made=made),
            "numbers": _NUMBERS.format(first=first, last=last),
            "order": _ORDER,
            "transaction": _TRANSACTION,
            "lines": LOG_LINES,
            "padding": padding,
            "before": row[0],
        }
        for step in _STEPS:
            connection.execute(step.format(**words))  # type: ignore[arg-type]  # made of our own words


def settle(url: str) -> None:
    """What autovacuum does once it gets to it."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("vacuum analyze")
