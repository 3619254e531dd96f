"""What frontends elsewhere need; orphans are looked for in turn."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("orders", sa.Column("finish_url", sa.Text(), nullable=True))
    op.add_column("transactions", sa.Column("how_to_pay", postgresql.JSONB(), nullable=True))
    op.execute(
        "update transactions set how_to_pay = jsonb_build_object('bank', bank, 'va_number', va_number) "
        "where bank is not null and va_number is not null"
    )
    op.drop_column("transactions", "bank")
    op.drop_column("transactions", "va_number")
    op.create_index(
        "ix_notifications_orphans",
        "notifications",
        ["next_try_at"],
        postgresql_where=sa.text("outcome = 'unknown_order'"),
    )


def downgrade() -> None:
    raise NotImplementedError("payment records are never migrated backwards: restore a backup")
