"""``renkei run`` as a person meets it: what it prints, what it refuses, and that it leaves nothing running."""

import contextlib
import ctypes
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from renkei.cli.process import is_alive
from tests.cli.conftest import processes_of
from tests.conftest import DatabaseUrls


@dataclass
class Running:
    """A started ``renkei run`` and what it has printed so far."""

    process: subprocess.Popen[str]
    folder: Path
    printed: list[str] = field(default_factory=list)

    def wait_for(self, text: str, within: float = 60.0) -> str:
        """The first line with `text`."""
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            if line := next((line for line in self.printed if text in line), None):
                return line
            if self.process.poll() is not None:
                break
            time.sleep(0.02)
        raise AssertionError(f"no “{text}” in: {''.join(self.printed)}")

    @property
    def port(self) -> int:
        """Where it listens, as it says itself."""
        found = re.search(r"https?://[^ /]+:(\d+)", self.wait_for("is ready"))
        assert found is not None
        return int(found[1])

    def end(self, by: signal.Signals = signal.SIGINT) -> int:
        """Send the signal and wait; returns the exit code."""
        self.process.send_signal(by)
        return self.process.wait(30)


_PR_CAPBSET_DROP = 24
NOWHERE = {"RENKEI_DATABASE_URL": "postgresql://nobody:wrong@127.0.0.1:1/renkei", "RENKEI_PORT": "0"}


def environment_for(folder: Path, **more: str) -> dict[str, str]:
    """Ours without the tests' own settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("RENKEI_", "DJANGO"))}
    return {**kept, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONUNBUFFERED": "1", "HOME": str(folder), **more}


@contextlib.contextmanager
def running(folder: Path, *options: str, **environment: str) -> Iterator[Running]:
    """Start it on any free port; ended at the latest here."""
    process = subprocess.Popen(
        [sys.executable, "-m", "renkei.cli", "run", "--port", "0", "--data", str(folder / "data"), *options],
        env=environment_for(folder, **environment), text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        start_new_session=True,
    )  # fmt: skip
    started = Running(process, folder)
    assert process.stdout is not None
    reader = threading.Thread(target=lambda: started.printed.extend(process.stdout or []))
    reader.start()
    try:
        yield started
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.wait(30)
        reader.join()
        process.stdout.close()


def refused(folder: Path, *options: str, **environment: str) -> str:
    """The one sentence of a start that is refused, with a failing exit code, no traceback, and nothing left behind."""
    before = files_below(folder)
    done = subprocess.run(
        [sys.executable, "-m", "renkei.cli", "run", "--data", str(folder / "data"), *options],
        env=environment_for(folder, **environment), capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stdout + done.stderr
    lines = (done.stdout + done.stderr).splitlines()
    assert len(lines) == 1, lines
    assert files_below(folder) == before
    return lines[0]


def files_below(folder: Path) -> set[Path]:
    """Files and folders, at any depth."""
    return {path for path in folder.rglob("*") if "postgres" not in path.parts}  # a running one's change all the time


def get(port: int, path: str) -> int:
    """The status of a page."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    finally:
        connection.close()


def wait_until_nothing_runs(folder: Path) -> None:
    """Until no process names the folder; fails after a while."""
    deadline = time.monotonic() + 20
    while left := processes_of(folder):
        assert time.monotonic() < deadline, left
        time.sleep(0.05)


def test_a_fresh_start_comes_up_and_leaves_no_process_even_after_kill_9(open_folder: Path) -> None:
    with running(open_folder, "--empty") as first:
        assert get(first.port, "/healthz") == 200
        assert "/accounts/first/" in first.wait_for("First sign-in")
        assert "is running" in refused(open_folder, "--empty") or "already running" in refused(open_folder, "--empty")
        first.process.kill()
        first.process.wait()
        wait_until_nothing_runs(open_folder)
    with running(open_folder, "--empty") as second:
        assert get(second.port, "/accounts/login/") == 200
        assert "Preparing" not in "".join(second.printed)
        assert second.end() == 0
    wait_until_nothing_runs(open_folder)
    assert (open_folder / "data" / "secrets.json").stat().st_mode & 0o777 == 0o600


def test_a_killed_process_comes_back_and_no_visitor_is_refused(
    open_folder: Path, emptied_database: DatabaseUrls
) -> None:
    with running(open_folder, "--empty", **database(emptied_database)) as started:
        port = started.port
        realtime = next(pid for pid in processes_of(open_folder) if b"realtime" in command_line(pid))
        os.kill(realtime, signal.SIGKILL)
        assert get(port, "/accounts/login/") == 200
        assert not is_alive(realtime)
        assert "signal SIGKILL" in started.wait_for("realtime has ended")
        assert started.end(signal.SIGTERM) == 0
    wait_until_nothing_runs(open_folder)


def test_a_killed_database_comes_back_and_everything_goes_on(open_folder: Path) -> None:
    """Twice: a restart must not stand in the way of the next one."""
    with running(open_folder, "--empty") as started:
        port = started.port
        for _ in range(2):
            server = int((open_folder / "data/postgres/data/postmaster.pid").read_text().split()[0])
            os.kill(server, signal.SIGKILL)
            wait_until(lambda dead=server: not is_alive(dead))
            wait_until(lambda: get(port, "/healthz") == 200)
            assert get(port, "/accounts/login/") == 200
        assert "signal SIGKILL" in started.wait_for("The database has ended")
        assert started.process.poll() is None
        assert started.end() == 0
    wait_until_nothing_runs(open_folder)


