"""Keeps a handful of processes running: in order, again after a fall with growing pauses, and gone when we go."""

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from renkei.cli.process import dies_with_parent
from renkei.cli.refusal import RefusalError, because_of

_PAUSES = (0.2, 1.0, 2.0, 5.0, 10.0, 30.0)  # seconds before the first, second, … restart in a row
_HEALTHY_AFTER = 60.0  # seconds a process must have run for its falls to be forgotten


def say(line: str) -> None:
    """One plain line for the person at the terminal."""
    print(line, flush=True)


@dataclass(slots=True, kw_only=True)
class Falls:
    """When to start again what has fallen: soon after the first time, later and later while it keeps falling."""

    falls: int = 0
    started: float = 0.0
    start_at: float | None = None

    def note_start(self) -> None:
        """It runs now."""
        self.started, self.start_at = time.monotonic(), None

    def note_fall(self, now: float) -> float:
        """Plan the next start; returns the pause in seconds."""
        self.falls = 0 if now - self.started > _HEALTHY_AFTER else self.falls
        pause = _PAUSES[min(self.falls, len(_PAUSES) - 1)]
        self.falls += 1
        self.start_at = now + pause
        return pause


class Server(Protocol):
    """A database of our own: `renkei.cli.postgres.Postgres`."""

    @property
    def child(self) -> subprocess.Popen[bytes] | None:
        """Its process, once it has been started."""

    @property
    def log(self) -> Path:
        """Where it says what ails it."""

    def start(self) -> None:
        """Start it and wait until it answers; raises RefusalError."""


@dataclass(slots=True)
class Database(Falls):
    """The embedded database, already started, to be kept running like every child."""

    server: Server
    name: str = "The database"

    @property
    def process(self) -> subprocess.Popen[bytes] | None:
        """What is watched."""
        return self.server.child

    @property
    def log(self) -> Path:
        """Where it says what ails it."""
        return self.server.log

    def start(self) -> None:
        """Again; it recovers what was committed."""
        self.server.start()
        self.note_start()


@dataclass(slots=True)
class Child(Falls):
    """One process to keep running."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    passed: Sequence[int] = ()
    """Open files it inherits: the listening socket survives its restarts, so no visitor is refused meanwhile."""
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it in a session of its own: Ctrl-C reaches us alone, and a kill -9 of us ends it too."""
        try:
            with self.log.open("ab") as log:
                self.process = subprocess.Popen(
                    self.command, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                    pass_fds=self.passed, start_new_session=True, preexec_fn=dies_with_parent(signal.SIGKILL),
                )  # fmt: skip
        except OSError as error:
            raise because_of(error, self.log) from None
        self.note_start()

    def last_words(self) -> str:
        """The last line of its log that says something."""
        lines = self.log.read_text(encoding="utf-8", errors="replace")[-4000:].strip().splitlines()
        return lines[-1].strip() if lines else "it said nothing"


@dataclass(slots=True)
class Supervisor:
    """`start` the children one by one, then `watch` until told to stop; `stop` leaves no process behind."""

    children: list[Child] = field(default_factory=list)
    database: Database | None = None
    _stopping: bool = False
    _wake: tuple[int, int] | None = None

    def listen_to_signals(self) -> None:
        """SIGTERM, SIGINT and SIGHUP end `watch`; a second one changes nothing."""
        self._wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._note_stop)

    def _note_stop(self, *_: object) -> None:
        self._stopping = True
        if self._wake is not None:
            os.write(self._wake[1], b"!")

    @property
    def is_stopping(self) -> bool:
        """Whether somebody asked us to end."""
        return self._stopping

    def start(self, child: Child) -> None:
        """Start a child and keep it from now on."""
        child.start()
        self.children.append(child)

    def watch(self) -> None:
        """Restart what falls, until told to stop."""
        while not self._stopping:
            self.wait_for_a_change()
            if not self._stopping:
                self.mend(time.monotonic())

    def wait_for_a_change(self, at_most: float = 60.0) -> None:
        """Sleep until a process ends, a restart is due, a signal comes, or `at_most` seconds have passed."""
        now = time.monotonic()
        due = [each.start_at - now for each in self._kept() if each.start_at is not None]
        processes = [each.process for each in self._kept() if each.process is not None and each.start_at is None]
        handles = [os.pidfd_open(process.pid) for process in processes if process.poll() is None]
        if len(handles) == len(processes):
            wake = [self._wake[0]] if self._wake is not None else []
            select.select([*handles, *wake], [], [], max(0.0, min([at_most, *due])))
        for handle in handles:
            os.close(handle)

    def mend(self, now: float) -> None:
        """Plan the restart of what has fallen, and start what is due; what cannot start now is tried again later."""
        for each in self._kept():
            if each.start_at is None and each.process is not None and (code := each.process.poll()) is not None:
                pause = each.note_fall(now)
                say(f"{each.name} has ended ({_told(code)}); starting it again in {pause:g} s. See {each.log}")
            if each.start_at is not None and each.start_at <= now:
                try:
                    each.start()
                except RefusalError as refusal:
                    say(f"{refusal} Trying again in {each.note_fall(now):g} s.")

    def _kept(self) -> Sequence[Child | Database]:
        """What is kept running, in the order in which it has to come back."""
        return [*([self.database] if self.database else []), *self.children]

    def stop(self, *, within: float = 8.0) -> None:
        """End all children, the last started first, at most `within` seconds politely, then by force."""
        running = [child.process for child in reversed(self.children) if child.process is not None]
        for process in running:
            if process.poll() is None:
                process.terminate()
        deadline = time.monotonic() + within
        for process in running:
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            _kill_group(process.pid)


def _kill_group(group: int) -> None:
    """What a child has started itself must not outlive it."""
    try:
        os.killpg(group, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def _told(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"code {code}"


def renkei(*arguments: str) -> list[str]:
    """The command line of one of our own commands."""
    return [sys.executable, "-m", "renkei.cli", *arguments]
