"""What an alert or a broken rule advises is run as it is written, and heals."""

import asyncio
import shlex
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
import pytest

from tests.command import DONE, WRONG, Result, tuntas
from tests.stand import PRICE, Stand, open_stand
from tuntas.store.alerts import ADVICE, AlertKind
from tuntas.usecases.alerts import alerts
from tuntas.usecases.check_invariants import check_invariants
from tuntas.usecases.reconcile import sync_order

pytestmark = pytest.mark.anyio


async def carried_out(stand: Stand, command: str) -> Result:
    """Run a command line of an advice in a shell of its own."""
    program, *words = shlex.split(command)
    assert program == "tuntas"
    settings = {
        "DATABASE_URL": stand.database_url,
        "MIDTRANS_CORE_URL": stand.simulator_url,
        "TUNTAS_BASE_URL": stand.url,
    }
    return await asyncio.to_thread(tuntas, *words, **settings)


async def open_kinds(stand: Stand) -> set[str]:
    return {alert.kind for alert in await alerts(stand.backend)}


async def paid(stand: Stand, **changes: Any) -> str:
    order_id = await stand.order()
    await stand.notify(order_id, "settlement", **changes)
    return order_id


async def another_amount(stand: Stand) -> str:
    return await paid(stand, gross_amount="269100.00")


async def a_second_payment(stand: Stand) -> str:
    order_id = await paid(stand, transaction_id="va")
    await stand.notify(order_id, "settlement", transaction_id="qr")
    return order_id


async def a_second_card(stand: Stand) -> str:
    """Really paid at Midtrans too, so that it can be given back."""
    order_id = await stand.order()
    await stand.pay(order_id)
    await sync_order(stand.backend, order_id)
    await stand.notify(order_id, "settlement", transaction_id="va")
    return order_id


async def a_refund_that_came_back(stand: Stand) -> str:
    order_id = await stand.order()
    await stand.pay(order_id)
    await sync_order(stand.backend, order_id)
    (payment,) = await stand.transactions(order_id)
    about = {"transaction_id": payment["transaction_id"], "payment_type": "gopay"}
    await stand.notify(order_id, "refund", refund_amount=f"{PRICE}.00", refund_key="k", **about)
    await sync_order(stand.backend, order_id)
    return order_id


async def an_unborne_claim(stand: Stand) -> str:
    order_id = await stand.order()
    await stand.pay(order_id)
    (payment,) = await stand.transactions(order_id)
    await stand.act(order_id, "refund")
    await stand.notify(order_id, "chargeback", transaction_id=payment["transaction_id"])
    await stand.work()
    return order_id


async def poison(stand: Stand) -> str:
    order_id = await stand.order()
    with psycopg.connect(stand.database_url, autocommit=True) as connection:
        connection.execute("alter table domain_grants rename to away")
        await stand.notify(order_id, "settlement")
        connection.execute("alter table away rename to domain_grants")
    return order_id


async def an_order_asked_about_in_vain(stand: Stand) -> str:
    order_id = await stand.order()
    raised = "insert into alerts (kind, subject, created_at) values ('check_failed', %s, now()) returning 1"
    stand.rows(raised, order_id)
    return order_id


TRANSFER = "--to 'BCA, Rani' --reference FT1"
Trouble = Callable[[Stand], Awaitable[str]]
HEALED: list[tuple[AlertKind, Trouble, list[str]]] = [
    (AlertKind.AMOUNT_MISMATCH, another_amount, ["tuntas orders accept {subject} --reason promo"]),
    (AlertKind.DUPLICATE_PAYMENT, a_second_payment, ["tuntas orders accept {subject} --reason kept"]),
    (
        AlertKind.DUPLICATE_PAYMENT,
        a_second_card,
        [f"tuntas refund {{subject}} --transaction va --by-hand --amount {PRICE} {TRANSFER} --reason twice"],
    ),
    (
        AlertKind.BOOKS_DIFFER,
        a_refund_that_came_back,
        ["tuntas orders sync {subject} --take-word --reason returned"],
    ),
    (AlertKind.POISON, poison, ["tuntas webhook replay {subject}"]),
    (AlertKind.CHECK_FAILED, an_order_asked_about_in_vain, ["tuntas orders sync {subject}"]),
]


@pytest.mark.parametrize(("kind", "trouble", "commands"), HEALED)
async def test_an_advice_carried_out_closes_its_alert(
    stand: Stand, kind: AlertKind, trouble: Trouble, commands: list[str]
) -> None:
    await trouble(stand)
    (alert,) = [found for found in await alerts(stand.backend) if found.kind == kind]
    for command in commands:
        named = command.partition(" {subject}")[0]
        assert named in ADVICE[kind].remedy, "the advice names this command"
        done = await carried_out(stand, command.format(subject=alert.subject))
        assert done.code == DONE, done
    assert kind not in await open_kinds(stand)
    assert await check_invariants(stand.backend) == []


