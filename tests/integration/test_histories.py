"""Whatever order notifications arrive in, and however often: one final state, through HTTP and PostgreSQL.

A sample of the histories that `tests/unit/test_histories.py` goes through in full: every notification comes
twice, all of them shuffled into one stream. A thousand histories are delivered to the webhook, many
notifications at a time; two thousand go into the same `apply_facts` as batches, which costs less.
"""

import asyncio
import itertools
import json
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import psycopg
import pytest

from tests.histories import (
    DAYS,
    History,
    books_of,
    confirmed,
    created_at,
    facts_of,
    histories,
    in_order,
    order_id,
    orders_of,
    told,
)
from tests.stand import PRICE, Stand, notification
from tuntas.domain.ladder import MEANING, PaymentStatus, Rung
from tuntas.domain.orders import OrderKind
from tuntas.usecases.apply_facts import apply_facts
from tuntas.usecases.ingest import policy_of

pytestmark = pytest.mark.anyio

DELIVERED, BATCHED = 1000, 2000
SEED = 20260301
AT_ONCE = 24
PARTS = 4
"""So that the workers of a run share them."""
IN_ONE_BATCH = 128
INTERLEAVED = 40
"""So many histories at a time share a stream that is cut into batches."""
WEBHOOK = "/api/v1/midtrans/webhook"


@dataclass(frozen=True, slots=True)
class Case:
    """One history and the invitation it happens to."""

    name: str
    history: History

    def order_ids(self) -> list[str]:
        return [order_id(self.name, place) for place in range(len(self.history.kinds))]

    def bodies(self) -> list[dict[str, Any]]:
        return [
            body
            for number, attempt in enumerate(self.history.attempts)
            for body in told(attempt.path, number, order_id(self.name, attempt.order))
        ]


def add_invitations(stand: Stand, cases: Iterable[Case]) -> None:
    """An unpaid invitation of the demo customer for each case, with its orders."""
    with psycopg.connect(stand.database_url) as connection, connection.cursor() as cursor:
        for case in cases:
            cursor.execute(
                "insert into invitations (owner_id, package_id, price, days, domain, payment_status)"
                " select owner_id, package_id, price, days, %s, 'pending' from invitations where id = 5"
                " returning id",
                [case.name],
            )
            (invitation_id,) = cursor.fetchone() or (None,)
            cursor.executemany(
                "insert into orders"
                " (order_id, invitation_id, kind, gross_amount, days, created_at, expires_at)"
                " values (%s, %s, %s, %s, %s, %s, %s)",
                [
                    [
                        order_id(case.name, place),
                        invitation_id,
                        kind,
                        PRICE,
                        DAYS,
                        created_at(place),
                        created_at(place) + timedelta(days=1),
                    ]
                    for place, kind in enumerate(case.history.kinds)
                ],
            )


async def deliver(stand: Stand, bodies: Sequence[dict[str, Any]], *, at_once: int) -> None:
    """Post all of them, so many at a time, and insist that each is stored."""
    waiting = iter(bodies)

    async def courier(http: httpx.AsyncClient) -> None:
        for body in waiting:
            reply = await http.post(WEBHOOK, content=json.dumps(body))
            assert reply.status_code == 200, (body, reply.text)

    async with httpx.AsyncClient(base_url=stand.url, timeout=60) as http, asyncio.TaskGroup() as couriers:
        for _ in range(at_once):
            couriers.create_task(courier(http))


def books_kept(stand: Stand) -> dict[str, dict[str, Any]]:
    """What the database says about each invitation, by its domain."""
    found = stand.rows(
        """
        select i.domain, i.payment_status, i.payment_confirmed_at, i.domain_expires_at,
          (select json_agg(o.status order by o.order_id)
             from orders o where o.invitation_id = i.id) as orders,
          (select json_agg(t.transaction_id || ' ' || t.transaction_status order by t.transaction_id)
             from transactions t join orders o using (order_id) where o.invitation_id = i.id) as attempts,
          (select json_agg(r.refund_key || ' ' || r.amount || ' ' || r.state order by r.refund_key)
             from refunds r join orders o using (order_id) where o.invitation_id = i.id) as refunds,
          (select array_agg(g.order_id order by g.paid_at) from domain_grants g
             where g.invitation_id = i.id) as granted,
          (select array_agg(g.ends_at order by g.paid_at) from domain_grants g
             where g.invitation_id = i.id) as grants_end
        from invitations i where i.id <> 5
        """
    )
    return {row.pop("domain"): row for row in found}


