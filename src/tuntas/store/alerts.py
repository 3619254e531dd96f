"""Alerts: what a person must know about, raised once and open until resolved."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select, text, update

from tuntas.store.database import UnitOfWork
from tuntas.store.direct import Statements
from tuntas.store.models import Alert

SUBJECT_MAX = 255
"""Characters of an alert's subject."""
OPEN_MAX = 1_000
"""Open alerts that are read at a time; nobody reads more."""


class AlertKind(StrEnum):
    UNKNOWN_ORDER = "unknown_order"
    AMOUNT_MISMATCH = "amount_mismatch"
    UNKNOWN_STATUS = "unknown_status"
    DUPLICATE_PAYMENT = "duplicate_payment"
    CONFIRMATION_MISMATCH = "confirmation_mismatch"
    OVER_REFUNDED = "over_refunded"
    REFUND_UNCERTAIN = "refund_uncertain"
    FOREIGN_TRANSACTION = "foreign_transaction"
    UNREADABLE_FIELD = "unreadable_field"
    NOTIFICATION_REFUSED = "notification_refused"
    WEBHOOK_ELSEWHERE = "webhook_elsewhere"
    BOOKS_DIFFER = "books_differ"
    WORD_TAKEN = "word_taken"
    CHECK_FAILED = "check_failed"
    GATEWAY_AWAY = "gateway_away"
    REFUND_STUCK = "refund_stuck"
    REFUND_REFUSED = "refund_refused"
    NAME_LOST = "name_lost"
    TOKEN_REFUSED = "token_refused"  # noqa: S105  a kind's name
    POISON = "poison"
    ORDER_LOCKED = "order_locked"
    JOB_FAILED = "job_failed"
    ROUND_FAILS = "round_fails"
    WORKER_SILENT = "worker_silent"
    INVARIANT = "invariant"


@dataclass(frozen=True, slots=True)
class Advice:
    """What an alert means and what to do; `{subject}` stands for what it is about."""

    wrong: str
    remedy: str


