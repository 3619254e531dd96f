"""Take in what Midtrans sends to the webhook: verify, keep as received, apply, say what became of it.

However many notifications lie before us, one transaction takes them in; one alone is a batch of one.
"""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

import structlog

from tuntas.domain.facts import Fact
from tuntas.domain.money import NotRupiah
from tuntas.midtrans.notification import WEBHOOK_PATH, MalformedNotification, Notification, parse_notification
from tuntas.midtrans.signature import is_signed
from tuntas.observability.printable import printable
from tuntas.settings import Confirm
from tuntas.store import inbox, jobs, payment_logs
from tuntas.store.alerts import AlertKind, Cause, raise_alert, raise_each, resolve_each
from tuntas.store.database import trouble_of
from tuntas.store.direct import Statements
from tuntas.store.inbox import Arrival, Concluded, Entry
from tuntas.store.payment_logs import Event
from tuntas.usecases.apply_facts import Outcome, apply_facts, policy_of
from tuntas.usecases.backend import Backend

log = structlog.get_logger()

_DASHBOARD_TEST = "dashboard_test"
_QUIET = {Outcome.APPLIED, Outcome.UNCHANGED, _DASHBOARD_TEST}
_PATH_SHOWN = 200
"""Characters of a mistyped address that an alert shows."""
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=1)
"""How long an entry that cannot be applied waits for its next try: doubled each time."""


class Refusal(StrEnum):
    """Why a delivery was turned away; nothing of it was believed."""

    MALFORMED = "malformed"
    BAD_SIGNATURE = "bad_signature"
    INCOHERENT = "incoherent"
    """Correctly signed, but the status code cannot belong to the status claimed."""


class Forged(Exception):
    """Not from Midtrans, for all that can be seen: nothing of it is kept but a trace."""

    def __init__(self, reason: Refusal) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Delivery:
    """A rightly signed notification as it came in."""

    body: bytes
    notification: Notification
    received_at: datetime

    @property
    def refusal(self) -> Refusal | None:
        """Why it is kept, and shown to a person, but not believed."""
        if self.notification.is_dashboard_test:
            return None
        if self.notification.problem is not None:
            return Refusal.MALFORMED
        return None if self.notification.is_coherent else Refusal.INCOHERENT


@dataclass(frozen=True, slots=True)
class Opened:
    """An entry of the inbox, and what its body says."""

    entry: Entry
    notification: Notification
    refusal: Refusal | None = None


def verify(backend: Backend, body: bytes) -> Delivery:
    """Read a body and check its signature. Raises Forged."""
    try:
        notification = parse_notification(body)
    except MalformedNotification:
        raise Forged(Refusal.MALFORMED) from None
    if not is_signed(
        notification.signature_key,
        notification.order_id,
        notification.status_code,
        notification.gross_amount,
        backend.settings.signature_keys,
    ):
        raise Forged(Refusal.BAD_SIGNATURE)
    return Delivery(body, notification, backend.clock.now())


async def take_in(
    session: Statements, backend: Backend, deliveries: Sequence[Delivery], *, wait: bool
) -> list[Concluded]:
    """Store these, each applied unless it is poison, which the inbox retries; returns what became of them.

    Without `wait` it raises Held when another session holds some of their orders. Of several any may make
    all fail, with whatever exception; one alone fails only by the database's trouble.
    """
    alike: dict[bytes, list[Delivery]] = {}
    for delivery in deliveries:
        alike.setdefault(delivery.body, []).append(delivery)
    arrivals = [_arrival(same[0], len(same)) for same in alike.values()]
    entries = await inbox.recognize(session, arrivals, at=backend.clock.now())
    opened = [
        Opened(entry, same[0].notification, same[0].refusal)
        for entry, same in zip(entries, alike.values(), strict=True)
        if not entry.is_concluded
    ]
    return await handle(session, backend, opened, wait=wait)


async def handle(
    session: Statements, backend: Backend, opened: Sequence[Opened], *, wait: bool = True
) -> list[Concluded]:
    """Apply entries of the inbox and store what became of them; those left out stay unhandled for now.

    What goes wrong in applying one entry alone is undone: its body survives and is tried again later.
    Raises Overtaken, and what `apply_facts` raises.
    """
    now = backend.clock.now()
    concluded = [
        Concluded(each.entry, Event.WEBHOOK_REJECTED, each.refusal) for each in opened if each.refusal
    ]
    believed = [each for each in opened if not each.refusal]
    failed: Exception | None = None
    try:
        async with session.begin_nested() if len(opened) == 1 else nullcontext():
            concluded += await _apply(session, backend, believed, now, wait=wait)
    except Exception as error:
        if len(opened) > 1 or trouble_of(error) is not None:
            raise  # any of them, or the database's trouble and not the notification's
        failed = error
    await inbox.store(session, [each.entry for each in opened], concluded, at=now)
    if failed is not None:
        await _postpone(session, opened[0].entry, failed, now)
    await _tell(session, opened, concluded, now)
    return concluded


