"""Retention: old log lines go into compressed files first, and only then out of the database."""

import fcntl
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TypeVar

from tuntas.store import archive as table
from tuntas.store import payment_logs
from tuntas.store.archive_file import ArchiveWriter, finished, make_directory, own_name, read, unfinished_in
from tuntas.store.models import PaymentLog
from tuntas.store.payment_logs import Event
from tuntas.usecases.backend import Backend

_FILE_LINES = 50_000
"""About 10 MB compressed: small enough to look into, large enough that there are few."""
_AT_ONCE = 1_000
"""Lines read, deleted or put back in one transaction, which takes milliseconds."""


Item = TypeVar("Item")


class ArchiveInUse(RuntimeError):
    """Another process archives into the same folder now."""


@dataclass(frozen=True, slots=True)
class Archived:
    """What has gone, or would go, since the last one of these."""

    lines: int
    file: Path | None = None
    """Where they are; None while only counting."""


async def archive(
    backend: Backend, directory: Path, *, older_than: timedelta, actor: str
) -> AsyncIterator[Archived]:
    """Move lines this old into files, one file after the other, oldest lines first.

    A file is whole, on the disk and read back before the first of its lines is deleted. Whoever is killed
    may begin again: half a file goes, a whole one is gone on with. Raises ArchiveInUse, DamagedArchive, or
    OSError, after which nothing is lost.
    """
    make_directory(directory)
    before, after = backend.clock.now() - older_than, 0
    with _alone(directory):
        for file in unfinished_in(directory):
            yield await _take_out(backend, file, actor)
        while (written := await _write(backend, directory, before, after)) is not None:
            file, after = written
            yield await _take_out(backend, file, actor)


async def count(backend: Backend, *, older_than: timedelta) -> AsyncIterator[Archived]:
    """What `archive` would move now, stretch by stretch."""
    before, after = backend.clock.now() - older_than, 0
    async for lines, _ in _stretches(backend, before, after):
        yield Archived(len(lines))


async def restore(backend: Backend, file: Path) -> tuple[int, int]:
    """Put a file's lines back where they are missing; how many were, and how many the file holds.

    Raises DamagedArchive or OSError before anything is put back.
    """
    total = sum(1 for _ in read(file))
    restored = 0
    for rows in _chunks(read(file)):
        async with backend.database.transaction() as session:
            restored += await table.put_back(session, rows)
    return restored, total


async def _write(backend: Backend, directory: Path, before: datetime, after: int) -> tuple[Path, int] | None:
    """The next file and the id to go on behind; None when nothing this old is left."""
    writer: ArchiveWriter | None = None
    try:
        async for lines, until in _stretches(backend, before, after):
            after = until
            if lines and writer is None:
                writer = ArchiveWriter(directory, first_id=lines[0].id, at=backend.clock.now())
            if writer is not None:
                writer.add(lines)
                if writer.lines >= _FILE_LINES:
                    break
        return None if writer is None else (writer.finish(), after)
    except BaseException:
        if writer is not None:
            writer.give_up()
        raise


async def _stretches(
    backend: Backend, before: datetime, after: int
) -> AsyncIterator[tuple[Sequence[PaymentLog], int]]:
    """The lines that may go of each stretch, and the id at its end."""
    while True:
        async with backend.database.transaction() as session:
            lines, until = await table.old_lines(session, before=before, after=after, limit=_AT_ONCE)
        if until is None:
            return
        yield lines, until
        after = until


async def _take_out(backend: Backend, file: Path, actor: str) -> Archived:
    """Delete what the file holds, a bounded number at a time; the log says where it went."""
    ids = [row["id"] for row in read(file)]
    for some in _chunks(ids):
        await backend.database.commit(partial(table.take_out, ids=some))
    async with backend.database.transaction() as session:
        detail = {"act": "archive", "actor": actor, "file": own_name(file).name, "lines": len(ids)}
        at = backend.clock.now()
        payment_logs.append(session, Event.OPERATOR_ACT, at=at, outcome="archived", detail=detail)
    return Archived(len(ids), finished(file))


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """Two that write into one folder would take each other's half files for left ones."""
    with (directory / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ArchiveInUse(f"Another `tuntas archive` works in {directory} now.") from None
        yield


def _chunks(items: Iterable[Item]) -> Iterator[list[Item]]:
    rest = iter(items)
    while some := list(islice(rest, _AT_ONCE)):
        yield some
