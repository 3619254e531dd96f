"""Users and their sessions."""

from datetime import datetime

from sqlalchemy import delete, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from tuntas.store.database import UnitOfWork, storable
from tuntas.store.direct import Statements
from tuntas.store.models import Session, User
from tuntas.store.seen import columns, seen

_LOGGED_IN = text(f"""
    select {columns(User)}, sessions.expires_at as ends_at
    from sessions join users on users.id = sessions.user_id
    where sessions.token_hash = cast(:token_hash as bytea)""")  # noqa: S608  names of columns


async def add_user(session: UnitOfWork, *, name: str, email: str, password_hash: str) -> User | None:
    """The new user, or None when the e-mail address is taken."""
    statement = (
        insert(User)
        .values(name=name, email=email, password_hash=password_hash)
        .on_conflict_do_nothing(index_elements=[User.email])
        .returning(User)
    )
    return (await session.scalars(statement)).one_or_none()


async def change_user(session: UnitOfWork, user_id: int, *, name: str, email: str) -> bool:
    """False when the e-mail address is another user's; then nothing changes."""
    try:
        async with session.begin_nested():
            await session.execute(update(User).where(User.id == user_id).values(name=name, email=email))
    except IntegrityError:
        return False
    return True


async def user_by_email(session: UnitOfWork, email: str) -> User | None:
    if not storable(email):
        return None
    return (await session.scalars(select(User).where(User.email == email))).one_or_none()


async def add_session(
    session: UnitOfWork, *, token_hash: bytes, user_id: int, now: datetime, expires_at: datetime, kept: int
) -> None:
    """Begin a session; those that ended go, and all but the newest `kept` of this user."""
    await session.execute(select(User.id).where(User.id == user_id).with_for_update(key_share=True))
    session.add(Session(token_hash=token_hash, user_id=user_id, created_at=now, expires_at=expires_at))
    await session.flush()
    beyond = (
        select(Session.token_hash)
        .where(Session.user_id == user_id)
        .order_by((Session.token_hash == token_hash).desc(), Session.created_at.desc())
        .offset(kept)
    )
    ended = Session.expires_at < now
    await session.execute(
        delete(Session).where(Session.user_id == user_id, or_(ended, Session.token_hash.in_(beyond)))
    )


async def session_by_hash(session: Statements, token_hash: bytes) -> tuple[User, datetime] | None:
    """Who is logged in with this token, and until when."""
    for row in await session.execute(_LOGGED_IN, {"token_hash": token_hash}):
        return seen(User, row), row.ends_at
    return None


async def delete_session(session: UnitOfWork, token_hash: bytes) -> None:
    await session.execute(delete(Session).where(Session.token_hash == token_hash))
