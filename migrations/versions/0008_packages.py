"""Packages that are changed by command, in both languages."""

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    raise NotImplementedError("payment records are never migrated backwards: restore a backup")
