"""Packages that are changed by command, in both languages."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column in (
        sa.Column("name_en", sa.Text()),
        sa.Column("description_en", sa.Text()),
        sa.Column("features_en", postgresql.ARRAY(sa.Text())),
    ):
        op.add_column("packages", column)


def downgrade() -> None:
    raise NotImplementedError("payment records are never migrated backwards: restore a backup")
