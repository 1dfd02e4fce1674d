"""The embedded PostgreSQL: made once, started as our child, stopped with us, whatever ends us.

``with Postgres(folder) as server: server.app_url`` is all a caller needs. Its folder holds:
``data/`` (the cluster), ``run/`` (the socket, 0700), ``database.json`` (three passwords, 0600), ``postgres.log``.
"""

import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import psycopg
from psycopg import sql

from renkei.cli.kept import keep_once
from renkei.cli.postgres_files import Servant, binaries_for, is_passable, own, servant_of, socket_folder
from renkei.cli.process import Lock, dies_with_parent, is_alive
from renkei.cli.refusal import RefusalError, because_of, tells_full_disk

_FULL = 1_000_000  # bytes: with less, PostgreSQL cannot even begin its log of changes
_PATIENCE_WHEN_FULL = 3.0  # seconds
OWNER, APP, DATABASE = "renkei_owner", "renkei_app", "renkei"

SETTINGS: Mapping[str, str] = {
    "max_connections": "200",
    "shared_buffers": "128MB",
    "unix_socket_permissions": "0700",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",
    # People's words and numbers stay out of the log: no statement, no parameter, no DETAIL.
    "log_min_error_statement": "panic",
    "log_parameter_max_length_on_error": "0",
    "log_error_verbosity": "terse",
}
FAST_AND_FORGETFUL: Mapping[str, str] = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "64MB",
    "autovacuum": "off",
}
"""Settings for tests: quick, and lost when the machine stops."""


@dataclass(frozen=True, slots=True)
class Passwords:
    """One for each role; made once, kept beside the data, readable for nobody else."""

    admin: str
    owner: str
    app: str

    @classmethod
    def kept_in(cls, path: Path) -> "Passwords":
        """Those in `path`; made there when it is missing."""
        return keep_once(path, cls, cls.make, needed_for="it holds the database's keys")

    @classmethod
    def make(cls) -> "Passwords":
        """New ones."""
        return cls(secrets.token_urlsafe(24), secrets.token_urlsafe(24), secrets.token_urlsafe(24))


