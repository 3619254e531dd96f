"""A pass shows one order, for its time; nobody can make one, or make one last longer."""

from datetime import UTC, datetime, timedelta

import pytest

from tuntas.domain.return_pass import issue, order_of

KEY, OTHER = b"a long random text", b"another random text"
NOW = datetime(2026, 11, 3, 5, 0, tzinfo=UTC)
PASS = issue(KEY, "INV-1.2~3", NOW + timedelta(hours=1))


def test_a_pass_shows_its_order_until_it_ends() -> None:
    assert order_of(KEY, PASS, NOW) == "INV-1.2~3"
    assert order_of(KEY, PASS, NOW + timedelta(minutes=59)) == "INV-1.2~3"
    assert order_of(KEY, PASS, NOW + timedelta(hours=1)) is None


def test_a_pass_signed_with_another_key_is_none() -> None:
    assert order_of(OTHER, PASS, NOW) is None


@pytest.mark.parametrize("place", range(len(PASS)))
def test_a_pass_with_any_character_changed_is_none(place: int) -> None:
    other = "0" if PASS[place] != "0" else "1"
    assert order_of(KEY, PASS[:place] + other + PASS[place + 1 :], NOW) is None


@pytest.mark.parametrize(
    "given",
    ["", ".", "..", "...", "INV-1", "INV-1.1.x", "INV-1.²." + "0" * 64, "x" * 9000, "é.1.é", "\x00.1.a"],
)
def test_nonsense_is_no_pass(given: str) -> None:
    assert order_of(KEY, given, NOW) is None


def test_a_pass_needs_no_escaping_in_an_address() -> None:
    assert set(PASS) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~")
