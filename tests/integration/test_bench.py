"""What the bench measures side by side is the same work: the same rows, whoever writes them."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import psycopg
import pytest
from bench import ground, pgbench
from psycopg.rows import dict_row
from sqlalchemy import TextClause

from tests.stand import Stand
from tuntas.store.direct import Direct

pytestmark = pytest.mark.anyio

BY_PGBENCH, BY_TUNTAS, BY_FUNCTION = 1, 2, 3
"""The number of the order that each of them takes in."""
ITS_OWN = {"id", "order_id", "invitation_id", "transaction_id", "body_hash", "log_id", "va_number", "domain",
           "snap_token", "redirect_url", "owner_id", "raw", "how_to_pay"}  # fmt: skip
"""Columns in which every order differs."""
TABLES = {
    "orders": "order_id = bench.order_id(%s)",
    "transactions": "order_id = bench.order_id(%s)",
    "domain_grants": "order_id = bench.order_id(%s)",
    "invitations": "id = (select invitation_id from orders where order_id = bench.order_id(%s))",
    "notifications": "order_id = bench.order_id(%s)",
    "payment_logs": "order_id = bench.order_id(%s) order by event_type",
}
WHEN_IT_CAME = {"created_at", "received_at", "handled_at", "next_try_at", "first_heard_at", "expires_at",
                "next_check_at", "domain_chosen_at"}  # fmt: skip
"""Of these only whether they are set is compared."""


@pytest.fixture
def prepared(database_url: str) -> Iterator[psycopg.Connection[dict[str, Any]]]:
    """A database with the bench's functions and a few of its orders."""
    with psycopg.connect(database_url, autocommit=True, row_factory=dict_row) as database:
        ground.fill(database, number=4)
        yield database


async def test_all_write_the_same_rows(
    prepared: psycopg.Connection[dict[str, Any]], stand: Stand, database_url: str, tmp_path: Path
) -> None:
    pgbench.call(database_url, pgbench.ONE_BY_ONE, "--transactions", "1", clients=1, folder=tmp_path)
    await _post(prepared, stand, BY_TUNTAS)
    prepared.execute("select bench.take_in(%s, 1)", [BY_FUNCTION])

    ours = _written(prepared, BY_TUNTAS)
    assert ours["orders"][0]["status"] == "paid"
    assert len(ours["payment_logs"]) == 2
    assert _written(prepared, BY_PGBENCH) == ours
    assert _written(prepared, BY_FUNCTION) == ours


async def test_pgbench_sends_as_many_statements_as_the_intake(
    prepared: psycopg.Connection[dict[str, Any]], stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    await _post(prepared, stand, 1)  # the first one opens the connection

    real = Direct.execute

    def noted(self: Direct, statement: TextClause, values: Mapping[str, Any], /) -> Any:
        seen.append(statement.text)
        return real(self, statement, values)

    with monkeypatch.context() as patch:
        patch.setattr(Direct, "execute", noted)
        await _post(prepared, stand, 2)
    script = re.sub("--.*", "", (ground.SQL / pgbench.ONE_BY_ONE.file).read_text())
    sent = re.findall(r";|\\gset", script)
    assert len(sent) - len(["begin", "commit"]) == len(seen), seen


async def test_what_is_counted_afterwards_tells_a_round_that_lost_something(
    prepared: psycopg.Connection[dict[str, Any]], database_url: str
) -> None:
    prepared.execute("select bench.take_in(1, 2)")
    assert set(ground.count(database_url).values()) == {2}

    prepared.execute("delete from domain_grants where order_id = bench.order_id(2)")
    assert set(ground.count(database_url).values()) == {1, 2}


async def _post(database: psycopg.Connection[dict[str, Any]], stand: Stand, number: int) -> None:
    (row,) = database.execute("select bench.body(%s) as body", [number]).fetchall()
    reply = await stand.http.post("/api/v1/midtrans/webhook", content=row["body"])
    assert reply.status_code == 200, reply.text


def _written(database: psycopg.Connection[dict[str, Any]], number: int) -> dict[str, list[dict[str, Any]]]:
    return {
        table: [_compared(row) for row in database.execute(f"select * from {table} where {whose}", [number])]
        for table, whose in TABLES.items()
    }


def _compared(row: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value is not None if name in WHEN_IT_CAME else value
        for name, value in row.items()
        if name not in ITS_OWN
    }