class Postgres:
    """One embedded server. `start` is idempotent while it runs; `stop` waits until nothing is left."""

    def __init__(self, folder: Path, *, settings: Mapping[str, str] | None = None) -> None:
        self.folder = folder.absolute()
        self.sockets = socket_folder(self.folder)
        self._data = self.folder / "data"
        self.log = self.folder / "postgres.log"
        self._settings = {**SETTINGS, **(settings or {})}
        self._lock = Lock(self.folder / "lock")
        self._servant = Servant(None, None)
        self._child: subprocess.Popen[bytes] | None = None
        self._make_folder(self.folder, 0o711)
        self._passwords = Passwords.kept_in(self.folder / "database.json")

    # -- addresses ------------------------------------------------------------------------------

    def url(self, role: str, database: str = DATABASE) -> str:
        """A libpq URL through the socket for `role` (OWNER, APP or "postgres")."""
        passwords = {OWNER: self._passwords.owner, APP: self._passwords.app, "postgres": self._passwords.admin}
        return f"postgresql://{role}:{passwords[role]}@/{database}?host={quote(str(self.sockets), safe='/')}"

    @property
    def app_url(self) -> str:
        """For every process: may read and write rows, owns nothing."""
        return self.url(APP)

    @property
    def owner_url(self) -> str:
        """For migrations and purges: owns the tables."""
        return self.url(OWNER)

    # -- life -----------------------------------------------------------------------------------

    def start(self, *, within: float = 60.0) -> None:
        """Start and wait until it answers, at most `within` seconds; raises RefusalError with one sentence.

        Again after its process has ended: the folder has stayed ours meanwhile, whether that works or not.
        """
        if self._child is not None and self._child.poll() is None:
            return
        is_again = self._lock.is_held
        if not self._lock.take():
            raise RefusalError(f"Another Renkei is running on {self.folder}: stop that one first.")
        try:
            self._start(within)
        except BaseException:
            self._end()
            if not is_again:
                self._lock.release()
            raise

    def stop(self, *, within: float = 20.0) -> None:
        """Disconnect everyone and stop; at once (and recover at the next start) when it takes longer than `within`."""
        self._end(within)
        self._lock.release()

    def _end(self, within: float = 20.0) -> None:
        if self._child is not None:
            self._child.send_signal(signal.SIGINT)
            try:
                self._child.wait(within)
            except subprocess.TimeoutExpired:
                self._child.send_signal(signal.SIGQUIT)
                self._child.wait()
            self._child = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    @property
    def child(self) -> subprocess.Popen[bytes] | None:
        """The server's process while it is ours to watch."""
        return self._child

    # -- starting -------------------------------------------------------------------------------

    def _start(self, within: float) -> None:
        self._servant = servant_of(self._data)
        if self._servant.uid is not None and not is_passable(self.folder):
            raise RefusalError(
                f"As root, the database runs as another user and cannot reach {self.folder}: a folder above it is "
                "closed to others. Choose another folder with --data."
            )
        binaries = binaries_for(self._servant, self.folder)
        if not (self._data / "PG_VERSION").exists():
            self._make_cluster(binaries)
        elif self._servant.uid is not None and self._data.stat().st_uid == 0:
            own(self._data, self._servant.uid)  # restored or copied by root
        self._end_forgotten_server(within)
        self._make_folder(self.sockets, 0o700)
        own(self.sockets, self._servant.uid)
        self._launch(binaries)
        self._wait_until_it_answers(within)
        self._make_roles()

    def _make_cluster(self, binaries: Path) -> None:
        """initdb in a draft folder that becomes data/ only when complete: a killed start leaves no half cluster."""
        try:
            draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=self.folder))
            password = draft / "password"
            password.write_text(self._passwords.admin, encoding="utf-8")
            (draft / "data").mkdir(mode=0o700)
            own(draft, self._servant.making_uid)
        except OSError as error:
            raise because_of(error, self.folder) from None
        made = subprocess.run(
            [
                binaries / "bin" / "initdb", "--pgdata", draft / "data", "--username", "postgres",
                "--auth", "scram-sha-256", "--pwfile", password, "--encoding", "UTF8",
                "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8", "--no-locale", "--no-instructions",
            ],
            capture_output=True, text=True, cwd="/", env={"PATH": "/usr/bin:/bin", "TZ": "UTC"}, check=False,
            **self._as(self._servant.making_uid),
        )  # fmt: skip
        if made.returncode != 0:
            raise self._refusal_from(made.stderr or made.stdout)
        password.unlink()
        own(draft / "data", self._servant.uid)
        (draft / "data").rename(self._data)
        draft.rmdir()

    def _end_forgotten_server(self, within: float) -> None:
        """After a kill -9 the old server may still be on its way out, or its pid file may lie about a stranger."""
        pid_file = self._data / "postmaster.pid"
        deadline = time.monotonic() + within
        signals = iter((signal.SIGINT, signal.SIGQUIT))
        urge_at = 0.0
        while (pid := self._forgotten_pid(pid_file)) is not None:
            if time.monotonic() > deadline:
                raise RefusalError(f"An old database server (process {pid}) does not end: end it, then start again.")
            if time.monotonic() > urge_at:
                os.kill(pid, next(signals, signal.SIGKILL))
                urge_at = time.monotonic() + within / 4
            time.sleep(0.02)
        pid_file.unlink(missing_ok=True)

    def _forgotten_pid(self, pid_file: Path) -> int | None:
        try:
            pid = int(pid_file.read_text(encoding="utf-8").split("\n", 1)[0])
            if is_alive(pid) and Path(f"/proc/{pid}/cwd").resolve() == self._data.resolve():
                return pid
        except (OSError, ValueError):
            pass
        return None

    def _launch(self, binaries: Path) -> None:
        arguments = [part for name, value in self._settings.items() for part in ("-c", f"{name}={value}")]
        try:
            with self.log.open("ab") as log:
                self._child = subprocess.Popen(
                    [binaries / "bin" / "postgres", "-D", self._data, "-h", "", "-k", self.sockets, *arguments],
                    stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", start_new_session=True,
                    env={"PATH": "/usr/bin:/bin", "TZ": "UTC"},
                    preexec_fn=dies_with_parent(signal.SIGINT), **self._as(self._servant.uid),
                )  # fmt: skip
        except OSError as error:
            raise because_of(error, self.log) from None

    def _wait_until_it_answers(self, within: float) -> None:
        began = time.monotonic()
        while True:
            if self._child is None or self._child.poll() is not None:
                raise self._refusal_from(self.log.read_text(encoding="utf-8", errors="replace")[-2000:])
            try:
                with psycopg.connect(self.url("postgres", "postgres"), connect_timeout=5):
                    return
            except psycopg.OperationalError as error:
                if "password authentication failed" in str(error):
                    raise RefusalError(f"{self.folder}/database.json does not fit the database beside it.") from None
                took = time.monotonic() - began
                if took > min(_PATIENCE_WHEN_FULL, within) and shutil.disk_usage(self.folder).free < _FULL:
                    raise self._refusal_from("No space left") from None  # it tries for ever, and cannot write it down
                if took > within:
                    raise RefusalError(f"The database did not answer in {within:.0f} s; see {self.log}.") from None
            time.sleep(0.01)

    def _make_roles(self) -> None:
        """Two roles and one database, once; passwords follow database.json."""
        with psycopg.connect(self.url("postgres", "postgres"), autocommit=True) as connection:
            known = {row[0] for row in connection.execute("SELECT rolname FROM pg_roles")}
            for role, password in ((OWNER, self._passwords.owner), (APP, self._passwords.app)):
                if role not in known:
                    make = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}")
                    connection.execute(make.format(sql.Identifier(role), sql.Literal(password)))
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
                make = sql.SQL("CREATE DATABASE {} OWNER {}")
                connection.execute(make.format(sql.Identifier(DATABASE), sql.Identifier(OWNER)))

    # -- small things ---------------------------------------------------------------------------

    def _make_folder(self, path: Path, mode: int) -> None:
        try:
            path.mkdir(parents=True, exist_ok=True)
            path.chmod(mode)
        except OSError as error:
            raise because_of(error, path) from None

    def _refusal_from(self, said: str) -> RefusalError:
        if tells_full_disk(said):
            return RefusalError(f"The disk that holds {self.folder} is full: free some space there, then start again.")
        last = said.strip().splitlines()[-1:] or ["it said nothing"]
        return RefusalError(f"The database did not start ({last[0].strip()}); see {self.log}.")

    @staticmethod
    def _as(uid: int | None) -> dict[str, Any]:
        return {} if uid is None else {"user": uid, "group": uid, "extra_groups": []}
