"""One address, one spelling; what nobody can buy; how long a name is kept."""

from datetime import UTC, datetime, timedelta

import pytest

from tuntas.domain.names import (
    HOLD,
    DomainState,
    Names,
    NotAName,
    ReservedName,
    domain_state,
    is_held,
    points_here,
)

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
SHOP = Names.around("undangan.example.test", ["promo", " Partner.Example.COM. "])


@pytest.mark.parametrize(
    "written",
    [
        "budi-ani", "BUDI-ani", " budi-ani ", "budi-ani.", "budi-ani.undangan.example.test",
        "Budi-Ani.UNDANGAN.example.test.", "budi-ani.localhost",
    ],
)  # fmt: skip
def test_one_address_has_one_spelling(written: str) -> None:
    assert SHOP.read(written) == "budi-ani"


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("budi-ani.com", "budi-ani.com"),
        ("WWW.Budi-Ani.com.", "budi-ani.com"),
        ("budi-ani.my.id", "budi-ani.my.id"),
        ("xn--mnchen-3ya.test", "xn--mnchen-3ya.test"),
        ("XN--MNCHEN-3YA.test", "xn--mnchen-3ya.test"),
    ],
)
def test_a_domain_of_the_customers_own_has_one_too(written: str, name: str) -> None:
    assert SHOP.read(written) == name


@pytest.mark.parametrize(
    "written",
    [
        "", ".", "-a", "a_b", "ä", "a b", "a..b", "a/b", "a:80", "xn--budi-ani", "xn--e1afmkfd", "ab--c",
        "www.budi-ani.undangan.example.test", "a.b.localhost", "127.0.0.1", "1.2", "server.local",
        "a.internal", "xn--budi-ani-.test", "xn--0.test", "xn--.test", "\u0131.test", "budi。test",
    ],
    ids=ascii,
)  # fmt: skip
def test_what_cannot_be_an_address_of_one_customer_is_none(written: str) -> None:
    with pytest.raises(NotAName):
        SHOP.read(written)


@pytest.mark.parametrize(
    "written",
    [
        "www", "api", "ADMIN", "mail.", "admin.localhost", "www.undangan.example.test", "localhost", "promo",
        "undangan.example.test", "www.undangan.example.test.", "example.test", "toko.example.test",
        "a.b.example.test", "partner.example.com", "www.partner.example.com", "x.partner.example.com",
        "bca", "midtrans",
    ],
)  # fmt: skip
def test_what_is_ours_or_would_deceive_is_reserved(written: str) -> None:
    with pytest.raises(ReservedName):
        SHOP.read(written)


@pytest.mark.parametrize("base", ["tuntas.id", "nama.co.id", "nama.my.id", "127.0.0.1", "localhost"])
def test_what_stands_beside_a_shop_under_a_shared_ending_is_not_the_shops(base: str) -> None:
    names = Names.around(base)
    for other in ("budi-ani.id", "budi-ani.co.id", "budi-ani.my.id"):
        assert names.read(other) == other


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("budi-ani.undangan.example.test", "budi-ani"),
        ("budi-ani.localhost", "budi-ani"),
        ("budi-ani.com", "budi-ani.com"),
        ("www.budi-ani.com", "budi-ani.com"),
        ("undangan.example.test", None),
        ("www.undangan.example.test", None),
        ("localhost", None),
        ("127.0.0.1", None),
        ("", None),
        ("a..b", None),
    ],
)
def test_a_host_stands_for_a_name_or_for_the_server_itself(host: str, name: str | None) -> None:
    assert SHOP.of_host(host) == name


@pytest.mark.parametrize(
    ("age", "bought_time", "payable", "held"),
    [
        (timedelta(), False, False, True),
        (HOLD - timedelta(seconds=1), False, False, True),
        (HOLD, False, False, False),
        (HOLD * 100, False, True, True),
        (HOLD * 100, True, False, True),
    ],
)
def test_a_name_is_kept_for_two_days_while_it_can_be_paid_and_once_it_is(
    age: timedelta, bought_time: bool, payable: bool, held: bool
) -> None:
    assert is_held(chosen_at=NOW - age, bought_time=bought_time, payable=payable, now=NOW) is held


def test_whose_move_it_is() -> None:
    assert domain_state("budi-ani", holds=True, verified=False) is DomainState.READY
    assert domain_state("budi-ani.com", holds=True, verified=False) is DomainState.POINT_DNS
    assert domain_state("budi-ani.com", holds=True, verified=True) is DomainState.READY
    assert domain_state("budi-ani", holds=False, verified=False) is DomainState.CHOOSE_ANOTHER


def test_a_domain_points_here_when_all_of_it_does() -> None:
    assert points_here({"192.0.2.1"}, {"192.0.2.1", "2001:db8::1"})
    assert not points_here({"192.0.2.1", "198.51.100.7"}, {"192.0.2.1"})
    assert not points_here(set(), {"192.0.2.1"})
    assert not points_here({"192.0.2.1"}, set())