def log_concluded(concluded: Sequence[Concluded]) -> None:
    """Tell the log, once it is committed: what goes as it should in one line, all else each in its own.

    `payment_logs` has a line for every one.
    """
    told = concluded
    quiet = sum(found.outcome in _QUIET for found in concluded)
    if quiet > 1:
        log.info("webhooks_processed", count=quiet)
        told = [found for found in concluded if found.outcome not in _QUIET]
    for found in told:
        write = log.info if found.outcome in _QUIET else log.warning
        write(
            found.event.value,
            outcome=found.outcome,
            order_id=found.entry.order_id,
            transaction_id=found.entry.transaction_id,
            transaction_status=found.entry.transaction_status,
        )


async def record_refusal(backend: Backend, reason: Refusal, body: bytes) -> None:
    """Leave a small trace of a forgery. The caller limits how many; the body is not kept."""
    try:
        order_id = parse_notification(body).order_id
    except MalformedNotification:
        order_id = None
    log.warning("webhook_rejected", order_id=order_id, outcome=reason)
    async with backend.database.transaction() as session:
        payment_logs.append(
            session,
            Event.WEBHOOK_REJECTED,
            at=backend.clock.now(),
            order_id=order_id,
            outcome=reason,
            detail={"bytes": len(body)},
        )


async def tell_elsewhere(backend: Backend, path: str) -> None:
    """Open an alert: a rightly signed notification came to this path, which takes none in.

    One for all such paths, however many somebody tries; the first is named.
    """
    told = printable(path)[:_PATH_SHOWN]
    log.warning("webhook_elsewhere", path=told)
    async with backend.database.transaction() as session:
        await raise_alert(
            session,
            AlertKind.WEBHOOK_ELSEWHERE,
            "notification_url",
            at=backend.clock.now(),
            detail={"path": told, "right_address": f"{backend.settings.base_url}{WEBHOOK_PATH}"},
        )


def _arrival(delivery: Delivery, times: int) -> Arrival:
    about = delivery.notification
    return Arrival(
        delivery.body,
        about.order_id,
        about.transaction_id,
        about.transaction_status,
        delivery.received_at,
        times,
    )


async def _apply(
    session: Statements, backend: Backend, opened: Sequence[Opened], now: datetime, *, wait: bool
) -> list[Concluded]:
    outcomes: dict[int, str] = {}
    unreadable: dict[Cause, dict[str, str]] = {}
    facts: dict[int, Fact] = {}
    for each in opened:
        entry = each.entry
        try:
            if each.notification.is_dashboard_test:
                outcomes[entry.id] = _DASHBOARD_TEST
            else:
                fact = each.notification.fact(entry.received_at)
                facts[entry.id] = replace(fact, order_id=entry.order_id) if entry.assigned else fact
        except NotRupiah:
            unreadable[AlertKind.AMOUNT_MISMATCH, each.notification.order_id] = {}
            outcomes[entry.id] = Outcome.AMOUNT_MISMATCH
    await raise_each(session, unreadable, at=now)
    if backend.settings.confirm is Confirm.BEFORE:
        outcomes |= dict.fromkeys(facts, Outcome.AWAITING_CONFIRMATION)
    elif facts:
        policy = policy_of(backend)
        told = await apply_facts(session, list(facts.values()), policy=policy, now=now, wait=wait)
        outcomes |= zip(facts, told, strict=True)
    asked = [entry_id for entry_id in facts if _asks_back(backend, outcomes[entry_id])]
    await jobs.defer_each(session, "confirm", [{"notification_id": entry_id} for entry_id in asked])
    return [Concluded(each.entry, Event.WEBHOOK_PROCESSED, outcomes[each.entry.id]) for each in opened]


def _asks_back(backend: Backend, outcome: str) -> bool:
    after = backend.settings.confirm is Confirm.AFTER and outcome == Outcome.APPLIED
    return after or outcome == Outcome.AWAITING_CONFIRMATION


async def _postpone(session: Statements, entry: Entry, error: Exception, now: datetime) -> None:
    cause = type(error).__name__
    log.error(
        "notification_not_applied",
        exc_info=error,
        order_id=entry.order_id,
        transaction_id=entry.transaction_id,
    )
    pause = min(_FIRST_PAUSE * (1 << min(entry.tries, 10)), _LONGEST_PAUSE)
    await inbox.postpone(session, entry.id, error=cause, until=now + pause)
    await raise_alert(session, AlertKind.POISON, str(entry.id), at=now, detail={"error": cause})


async def _tell(
    session: Statements, opened: Sequence[Opened], concluded: Sequence[Concluded], now: datetime
) -> None:
    """Signed by Midtrans and not to be believed: a person must see what it says. And poison no more."""
    refused: dict[Cause, dict[str, object]] = {}
    for each in opened:
        if each.refusal:
            why = each.notification.problem or each.refusal
            detail: dict[str, object] = {"notification": each.entry.id, "why": why}
            refused.setdefault((AlertKind.NOTIFICATION_REFUSED, each.entry.order_id), detail)
    await raise_each(session, refused, at=now)
    cured = [(AlertKind.POISON, str(found.entry.id)) for found in concluded if found.entry.tries]
    await resolve_each(session, cured, at=now)
