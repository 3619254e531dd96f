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
    expires_at: Mapped[datetime]

    user: Mapped[User] = relationship(lazy="joined", innerjoin=True)


class Throttle(Base):
    """How often something was tried, for one account or one address; `key` is a digest that tells neither."""

    __tablename__ = "throttles"

    key: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    count: Mapped[int] = mapped_column(Integer)
    last_at: Mapped[datetime] = mapped_column(index=True)


class FamiliarPlace(Base):
    """A network address from which somebody logged in before, as a digest."""

    __tablename__ = "familiar_places"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    place: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    seen_at: Mapped[datetime]


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
    name_en: Mapped[str | None]
    """For English pages; what is missing is shown in Indonesian."""
    description_en: Mapped[str | None]
    features_en: Mapped[list[str] | None] = mapped_column(ARRAY(Text))


class Invitation(Base):
    """What is sold: live on its domain while paid time lasts. Price and days are as bought.

    A name that nobody paid for in time may go to the next who wants it: then `holds_domain` is false, and
    the owner chooses another. One invitation at a time holds a name, by a constraint.

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
        Index("uq_invitations_domain_held", "domain", unique=True, postgresql_where=text("holds_domain")),
        Index("ix_invitations_of_owner", "owner_id", text("id desc")),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    package_id: Mapped[int] = mapped_column(ForeignKey("packages.id"))
    price: Mapped[int]
    days: Mapped[int] = mapped_column(Integer)
    domain: Mapped[str]
    domain_chosen_at: Mapped[datetime] = mapped_column(server_default=func.now())
    holds_domain: Mapped[bool] = mapped_column(Boolean, server_default=text("true"))
    domain_verified_at: Mapped[datetime | None]
    """When a domain of the customer's own was last seen to point here; null for labels under our host."""
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
        Index("ix_orders_by_age", "created_at", "order_id"),
        Index("ix_orders_by_status", "status", "created_at", "order_id"),
        Index("ix_orders_to_check", "next_check_at", postgresql_where=text("next_check_at is not null")),
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
    finish_url: Mapped[str | None]
    """Where the token sends the customer back to; our own pages when null."""
    unusable: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    """Midtrans will give no token for it; a new order takes its place."""
    closed: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    """Its last possible payment moment passed without any attempt known to Midtrans."""
    next_check_at: Mapped[datetime | None]
    """When reconciliation asks Midtrans about it again; null when nothing more can happen."""
    checks: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    """How often it was asked about since its status last changed."""
    asked_by_customer_at: Mapped[datetime | None]
    accepted_amount: Mapped[int | None]
    """Rupiah that a person accepted in place of `gross_amount`, with a reason in `payment_logs`."""
    check_failures: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    """How often in a row asking about it went wrong; such an order backs off alone."""
    paid_time_ended_because: Mapped[str | None]
    """A person's reason for ending the paid time that this order bought."""


class Transaction(Base):
    """One attempt to pay: the highest rung its facts have reached, in its newest epoch.

    What Midtrans says of it with another amount than the order's is a row of its own, a stray: it counts
    for nothing until a person accepts the amount. One transaction pays one order, by a constraint.
    """

    __tablename__ = "transactions"
    __table_args__ = (
        CheckConstraint("gross_amount > 0", name="gross_amount_positive"),
        CheckConstraint("refund_reserved between 0 and gross_amount", name="never_refunds_too_much"),
        Index("uq_transactions_pays_one_order", "transaction_id", "stray", unique=True),
    )

    order_id: Mapped[str] = mapped_column(ForeignKey("orders.order_id"), primary_key=True)
    transaction_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    stray: Mapped[bool] = mapped_column(Boolean, primary_key=True, server_default=text("false"))
    gross_amount: Mapped[int]
    """Rupiah that came, or would come, in: the price, and the fee where the gateway added one."""
    transaction_status: Mapped[str] = mapped_column(_STATUS)
    epoch: Mapped[datetime | None]
    """When a recorded act last took Midtrans's word although it was lower than ours."""
    contradicted_by: Mapped[str | None] = mapped_column(_STATUS)
    """The lower status that GET status has answered with lately, again and again."""
    contradicted_since: Mapped[datetime | None]
    contradictions: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    kept_because: Mapped[str | None]
    """A person's reason for keeping money that bought nothing."""
    refund_reserved: Mapped[int] = mapped_column(server_default=text("0"))
    """Rupiah refunded or being refunded; the constraint is what keeps us from refunding too much."""
    payment_type: Mapped[str | None] = mapped_column(String(64))
    transaction_time: Mapped[datetime | None]
    settlement_time: Mapped[datetime | None]
    first_heard_at: Mapped[datetime]
    how_to_pay: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """What the customer needs to finish it, by name; see `domain.how_to_pay`."""
    payable_until: Mapped[datetime | None]


class DomainGrant(Base):
    """Paid time, at most one row an order; rewritten from the paid orders whenever a fact changes them."""

    __tablename__ = "domain_grants"
    __table_args__ = (CheckConstraint("starts_at < ends_at", name="forward"),)

    order_id: Mapped[str] = mapped_column(ForeignKey("orders.order_id"), primary_key=True)
    invitation_id: Mapped[int] = mapped_column(ForeignKey("invitations.id"), index=True)
    paid_at: Mapped[datetime]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]


