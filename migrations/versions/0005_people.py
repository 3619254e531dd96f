"""Throttles for guessing, and names that have one owner."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "throttles",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_throttles")),
    )
    op.create_index(op.f("ix_throttles_last_at"), "throttles", ["last_at"])
    op.create_table(
        "familiar_places",
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.LargeBinary(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_familiar_places_user_id")),
        sa.PrimaryKeyConstraint("user_id", "place", name=op.f("pk_familiar_places")),
    )

    op.add_column(
        "invitations",
        sa.Column(
            "domain_chosen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
    )
    op.add_column(
        "invitations", sa.Column("holds_domain", sa.Boolean(), server_default=sa.text("true"), nullable=False)
    )
    op.add_column("invitations", sa.Column("domain_verified_at", sa.DateTime(timezone=True)))
    op.drop_constraint(op.f("uq_invitations_domain"), "invitations")
    op.create_index(
        "uq_invitations_domain_held",
        "invitations",
        ["domain"],
        unique=True,
        postgresql_where=sa.text("holds_domain"),
    )
    op.drop_index(op.f("ix_invitations_owner_id"), "invitations")
    op.create_index("ix_invitations_of_owner", "invitations", ["owner_id", sa.text("id desc")])


def downgrade() -> None:
    raise NotImplementedError("payment records are never migrated backwards: restore a backup")
