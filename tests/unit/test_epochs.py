"""Midtrans's own word may go down only by a recorded act, and then for good; order still never matters."""

import itertools
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from tuntas.domain.contradictions import Contradiction, told_again
from tuntas.domain.facts import Fact, Source
from tuntas.domain.ladder import Rung
from tuntas.domain.money import Rupiah
from tuntas.domain.transactions import Transaction, climb, contradicts

NOON = datetime(2026, 11, 3, 5, 0, tzinfo=UTC)
RUNGS = st.sampled_from([rung.status for rung in Rung])


def fact(status: str, *, minute: int = 0, act: bool = False, amount: int = 299_000) -> Fact:
    return Fact(
        order_id="INV-1",
        transaction_id="t-1",
        transaction_status=status,
        fraud_status="accept",
        payment_type="gopay",
        gross_amount=Rupiah(amount),
        original_amount=None,
        currency="IDR",
        transaction_time=NOON,
        settlement_time=None,
        received_at=NOON + timedelta(minutes=minute),
        source=Source.STATUS,
        begins_epoch=act,
    )


def heard(*facts: Fact) -> Transaction:
    state: Transaction | None = None
    for told in facts:
        state = climb(state, told)
    assert state is not None
    return state


@settings(deadline=None)
@given(st.lists(st.tuples(RUNGS, st.booleans()), min_size=1, max_size=5))
def test_the_state_is_a_maximum_over_epoch_and_rung_in_whatever_order_facts_are_applied(
    told: list[tuple[str, bool]],
) -> None:
    """Acts are recorded at the moment they are applied: what is received later is applied later."""
    facts = [fact(status, minute=minute, act=act) for minute, (status, act) in enumerate(told)]
    last_act = max((place for place, (_, act) in enumerate(told) if act), default=0)
    counted = [Rung[status.upper()] for status, _ in told[last_act:]]
    for before in itertools.permutations(facts[: last_act + 1]):
        state = heard(*before, *facts[last_act + 1 :], *before)
        assert state.rung is max(counted), told


def test_a_fact_received_before_the_act_never_climbs_over_it() -> None:
    act = fact("settlement", minute=5, act=True)
    state = heard(fact("refund", minute=1), act, fact("refund", minute=2))
    assert state.rung is Rung.SETTLEMENT
    assert heard(act, fact("refund", minute=9)).rung is Rung.REFUND


@settings(deadline=None)
@given(st.lists(st.tuples(RUNGS, st.sampled_from([269_100, 299_000])), min_size=1, max_size=5))
def test_the_amount_is_the_one_told_at_the_highest_rung_up_to_settlement(told: list[tuple[str, int]]) -> None:
    facts = [fact(status, amount=amount) for status, amount in told]
    highest = max(min(Rung[status.upper()], Rung.SETTLEMENT) for status, _ in told)
    amounts = {amount for status, amount in told if min(Rung[status.upper()], Rung.SETTLEMENT) is highest}
    for shuffled in itertools.islice(itertools.permutations(facts), 24):
        assert heard(*shuffled).gross_amount == max(amounts)


def test_only_money_said_to_be_in_contradicts_money_that_we_hold_for_gone() -> None:
    refunded, pending = heard(fact("refund")), heard(fact("pending"))
    assert contradicts(refunded, fact("settlement", minute=1))
    assert contradicts(heard(fact("deny")), fact("capture", minute=1))
    assert not contradicts(refunded, fact("pending", minute=1))
    assert not contradicts(pending, fact("settlement", minute=1))
    assert not contradicts(heard(fact("settlement")), fact("capture", minute=1))
    assert not contradicts(None, fact("settlement"))


def test_the_same_word_must_be_said_three_times_over_a_day() -> None:
    def after(*hours: float) -> Contradiction:
        state = None
        for hour in hours:
            state = told_again(state, Rung.SETTLEMENT, NOON + timedelta(hours=hour))
        assert state is not None
        return state

    def at(hour: float) -> datetime:
        return NOON + timedelta(hours=hour)

    assert not after(0, 1, 2).lasts(at(2))
    assert not after(0, 24).lasts(at(24))
    assert after(0, 12, 24).lasts(at(24))
    assert after(0).pause < timedelta(minutes=5), "the answer may only have been crossed"
    assert after(0, 1).pause == timedelta(hours=8)
    changed = told_again(after(0, 12), Rung.PARTIAL_REFUND, at(24))
    assert changed == Contradiction(Rung.PARTIAL_REFUND, since=at(24), answers=1)
    assert not changed.lasts(at(30))