class Refund(Base):
    """One refund of one payment: ours, made on Midtrans's dashboard, a void, or a transfer by hand.

    Ours is stored before Midtrans is asked. A refund through Midtrans has the key that Midtrans knows; the
    keys of the others are our own.
    """

    __tablename__ = "refunds"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount_positive"),
        CheckConstraint("way in ('refund', 'cancel', 'by_hand')", name="way"),
        CheckConstraint(
            "state in ('requested', 'accepted', 'confirmed', 'refused', 'returned')", name="state"
        ),
        CheckConstraint(
            "way <> 'by_hand' or (paid_to is not null and reference is not null and actor is not null)",
            name="by_hand_says_whom",
        ),
        Index(
            "uq_refunds_one_under_way",
            "order_id",
            "transaction_id",
            unique=True,
            postgresql_where=text("state = 'requested'"),
        ),
        Index("ix_refunds_to_resume", "next_try_at", postgresql_where=text("state = 'requested'")),
    )

    order_id: Mapped[str] = mapped_column(ForeignKey("orders.order_id"), primary_key=True)
    transaction_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    refund_key: Mapped[str] = mapped_column(String(80), primary_key=True)
    way: Mapped[str] = mapped_column(String(10), server_default="refund")
    amount: Mapped[int]
    reason: Mapped[str | None]
    state: Mapped[str] = mapped_column(String(10))
    ours: Mapped[bool] = mapped_column(Boolean)
    created_at: Mapped[datetime]
    bank_confirmed_at: Mapped[datetime | None]
    refusal: Mapped[str | None]
    actor: Mapped[str | None]
    """Who asked for it, or transferred it."""
    paid_to: Mapped[str | None]
    """By hand: the account and its holder."""
    reference: Mapped[str | None]
    """By hand: the transfer's own number."""
    tries: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    """How often the worker has tried again."""
    next_try_at: Mapped[datetime | None]
    """While requested: when the worker tries again; null when only a person can tell how it stands."""


class Notification(Base):
    """The inbox: each distinct body once, with what became of it. The body itself is in `payment_logs`."""

    __tablename__ = "notifications"
    __table_args__ = (
        Index("ix_notifications_unhandled", "next_try_at", postgresql_where=text("handled_at is null")),
        Index("ix_notifications_orphans", "next_try_at", postgresql_where=text("outcome = 'unknown_order'")),
        Index(
            "ix_notifications_unusual",
            "outcome",
            "id",
            postgresql_where=text("outcome <> 'applied' and outcome <> 'unchanged'"),
        ),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    body_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    """SHA-256 of the body: a retry by Midtrans is the same body again."""
    log_id: Mapped[int | None]
    """The line of `payment_logs` with the body; null when it went into an archive.

    No foreign key: it would cost a check for each notification, and each archived line a search here.
    """
    order_id: Mapped[str] = mapped_column(String(255), index=True)
    transaction_id: Mapped[str | None] = mapped_column(String(64))
    transaction_status: Mapped[str | None] = mapped_column(String(64))
    assigned_to: Mapped[str | None] = mapped_column(ForeignKey("orders.order_id"))
    """The order of ours that an operator said this is about."""
    received_at: Mapped[datetime]
    deliveries: Mapped[int] = mapped_column(Integer, server_default=text("1"))
    outcome: Mapped[str | None] = mapped_column(String(40))
    handled_at: Mapped[datetime | None]
    error: Mapped[str | None]
    tries: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    """How often applying it has failed."""
    next_try_at: Mapped[datetime] = mapped_column(server_default=func.now())
    """While unhandled: when it is tried again; of an orphan: when its order was last looked for."""


class Alert(Base):
    """Something a person must know about: at most one open row for each kind and subject."""

    __tablename__ = "alerts"
    __table_args__ = (
        Index("uq_alerts_open", "kind", "subject", unique=True, postgresql_where=text("resolved_at is null")),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(255))
    detail: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    created_at: Mapped[datetime]
    resolved_at: Mapped[datetime | None]


class PaymentLog(Base):
    """Append-only: a trigger refuses every change and every deletion but retention's."""

    __tablename__ = "payment_logs"
    __table_args__ = (Index("ix_payment_logs_by_event", "event_type", "id"),)

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    created_at: Mapped[datetime]
    event_type: Mapped[str] = mapped_column(String(40))
    order_id: Mapped[str | None] = mapped_column(String(255), index=True)
    transaction_id: Mapped[str | None] = mapped_column(String(64))
    transaction_status: Mapped[str | None] = mapped_column(String(64))
    outcome: Mapped[str | None] = mapped_column(String(40))
    detail: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    raw: Mapped[bytes | None] = mapped_column(LargeBinary)
    """The notification's body exactly as received."""


class WorkerBeat(Base):
    """A worker process, and when it last said that it works. Times are the database's."""

    __tablename__ = "workers"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    started_at: Mapped[datetime] = mapped_column(server_default=func.now())
    beat_at: Mapped[datetime] = mapped_column(server_default=func.now())


class FailingRound(Base):
    """A piece of the clock's work that failed last time, and how often in a row."""

    __tablename__ = "failing_rounds"
    __table_args__ = (CheckConstraint("failures > 0", name="failures_positive"),)

    name: Mapped[str] = mapped_column(String(128), primary_key=True)
    failures: Mapped[int] = mapped_column(Integer)


class GatewayPace(Base):
    """One row: the next moment at which any worker may ask Midtrans. The database's time."""

    __tablename__ = "gateway_pace"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    next_at: Mapped[datetime]


class Inspection(Base):
    """One row: how far the books have been inspected, part by part, since the last whole round."""

    __tablename__ = "inspection"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    seen_until: Mapped[int]
    """The highest invitation id seen; 0 when a round begins."""
    went_round_at: Mapped[datetime | None]
    """When all had been seen last."""
