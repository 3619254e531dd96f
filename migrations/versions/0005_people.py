"""Throttles for guessing, and names that have one owner."""

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    raise NotImplementedError("payment records are never migrated backwards: restore a backup")
