"""Who is at work, which work of the clock fails, and how fast all of us may ask."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "workers",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("beat_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workers")),
    )
    op.create_index(op.f("ix_workers_beat_at"), "workers", ["beat_at"])
    op.create_table(
        "failing_rounds",
        sa.Column("name", sa.String(128), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_failing_rounds")),
        sa.CheckConstraint("failures > 0", name=op.f("ck_failing_rounds_failures_positive")),
    )
    op.create_table(
        "gateway_pace",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gateway_pace")),
        sa.CheckConstraint("id = 1", name=op.f("ck_gateway_pace_one_row")),
    )


def downgrade() -> None:
    raise NotImplementedError("payment records are never migrated backwards: restore a backup")
