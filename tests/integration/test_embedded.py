"""The PostgreSQL in the data folder: one server however many use it, nothing lost, nothing left."""

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

import tuntas
from tests.program import environment, is_running, kill_postgres, postgres_of
from tuntas.store.embedded import EmbeddedPostgres, EmbeddedPostgresError, find_binaries

USER = """
import sys
from pathlib import Path
from tuntas.store.embedded import EmbeddedPostgres
with EmbeddedPostgres(Path(sys.argv[1])) as server:
    print(server.url, flush=True)
    sys.stdin.read()
"""
"""A process that uses the server until its standard input ends."""


@dataclass
class User:
    process: subprocess.Popen[str]
    url: str = ""

    def ready(self) -> str:
        """The address, once the server is there for this process."""
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().strip()
        assert self.url, "the process ended before the server was there"
        return self.url

    def leave(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        assert self.process.wait(20) == 0


@contextmanager
def user_of(folder: Path) -> Iterator[User]:
    with subprocess.Popen(
        [sys.executable, "-c", USER, folder],
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield User(process)
        finally:
            process.kill()


@pytest.fixture
def folder(short_dir: Path) -> Iterator[Path]:
    yield short_dir
    kill_postgres(short_dir)


def write(url: str, word: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("create table if not exists kept (word text)")
        connection.execute("insert into kept values (%s)", [word])


def words(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        return [row[0] for row in connection.execute("select word from kept order by word")]


def server_pid(folder: Path) -> int:
    number = postgres_of(folder)
    assert number is not None
    return number


def test_it_starts_is_joined_and_stops_with_the_last_one(folder: Path) -> None:
    first, second = EmbeddedPostgres(folder), EmbeddedPostgres(folder)
    first.start()
    number = server_pid(folder)
    second.start()
    assert server_pid(folder) == number
    assert second.url == first.url
    write(first.url, "kept")
    first.stop()
    first.stop()
    assert words(second.url) == ["kept"]
    second.stop()
    assert not is_running(number)
    with EmbeddedPostgres(folder) as again:
        assert words(again.url) == ["kept"]
        assert server_pid(folder) != number


def test_no_other_account_can_look_inside(folder: Path) -> None:
    with EmbeddedPostgres(folder) as server, psycopg.connect(server.url) as connection:
        assert (folder / "postgres" / "cluster").stat().st_mode & 0o077 == 0
        row = connection.execute(
            "select current_setting('listen_addresses'), current_setting('server_encoding'),"
            " current_setting('timezone')"
        ).fetchone()
    assert row == ("", "UTF8", "UTC")


def test_two_that_start_at_once_share_one_server(folder: Path) -> None:
    with ExitStack() as stack:
        users = [stack.enter_context(user_of(folder)) for _ in range(3)]
        assert len({user.ready() for user in users}) == 1
        number = server_pid(folder)
        write(users[0].url, "shared")
        assert words(users[1].url) == ["shared"]
        for user in users[:2]:
            user.leave()
        assert words(users[2].url) == ["shared"]
        users[2].leave()
    assert not is_running(number)
    log = (folder / "postgres" / "cluster" / "server.log").read_text()
    assert log.count("database system is ready to accept connections") == 1


def test_after_a_killed_user_the_next_one_goes_on_and_cleans_up(folder: Path) -> None:
    with user_of(folder) as killed:
        write(killed.ready(), "kept")
        number = server_pid(folder)
        killed.process.kill()
        killed.process.wait(10)
    assert is_running(number)
    with EmbeddedPostgres(folder) as server:
        assert server_pid(folder) == number
        assert words(server.url) == ["kept"]
    assert not is_running(number)


def test_after_a_power_cut_what_was_committed_is_there(folder: Path) -> None:
    """The killed server's lock file stays behind, and by now its number is another process's."""
    with user_of(folder) as killed:
        write(killed.ready(), "kept")
        killed.process.kill()
        kill_postgres(folder)
    lock = folder / "postgres" / "cluster" / "postmaster.pid"
    with EmbeddedPostgres(folder / "another"):
        _, *rest = lock.read_text().splitlines()
        lock.write_text("\n".join([str(server_pid(folder / "another")), *rest]))
        with EmbeddedPostgres(folder) as server:
            assert words(server.url) == ["kept"]


def test_a_killed_attempt_to_create_is_begun_anew(folder: Path) -> None:
    half = folder / "postgres" / "unfinished"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    with EmbeddedPostgres(folder) as server:
        write(server.url, "kept")
    assert not half.exists()


def test_a_path_too_long_for_a_socket_gets_a_short_one(folder: Path) -> None:
    deep = folder / ("a-folder-with-a-long-name-" * 4) / "and 'quotes'"
    with EmbeddedPostgres(deep) as server:
        write(server.url, "kept")
        socket_dir = Path(server.url.partition("host=")[2])
        assert len(str(socket_dir)) < 90
        assert not socket_dir.is_relative_to(folder)
        assert socket_dir.stat().st_mode & 0o077 == 0
        with EmbeddedPostgres(folder / "another") as other:
            assert other.url != server.url
    with EmbeddedPostgres(deep) as server:
        assert words(server.url) == ["kept"]
    socket_dir.rmdir()


def test_a_short_folder_that_somebody_else_laid_out_is_not_used(folder: Path) -> None:
    deep, elsewhere = folder / ("a-folder-with-a-long-name-" * 4), folder / "elsewhere"
    elsewhere.mkdir()
    server = EmbeddedPostgres(deep)
    trap = Path(server.url.partition("host=")[2])
    trap.symlink_to(elsewhere)
    try:
        with pytest.raises(EmbeddedPostgresError, match="belongs to somebody else"):
            server.start()
        assert elsewhere.stat().st_uid == os.geteuid()
        assert postgres_of(deep) is None
    finally:
        trap.unlink()


def test_the_machines_own_postgresql_serves_as_well(folder: Path) -> None:
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not installed:
        pytest.skip("no PostgreSQL in /usr/lib/postgresql: apt-get install postgresql")
    with EmbeddedPostgres(folder, binaries=installed[-1].parent) as server:
        write(server.url, "kept")
        with psycopg.connect(server.url) as connection:
            assert connection.info.server_version // 10_000 == int(installed[-1].parts[-3])
    found = find_binaries(int(installed[-1].parts[-3]))
    assert (found / "postgres").resolve() == installed[-1].with_name("postgres").resolve()
    with EmbeddedPostgres(folder) as server:
        assert words(server.url) == ["kept"], "a folder is opened by the version that made it"


def test_without_a_fitting_postgresql_the_sentence_says_what_to_do() -> None:
    with pytest.raises(EmbeddedPostgresError, match=r"No PostgreSQL 11 found.*apt-get.*DATABASE_URL"):
        find_binaries(11)


def test_a_folder_of_a_version_that_is_gone_is_left_alone(folder: Path) -> None:
    cluster = folder / "postgres" / "cluster"
    cluster.mkdir(parents=True)
    (cluster / "PG_VERSION").write_text("11\n")
    server = EmbeddedPostgres(folder)
    with pytest.raises(EmbeddedPostgresError, match="PostgreSQL 11"):
        server.start()
    assert [path.name for path in cluster.iterdir()] == ["PG_VERSION"]


def test_a_server_that_cannot_start_says_why(folder: Path) -> None:
    with EmbeddedPostgres(folder):
        pass
    with (folder / "postgres" / "cluster" / "postgresql.conf").open("a") as settings:
        settings.write("no_such_setting = on\n")
    server = EmbeddedPostgres(folder)
    with pytest.raises(EmbeddedPostgresError, match="no_such_setting"):
        server.start()
    server.stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="the tests run as a plain user: so do all others here")
def test_as_a_plain_user_it_runs_under_that_account() -> None:
    account = pwd.getpwnam("nobody")
    packages = Path(psycopg.__file__).parents[1]
    path = os.pathsep.join([str(Path(tuntas.__file__).parents[1]), str(packages)])
    python = plain_python(account, path)
    folder = Path(tempfile.mkdtemp(prefix="t"))
    try:
        shutil.chown(folder, account.pw_uid, account.pw_gid)
        result = subprocess.run(
            [python, "-c", USER, folder / "data"],
            env={"PATH": os.defpath, "PYTHONPATH": path},
            user=account.pw_uid, group=account.pw_gid, extra_groups=[],
            cwd="/", stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert result.returncode == 0, result.stderr
        assert result.stdout.startswith("postgresql://")
        cluster = folder / "data" / "postgres" / "cluster"
        assert cluster.stat().st_uid == account.pw_uid
        assert postgres_of(folder / "data") is None
    finally:
        kill_postgres(folder / "data")
        shutil.rmtree(folder)


def plain_python(account: pwd.struct_passwd, path: str) -> str:
    """An interpreter that can run our code as this account; skips when there is none."""
    for python in (sys.executable, "/usr/bin/python3", "/usr/local/bin/python3"):
        try:
            tried = subprocess.run(
                [python, "-c", "import psycopg, tuntas.store.embedded"],
                env={"PATH": os.defpath, "PYTHONPATH": path},
                user=account.pw_uid, group=account.pw_gid, extra_groups=[],
                cwd="/", capture_output=True, check=False,
            )  # fmt: skip
        except OSError:
            continue
        if tried.returncode == 0:
            return python
    pytest.skip("no Python on this machine that the account nobody may run with our packages")
