"""The tables. What the database can guarantee, a constraint here guarantees."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

_ORDER_ID = String(50)
_STATUS = String(20)


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012  declarative's own protocol
        datetime: DateTime(timezone=True),
        date: Date,
        int: BigInteger,
        str: Text,
    }


class User(Base):
    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint("email = lower(email)", name="email_lower"),
        CheckConstraint("role in ('customer', 'operator')", name="role"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    name: Mapped[str]
    email: Mapped[str] = mapped_column(unique=True)
    password_hash: Mapped[str]
    role: Mapped[str] = mapped_column(String(10), server_default="customer")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Session(Base):
    """A log-in. Only the SHA-256 of the token is kept."""

    __tablename__ = "sessions"

    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)

    user: Mapped[User] = relationship(lazy="joined", innerjoin=True)


class Package(Base):
    __tablename__ = "packages"
    __table_args__ = (
        CheckConstraint("price > 0", name="price_positive"),
        CheckConstraint("days > 0", name="days_positive"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    description: Mapped[str]
    price: Mapped[int]
    days: Mapped[int] = mapped_column(Integer)
    features: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    active: Mapped[bool] = mapped_column(Boolean, server_default=text("true"))


class Invitation(Base):
    """What is sold: live on its domain while paid time lasts. Price and days are as bought.

    `payment_status`, `payment_confirmed_at` and `domain_expires_at` follow from the orders and are
    written by nothing but the recomputation in `store.ledger`.
    """

    __tablename__ = "invitations"
    __table_args__ = (
        CheckConstraint("price > 0", name="price_positive"),
        CheckConstraint("days > 0", name="days_positive"),
        CheckConstraint("domain = lower(domain)", name="domain_lower"),
        CheckConstraint(
            "payment_status in ('unpaid', 'pending', 'paid', 'failed', 'refunded')", name="payment_status"
        ),
        CheckConstraint(
            "(payment_confirmed_at is null) = (domain_expires_at is null)", name="confirmed_iff_expiring"
        ),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    package_id: Mapped[int] = mapped_column(ForeignKey("packages.id"))
    price: Mapped[int]
    days: Mapped[int] = mapped_column(Integer)
    domain: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str | None]
    event_date: Mapped[date | None]
    venue: Mapped[str | None]
    payment_status: Mapped[str] = mapped_column(_STATUS, server_default="unpaid")
    payment_confirmed_at: Mapped[datetime | None]
    domain_expires_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    package: Mapped[Package] = relationship(lazy="joined", innerjoin=True)


class Order(Base):
    """One request to pay, known to Midtrans by its order id. Never deleted: every id ever issued resolves."""

    __tablename__ = "orders"
    __table_args__ = (
        CheckConstraint("kind in ('initial', 'renewal')", name="kind"),
        CheckConstraint("gross_amount > 0", name="gross_amount_positive"),
        CheckConstraint("days > 0", name="days_positive"),
        CheckConstraint("status in ('pending', 'paid', 'failed', 'refunded')", name="status"),
        CheckConstraint("(snap_token is null) = (redirect_url is null)", name="token_with_url"),
        Index("ix_orders_newest", "invitation_id", text("created_at desc")),
    )

    order_id: Mapped[str] = mapped_column(_ORDER_ID, primary_key=True)
    invitation_id: Mapped[int] = mapped_column(ForeignKey("invitations.id"))
    kind: Mapped[str] = mapped_column(String(10))
    gross_amount: Mapped[int]
    days: Mapped[int] = mapped_column(Integer)
    status: Mapped[str] = mapped_column(_STATUS, server_default="pending")
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    asking_until: Mapped[datetime | None]
    """While set and in the future, one request is asking Midtrans for this order's token."""
    snap_token: Mapped[str | None] = mapped_column(String(64))
    redirect_url: Mapped[str | None]
    unusable: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    """Midtrans will give no token for it; a new order takes its place."""


class Transaction(Base):
    """One attempt to pay: the highest rung its facts have reached."""

    __tablename__ = "transactions"

    order_id: Mapped[str] = mapped_column(ForeignKey("orders.order_id"), primary_key=True)
    transaction_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    transaction_status: Mapped[str] = mapped_column(_STATUS)
    payment_type: Mapped[str | None] = mapped_column(String(64))
    transaction_time: Mapped[datetime | None]
    settlement_time: Mapped[datetime | None]
    first_heard_at: Mapped[datetime]
    bank: Mapped[str | None] = mapped_column(String(64))
    va_number: Mapped[str | None] = mapped_column(String(64))


class DomainGrant(Base):
    """Paid time, at most one row an order; rewritten from the paid orders whenever a fact changes them."""

    __tablename__ = "domain_grants"
    __table_args__ = (CheckConstraint("starts_at < ends_at", name="forward"),)

    order_id: Mapped[str] = mapped_column(ForeignKey("orders.order_id"), primary_key=True)
    invitation_id: Mapped[int] = mapped_column(ForeignKey("invitations.id"), index=True)
    paid_at: Mapped[datetime]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]


class PaymentLog(Base):
    """Append-only: a trigger refuses every change and every deletion but retention's."""

    __tablename__ = "payment_logs"
    __table_args__ = (Index("ix_payment_logs_event", "event_type", text("id desc")),)

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    created_at: Mapped[datetime]
    event_type: Mapped[str] = mapped_column(String(40))
    order_id: Mapped[str | None] = mapped_column(String(64), index=True)
    transaction_id: Mapped[str | None] = mapped_column(String(64))
    transaction_status: Mapped[str | None] = mapped_column(String(64))
    outcome: Mapped[str | None] = mapped_column(String(40))
    detail: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    raw: Mapped[bytes | None] = mapped_column(LargeBinary)
    """The notification's body exactly as received."""
