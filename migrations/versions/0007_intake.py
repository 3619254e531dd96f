"""What taking notifications in by batches needs."""

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    raise NotImplementedError("payment records are never migrated backwards: restore a backup")
