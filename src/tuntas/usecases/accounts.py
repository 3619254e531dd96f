"""Register, log in, log out, change one's name or address, and recognise who is calling."""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from tuntas.domain.passwords import LENGTH_MIN, is_common
from tuntas.domain.throttle import ACCOUNT, ADDRESS, REGISTRATIONS, Limit
from tuntas.store import accounts as table
from tuntas.store import throttles
from tuntas.store.database import UnitOfWork
from tuntas.store.models import User
from tuntas.usecases import passwords
from tuntas.usecases.backend import Backend
from tuntas.usecases.errors import (
    EmailTaken,
    InvalidCredentials,
    PasswordCommon,
    PasswordTooShort,
    SessionExpired,
    Unauthenticated,
)
from tuntas.usecases.throttle import begin_try, digest, network_of, take_back

SESSION_LIFETIME = timedelta(days=30)
SESSIONS_MAX = 50
"""Of one user; the oldest end when more are begun."""
MINIMUM_PASSWORD_LENGTH = LENGTH_MIN


@dataclass(frozen=True, slots=True)
class LogIn:
    """A new session. The token exists only here and with the caller; we keep its hash."""

    token: str
    user: User


async def register(backend: Backend, *, name: str, email: str, password: str, address: str | None) -> LogIn:
    """Create a customer and log them in; `address` is the network address that asks.

    Raises PasswordTooShort, PasswordCommon, EmailTaken, TooManyRequests or Overloaded.
    """
    email = normalize_email(email)
    if len(password) < MINIMUM_PASSWORD_LENGTH:
        raise PasswordTooShort(minimum=MINIMUM_PASSWORD_LENGTH)
    if is_common(password, email=email, name=name):
        raise PasswordCommon
    place = network_of(address)
    await begin_try(backend, {digest("register", place): REGISTRATIONS})
    password_hash = await passwords.hashed(password)
    async with backend.database.transaction() as session:
        user = await table.add_user(session, name=name.strip(), email=email, password_hash=password_hash)
    if user is None:
        raise EmailTaken
    return await _open_session(backend, user, place)


async def log_in(backend: Backend, *, email: str, password: str, address: str | None) -> LogIn:
    """Raises InvalidCredentials, after the same work whether or not the account is known.

    Also raises TooManyRequests after too many wrong passwords, and Overloaded. Who guesses from elsewhere
    cannot lock out somebody at an address from which they logged in before: tries there are counted apart.
    """
    email, place = normalize_email(email), network_of(address)
    async with backend.database.transaction() as session:
        user = await table.user_by_email(session, email)
        familiar = user is not None and await throttles.is_familiar(session, user.id, _place(user, place))
    account = digest("log in", email, place) if familiar else digest("log in", email)
    limits: Mapping[bytes, Limit] = {account: ACCOUNT}
    if not familiar:
        limits = {**limits, digest("log in from", place): ADDRESS}
    tried = await begin_try(backend, limits)
    fits = await passwords.fits(user.password_hash if user else None, password)
    if user is None or not fits:
        raise InvalidCredentials
    await take_back(backend, tried, forget=account)
    return await _open_session(backend, user, place)


async def change_account(backend: Backend, user: User, *, name: str, email: str, password: str) -> None:
    """Give an account another name or e-mail address; its owner says the password again.

    Raises InvalidCredentials, EmailTaken, TooManyRequests or Overloaded.
    """
    account = digest("change account", user.id)
    tried = await begin_try(backend, {account: ACCOUNT})
    if not await passwords.fits(user.password_hash, password):
        raise InvalidCredentials
    await take_back(backend, tried, forget=account)
    async with backend.database.transaction() as session:
        changed = await table.change_user(session, user.id, name=name.strip(), email=normalize_email(email))
    if not changed:
        raise EmailTaken


async def log_out(backend: Backend, token: str) -> None:
    """End the session of this token; unknown tokens are fine."""
    async with backend.database.transaction() as session:
        await table.delete_session(session, _token_hash(token))


async def authenticate(backend: Backend, token: str) -> User:
    """The user of a session token. Raises Unauthenticated or SessionExpired."""
    async with backend.database.looking() as session:
        found = await table.session_by_hash(session, _token_hash(token))
    if found is None:
        raise Unauthenticated
    user, ends_at = found
    if ends_at <= backend.clock.now():
        raise SessionExpired
    return user


def normalize_email(email: str) -> str:
    return email.strip().lower()


async def _open_session(backend: Backend, user: User, place: str) -> LogIn:
    token = secrets.token_urlsafe(32)
    now = backend.clock.now()

    async def write(session: UnitOfWork) -> None:
        await table.add_session(
            session,
            token_hash=_token_hash(token),
            user_id=user.id,
            now=now,
            expires_at=now + SESSION_LIFETIME,
            kept=SESSIONS_MAX,
        )
        await throttles.add_familiar(session, user.id, _place(user, place), now=now)

    await backend.database.commit(write)
    return LogIn(token, user)


def _place(user: User, network: str) -> bytes:
    return digest("place", user.id, network)


def _token_hash(token: str) -> bytes:
    """Plain SHA-256 is enough: the token is 256 random bits, nothing to guess slowly."""
    return hashlib.sha256(token.encode()).digest()
