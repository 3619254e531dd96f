"""What frontends elsewhere need."""

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    raise NotImplementedError("payment records are never migrated backwards: restore a backup")
