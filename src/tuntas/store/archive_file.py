"""The files that old log lines are kept in: JSON lines, gzip, with a count and a checksum at the end.

A file has three names one after the other: `.partial` while it is written, `.unfinished` once it is whole
on the disk and has been read back, and its own when its lines are out of the database. Whatever is killed
in between goes on from there.
"""

import gzip
import hashlib
import json
import os
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from tuntas.store.models import PaymentLog
from tuntas.store.payment_logs import as_document

_FORMAT = "tuntas-archive-1"
_PARTIAL, _UNFINISHED = ".partial", ".unfinished"
_OWNER_ONLY = 0o700
_LINE_BYTES_MAX = 1 << 20
"""A webhook's body is at most 64 KiB; longer lines are not ours."""


class DamagedArchive(ValueError):
    """The file is not whole, or not an archive of ours; the text says why."""


class ArchiveWriter:
    """One file being written; who makes one either finishes it or gives it up."""

    def __init__(self, directory: Path, *, first_id: int, at: datetime) -> None:
        """The moment makes the name the only one: lines that were put back may go once more."""
        self._path = directory / f"payment_logs-{first_id:012d}-{at:%Y%m%dT%H%M%S%fZ}.jsonl.gz"
        handle = os.open(self._named(_PARTIAL), os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY & 0o666)
        self._raw = os.fdopen(handle, "wb")
        self._zip = gzip.GzipFile(filename="", fileobj=self._raw, mode="wb", mtime=0)
        self._digest = hashlib.sha256()
        self.lines = 0
        self._put({"format": _FORMAT, "table": PaymentLog.__tablename__})

    def add(self, lines: Iterable[PaymentLog]) -> None:
        for line in lines:
            self._put(_document(line))
            self.lines += 1

    def finish(self) -> Path:
        """The file, whole on the disk and read back. Raises DamagedArchive or OSError: then there is none."""
        self._put({"lines": self.lines, "sha256": self._digest.hexdigest()})
        self._zip.close()
        self._raw.flush()
        os.fsync(self._raw.fileno())
        self._raw.close()
        read_back = sum(1 for _ in read(self._named(_PARTIAL)))
        if read_back != self.lines:
            raise DamagedArchive(f"{read_back} lines were read back of {self.lines}")
        unfinished = self._named(_UNFINISHED)
        self._named(_PARTIAL).rename(unfinished)
        _sync(unfinished.parent)
        return unfinished

    def give_up(self) -> None:
        self._raw.close()
        self._named(_PARTIAL).unlink(missing_ok=True)

    def _put(self, document: dict[str, Any]) -> None:
        line = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        self._digest.update(line)
        self._zip.write(line)

    def _named(self, suffix: str) -> Path:
        return self._path.with_name(self._path.name + suffix)


def make_directory(directory: Path) -> None:
    """Only the owner gets in: bodies hold account numbers and signatures."""
    directory.mkdir(mode=_OWNER_ONLY, parents=True, exist_ok=True)


def unfinished_in(directory: Path) -> list[Path]:
    """Files that are whole, and whose lines may still be in the database. What is half written goes."""
    for partial in directory.glob(f"payment_logs-*{_PARTIAL}"):
        partial.unlink()
    return sorted(directory.glob(f"payment_logs-*{_UNFINISHED}"))


def own_name(unfinished: Path) -> Path:
    """What the file will be called in the end."""
    return unfinished.with_name(unfinished.name.removesuffix(_UNFINISHED))


def finished(unfinished: Path) -> Path:
    """Give a file its own name: its lines are out of the database."""
    own = own_name(unfinished)
    unfinished.rename(own)
    _sync(own.parent)
    return own


def read(path: Path) -> Iterator[dict[str, Any]]:
    """The lines as rows of `payment_logs`. Raises DamagedArchive, at the end at the latest."""
    digest, lines, ended = hashlib.sha256(), 0, False
    try:
        with gzip.open(path) as file:
            if json.loads(_line(file, digest)).get("format") != _FORMAT:
                raise DamagedArchive(f"{path} is no archive of ours")
            while True:
                before = digest.hexdigest()
                line = _line(file, digest)
                if not line:
                    break
                document = json.loads(line)
                if "sha256" in document:
                    ended = document == {"lines": lines, "sha256": before}
                    break
                lines += 1
                yield _row(document)
    except (EOFError, gzip.BadGzipFile, ValueError, KeyError, AttributeError) as error:
        if isinstance(error, DamagedArchive):
            raise
        raise DamagedArchive(f"{path} is damaged: {type(error).__name__}") from error
    if not ended:
        raise DamagedArchive(f"{path} is damaged: its end, or its checksum, does not fit")


def _line(file: gzip.GzipFile, digest: Any) -> bytes:  # noqa: ANN401  hashlib's own type has no public name
    line = file.readline(_LINE_BYTES_MAX)
    digest.update(line)
    return line


def _document(line: PaymentLog) -> dict[str, Any]:
    return as_document(line) | {"raw": None if line.raw is None else b64encode(line.raw).decode()}


def _row(document: dict[str, Any]) -> dict[str, Any]:
    raw = document["raw"]
    return document | {
        "created_at": datetime.fromisoformat(document["created_at"]),
        "raw": None if raw is None else b64decode(raw),
    }


def _sync(directory: Path) -> None:
    """A new name is on the disk only when its folder is."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
