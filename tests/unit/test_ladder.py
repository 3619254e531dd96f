"""The ladder, and what each status means to the shop."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tuntas.domain.facts import Fact, Source
from tuntas.domain.ladder import MEANING, PaymentStatus, Rung, rung_of
from tuntas.domain.money import Rupiah
from tuntas.domain.transactions import Transaction, climb

NOON = datetime(2026, 11, 3, 5, 0, tzinfo=UTC)


def fact(status: str, *, fraud: str | None = "accept", minute: int = 0, payment_type: str = "qris") -> Fact:
    settled = status in {"settlement", "refund", "partial_refund", "chargeback", "partial_chargeback"}
    return Fact(
        order_id="INV-1",
        transaction_id="t-1",
        transaction_status=status,
        fraud_status=fraud,
        payment_type=payment_type,
        gross_amount=Rupiah(299_000),
        original_amount=None,
        currency="IDR",
        transaction_time=NOON,
        settlement_time=NOON + timedelta(minutes=1) if settled else None,
        received_at=NOON + timedelta(minutes=minute),
        source=Source.NOTIFICATION,
    )


TABLE = [
    ("capture", "accept", PaymentStatus.PAID),
    ("settlement", "accept", PaymentStatus.PAID),
    ("pending", "accept", PaymentStatus.PENDING),
    ("challenge", None, PaymentStatus.PENDING),
    ("capture", "challenge", PaymentStatus.PENDING),
    ("deny", "accept", PaymentStatus.FAILED),
    ("cancel", "accept", PaymentStatus.FAILED),
    ("expire", "accept", PaymentStatus.FAILED),
    ("refund", "accept", PaymentStatus.REFUNDED),
    ("authorize", "accept", PaymentStatus.PENDING),
    ("failure", None, PaymentStatus.FAILED),
    ("partial_refund", "accept", PaymentStatus.PAID),
    ("partial_chargeback", "accept", PaymentStatus.PAID),
    ("chargeback", "accept", PaymentStatus.REFUNDED),
    ("settlement", None, PaymentStatus.PAID),
    ("capture", "deny", PaymentStatus.FAILED),
    ("settlement", "something new", PaymentStatus.PENDING),
    ("SETTLEMENT", "ACCEPT", PaymentStatus.PAID),
]


@pytest.mark.parametrize(("status", "fraud", "meaning"), TABLE)
def test_each_status_means_what_the_table_says(
    status: str, fraud: str | None, meaning: PaymentStatus
) -> None:
    rung = rung_of(status, fraud)
    assert rung is not None
    assert MEANING[rung] is meaning


def test_every_rung_has_a_meaning_and_its_own_word() -> None:
    assert set(MEANING) == set(Rung)
    assert all(rung_of(rung.status, "accept") is rung for rung in Rung)


def test_a_status_nobody_knows_changes_nothing() -> None:
    before = climb(None, fact("pending"))
    assert climb(before, fact("teleported")) is before
    assert climb(None, fact("teleported")) is None


def test_the_documented_reversal_stands_above_settlement() -> None:
    assert Rung.DENY > Rung.SETTLEMENT > Rung.CANCEL > Rung.CAPTURE > Rung.EXPIRE > Rung.PENDING


def _climb_all(facts: tuple[Fact, ...]) -> Transaction | None:
    state: Transaction | None = None
    for each in facts:
        state = climb(state, each)
    return state


@settings(deadline=None)  # the machine may be busy
@given(
    st.lists(st.sampled_from([*(rung.status for rung in Rung), "unheard of"]), min_size=1, max_size=6),
    st.data(),
)
def test_order_and_repetition_never_matter(statuses: list[str], data: st.DataObject) -> None:
    facts = [fact(status, minute=minute) for minute, status in enumerate(statuses)]
    expected = _climb_all(tuple(facts))
    shuffled = tuple(data.draw(st.permutations(facts)))
    again = tuple(data.draw(st.lists(st.sampled_from(facts), max_size=6)))
    assert _climb_all(shuffled) == expected
    assert _climb_all(shuffled + again) == expected


def test_a_card_pays_when_captured_everything_else_when_settled() -> None:
    card = _climb_all(
        (fact("capture", payment_type="credit_card"), fact("settlement", payment_type="credit_card"))
    )
    qris = _climb_all((fact("pending"), fact("settlement")))
    assert card is not None
    assert card.paid_at == NOON
    assert qris is not None
    assert qris.paid_at == NOON + timedelta(minutes=1)
