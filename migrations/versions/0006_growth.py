"""Tables that stay quick while they grow: an index for what is asked, none for what nobody asks."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_UPDATED = ("invitations", "orders", "transactions")
_GROWING = (*_UPDATED, "domain_grants", "notifications", "payment_logs", "refunds")


def upgrade() -> None:
    _orders()
    _notifications()
    _payment_logs()
    _unasked()
    _ended_jobs()
    _inspection()
    for table in _UPDATED:  # room on each page, so that a changed row stays there, unindexed anew
        op.execute(f"alter table {table} set (fillfactor = 85)")
    for table in _GROWING:  # by default a tenth of a table must change first: a million rows of ten
        op.execute(
            f"alter table {table} set"
            " (autovacuum_analyze_scale_factor = 0.02, autovacuum_vacuum_scale_factor = 0.05)"
        )


def _orders() -> None:
    op.create_index("ix_orders_by_age", "orders", ["created_at", "order_id"])
    op.create_index("ix_orders_by_status", "orders", ["status", "created_at", "order_id"])
    op.drop_index(op.f("ix_orders_next_check_at"), "orders")
    op.create_index(
        "ix_orders_to_check",
        "orders",
        ["next_check_at"],
        postgresql_where=sa.text("next_check_at is not null"),
    )


def _notifications() -> None:
    """One index for all that is not as usual, in place of one for each kind of it.

    A log line may go into an archive while the entry stays: a body that was taken in once is known for ever.
    """
    op.drop_index("ix_notifications_orphans", "notifications")
    op.drop_index("ix_notifications_unconfirmed", "notifications")
    op.create_index(
        "ix_notifications_unusual",
        "notifications",
        ["outcome", "id"],
        postgresql_where=sa.text("outcome <> 'applied' and outcome <> 'unchanged'"),
    )
    op.drop_constraint(op.f("fk_notifications_log_id"), "notifications")
    op.alter_column("notifications", "log_id", nullable=True)


def _payment_logs() -> None:
    """Rising as the numbers do: falling, pages were split in the middle and stayed half empty."""
    op.drop_index("ix_payment_logs_event", "payment_logs")
    op.create_index("ix_payment_logs_by_event", "payment_logs", ["event_type", "id"])


def _unasked() -> None:
    op.drop_index("ix_transactions_refunded", "transactions")
    op.drop_index("ix_transactions_contradicted", "transactions")
    op.drop_index(op.f("ix_sessions_expires_at"), "sessions")
    op.drop_index(op.f("ix_workers_beat_at"), "workers")


def _ended_jobs() -> None:
    """Asked for every quarter of a minute, also while a hundred thousand others wait."""
    op.create_index(
        "ix_procrastinate_jobs_ended",
        "procrastinate_jobs",
        ["id"],
        postgresql_where=sa.text("status in ('failed', 'aborted', 'cancelled')"),
    )


def _inspection() -> None:
    op.create_table(
        "inspection",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seen_until", sa.BigInteger(), nullable=False),
        sa.Column("went_round_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("id = 1", name=op.f("ck_inspection_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inspection")),
    )


def downgrade() -> None:
    raise NotImplementedError("payment records are never migrated backwards: restore a backup")
