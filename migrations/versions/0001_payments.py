"""The tables of payments, their inbox and their jobs."""

import sqlalchemy as sa
from alembic import op
from procrastinate.schema import SchemaManager
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "alerts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=128), nullable=False),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alerts")),
    )
    op.create_index(
        "uq_alerts_open",
        "alerts",
        ["kind", "subject"],
        unique=True,
        postgresql_where=sa.text("resolved_at is null"),
    )
    op.create_table(
        "packages",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("features", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.CheckConstraint("days > 0", name=op.f("ck_packages_days_positive")),
        sa.CheckConstraint("price > 0", name=op.f("ck_packages_price_positive")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_packages")),
        sa.UniqueConstraint("name", name=op.f("uq_packages_name")),
    )
    op.create_table(
        "payment_logs",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("event_type", sa.String(length=40), nullable=False),
        sa.Column("order_id", sa.String(length=64), nullable=True),
        sa.Column("transaction_id", sa.String(length=64), nullable=True),
        sa.Column("transaction_status", sa.String(length=64), nullable=True),
        sa.Column("outcome", sa.String(length=40), nullable=True),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_logs")),
    )
    op.create_index(
        "ix_payment_logs_event", "payment_logs", ["event_type", sa.literal_column("id desc")], unique=False
    )
    op.create_index(op.f("ix_payment_logs_order_id"), "payment_logs", ["order_id"], unique=False)
    op.create_table(
        "users",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("role", sa.String(length=10), server_default="customer", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("role in ('customer', 'operator')", name=op.f("ck_users_role")),
        sa.CheckConstraint("email = lower(email)", name=op.f("ck_users_email_lower")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("email", name=op.f("uq_users_email")),
    )
    op.create_table(
        "invitations",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=False),
        sa.Column("package_id", sa.BigInteger(), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("event_date", sa.Date(), nullable=True),
        sa.Column("venue", sa.Text(), nullable=True),
        sa.Column("payment_status", sa.String(length=20), server_default="unpaid", nullable=False),
        sa.Column("payment_confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("domain_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "payment_status in ('unpaid', 'pending', 'paid', 'failed', 'refunded')",
            name=op.f("ck_invitations_payment_status"),
        ),
        sa.CheckConstraint(
            "(payment_confirmed_at is null) = (domain_expires_at is null)",
            name=op.f("ck_invitations_confirmed_iff_expiring"),
        ),
        sa.CheckConstraint("days > 0", name=op.f("ck_invitations_days_positive")),
        sa.CheckConstraint("domain = lower(domain)", name=op.f("ck_invitations_domain_lower")),
        sa.CheckConstraint("price > 0", name=op.f("ck_invitations_price_positive")),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f("fk_invitations_owner_id")),
        sa.ForeignKeyConstraint(["package_id"], ["packages.id"], name=op.f("fk_invitations_package_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitations")),
        sa.UniqueConstraint("domain", name=op.f("uq_invitations_domain")),
    )
    op.create_index(op.f("ix_invitations_owner_id"), "invitations", ["owner_id"], unique=False)
    op.create_table(
        "sessions",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_sessions_user_id")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_sessions")),
    )
    op.create_index(op.f("ix_sessions_expires_at"), "sessions", ["expires_at"], unique=False)
    op.create_index(op.f("ix_sessions_user_id"), "sessions", ["user_id"], unique=False)
    op.create_table(
        "orders",
        sa.Column("order_id", sa.String(length=50), nullable=False),
        sa.Column("invitation_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("gross_amount", sa.BigInteger(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=20), server_default="pending", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asking_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("snap_token", sa.String(length=64), nullable=True),
        sa.Column("redirect_url", sa.Text(), nullable=True),
        sa.Column("unusable", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("closed", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("next_check_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("checks", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("asked_by_customer_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refund_reserved", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint("kind in ('initial', 'renewal')", name=op.f("ck_orders_kind")),
        sa.CheckConstraint(
            "status in ('pending', 'paid', 'failed', 'refunded')", name=op.f("ck_orders_status")
        ),
        sa.CheckConstraint(
            "(snap_token is null) = (redirect_url is null)", name=op.f("ck_orders_token_with_url")
        ),
        sa.CheckConstraint("days > 0", name=op.f("ck_orders_days_positive")),
        sa.CheckConstraint("gross_amount > 0", name=op.f("ck_orders_gross_amount_positive")),
        sa.CheckConstraint(
            "refund_reserved between 0 and gross_amount", name=op.f("ck_orders_never_refunds_too_much")
        ),
        sa.ForeignKeyConstraint(["invitation_id"], ["invitations.id"], name=op.f("fk_orders_invitation_id")),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_orders")),
    )
    op.create_index(
        "ix_orders_newest", "orders", ["invitation_id", sa.literal_column("created_at desc")], unique=False
    )
    op.create_index(op.f("ix_orders_next_check_at"), "orders", ["next_check_at"], unique=False)
    op.create_table(
        "domain_grants",
        sa.Column("order_id", sa.String(length=50), nullable=False),
        sa.Column("invitation_id", sa.BigInteger(), nullable=False),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_domain_grants_forward")),
        sa.ForeignKeyConstraint(
            ["invitation_id"], ["invitations.id"], name=op.f("fk_domain_grants_invitation_id")
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.order_id"], name=op.f("fk_domain_grants_order_id")),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_domain_grants")),
    )
    op.create_index(op.f("ix_domain_grants_invitation_id"), "domain_grants", ["invitation_id"], unique=False)
    op.create_table(
        "notifications",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("body_hash", sa.LargeBinary(), nullable=False),
        sa.Column("log_id", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.String(length=64), nullable=False),
        sa.Column("transaction_id", sa.String(length=64), nullable=False),
        sa.Column("transaction_status", sa.String(length=64), nullable=False),
        sa.Column("adopted_by", sa.String(length=50), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deliveries", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("outcome", sa.String(length=40), nullable=True),
        sa.Column("handled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["adopted_by"], ["orders.order_id"], name=op.f("fk_notifications_adopted_by")
        ),
        sa.ForeignKeyConstraint(["log_id"], ["payment_logs.id"], name=op.f("fk_notifications_log_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notifications")),
        sa.UniqueConstraint("body_hash", name=op.f("uq_notifications_body_hash")),
    )
    op.create_index(op.f("ix_notifications_order_id"), "notifications", ["order_id"], unique=False)
    op.create_index(
        "ix_notifications_orphans",
        "notifications",
        ["order_id"],
        unique=False,
        postgresql_where=sa.text("outcome = 'unknown_order'"),
    )
    op.create_index(
        "ix_notifications_unhandled",
        "notifications",
        ["received_at"],
        unique=False,
        postgresql_where=sa.text("handled_at is null"),
    )
    op.create_table(
        "refunds",
        sa.Column("order_id", sa.String(length=50), nullable=False),
        sa.Column("refund_key", sa.String(length=64), nullable=False),
        sa.Column("transaction_id", sa.String(length=64), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("ours", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("bank_confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refusal", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state in ('requested', 'accepted', 'confirmed', 'refused')", name=op.f("ck_refunds_state")
        ),
        sa.CheckConstraint("amount > 0", name=op.f("ck_refunds_amount_positive")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.order_id"], name=op.f("fk_refunds_order_id")),
        sa.PrimaryKeyConstraint("order_id", "refund_key", name=op.f("pk_refunds")),
    )
    op.create_index(
        "uq_refunds_one_under_way",
        "refunds",
        ["order_id"],
        unique=True,
        postgresql_where=sa.text("state = 'requested'"),
    )
    op.create_table(
        "transactions",
        sa.Column("order_id", sa.String(length=50), nullable=False),
        sa.Column("transaction_id", sa.String(length=64), nullable=False),
        sa.Column("transaction_status", sa.String(length=20), nullable=False),
        sa.Column("payment_type", sa.String(length=64), nullable=True),
        sa.Column("transaction_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settlement_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("first_heard_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("bank", sa.String(length=64), nullable=True),
        sa.Column("va_number", sa.String(length=64), nullable=True),
        sa.Column("payable_until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["order_id"], ["orders.order_id"], name=op.f("fk_transactions_order_id")),
        sa.PrimaryKeyConstraint("order_id", "transaction_id", name=op.f("pk_transactions")),
    )
    op.execute(_APPEND_ONLY)
    op.get_bind().exec_driver_sql(SchemaManager.get_schema().replace("%", "%%"))


_APPEND_ONLY = """
create function payment_logs_append_only() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' and current_setting('tuntas.retention', true) = 'on' then
        return old;
    end if;
    raise exception 'payment_logs is append-only: % refused', tg_op;
end $$;
create trigger append_only before update or delete on payment_logs
    for each row execute function payment_logs_append_only();
create trigger never_truncated before truncate on payment_logs
    for each statement execute function payment_logs_append_only();
"""


def downgrade() -> None:
    raise NotImplementedError("payment records are never migrated backwards: restore a backup")
