"""Orders to invitation, and the paid time they buy."""

import itertools
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tests.chaos.paid_time import Payment, bought
from tuntas.domain.grants import entitle
from tuntas.domain.ladder import PaymentStatus, Rung
from tuntas.domain.money import Rupiah
from tuntas.domain.orders import Order, OrderKind, invitation_status
from tuntas.domain.transactions import Transaction

PRICE = Rupiah(299_000)
START = datetime(2026, 1, 1, tzinfo=UTC)


def attempt(order_id: str, rung: Rung, day: float = 0, name: str = "t") -> Transaction:
    moment = START + timedelta(days=day)
    return Transaction(order_id, name, rung, PRICE, "qris", moment, moment, moment)


def order(
    order_id: str, *attempts: tuple[Rung, float], kind: OrderKind = OrderKind.INITIAL, created: float = 0
) -> Order:
    transactions = tuple(
        attempt(order_id, rung, day, f"t{number}") for number, (rung, day) in enumerate(attempts)
    )
    return Order(order_id, kind, 365, START + timedelta(days=created), PRICE, transactions)


def test_an_order_is_paid_if_any_attempt_is() -> None:
    assert order("a").status is PaymentStatus.PENDING
    assert order("a", (Rung.DENY, 0)).status is PaymentStatus.FAILED
    assert order("a", (Rung.DENY, 0), (Rung.PENDING, 1)).status is PaymentStatus.PENDING
    assert order("a", (Rung.DENY, 0), (Rung.SETTLEMENT, 1)).status is PaymentStatus.PAID
    assert order("a", (Rung.REFUND, 0), (Rung.EXPIRE, 1)).status is PaymentStatus.REFUNDED


def test_an_invitation_is_paid_if_any_order_is_else_what_the_newest_says() -> None:
    paid, failed = order("a", (Rung.CAPTURE, 0)), order("b", (Rung.EXPIRE, 2), created=2)
    assert invitation_status([]) is PaymentStatus.UNPAID
    assert invitation_status([paid, failed]) is PaymentStatus.PAID
    assert invitation_status([order("c", created=1), failed]) is PaymentStatus.FAILED


def test_the_paid_time_starts_at_the_paid_moment() -> None:
    entitlement = entitle([order("a", (Rung.SETTLEMENT, 3))], refund_revokes=False)
    assert entitlement.confirmed_at == START + timedelta(days=3)
    assert entitlement.expires_at == START + timedelta(days=368)


def test_a_renewal_keeps_the_days_that_are_left() -> None:
    orders = [
        order("a", (Rung.SETTLEMENT, 0)),
        order("b", (Rung.SETTLEMENT, 300), kind=OrderKind.RENEWAL),
        order("c", (Rung.SETTLEMENT, 900), kind=OrderKind.RENEWAL),
    ]
    for shuffled in itertools.permutations(orders):
        grants = entitle(shuffled, refund_revokes=False).grants
        assert [(grant.starts_at - START).days for grant in grants] == [0, 365, 900]
        assert [(grant.ends_at - START).days for grant in grants] == [365, 730, 1265]


def test_a_second_paid_initial_order_grants_nothing_and_is_flagged() -> None:
    orders = [order("a", (Rung.SETTLEMENT, 1)), order("b", (Rung.SETTLEMENT, 2))]
    for pair in (orders, orders[::-1]):
        entitlement = entitle(pair, refund_revokes=False)
        assert [grant.order_id for grant in entitlement.grants] == ["a"]
        assert entitlement.duplicates == ("b",)


def test_a_reversal_takes_the_time_back_and_a_refund_only_if_configured() -> None:
    for rung in (Rung.DENY, Rung.CANCEL):
        assert entitle([order("a", (rung, 0))], refund_revokes=False).expires_at is None
    refunded = [order("a", (Rung.REFUND, 0))]
    assert entitle(refunded, refund_revokes=False).expires_at == START + timedelta(days=365)
    assert entitle(refunded, refund_revokes=True).expires_at is None
    partly = [order("a", (Rung.PARTIAL_REFUND, 0))]
    assert entitle(partly, refund_revokes=True).expires_at == START + timedelta(days=365)


paid_orders = st.lists(
    st.tuples(st.sampled_from(OrderKind), st.sampled_from([1, 30, 365]), st.floats(0, 1_000)), max_size=6
)


@given(paid=paid_orders)
def test_the_paid_time_is_what_a_calendar_and_a_pile_of_vouchers_give(
    paid: list[tuple[OrderKind, int, float]],
) -> None:
    """An independent reading of the rule, day by day, which also judges the chaos run."""
    orders = [
        Order(f"o{number}", kind, days, START, PRICE, (attempt(f"o{number}", Rung.SETTLEMENT, day),))
        for number, (kind, days, day) in enumerate(paid)
    ]
    entitlement = entitle(orders, refund_revokes=False)
    expected, surplus = bought(
        Payment(f"o{number}", kind is OrderKind.INITIAL, days, START + timedelta(days=day))
        for number, (kind, days, day) in enumerate(paid)
    )
    found = {grant.order_id: (grant.paid_at, grant.starts_at, grant.ends_at) for grant in entitlement.grants}
    assert found == {
        order_id: (grant.paid_at, grant.starts_at, grant.ends_at) for order_id, grant in expected.items()
    }
    assert set(entitlement.duplicates) == surplus
