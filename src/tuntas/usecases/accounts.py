"""Register, log in, log out, and recognise who is calling."""

import asyncio
import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from tuntas.store import accounts as table
from tuntas.store.models import User
from tuntas.usecases.backend import Backend
from tuntas.usecases.errors import (
    EmailTaken,
    InvalidCredentials,
    PasswordTooShort,
    SessionExpired,
    Unauthenticated,
)

SESSION_LIFETIME = timedelta(days=30)
MINIMUM_PASSWORD_LENGTH = 8

_hasher = PasswordHasher()


@dataclass(frozen=True, slots=True)
class LogIn:
    """A new session. The token exists only here and with the caller; we keep its hash."""

    token: str
    user: User


async def register(backend: Backend, *, name: str, email: str, password: str) -> LogIn:
    """Create a customer and log them in. Raises EmailTaken or PasswordTooShort."""
    if len(password) < MINIMUM_PASSWORD_LENGTH:
        raise PasswordTooShort(minimum=MINIMUM_PASSWORD_LENGTH)
    password_hash = await asyncio.to_thread(_hasher.hash, password)
    async with backend.database.transaction() as session:
        user = await table.add_user(
            session, name=name.strip(), email=normalize_email(email), password_hash=password_hash
        )
    if user is None:
        raise EmailTaken
    return await _open_session(backend, user)


async def log_in(backend: Backend, *, email: str, password: str) -> LogIn:
    """Raises InvalidCredentials, after the same work whether or not the address is known."""
    async with backend.database.transaction() as session:
        user = await table.user_by_email(session, normalize_email(email))
    password_hash = user.password_hash if user else _hash_of_nobody()
    fits = await asyncio.to_thread(_verify, password_hash, password)
    if user is None or not fits:
        raise InvalidCredentials
    return await _open_session(backend, user)


async def log_out(backend: Backend, token: str) -> None:
    """End the session of this token; unknown tokens are fine."""
    async with backend.database.transaction() as session:
        await table.delete_session(session, _token_hash(token))


async def authenticate(backend: Backend, token: str) -> User:
    """The user of a session token. Raises Unauthenticated or SessionExpired."""
    async with backend.database.transaction() as session:
        found = await table.session_by_hash(session, _token_hash(token))
    if found is None:
        raise Unauthenticated
    if found.expires_at <= backend.clock.now():
        raise SessionExpired
    return found.user


def hash_password(password: str) -> str:
    """An argon2id hash."""
    return _hasher.hash(password)


def normalize_email(email: str) -> str:
    return email.strip().lower()


async def _open_session(backend: Backend, user: User) -> LogIn:
    token = secrets.token_urlsafe(32)
    now = backend.clock.now()
    async with backend.database.transaction() as session:
        await table.add_session(
            session,
            token_hash=_token_hash(token),
            user_id=user.id,
            now=now,
            expires_at=now + SESSION_LIFETIME,
        )
    return LogIn(token, user)


def _token_hash(token: str) -> bytes:
    """Plain SHA-256 is enough: the token is 256 random bits, nothing to guess slowly."""
    return hashlib.sha256(token.encode()).digest()


def _verify(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _hash_of_nobody() -> str:
    return _hasher.hash(secrets.token_urlsafe(16))