ADVICE: Mapping[AlertKind, Advice] = {
    AlertKind.UNKNOWN_ORDER: Advice(
        "Midtrans told of a payment for an order that is not ours.",
        "Whose is it? tuntas webhook orphans; then tuntas webhook adopt <number> <order>, or tuntas resolve.",
    ),
    AlertKind.AMOUNT_MISMATCH: Advice(
        "Another amount than the order's was paid, or is about to be.",
        "Take it: tuntas orders accept {subject} --reason …; "
        "or give it back: tuntas refund {subject} --reason …",
    ),
    AlertKind.UNKNOWN_STATUS: Advice(
        "Midtrans used a status that this version does not know; nothing was changed.",
        "Ask Midtrans how it stands now: tuntas orders sync {subject}; when you know: tuntas resolve",
    ),
    AlertKind.DUPLICATE_PAYMENT: Advice(
        "The same thing was paid twice.",
        "Give one back: tuntas refund {subject} --reason …; "
        "or keep it: tuntas orders accept {subject} --reason …",
    ),
    AlertKind.FOREIGN_TRANSACTION: Advice(
        "A notification names a transaction that pays another order already; it changed nothing.",
        "Ask Midtrans whose it is: tuntas orders sync {subject}; when you know: tuntas resolve",
    ),
    AlertKind.UNREADABLE_FIELD: Advice(
        "Midtrans sent a field that cannot be read; the rest was taken in without it.",
        "Read it: tuntas webhook list --order {subject}, tuntas webhook show <number>; then: tuntas resolve",
    ),
    AlertKind.NOTIFICATION_REFUSED: Advice(
        "A rightly signed notification was refused: its code does not fit its status, or fields are missing.",
        "Read it: tuntas webhook list --order {subject}; ask Midtrans: tuntas orders sync {subject}; then: "
        "tuntas resolve",
    ),
    AlertKind.WEBHOOK_ELSEWHERE: Advice(
        "Midtrans sends notifications to an address that takes none in: payments are noticed late.",
        "Put the right address into Midtrans's dashboard (Settings > Payment > Notification URL), or into "
        "MIDTRANS_NOTIFICATION_URL if you set that. Ask for what was missed: tuntas sync; then: "
        "tuntas resolve",
    ),
    AlertKind.BOOKS_DIFFER: Advice(
        "Midtrans says otherwise than our books, and our books cannot follow by themselves.",
        "Look: tuntas orders sync {subject} --dry-run; take Midtrans's word: tuntas orders sync {subject} "
        "--take-word --reason …",
    ),
    AlertKind.WORD_TAKEN: Advice(
        "Midtrans said the same lower status three times over a day, and the books followed.",
        "Look at: tuntas orders show {subject}; then: tuntas resolve",
    ),
    AlertKind.CHECK_FAILED: Advice(
        "Asking about an order goes wrong again and again; the others are not held up.",
        "Try it by hand: tuntas orders sync {subject}",
    ),
    AlertKind.GATEWAY_AWAY: Advice(
        "Midtrans does not answer our questions, or refuses our key.",
        "Check the key and the network: tuntas config check; the questions go on by themselves.",
    ),
    AlertKind.CONFIRMATION_MISMATCH: Advice(
        "Midtrans does not bear out what a notification said.",
        "Has somebody your server key? Ask Midtrans: tuntas orders sync {subject}; then: tuntas resolve",
    ),
    AlertKind.OVER_REFUNDED: Advice(
        "More was given back than was paid.",
        "Look at: tuntas orders show {subject}; then at the order on Midtrans's dashboard",
    ),
    AlertKind.REFUND_UNCERTAIN: Advice(
        "A refund has had no answer for so long that Midtrans has forgotten its key.",
        "Look on Midtrans's dashboard whether the money went back. If it did: "
        "tuntas refund {subject} --settle-as done --reason 'seen there'. If it did not: "
        "tuntas refund {subject} --settle-as not-done --reason 'not there'; then refund it again.",
    ),
    AlertKind.REFUND_STUCK: Advice(
        "A refund has been tried again and again, and Midtrans's answer is still not known.",
        "Does Midtrans answer, and are the keys right? Run: tuntas config check. Then ask now: "
        "tuntas refund {subject} --reason again",
    ),
    AlertKind.REFUND_REFUSED: Advice(
        "A refund that the worker tried again was refused; the customer has not got this money.",
        "Why: tuntas orders show {subject}. Then ask again: tuntas refund {subject} --reason again; "
        "or transfer it yourself and write it down: tuntas refund {subject} --by-hand --amount 1000 "
        "--to 'bank, account, holder' --reference 'number of the transfer' --reason refused",
    ),
    AlertKind.NAME_LOST: Advice(
        "Invitation {subject} was paid after its name had gone to somebody else.",
        "Ask its owner to choose another address on their page of invitations; that closes this.",
    ),
    AlertKind.TOKEN_REFUSED: Advice(
        "Midtrans refuses to give a payment page: the customer cannot pay.",
        "Read Midtrans's sentence and mend what it names: tuntas logs --event token_failed --json. "
        "This closes when the customer gets a payment page.",
    ),
    AlertKind.POISON: Advice(
        "A stored notification cannot be applied.",
        "Run: tuntas webhook replay {subject}",
    ),
    AlertKind.ORDER_LOCKED: Advice(
        "Another database session holds the rows of an order; what Midtrans says of it is refused meanwhile.",
        "Run: tuntas doctor; no_session_holds_rows names the session and how to end it. Then: tuntas sync",
    ),
    AlertKind.JOB_FAILED: Advice(
        "A job was tried again and again, and given up.",
        "The log says why. Do it now: tuntas jobs run {subject}",
    ),
    AlertKind.ROUND_FAILS: Advice(
        "A piece of the clock's work has failed several times in a row. It goes on being tried.",
        "See what is wrong: tuntas jobs run {subject}",
    ),
    AlertKind.WORKER_SILENT: Advice(
        "No worker works: nothing heals, nothing is confirmed.", "Start one: tuntas worker"
    ),
    AlertKind.INVARIANT: Advice("An invariant does not hold.", "Run: tuntas doctor"),
}


