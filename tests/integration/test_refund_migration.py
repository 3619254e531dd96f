"""What was reserved for an order's refunds stands at its payments afterwards."""

import psycopg
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from tests.database import new_database
from tuntas.store import migrations
from tuntas.store.database import driver_url
from tuntas.store.embedded import EmbeddedPostgres
from tuntas.store.models import Base

BEFORE = """
insert into users (name, email, password_hash) values ('Rani', 'rani@example.test', 'x');
insert into packages (name, description, price, days) values ('Kenanga', '', 299000, 365);
insert into invitations (owner_id, package_id, price, days, domain) values (1, 1, 299000, 365, 'rani');
insert into orders
  (order_id, invitation_id, kind, gross_amount, days, created_at, expires_at, refund_reserved)
values ('INV-1', 1, 'initial', 299000, 365, now(), now(), 130000);
insert into transactions
  (order_id, transaction_id, gross_amount, transaction_status, payment_type, first_heard_at)
values ('INV-1', 'wallet', 303000, 'partial_refund', 'gopay', now()),
       ('INV-1', 'card', 299000, 'deny', 'credit_card', now());
insert into refunds (order_id, refund_key, transaction_id, amount, state, ours, created_at)
values ('INV-1', 'r1', 'wallet', 100000, 'accepted', true, now()),
       ('INV-1', 'r2', 'wallet', 30000, 'requested', true, now()),
       ('INV-1', 'r3', 'wallet', 7, 'refused', true, now())
"""


def test_room_for_refunds_moves_from_the_order_to_its_payments(postgres: EmbeddedPostgres) -> None:
    with new_database(postgres, template="template0") as url:
        command.upgrade(migrations._config(url), "0002")
        with psycopg.connect(url) as connection:
            connection.execute(BEFORE)
        migrations.upgrade(url)
        with psycopg.connect(url) as connection:
            room = connection.execute(
                "select transaction_id, refund_reserved from transactions order by 1"
            ).fetchall()
            due = connection.execute(
                "select refund_key, way from refunds where next_try_at is not null"
            ).fetchall()
    assert room == [("card", 0), ("wallet", 130_000)]
    assert due == [("r2", "refund")], "what was under way is tried again"


def test_the_tables_of_refunds_are_what_the_models_say(postgres: EmbeddedPostgres) -> None:
    engine = create_engine(driver_url(postgres.url, "psycopg"))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        found = compare_metadata(context, Base.metadata)
    engine.dispose()
    ours = [entry for entry in found if "procrastinate" not in str(entry)]
    assert [entry for entry in ours if "refund" in str(entry)] == []
