"""Refunds by payment, by hand and in memory."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _refunds()
    _room_for_refunds()
    op.add_column("orders", sa.Column("paid_time_ended_because", sa.Text()))


def _refunds() -> None:
    op.alter_column("refunds", "refund_key", type_=sa.String(80))
    op.add_column("refunds", sa.Column("way", sa.String(10), server_default="refund", nullable=False))
    op.create_check_constraint(op.f("ck_refunds_way"), "refunds", "way in ('refund', 'cancel', 'by_hand')")
    op.drop_constraint(op.f("ck_refunds_state"), "refunds")
    op.create_check_constraint(
        op.f("ck_refunds_state"),
        "refunds",
        "state in ('requested', 'accepted', 'confirmed', 'refused', 'returned')",
    )
    op.add_column("refunds", sa.Column("actor", sa.Text()))
    op.add_column("refunds", sa.Column("paid_to", sa.Text()))
    op.add_column("refunds", sa.Column("reference", sa.Text()))
    op.create_check_constraint(
        op.f("ck_refunds_by_hand_says_whom"),
        "refunds",
        "way <> 'by_hand' or (paid_to is not null and reference is not null and actor is not null)",
    )
    op.add_column("refunds", sa.Column("tries", sa.Integer(), server_default="0", nullable=False))
    op.add_column("refunds", sa.Column("next_try_at", sa.DateTime(timezone=True)))
    op.execute("update refunds set next_try_at = created_at where state = 'requested'")
    op.drop_constraint(op.f("pk_refunds"), "refunds")
    op.create_primary_key(op.f("pk_refunds"), "refunds", ["order_id", "transaction_id", "refund_key"])
    op.drop_index("uq_refunds_one_under_way", "refunds")
    op.create_index(
        "uq_refunds_one_under_way",
        "refunds",
        ["order_id", "transaction_id"],
        unique=True,
        postgresql_where=sa.text("state = 'requested'"),
    )
    op.create_index(
        "ix_refunds_to_resume", "refunds", ["next_try_at"], postgresql_where=sa.text("state = 'requested'")
    )


def _room_for_refunds() -> None:
    op.add_column(
        "transactions", sa.Column("refund_reserved", sa.BigInteger(), server_default="0", nullable=False)
    )
    op.execute(
        """
        update transactions t set refund_reserved = least(t.gross_amount, r.total)
        from (select order_id, transaction_id, sum(amount) as total from refunds
              where state <> 'refused' group by order_id, transaction_id) r
        where r.order_id = t.order_id and r.transaction_id = t.transaction_id
        """
    )
    op.create_check_constraint(
        op.f("ck_transactions_never_refunds_too_much"),
        "transactions",
        "refund_reserved between 0 and gross_amount",
    )
    op.create_index(
        "ix_transactions_refunded",
        "transactions",
        ["order_id"],
        postgresql_where=sa.text("refund_reserved > 0"),
    )
    op.drop_constraint(op.f("ck_orders_never_refunds_too_much"), "orders")
    op.drop_column("orders", "refund_reserved")


def downgrade() -> None:
    raise NotImplementedError("payment records are never migrated backwards: restore a backup")
