"""Trying again and again has to wait, in every process alike: the tries are counted in the database."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from ipaddress import IPv6Address, ip_address, ip_network

from tuntas.domain.throttle import Limit, Tries, remembered, wait_seconds
from tuntas.store import throttles
from tuntas.usecases.backend import Backend
from tuntas.usecases.errors import TooManyRequests

_IPV6_NETWORK_BITS = 64
"""Every connection gets so many addresses at once: they count as one."""


@dataclass(frozen=True, slots=True)
class Try:
    """One try that counts until it is taken back."""

    limits: Mapping[bytes, Limit]


async def begin_try(backend: Backend, limits: Mapping[bytes, Limit]) -> Try:
    """Count one try under every key, before it is known how it ends: parallel tries count too.

    Raises TooManyRequests where one of them has to wait; then nothing is counted.
    """
    now = backend.clock.now()
    async with backend.database.transaction() as session:
        found = await throttles.lock(session, limits, now=now)
        wait = max(wait_seconds(found[key], limit, now) for key, limit in limits.items())
        if wait == 0:
            for key, limit in limits.items():
                await throttles.remember(session, key, Tries(remembered(found[key], limit, now) + 1, now))
        await throttles.sweep(session, now=now)
    if wait > 0:
        raise TooManyRequests(wait)
    return Try(limits)


async def take_back(backend: Backend, tried: Try, *, forget: bytes) -> None:
    """The try went well: it does not count, and nothing that came before counts under `forget`."""
    now = backend.clock.now()
    async with backend.database.transaction() as session:
        found = await throttles.lock(session, tried.limits, now=now)
        for key in tried.limits:
            if key == forget:
                await throttles.forget(session, key)
            else:
                tries = found[key]
                await throttles.remember(session, key, replace(tries, count=max(0, tries.count - 1)))


def digest(*parts: object) -> bytes:
    """A key that tells nobody what it stands for, of one length whatever was typed."""
    text = "\x1f".join(map(str, parts))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def network_of(address: str | None) -> str:
    """What counts as one place: an IPv4 address, the /64 of an IPv6 one, else the text as it is."""
    try:
        parsed = ip_address((address or "").partition("%")[0])
    except ValueError:
        return address or "unknown"
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ip_network((parsed, _IPV6_NETWORK_BITS), strict=False))
    return str(parsed)