LOOKED_AT: list[tuple[str, dict[str, Any], AlertKind]] = [
    ("unheard_of", {}, AlertKind.UNKNOWN_STATUS),
    ("settlement", {"settlement_time": "yesterday"}, AlertKind.UNREADABLE_FIELD),
    ("pending", {"status_code": "200"}, AlertKind.NOTIFICATION_REFUSED),
    ("settlement", {"transaction_id": ...}, AlertKind.NOTIFICATION_REFUSED),
]


@pytest.mark.parametrize(("word", "changes", "kind"), LOOKED_AT)
async def test_what_cannot_be_believed_or_read_is_shown_to_who_looks(
    stand: Stand, word: str, changes: dict[str, Any], kind: AlertKind
) -> None:
    order_id = await stand.order()
    await stand.notify(order_id, word, **changes)
    (alert,) = [found for found in await alerts(stand.backend) if found.kind == kind]
    listed = await carried_out(stand, f"tuntas webhook list --order {order_id} --json")
    (entry,) = listed.lines
    shown = await carried_out(stand, f"tuntas webhook show {entry['notification']}")
    assert (shown.json["order_id"], shown.json["transaction_status"]) == (order_id, word)
    assert "signature_key" not in shown.json
    done = await carried_out(stand, f"tuntas resolve {alert.id} --note 'looked at it'")
    assert done.code == DONE
    assert kind not in await open_kinds(stand)


async def test_an_orphan_is_adopted_as_advised_and_only_once(stand: Stand) -> None:
    order_id, bank_id = await stand.order(), "A120240830074017NP16XMU4JTID"
    await stand.notify(bank_id, "settlement", transaction_id=bank_id)
    (orphan,) = (await carried_out(stand, "tuntas webhook orphans --json")).lines
    adopt = f"tuntas webhook adopt {orphan['notification']} {order_id}"
    assert (await carried_out(stand, adopt)).code == DONE
    assert (await stand.invitation())["payment_status"] == "paid"
    assert await open_kinds(stand) == set()
    assert (await carried_out(stand, adopt)).code == WRONG


async def test_a_lasting_difference_is_an_exit_code(stand: Stand) -> None:
    order_id = await a_refund_that_came_back(stand)
    for command in (f"tuntas orders sync {order_id}", "tuntas sync", "tuntas sync --dry-run"):
        assert (await carried_out(stand, command)).code == WRONG, command


async def test_a_claim_that_midtrans_does_not_bear_out_is_looked_into_as_advised(database_url: str) -> None:
    async with open_stand(database_url, tuntas_confirm="after") as stand:
        order_id = await an_unborne_claim(stand)
        (alert,) = [found for found in await alerts(stand.backend) if found.kind == "confirmation_mismatch"]
        assert (await carried_out(stand, f"tuntas orders sync {order_id}")).code == WRONG
        done = await carried_out(stand, f"tuntas resolve {alert.id} --note 'the key was changed'")
        assert done.code == DONE
        assert AlertKind.CONFIRMATION_MISMATCH not in await open_kinds(stand)


DAMAGE = {
    "every_rupiah_has_its_place": "delete from domain_grants",
    "grants_have_a_paid_order": "update orders set status = 'failed'",
    "invitations_follow_their_grants": "update invitations set domain_expires_at = now()",
    "refunds_fit_the_payment": "update transactions set refund_reserved = 1",
    "no_order_pends_past_its_end": (
        "with ended as (update transactions set payable_until = null) "
        "update orders set status = 'pending', expires_at = now() - interval '9 hours'"
    ),
}


@pytest.mark.parametrize("name", DAMAGE)
async def test_a_broken_rule_holds_again_after_its_remedy(database_url: str, name: str) -> None:
    async with open_stand(database_url, notified=False) as stand:  # a late notification would heal it too
        order_id = await stand.order()
        await stand.pay(order_id)
        await sync_order(stand.backend, order_id)
        stand.rows(f"{DAMAGE[name]} returning 1")
        found = await check_invariants(stand.backend)
        (breach,) = [breach for breach in found if breach.invariant.name == name]
        every = "tuntas sync" in breach.invariant.remedy
        command = "tuntas sync" if every else f"tuntas orders sync {order_id}"
        assert command.removesuffix(f" {order_id}") in breach.invariant.remedy
        assert (await carried_out(stand, command)).code == DONE
        assert await check_invariants(stand.backend) == []
