"""Passwords are hashed slowly on purpose; that must not slow down anything else."""

import os
import secrets
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from tuntas.usecases.pool import Pool

_hasher = PasswordHasher(time_cost=1, memory_cost=46 * 1024, parallelism=1)
"""46 MiB and one lane: as strong as several passes over less (OWASP, "Password Storage Cheat Sheet")."""
_pool = Pool("passwords", threads=max(1, (os.cpu_count() or 1) // 2), waiting_max=32)
"""Half of the processors at most: the other half answers notifications meanwhile."""


def hash_password(password: str) -> str:
    """An argon2id hash; takes its time in the caller's thread."""
    return _hasher.hash(password)


async def hashed(password: str) -> str:
    """An argon2id hash, made in the pool. Raises Overloaded."""
    return await _pool.run(_hasher.hash, password)


async def fits(password_hash: str | None, password: str) -> bool:
    """Whether this is the password; without a hash the same work is done in vain. Raises Overloaded."""
    return await _pool.run(_verify, password_hash, password)


def _verify(password_hash: str | None, password: str) -> bool:
    try:
        _hasher.verify(password_hash or _hash_of_nobody(), password)
    except (VerificationError, InvalidHashError, UnicodeEncodeError):
        return False
    return password_hash is not None


@cache
def _hash_of_nobody() -> str:
    return _hasher.hash(secrets.token_urlsafe(16))
