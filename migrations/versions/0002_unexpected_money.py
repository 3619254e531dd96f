"""Money that came otherwise than expected: strays, epochs, accepted amounts; patience for each item alone."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("orders", sa.Column("accepted_amount", sa.BigInteger()))
    op.add_column("orders", sa.Column("check_failures", sa.Integer(), server_default="0", nullable=False))

    op.add_column(
        "transactions", sa.Column("stray", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.add_column("transactions", sa.Column("gross_amount", sa.BigInteger()))
    op.execute(
        "update transactions t set gross_amount = o.gross_amount from orders o where o.order_id = t.order_id"
    )
    op.alter_column("transactions", "gross_amount", nullable=False)
    op.create_check_constraint(
        op.f("ck_transactions_gross_amount_positive"), "transactions", "gross_amount > 0"
    )
    op.add_column("transactions", sa.Column("epoch", sa.DateTime(timezone=True)))
    op.add_column("transactions", sa.Column("contradicted_by", sa.String(20)))
    op.add_column("transactions", sa.Column("contradicted_since", sa.DateTime(timezone=True)))
    op.add_column(
        "transactions", sa.Column("contradictions", sa.Integer(), server_default="0", nullable=False)
    )
    op.add_column("transactions", sa.Column("kept_because", sa.Text()))
    op.drop_constraint(op.f("pk_transactions"), "transactions")
    op.create_primary_key(op.f("pk_transactions"), "transactions", ["order_id", "transaction_id", "stray"])
    op.create_index(
        "uq_transactions_pays_one_order", "transactions", ["transaction_id", "stray"], unique=True
    )
    op.create_index(
        "ix_transactions_contradicted",
        "transactions",
        ["contradicted_since"],
        postgresql_where=sa.text("contradictions > 0"),
    )

    op.alter_column("notifications", "order_id", type_=sa.String(255))
    op.alter_column("notifications", "transaction_id", nullable=True)
    op.alter_column("notifications", "transaction_status", nullable=True)
    op.add_column("notifications", sa.Column("tries", sa.Integer(), server_default="0", nullable=False))
    op.add_column(
        "notifications",
        sa.Column("next_try_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
    )
    op.drop_index("ix_notifications_unhandled", "notifications")
    op.create_index(
        "ix_notifications_unhandled",
        "notifications",
        ["next_try_at"],
        postgresql_where=sa.text("handled_at is null"),
    )
    op.alter_column("notifications", "adopted_by", new_column_name="assigned_to")
    op.execute(
        "alter table notifications rename constraint"
        " fk_notifications_adopted_by to fk_notifications_assigned_to"
    )
    op.create_index(
        "ix_notifications_unconfirmed",
        "notifications",
        ["id"],
        postgresql_where=sa.text("outcome = 'awaiting_confirmation'"),
    )
    op.alter_column("payment_logs", "order_id", type_=sa.String(255))
    op.alter_column("alerts", "subject", type_=sa.String(255))


def downgrade() -> None:
    raise NotImplementedError("payment records are never migrated backwards: restore a backup")
