"""Processes come back after a fall, with growing pauses, and none outlives the supervisor."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from renkei.cli.process import Lock, is_alive
from renkei.cli.supervisor import Child, Supervisor

SLEEPER = "import time; time.sleep(60)"
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
PARENT = (
    "import subprocess, sys, time; c = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
    "print(c.pid, flush=True); time.sleep(60)"
)
HOLDER = """
import sys
from pathlib import Path
from renkei.cli.supervisor import Child, Supervisor
supervisor = Supervisor()
child = Child("sleeper", [sys.executable, "-c", "import time; time.sleep(60)"], {}, Path(sys.argv[1]))
supervisor.start(child)
print(child.process.pid, flush=True)
supervisor.watch()
"""


def child_of(source: str, folder: Path) -> Child:
    """A child that runs Python source."""
    return Child("trial", [sys.executable, "-c", source], {**os.environ, "PYTHONUNBUFFERED": "1"}, folder / "trial.log")


def wait_for(text: str, child: Child) -> str:
    """Until its log says `text`."""
    deadline = time.monotonic() + 20
    while text not in (said := child.log.read_text(encoding="utf-8")):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return said


def wait_until_gone(pid: int) -> None:
    """Until the process is gone; fails after a while."""
    deadline = time.monotonic() + 10
    while is_alive(pid):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_fallen_process_is_started_again(tmp_path: Path) -> None:
    supervisor, child = Supervisor(), child_of(SLEEPER, tmp_path)
    supervisor.start(child)
    try:
        assert child.process is not None
        first = child.process.pid
        child.process.kill()
        while child.process.pid == first:
            supervisor.wait_for_a_change(at_most=5)
            supervisor.mend(time.monotonic())
        assert is_alive(child.process.pid)
    finally:
        supervisor.stop()


def test_pauses_grow_and_are_forgotten_after_a_healthy_while(tmp_path: Path) -> None:
    child = child_of(SLEEPER, tmp_path)
    child.started = 0.0
    assert [child.note_fall(now) for now in (1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0)] == [0.2, 1, 2, 5, 10, 30, 30]
    child.started = 100.0
    assert child.note_fall(161.0) == 0.2


def test_stopping_ends_even_who_does_not_listen(tmp_path: Path) -> None:
    supervisor, child = Supervisor(), child_of(DEAF, tmp_path)
    supervisor.start(child)
    wait_for("deaf", child)
    assert child.process is not None
    supervisor.stop(within=0.2)
    assert child.process.returncode == -signal.SIGKILL


def test_what_a_child_started_itself_ends_too(tmp_path: Path) -> None:
    supervisor, child = Supervisor(), child_of(PARENT, tmp_path)
    supervisor.start(child)
    grandchild = int(wait_for("\n", child))
    assert is_alive(grandchild)
    supervisor.stop()
    wait_until_gone(grandchild)
    assert not is_alive(grandchild)


def test_kill_9_of_the_supervisor_ends_its_children(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path / "log")], stdout=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    assert holder.stdout is not None
    child = int(holder.stdout.readline())
    assert is_alive(child)
    holder.kill()
    holder.wait()
    holder.stdout.close()
    wait_until_gone(child)


def test_the_last_words_of_a_process_are_told(tmp_path: Path) -> None:
    child = child_of("raise SystemExit('I cannot.')", tmp_path)
    child.start()
    assert child.process is not None
    child.process.wait()
    assert child.last_words() == "I cannot."


def test_a_lock_has_one_holder_and_ends_with_it(tmp_path: Path) -> None:
    first, second = Lock(tmp_path / "lock"), Lock(tmp_path / "lock")
    assert first.take()
    assert not second.take()
    first.release()
    assert second.take()
    second.release()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_the_watch(tmp_path: Path, number: signal.Signals) -> None:
    before = {each: signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
    supervisor = Supervisor()
    supervisor.listen_to_signals()
    try:
        supervisor.start(child_of(SLEEPER, tmp_path))
        os.kill(os.getpid(), number)
        supervisor.watch()
        assert supervisor.is_stopping
    finally:
        supervisor.stop()
        for each, handler in before.items():
            signal.signal(each, handler)