def wait_until(holds: Callable[[], bool]) -> None:
    """Fails after a while."""
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def command_line(pid: int) -> bytes:
    """Of a process; empty when it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def database(urls: DatabaseUrls) -> dict[str, str]:
    """An installation on a database that is there already."""
    return {"RENKEI_DATABASE_URL": urls.app, "RENKEI_OWNER_DATABASE_URL": urls.owner}


def test_a_taken_port_is_refused(open_folder: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert f"Port {port}" in refused(open_folder, "--empty", "--port", str(port))


@pytest.mark.parametrize("port", ["-1", "65536", "900000", "abc", "８０８０"])
def test_an_impossible_port_is_refused(open_folder: Path, port: str) -> None:
    assert "is no port" in refused(open_folder, "--empty", "--port", port)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://nobody:wrong@127.0.0.1:1/renkei", "port 1 failed: Connection refused."),
        ("postgresql://name-that-is-nowhere.invalid/renkei", "cannot be used"),
        ("mysql://127.0.0.1/renkei", "of RENKEI_DATABASE_URL cannot be used: it is no PostgreSQL address"),
        ("postgresql://nobody:wrong@[127.0.0.1/renkei", "cannot be used"),
        ("nonsense", "it is no PostgreSQL address"),
    ],
)
def test_a_wrong_database_url_is_refused(open_folder: Path, url: str, said: str) -> None:
    sentence = refused(open_folder, "--empty", "--port", "0", RENKEI_DATABASE_URL=url)
    assert said in sentence
    assert "wrong@" not in sentence  # a password stays out of the terminal


@pytest.mark.parametrize(
    ("name", "value", "may_be"),
    [
        ("RENKEI_PORT", "abc", "1 to 65535"),
        ("RENKEI_LINE", "foo", "'simulator' or 'asterisk'"),
        ("RENKEI_SESSION_IDLE_MINUTES", "abc", "integer"),
        ("RENKEI_SESSION_IDLE_MINUTES", "0", "greater than"),
    ],
)
def test_a_wrong_setting_is_refused_by_its_name(open_folder: Path, name: str, value: str, may_be: str) -> None:
    sentence = refused(open_folder, "--empty", **{name: value})
    assert value in sentence
    assert may_be in sentence
    assert name in sentence or "--port" in sentence


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_listening_beyond_loopback_without_tls_is_refused_and_says_how(open_folder: Path, host: str) -> None:
    assert "./renkei tls" in refused(open_folder, "--empty", "--host", host)


def test_a_refused_start_takes_away_only_what_it_made(open_folder: Path) -> None:
    """Not even the folders above the data folder stay; what somebody else put there does."""
    data = open_folder / "data"
    assert "cannot be used" in refused(open_folder, "--empty", "--data", str(data / "a" / "b"), **NOWHERE)
    assert not data.exists()
    data.mkdir()
    (data / "theirs").write_text("kept", encoding="utf-8")
    (data / "log").mkdir()
    (data / "log" / "jobs.log").write_text("kept", encoding="utf-8")
    assert "cannot be used" in refused(open_folder, "--empty", **NOWHERE)
    assert files_below(open_folder) == {data, data / "theirs", data / "log", data / "log" / "jobs.log"}


def test_a_folder_of_the_demonstration_is_not_taken_for_a_real_installation(open_folder: Path) -> None:
    (open_folder / "data").mkdir()
    (open_folder / "data" / "prepared.json").write_text('{"mode": "demo"}', encoding="utf-8")
    assert "holds the demonstration" in refused(open_folder, "--empty", "--port", "0")


def test_a_folder_that_cannot_be_written_is_refused(open_folder: Path) -> None:
    (open_folder / "data").write_text("in the way", encoding="utf-8")
    assert "is not a folder" in refused(open_folder, "--empty", "--port", "0")


@pytest.mark.parametrize("below", ["", "/made/here"])
def test_a_read_only_folder_is_refused(open_folder: Path, below: str) -> None:
    data = open_folder / "data"
    data.mkdir(mode=0o555)
    done = subprocess.run(
        [sys.executable, "-m", "renkei.cli", "run", "--empty", "--port", "0", "--data", f"{data}{below}"],
        env=environment_for(open_folder), capture_output=True, text=True, timeout=60, check=False,
        preexec_fn=obey_permissions,
    )  # fmt: skip
    assert done.returncode == 1
    assert re.fullmatch(r"renkei: Renkei may not write to .*: give this account the right to, .*\n", done.stderr)
    assert files_below(open_folder) == {data}


def obey_permissions() -> None:
    """Root writes anywhere: give that right (CAP_DAC_OVERRIDE) up. Nobody else has it."""
    ctypes.CDLL(None).prctl(_PR_CAPBSET_DROP, 1, 0, 0, 0)


def test_tls_serves_https_under_the_name_of_the_certificate(open_folder: Path, emptied_database: DatabaseUrls) -> None:
    made = subprocess.run(
        [sys.executable, "-m", "renkei.cli", "tls", "--name", "localhost", "--data", str(open_folder / "data")],
        env=environment_for(open_folder), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    with running(open_folder, "--empty", "--host", "0.0.0.0", **database(emptied_database)) as started:
        assert "https://localhost:" in started.wait_for("is ready")
        import ssl

        context = ssl.create_default_context(cafile=str(open_folder / "data" / "tls" / "authority.crt"))
        connection = http.client.HTTPSConnection("localhost", started.port, timeout=10, context=context)
        connection.request("GET", "/accounts/login/")
        answer = connection.getresponse()
        assert answer.status == 200
        assert "__Host-" in (answer.getheader("Set-Cookie") or "")
        assert "max-age" in (answer.getheader("Strict-Transport-Security") or "")
        connection.close()
