"""Child processes that end with their parent, and a lock that ends with its holder."""

import ctypes
import fcntl
import os
import signal
from collections.abc import Callable
from pathlib import Path

from renkei.cli.refusal import because_of

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def dies_with_parent(by: signal.Signals) -> Callable[[], None]:
    """What a child does before its program starts: ask the kernel for `by` when the parent is gone, even by kill -9.

    Linux clears the wish when the user changes; subprocess calls this after it has changed the user.
    """
    parent = os.getpid()

    def arm() -> None:
        _libc.prctl(_PR_SET_PDEATHSIG, by, 0, 0, 0)
        if os.getppid() != parent:  # it died between fork and here
            os.kill(os.getpid(), by)

    return arm


def is_alive(pid: int) -> bool:
    """Whether a process of this number runs (a zombie does not)."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


class Lock:
    """One holder at a time for a folder; the kernel lets go when the holder ends, however it ends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle: int | None = None

    def take(self) -> bool:
        """Try once; False when another process holds it, True at once when we do."""
        if self.is_held:
            return True
        try:
            handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise because_of(error, self._path.parent) from None
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return False
        if not self._is_in_its_place(handle):  # its last holder took the file away between our two steps
            os.close(handle)
            return self.take()
        self._handle = handle
        return True

    @property
    def is_held(self) -> bool:
        """Whether it is ours."""
        return self._handle is not None

    def _is_in_its_place(self, handle: int) -> bool:
        try:
            return os.path.samestat(os.fstat(handle), self._path.stat())
        except FileNotFoundError:
            return False

    def release(self) -> None:
        """Let the next one in; harmless when not held."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
