"""Old log lines go into files first, and only then out of the database; nothing is lost on the way."""

import asyncio
import gzip
import signal
from collections.abc import Iterator
from contextlib import aclosing
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.command import DONE, MISSING, SANDBOX, UNUSABLE, WRONG, Result, tuntas
from tests.program import eventually, ran, started
from tests.stand import Stand
from tuntas.store import archive as table
from tuntas.store.archive_file import DamagedArchive, read
from tuntas.usecases import archive as archiving
from tuntas.usecases.archive import ArchiveInUse, archive, restore
from tuntas.usecases.errors import NotificationArchived
from tuntas.usecases.replay import replay, stored_body

pytestmark = pytest.mark.anyio

YEAR = timedelta(days=365)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "archive"


@pytest.fixture
def small_files(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(archiving, "_FILE_LINES", 4)
    monkeypatch.setattr(archiving, "_AT_ONCE", 2)
    return


def lines(stand: Stand) -> list[dict[str, Any]]:
    """The log but for what archiving itself writes into it."""
    return stand.rows("select * from payment_logs where coalesce(outcome, '') <> 'archived' order by id")


def files(folder: Path, pattern: str = "*.jsonl.gz") -> list[Path]:
    return sorted(folder.glob(pattern))


def mode(path: Path) -> int:
    return path.stat().st_mode


async def moved(stand: Stand, folder: Path, older_than: timedelta = YEAR) -> int:
    return sum(
        [step.lines async for step in archive(stand.backend, folder, older_than=older_than, actor="test")]
    )


async def sold(stand: Stand) -> str:
    order_id = await stand.order()
    for status in ("pending", "settlement"):
        await stand.notify(order_id, status)
    return order_id


@pytest.mark.usefixtures("small_files")
async def test_what_was_archived_comes_back_as_it_was(stand: Stand, folder: Path) -> None:
    await sold(stand)
    before, entries = lines(stand), stand.rows("select * from notifications order by id")
    await stand.pass_time(days=400)
    assert await moved(stand, folder) == len(before)
    assert lines(stand) == []
    assert [row for file in files(folder) for row in read(file)] == before
    assert len(files(folder)) > 1, "bounded files"
    assert [mode(path) & 0o77 for path in (folder, *files(folder))] == [0] * (1 + len(files(folder)))
    for file in files(folder):
        back, total = await restore(stand.backend, file)
        assert (back, await restore(stand.backend, file)) == (total, (0, total))
    assert lines(stand) == before
    assert stand.rows("select * from notifications order by id") == entries


async def test_the_log_says_where_its_lines_went(stand: Stand, folder: Path) -> None:
    await sold(stand)
    await stand.pass_time(days=400)
    count = await moved(stand, folder)
    (act,) = stand.rows("select event_type, detail from payment_logs")
    assert act["event_type"] == "operator_act"
    (file,) = files(folder)
    assert act["detail"] == {"act": "archive", "actor": "test", "file": file.name, "lines": count}


async def test_a_body_that_was_archived_is_still_known_when_it_comes_again(
    stand: Stand, folder: Path
) -> None:
    order_id = await sold(stand)
    await stand.pass_time(days=400)
    await moved(stand, folder)
    await stand.notify(order_id, "settlement")
    assert [line["outcome"] for line in lines(stand)] == ["repeated"]
    (entry,) = stand.rows(
        "select id, deliveries, log_id from notifications where transaction_status = 'settlement'"
    )
    assert (entry["deliveries"], entry["log_id"]) == (2, None)
    assert await replay(stand.backend, entry["id"]) == "applied", "it stays as it was decided"
    with pytest.raises(NotificationArchived):
        await stored_body(stand.backend, entry["id"])
    await restore(stand.backend, files(folder)[0])
    assert await replay(stand.backend, entry["id"]) == "unchanged"


async def test_what_is_young_or_undecided_stays(stand: Stand, folder: Path) -> None:
    await stand.notify("INV-of-somebody-else", "settlement")
    await sold(stand)
    await stand.pass_time(days=400)
    young = await sold_again(stand)
    await moved(stand, folder)
    assert {line["order_id"] for line in lines(stand)} == {"INV-of-somebody-else", young}
    assert lines(stand)[0]["event_type"] == "webhook_received", "its body, to be adopted"


def grow_old(stand: Stand) -> None:
    """For programs, whose clock nobody moves: the lines were written 401 days ago."""
    with psycopg.connect(stand.database_url) as connection:
        connection.execute("alter table payment_logs disable trigger append_only")
        connection.execute("update payment_logs set created_at = created_at - interval '401 days'")
        connection.execute("alter table payment_logs enable trigger append_only")


async def sold_again(stand: Stand) -> str:
    stand.tokens.clear()  # a log-in of a year ago has ended
    order_id = await stand.order(renew=True)
    await stand.notify(order_id, "pending")
    return order_id


@pytest.mark.usefixtures("small_files")
@pytest.mark.parametrize("deletions", [0, 1, 2])
async def test_a_kill_loses_nothing_and_the_next_run_goes_on(
    stand: Stand, folder: Path, monkeypatch: pytest.MonkeyPatch, deletions: int
) -> None:
    await sold(stand)
    before = lines(stand)
    await stand.pass_time(days=400)
    left = deletions
    real = table.take_out

    async def killed(*arguments: Any, **named: Any) -> None:
        nonlocal left
        if left == 0:
            raise KeyboardInterrupt
        left -= 1
        await real(*arguments, **named)

    with monkeypatch.context() as patch:
        patch.setattr(table, "take_out", killed)
        with pytest.raises(KeyboardInterrupt):
            await moved(stand, folder)
    kept = {line["id"] for line in lines(stand)}
    archived = {row["id"] for file in files(folder, "*.gz*") for row in read(file)}
    assert kept | archived == {line["id"] for line in before}
    (folder / "payment_logs-1-half.jsonl.gz.partial").write_bytes(b"half a line")
    await moved(stand, folder)
    assert lines(stand) == []
    assert [row for file in files(folder) for row in read(file)] == before, "each line once"
    assert not [*files(folder, "*.partial"), *files(folder, "*.unfinished")]


async def test_a_program_that_is_killed_while_it_deletes_is_gone_on_with(
    stand: Stand, folder: Path, tmp_path: Path
) -> None:
    await sold(stand)
    grow_old(stand)
    before = lines(stand)
    words = ("archive", "--older-than", "400d", "--to", folder)
    with psycopg.connect(stand.database_url) as held:
        held.execute("select * from payment_logs order by id desc limit 1 for update")
        with started(tmp_path, *words, DATABASE_URL=stand.database_url) as program:

            def whole() -> bool:
                assert program.process.poll() is None, program.printed
                return bool(files(folder, "*.unfinished"))

            eventually(whole, within=30, what="a whole file whose lines are about to go")
            assert program.end(signal.SIGKILL) == -signal.SIGKILL
    assert lines(stand) == before
    done = ran(tmp_path, *words, DATABASE_URL=stand.database_url)
    assert done.returncode == DONE, done.stderr
    assert lines(stand) == []
    assert [row for file in files(folder) for row in read(file)] == before, "each line once"
    assert not [*files(folder, "*.partial"), *files(folder, "*.unfinished")]


async def test_a_full_disk_deletes_nothing(
    stand: Stand, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sold(stand)
    before = lines(stand)
    await stand.pass_time(days=400)

    def full(_: int) -> None:
        raise OSError("no space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        with pytest.raises(OSError, match="no space"):
            await moved(stand, folder)
    assert lines(stand) == before
    assert not files(folder, "payment_logs*")


@pytest.mark.parametrize("damage", ["cut", "changed", "another"])
async def test_a_damaged_file_puts_nothing_back(stand: Stand, folder: Path, damage: str) -> None:
    await sold(stand)
    await stand.pass_time(days=400)
    await moved(stand, folder)
    (file,) = files(folder)
    text = gzip.decompress(file.read_bytes())
    match damage:
        case "cut":
            file.write_bytes(file.read_bytes()[:-20])
        case "changed":
            file.write_bytes(gzip.compress(text.replace(b"token_created", b"token_crooked")))
        case _:
            file.write_bytes(gzip.compress(b'{"format":"something else"}\n'))
    with pytest.raises(DamagedArchive):
        await restore(stand.backend, file)
    assert lines(stand) == []


async def test_two_never_write_into_one_folder(stand: Stand, folder: Path) -> None:
    await sold(stand)
    await stand.pass_time(days=400)
    async with aclosing(archive(stand.backend, folder, older_than=YEAR, actor="test")) as first:
        await anext(first)
        with pytest.raises(ArchiveInUse):
            await moved(stand, folder)


async def test_a_line_leaves_by_no_other_way(stand: Stand) -> None:
    await sold(stand)
    with psycopg.connect(stand.database_url) as connection, pytest.raises(psycopg.Error, match="append-only"):
        connection.execute("delete from payment_logs")


async def test_the_commands_count_move_and_put_back(stand: Stand, folder: Path) -> None:
    await sold(stand)
    grow_old(stand)
    before = lines(stand)
    common = ("--json", "--older-than", "400d", "--to", folder)
    variables = {**SANDBOX, "DATABASE_URL": stand.database_url}

    async def command(*arguments: str | Path) -> Result:
        return await asyncio.to_thread(tuntas, *arguments, **variables)

    counted = await command("archive", "--dry-run", *common)
    assert (counted.code, counted.json) == (DONE, {"lines": len(before), "dry_run": True})
    assert (lines(stand), files(folder)) == (before, [])
    done = await command("archive", *common)
    assert (done.code, lines(stand)) == (DONE, [])
    file, total = done.lines
    assert total == {"lines": len(before), "dry_run": False}
    damaged = folder / "damaged.gz"
    damaged.write_bytes(b"nothing of ours")
    assert (await command("archive", "restore", damaged)).code == WRONG
    assert (await command("archive", "restore", folder / "nothing.gz")).code == MISSING
    back = await command("archive", "restore", file["file"], "--json")
    assert (back.code, back.json["restored"], lines(stand)) == (DONE, len(before), before)
    number = stand.rows("select id from notifications limit 1")[0]["id"]
    assert (await command("webhook", "show", str(number))).code == DONE
    assert (await command("archive", *common)).code == DONE
    gone = await command("webhook", "show", str(number))
    assert gone.code == MISSING
    assert "tuntas archive restore" in gone.err
    assert (await command("archive")).code == UNUSABLE
    assert (await command("archive", "--older-than", "long")).code == UNUSABLE
