"""Waits that grow, and end."""

from datetime import UTC, datetime, timedelta

import pytest

from tuntas.domain.throttle import ACCOUNT, ADDRESS, DOMAIN_CHECKS, REGISTRATIONS, Limit, Tries, wait_seconds
from tuntas.usecases.throttle import digest, network_of

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
LIMITS = (ACCOUNT, ADDRESS, REGISTRATIONS, DOMAIN_CHECKS)


@pytest.mark.parametrize("limit", LIMITS)
def test_the_first_tries_are_free_then_waits_double_up_to_the_longest(limit: Limit) -> None:
    waits = [wait_seconds(Tries(count, NOW), limit, NOW) for count in range(limit.free + 40)]
    assert set(waits[: limit.free]) == {0}
    first, longest = limit.first_wait.total_seconds(), limit.longest_wait.total_seconds()
    assert waits[limit.free : limit.free + 2] == [first, 2 * first]
    assert waits == sorted(waits)
    assert waits[-1] == longest


@pytest.mark.parametrize("limit", LIMITS)
def test_a_wait_ends_and_all_is_forgotten(limit: Limit) -> None:
    tries = Tries(limit.free + 40, NOW)
    assert wait_seconds(tries, limit, NOW + limit.longest_wait - timedelta(milliseconds=1)) == 1
    assert wait_seconds(tries, limit, NOW + limit.longest_wait) == 0
    assert limit.memory > limit.longest_wait
    assert wait_seconds(Tries(10**9, NOW), limit, NOW + limit.memory) == 0
    assert wait_seconds(None, limit, NOW) == 0


@pytest.mark.parametrize(
    ("address", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("fe80::1%eth0", "fe80::2", True),
        (None, "", True),
        ("nonsense", "192.0.2.1", False),
    ],
)
def test_what_one_connection_gets_is_one_place(address: str | None, other: str | None, same: bool) -> None:
    assert (network_of(address) == network_of(other)) is same


def test_a_digest_tells_its_parts_apart_and_takes_any_text() -> None:
    assert digest("a", "bc") != digest("ab", "c")
    assert len(digest("\ud800", "x" * 100_000)) == 32
