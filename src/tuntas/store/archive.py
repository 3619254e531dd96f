"""Old lines of `payment_logs`: which of them may go into an archive, taking them out, putting them back.

Of the inbox only the bodies go, which are lines of the log. The entries stay, 200 bytes each: a body that
was taken in once must stay known for ever, because a copy of it stays rightly signed for ever, and Midtrans
sends one again whenever somebody presses the button. So what is not decided yet keeps its body too.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import BigInteger, any_, delete, exists, func, literal, or_, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY, insert

from tuntas.store.database import UnitOfWork
from tuntas.store.inbox import UNDECIDED
from tuntas.store.locks import Lock, take
from tuntas.store.models import Notification, PaymentLog

_MAY_GO = ~exists().where(
    Notification.body_hash == func.sha256(PaymentLog.raw),
    or_(Notification.handled_at.is_(None), Notification.outcome.in_(UNDECIDED)),
)


async def old_lines(
    session: UnitOfWork, *, before: datetime, after: int, limit: int
) -> tuple[Sequence[PaymentLog], int | None]:
    """The lines older than a moment that may go, of the next `limit` behind the id `after`.

    Also the id to go on behind; None when the moment has been reached: ids and times rise together, but for
    a few lines that were written at the same time.
    """
    stretch = select(PaymentLog.id).where(PaymentLog.id > after).order_by(PaymentLog.id).limit(limit)
    ids = (await session.scalars(stretch)).all()
    if not ids:
        return [], None
    within = (PaymentLog.id > after, PaymentLog.id <= ids[-1], PaymentLog.created_at < before)
    old = (await session.scalars(select(func.count()).where(*within))).one()
    if not old:
        return [], None
    found = await session.scalars(select(PaymentLog).where(*within, _MAY_GO).order_by(PaymentLog.id))
    return found.all(), ids[-1]


async def take_out(session: UnitOfWork, ids: Sequence[int]) -> None:
    """Delete lines that an archive holds; the trigger on the table lets nothing else pass."""
    take(session, Lock.NOTIFICATION)
    these = any_(literal(list(ids), ARRAY(BigInteger)))
    hashes = select(func.sha256(PaymentLog.raw)).where(PaymentLog.id == these, PaymentLog.raw.is_not(None))
    await session.execute(
        update(Notification)
        .where(Notification.body_hash.in_(hashes), Notification.log_id == these)
        .values(log_id=None)
        .execution_options(synchronize_session=False)
    )
    await session.execute(text("set local tuntas.retention = 'on'"))
    gone = delete(PaymentLog).where(PaymentLog.id == these)
    await session.execute(gone.execution_options(synchronize_session=False))


async def put_back(session: UnitOfWork, lines: Iterable[dict[str, object]]) -> int:
    """Insert archived lines where they are missing, as they were; returns how many were."""
    rows = list(lines)
    statement = insert(PaymentLog).values(rows).on_conflict_do_nothing(index_elements=[PaymentLog.id])
    made = (await session.scalars(statement.returning(PaymentLog.id))).all()
    if not made:
        return 0
    take(session, Lock.NOTIFICATION)
    these = any_(literal(made, ARRAY(BigInteger)))
    line = (
        select(PaymentLog.id, func.sha256(PaymentLog.raw).label("hash"))
        .where(PaymentLog.id == these, PaymentLog.raw.is_not(None))
        .subquery()
    )
    await session.execute(
        update(Notification)
        .where(Notification.body_hash == line.c.hash, Notification.log_id.is_(None))
        .values(log_id=line.c.id)
        .execution_options(synchronize_session=False)
    )
    return len(made)
