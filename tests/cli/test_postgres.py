"""The embedded PostgreSQL survives what happens to it, and leaves nothing behind."""

import errno
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from renkei.cli import postgres
from renkei.cli.postgres import FAST_AND_FORGETFUL, Postgres
from renkei.cli.postgres_files import socket_folder
from renkei.cli.refusal import RefusalError, because_of
from tests.cli.conftest import processes_of

HOLDER = """
import sys, time
from pathlib import Path
from renkei.cli.postgres import FAST_AND_FORGETFUL, Postgres
with Postgres(Path(sys.argv[1]), settings=FAST_AND_FORGETFUL) as server:
    print("up", flush=True)
    time.sleep(60)
"""


def server_in(folder: Path) -> Postgres:
    """A quick server."""
    return Postgres(folder / "pg", settings=FAST_AND_FORGETFUL)


def number_of_rows(server: Postgres) -> int:
    """What the durable row says."""
    with psycopg.connect(server.owner_url) as connection:
        row = connection.execute("SELECT count(*) FROM kept").fetchone()
    assert row is not None
    return int(row[0])


def test_what_was_committed_is_there_after_kill_9_of_the_server(open_folder: Path) -> None:
    with Postgres(open_folder / "pg") as server:
        with psycopg.connect(server.owner_url, autocommit=True) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 1 AS a")
        assert server.child is not None
        server.child.kill()
        server.child.wait()
    with Postgres(open_folder / "pg") as server:
        assert number_of_rows(server) == 1
    assert processes_of(open_folder / "pg") == []


def test_kill_9_of_the_holder_ends_the_server_and_the_next_start_works(open_folder: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(open_folder / "pg")], stdout=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    assert holder.stdout is not None
    assert holder.stdout.readline() == "up\n"
    holder.kill()
    holder.wait()
    holder.stdout.close()
    with server_in(open_folder) as server, psycopg.connect(server.app_url) as connection:
        assert connection.execute("SELECT current_user").fetchone() == ("renkei_app",)
    assert processes_of(open_folder / "pg") == []


def test_a_pid_file_that_names_a_stranger_does_no_harm(open_folder: Path) -> None:
    with server_in(open_folder):
        pass
    lie = open_folder / "pg" / "data" / "postmaster.pid"
    lie.write_text(f"{os.getpid()}\n{open_folder}/pg/data\n", encoding="utf-8")
    with server_in(open_folder) as server:
        assert server.child is not None


def test_a_second_holder_is_refused_with_one_sentence(open_folder: Path) -> None:
    with server_in(open_folder), pytest.raises(RefusalError, match="Another Renkei is running"):
        server_in(open_folder).start()


def test_passwords_are_random_and_closed_to_others(open_folder: Path) -> None:
    one, other = Postgres(open_folder / "one"), Postgres(open_folder / "other")
    assert one.app_url.split("@")[0] != other.app_url.split("@")[0]
    mode = (open_folder / "one" / "database.json").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


def test_nobody_gets_in_without_the_password(open_folder: Path) -> None:
    with server_in(open_folder) as server, pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(f"postgresql://postgres:wrong@/postgres?host={server.sockets}")


def test_a_lost_password_file_is_told_in_one_sentence(open_folder: Path) -> None:
    with server_in(open_folder):
        pass
    (open_folder / "pg" / "database.json").unlink()
    with pytest.raises(RefusalError, match="does not fit the database"):
        server_in(open_folder).start()


def test_a_damaged_password_file_is_told_in_one_sentence(open_folder: Path) -> None:
    (open_folder / "pg").mkdir()
    (open_folder / "pg" / "database.json").write_text(json.dumps({"nonsense": 1}), encoding="utf-8")
    with pytest.raises(RefusalError, match="damaged"):
        server_in(open_folder)


def test_a_deep_folder_gets_its_socket_elsewhere() -> None:
    deep = Path("/tmp") / ("very-long-name-" * 8)
    assert len(str(socket_folder(deep)) + "/.s.PGSQL.5432") <= 107
    assert socket_folder(deep) != socket_folder(deep.with_name("another"))


def test_no_words_of_people_get_into_the_log(open_folder: Path) -> None:
    with server_in(open_folder) as server, psycopg.connect(server.owner_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE people (number text PRIMARY KEY)")
        connection.execute("INSERT INTO people VALUES ('+819012345678')")
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("INSERT INTO people VALUES (%s)", ["+819012345678"])
    assert "9012345678" not in (open_folder / "pg" / "postgres.log").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        (errno.ENOSPC, "is full"),
        (errno.EDQUOT, "is full"),
        (errno.EROFS, "may not write"),
        (errno.EACCES, "may not write"),
        (errno.ENOTDIR, "not a folder"),
        (errno.EIO, "Input/output error"),
    ],
)
def test_each_refusal_of_the_file_system_is_one_sentence(number: int, sentence: str) -> None:
    told = str(because_of(OSError(number, os.strerror(number)), Path("/somewhere")))
    assert sentence in told
    assert "/somewhere" in told
    assert "\n" not in told


def test_a_folder_that_is_a_file_is_refused(open_folder: Path) -> None:
    (open_folder / "pg").write_text("", encoding="utf-8")
    with pytest.raises(RefusalError, match="not a folder"):
        server_in(open_folder)


def test_stopping_disconnects_who_is_still_there(open_folder: Path) -> None:
    before = signal.getsignal(signal.SIGINT)
    with server_in(open_folder) as server:
        connection = psycopg.connect(server.app_url)
        began = time.monotonic()
        server.stop()
        assert time.monotonic() - began < 10
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
        connection.close()
    assert signal.getsignal(signal.SIGINT) is before


def test_a_server_that_cannot_answer_for_want_of_room_is_not_waited_for(
    open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It tries again and again, and cannot even write its log."""
    monkeypatch.setattr(postgres, "_PATIENCE_WHEN_FULL", 0.1)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(40_000_000, 39_999_000, 1_000))
    monkeypatch.setattr(Postgres, "_launch", lambda server, binaries: setattr(server, "_child", silent_child()))
    with pytest.raises(RefusalError, match=r"^The disk that holds .* is full: free some space"):
        server_in(open_folder).start()
    assert processes_of(open_folder / "pg") == []


def silent_child() -> subprocess.Popen[bytes]:
    """A server that never answers."""
    return subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