Cause = tuple[AlertKind, str]
"""An alert's kind and subject: at most one is open for each."""

_RAISE = text("""
    insert into alerts (kind, subject, detail, created_at)
    select kind, subject, cast(detail as jsonb), :at
    from unnest(cast(:kinds as text[]), cast(:subjects as text[]), cast(:details as text[]))
        as cause(kind, subject, detail)
    order by kind, subject
    on conflict (kind, subject) where resolved_at is null do nothing""")
_RESOLVE = text("""
    with closing as (
        select alert.id
        from alerts alert
        join unnest(cast(:kinds as text[]), cast(:subjects as text[])) as cause(kind, subject)
            on cause.kind = alert.kind and cause.subject = alert.subject
        where alert.resolved_at is null
        order by alert.kind, alert.subject for update of alert)
    update alerts set resolved_at = :at from closing where alerts.id = closing.id""")


async def raise_alert(
    session: Statements, kind: AlertKind, subject: str, *, at: datetime, detail: dict[str, Any] | None = None
) -> None:
    """Open an alert; while one of the same kind and subject is open, this changes nothing."""
    await raise_each(session, {(kind, subject): detail or {}}, at=at)


async def raise_each(session: Statements, causes: Mapping[Cause, Mapping[str, Any]], *, at: datetime) -> None:
    """Open an alert for each cause, with its detail."""
    if causes:
        await session.execute(
            _RAISE,
            {
                "at": at,
                "kinds": [kind for kind, _ in causes],
                "subjects": [subject[:SUBJECT_MAX] for _, subject in causes],
                "details": [json.dumps(detail) for detail in causes.values()],
            },
        )


async def is_open(session: UnitOfWork, kind: AlertKind, subject: str) -> bool:
    query = select(Alert.id).where(Alert.kind == kind, Alert.subject == subject, Alert.resolved_at.is_(None))
    return (await session.scalars(query)).one_or_none() is not None


async def open_alerts(session: UnitOfWork, *, limit: int = OPEN_MAX) -> Sequence[Alert]:
    """The oldest of them, oldest first: as they are closed, the next ones follow."""
    query = select(Alert).where(Alert.resolved_at.is_(None)).order_by(Alert.id).limit(limit)
    return (await session.scalars(query)).all()


async def close(session: UnitOfWork, alert_id: int, *, at: datetime) -> Alert | None:
    """Close one open alert; None when there is none by this number."""
    statement = (
        update(Alert)
        .where(Alert.id == alert_id, Alert.resolved_at.is_(None))
        .values(resolved_at=at)
        .returning(Alert)
    )
    return (await session.scalars(statement)).one_or_none()


async def resolve_all(session: UnitOfWork, kind: AlertKind, *, at: datetime) -> None:
    """Close every alert of a kind: their common cause is gone."""
    open_ones = update(Alert).where(Alert.kind == kind, Alert.resolved_at.is_(None))
    await session.execute(open_ones.values(resolved_at=at))


async def resolve(session: Statements, kind: AlertKind, subject: str, *, at: datetime) -> None:
    """Close an alert whose cause is gone; unknown ones are fine."""
    await resolve_each(session, [(kind, subject)], at=at)


async def resolve_each(session: Statements, causes: Collection[Cause], *, at: datetime) -> None:
    """Close the alerts of these causes."""
    if causes:
        kinds, subjects = [kind for kind, _ in causes], [subject[:SUBJECT_MAX] for _, subject in causes]
        await session.execute(_RESOLVE, {"at": at, "kinds": kinds, "subjects": subjects})