def books_expected(case: Case) -> dict[str, Any]:
    """What the pure core makes of the same history, heard once and in the order of events."""
    books = books_of(orders_of(case.history, case.name))
    attempts = [
        in_order(attempt.path, number, order_id(case.name, attempt.order))
        for number, attempt in enumerate(case.history.attempts)
    ]
    refunds = {
        f"{row['refund_key']} {row['refund_amount'].removesuffix('.00')} confirmed"
        for body in case.bodies()
        for row in body.get("refunds", [])
    }
    refunds |= {
        f"void-{found.transaction_id} {PRICE} accepted"
        for found, attempt in zip(attempts, case.history.attempts, strict=True)
        if {"capture", "cancel"} <= set(attempt.path)
    }
    grants = sorted(books.entitlement.grants, key=lambda grant: grant.paid_at)
    return {
        "payment_status": books.invitation,
        "payment_confirmed_at": books.entitlement.confirmed_at,
        "domain_expires_at": books.entitlement.expires_at,
        "orders": list(books.orders),
        "attempts": sorted(f"{found.transaction_id} {found.rung.status}" for found in attempts),
        "refunds": sorted(refunds) or None,
        "granted": [grant.order_id for grant in grants] or None,
        "grants_end": [grant.ends_at for grant in grants] or None,
    }


def sampled(number: int) -> list[Case]:
    drawn = random.Random(SEED).sample(list(histories()), number)
    return [Case(f"h{place}", history) for place, history in enumerate(drawn)]


def doubled_and_shuffled(cases: Iterable[Case]) -> list[dict[str, Any]]:
    """Every notification of all cases twice, in one stream; of a refund its first and its second."""
    stream = [variant for case in cases for body in case.bodies() for variant in (body, confirmed(body))]
    random.Random(SEED).shuffle(stream)
    return stream


def wrong_books(stand: Stand, cases: Iterable[Case]) -> list[tuple[Case, dict[str, Any], dict[str, Any]]]:
    """The cases whose books differ, with what is kept and what is expected."""
    kept = books_kept(stand)
    compared = [(case, kept[case.name], books_expected(case)) for case in cases]
    return [(case, found, expected) for case, found, expected in compared if found != expected]


async def test_a_thousand_histories_delivered_to_the_webhook(stand: Stand) -> None:
    """Fails when the invitation's row is not locked before its orders are read: of two deliveries at the
    same time one then overwrites what the other has just written."""
    cases = sampled(DELIVERED)
    add_invitations(stand, cases)
    await deliver(stand, doubled_and_shuffled(cases), at_once=AT_ONCE)
    assert wrong_books(stand, cases) == []
    heard = "('applied', 'unchanged', 'contradicted')"  # swapped, a settlement may come after its reversal
    assert stand.rows(f"select 1 from notifications where outcome not in {heard}") == []


@pytest.mark.parametrize("part", range(PARTS))
async def test_thousands_of_histories_taken_in_as_batches(stand: Stand, part: int) -> None:
    """Fails when a batch applies its facts to the orders as they were before it, and when refund rows
    are added up in place of being a set."""
    cases = sampled(BATCHED)[part::PARTS]
    add_invitations(stand, cases)
    policy, now = policy_of(stand.backend), stand.clock.now()
    for first in range(0, len(cases), INTERLEAVED):
        facts = facts_of(doubled_and_shuffled(cases[first : first + INTERLEAVED]))
        for start in range(0, len(facts), IN_ONE_BATCH):
            async with stand.backend.database.transaction() as session:
                await apply_facts(session, facts[start : start + IN_ONE_BATCH], policy=policy, now=now)
    assert wrong_books(stand, cases) == []


TOPS = [Rung.PENDING, Rung.EXPIRE, Rung.CAPTURE, Rung.CANCEL, *list(Rung)[-6:]]


async def test_sixty_four_contradictory_deliveries_at_once(stand: Stand) -> None:
    """F4, ten times over: everything up to one rung of the ladder, told at the same time.

    Fails without the lock (the last writer wins), and without the ladder (the last reader wins).
    """
    for number, top in enumerate(TOPS):
        case = Case(f"c{number}", History((OrderKind.INITIAL,), ()))
        add_invitations(stand, [case])
        (about,) = case.order_ids()
        rungs = [rung for rung in Rung if rung <= top]
        told_again = itertools.islice(itertools.cycle(rungs), 64)
        settled = {"settlement_time": "2026-11-03 12:01:00"}
        bodies = [
            notification(about, rung.status, transaction_id=f"t{number}", **settled) for rung in told_again
        ]
        random.Random(number).shuffle(bodies)
        await deliver(stand, bodies, at_once=64)
        kept = books_kept(stand)[case.name]
        assert kept["attempts"] == [f"t{number} {top.status}"]
        assert kept["orders"] == [MEANING[top]]
        assert kept["payment_status"] == MEANING[top]
        has_grant = MEANING[top] in {PaymentStatus.PAID, PaymentStatus.REFUNDED}
        assert kept["granted"] == ([about] if has_grant else None)
