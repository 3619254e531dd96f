"""Tables that stay quick while they grow."""

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    raise NotImplementedError("payment records are never migrated backwards: restore a backup")
