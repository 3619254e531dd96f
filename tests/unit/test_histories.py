"""Whatever order facts come in, and however often: one final state.

How every order and every repetition is covered without trying them one by one: take the facts of one
attempt, and call `state[S]` what the core makes of a subset S of them, heard in the order of events. Below,
for every subset and every fact, hearing that fact leads from `state[S]` to `state[S and the fact]`. So any
sequence of these facts, of any length, with any repetitions, walks through the subsets and ends in the
same state once each fact was heard. A fact touches no attempt but its own, so attempts can be interleaved
in any way; in what ways the orders and the attempts may then be listed is tried in full.
"""

import itertools
from dataclasses import replace

import pytest

from tests.histories import (
    MOST_FACTS,
    TRANSITIONS,
    History,
    Path,
    books_of,
    facts_of,
    histories,
    in_order,
    orders_of,
    paths,
    told,
)
from tuntas.domain.facts import Fact
from tuntas.domain.ladder import PaymentStatus, Rung
from tuntas.domain.orders import Order, OrderKind
from tuntas.domain.transactions import Transaction, climb

PAID = {"capture", "settlement", "partial_refund", "partial_chargeback"}
RETURNED = {"refund", "chargeback"}
WAITING = {"pending", "authorize", "challenge"}
"""The table of what statuses mean, read once more. What is in none of these has failed."""


def every_walk_ends_alike(facts: list[Fact]) -> bool:
    """Whether every sequence of these facts that holds each at least once ends in the same state."""
    state: dict[frozenset[int], Transaction | None] = {}
    numbers = range(len(facts))
    for size in range(len(facts) + 1):
        for chosen in itertools.combinations(numbers, size):
            reached: Transaction | None = None
            for number in chosen:
                reached = climb(reached, facts[number])
            state[frozenset(chosen)] = reached
    return all(
        climb(before, facts[number]) == state[heard | {number}]
        for heard, before in state.items()
        for number in numbers
    )


def test_every_word_of_midtrans_has_its_place_in_the_table() -> None:
    assert {word for word in TRANSITIONS if word is not None} == {rung.status for rung in Rung}
    assert {word for following in TRANSITIONS.values() for word in following} < set(TRANSITIONS)


@pytest.mark.parametrize("path", list(paths(MOST_FACTS)), ids=">".join)
def test_one_attempt_in_every_order_and_every_repetition(path: Path) -> None:
    """Taking the newest status in place of the highest fails 116 of these 123.

    Keeping the first `settlement_time` that was heard, or none, fails the 80 that settle late; keeping the
    newest virtual account, or none, fails those that begin by showing one.
    """
    assert every_walk_ends_alike(facts_of(told(path, 0, "INV-x-0")))


@pytest.mark.parametrize("path", list(paths(MOST_FACTS)), ids=">".join)
def test_the_last_word_of_an_attempt_is_the_highest(path: Path) -> None:
    """The ladder is right only if no legal history ever steps down. With `deny` below `settlement`, every
    reversal fails here; with `cancel` below `capture`, every void does."""
    assert in_order(path, 0, "INV-x-0").rung.status == path[-1]


def last_words(history: History, order: int) -> list[str]:
    return [attempt.path[-1] for attempt in history.attempts if attempt.order == order]


def meant(words: list[str]) -> PaymentStatus:
    """An order's status by the last word of each attempt to pay it."""
    if PAID & set(words):
        return PaymentStatus.PAID
    if RETURNED & set(words):
        return PaymentStatus.REFUNDED
    return PaymentStatus.PENDING if not words or WAITING & set(words) else PaymentStatus.FAILED


def listings(orders: list[Order]) -> list[list[Order]]:
    """The same orders with their attempts, listed in every way that a database may return them."""
    variants = [
        [replace(order, transactions=attempts) for attempts in itertools.permutations(order.transactions)]
        for order in orders
    ]
    return [
        list(listed) for chosen in itertools.product(*variants) for listed in itertools.permutations(chosen)
    ]


def test_every_history_leads_to_the_same_books_however_they_are_listed() -> None:
    """All 55,884 histories of up to seven facts, two attempts and two orders.

    It fails when an order follows its newest attempt in place of its best, when an invitation follows its
    newest order though another is paid, when grants are made in the order in which orders are listed, and
    when a second initial order grants time.
    """
    count = 0
    for history in histories():
        count += 1
        orders = orders_of(history)
        expected = books_of(orders)
        for listed in listings(orders):
            assert books_of(listed) == expected, history
        says = [meant(last_words(history, order)) for order in range(len(orders))]
        assert list(expected.orders) == says, history
        overall = PaymentStatus.PAID if PaymentStatus.PAID in says else says[-1]
        assert expected.invitation is overall, history
        bought = [
            order.kind
            for order, words in ((order, last_words(history, place)) for place, order in enumerate(orders))
            if (PAID | RETURNED) & set(words)
        ]
        granted = min(1, bought.count(OrderKind.INITIAL)) + bought.count(OrderKind.RENEWAL)
        assert len(expected.entitlement.grants) == granted, history
        assert len(expected.entitlement.duplicates) == len(bought) - granted, history
    assert count == 55_884
