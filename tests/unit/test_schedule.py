"""When an order is asked about: soon, ever less often, once more after its end, and then no more."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuntas.domain.ladder import PaymentStatus
from tuntas.domain.schedule import GRACE, next_check

BEGUN = datetime(2026, 11, 3, tzinfo=UTC)
SETTLED = (PaymentStatus.PAID, PaymentStatus.REFUNDED)
OPEN = (PaymentStatus.PENDING, PaymentStatus.FAILED)
LONGEST_LIFE = timedelta(days=7)
NEVER_ENDS = BEGUN + timedelta(days=10_000)
MOST_QUESTIONS = 40
"""For an order of a week: four in the first hour and a half, a day of hourly ones, then one a day."""

jitters = st.floats(min_value=0, max_value=1, exclude_max=True)
lives = st.timedeltas(min_value=timedelta(minutes=1), max_value=LONGEST_LIFE)
counts = st.integers(min_value=0, max_value=10_000)


def interval(status: PaymentStatus, checks: int, jitter: float = 0) -> timedelta | None:
    """Until the next question, far from the order's end."""
    moment = next_check(status=status, checks=checks, now=BEGUN, payable_until=NEVER_ENDS, jitter=jitter)
    return None if moment is None else moment - BEGUN


def questions(status: PaymentStatus, payable_until: datetime, jitter: float = 0) -> list[datetime]:
    """Every moment at which an order in this status is asked about, each on time, none with news."""
    asked: list[datetime] = []
    now = BEGUN
    while len(asked) <= MOST_QUESTIONS:
        moment = next_check(
            status=status, checks=len(asked), now=now, payable_until=payable_until, jitter=jitter
        )
        if moment is None:
            return asked
        asked.append(moment)
        now = moment
    raise AssertionError(f"asked more than {MOST_QUESTIONS} times")


@pytest.mark.parametrize("status", OPEN)
def test_an_unpaid_order_is_asked_about_after_2_5_15_60_minutes_then_hourly_then_daily(
    status: PaymentStatus,
) -> None:
    intervals = [interval(status, checks) for checks in range(30)]
    hours = [timedelta(hours=1)] * 24
    assert intervals[:4] == [timedelta(minutes=number) for number in (2, 5, 15, 60)]
    assert intervals[4:28] == hours
    assert intervals[28:] == [timedelta(days=1)] * 2


@pytest.mark.parametrize("status", SETTLED)
def test_a_paid_order_is_asked_about_five_times_in_the_month_after(status: PaymentStatus) -> None:
    """For reversals, which come soon, and for card batches, refunds and chargebacks, which come late."""
    intervals = [interval(status, checks) for checks in range(6)]
    days = [timedelta(days=number) for number in (1, 2, 7, 30)]
    assert intervals == [timedelta(minutes=10), *days, None]


@given(status=st.sampled_from(OPEN), checks=counts)
def test_the_waits_never_become_shorter(status: PaymentStatus, checks: int) -> None:
    now, later = interval(status, checks), interval(status, checks + 1)
    assert now is not None
    assert later is not None
    assert now <= later <= timedelta(days=1)


@given(status=st.sampled_from(PaymentStatus), checks=counts, jitter=jitters)
def test_chance_adds_up_to_a_tenth_and_takes_nothing_away(
    status: PaymentStatus, checks: int, jitter: float
) -> None:
    plain, moved = interval(status, checks), interval(status, checks, jitter)
    assert (plain is None) == (moved is None)
    if plain is not None and moved is not None:
        assert plain <= moved <= plain * 1.1


def test_chance_spreads_many_orders() -> None:
    waits = {interval(PaymentStatus.PENDING, 0, number / 100) for number in range(100)}
    assert len(waits) == 100


@given(
    status=st.sampled_from(PaymentStatus),
    checks=counts,
    jitter=jitters,
    to_the_end=st.timedeltas(min_value=-LONGEST_LIFE, max_value=LONGEST_LIFE),
)
def test_the_next_question_is_never_now_or_in_the_past(
    status: PaymentStatus, checks: int, jitter: float, to_the_end: timedelta
) -> None:
    """Else one order would be asked about without a pause."""
    moment = next_check(
        status=status, checks=checks, now=BEGUN, payable_until=BEGUN + to_the_end, jitter=jitter
    )
    assert moment is None or moment >= BEGUN + timedelta(minutes=1)


@given(status=st.sampled_from(OPEN), life=lives, jitter=jitters)
def test_the_last_word_is_heard_soon_after_the_end_and_only_then(
    status: PaymentStatus, life: timedelta, jitter: float
) -> None:
    """A payment in the last second, told late or never, must be found by the last question."""
    ends = BEGUN + life + GRACE
    *before, last = questions(status, BEGUN + life, jitter)
    assert all(moment <= ends for moment in before)
    assert ends < last <= ends + timedelta(minutes=1)


@given(status=st.sampled_from(SETTLED), life=lives, jitter=jitters)
def test_after_a_payment_the_end_of_the_order_does_not_matter(
    status: PaymentStatus, life: timedelta, jitter: float
) -> None:
    asked = questions(status, BEGUN + life, jitter)
    assert len(asked) == 5
    assert asked == questions(status, NEVER_ENDS, jitter)


@given(status=st.sampled_from(OPEN), checks=counts, jitter=jitters)
def test_an_unpaid_order_past_its_grace_is_asked_about_no_more(
    status: PaymentStatus, checks: int, jitter: float
) -> None:
    just_past = BEGUN - GRACE - timedelta(microseconds=1)
    assert next_check(status=status, checks=checks, now=BEGUN, payable_until=just_past, jitter=jitter) is None
