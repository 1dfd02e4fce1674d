"""Reads on in Asterisk's own record of calls (cdr_custom), across its rotation."""

from pathlib import Path

from renkei.domain.past_calls import read_past_calls
from renkei.telephony.port import PastCalls

_NAME_BYTES = 64
_MOST_BYTES = 4 * 2**20
"""What is read at once; the rest follows the next time."""


def read_on(path: Path, bookmark: str) -> PastCalls:
    """Read what was written behind ``bookmark``. Raises OSError, but for a file that is not there yet.

    A bookmark names its file by how that begins, so a file that was renamed is found again, and one that was begun anew
    is read from its start. The first time, with no bookmark, nothing is read: what was before us is not our history.
    """
    if not bookmark:
        return PastCalls((), _bookmark(_name(path), _size(path)))
    place, _, name = bookmark.partition(" ")
    at, files = int(place), [path]
    if name != _name(path) or at > _size(path):
        older = _find(path, name) if name else None
        files = [older, path] if older is not None else [path]
        at = at if older is not None else 0
    for file in files:
        read = _read(file, at)
        if read.calls or read.unreadable or read.has_more or file is files[-1]:
            return read
        at = 0
    raise AssertionError("unreachable")


def _read(path: Path, at: int) -> PastCalls:
    try:
        with path.open("rb") as file:
            file.seek(at)
            written = file.read(_MOST_BYTES)
            has_more = bool(file.read(1))
    except FileNotFoundError:
        return PastCalls((), _bookmark("", 0))
    reading = read_past_calls(written)
    if has_more and reading.done == 0:
        # Larger than any record can be: no record at all.
        return PastCalls((), _bookmark(_name(path), at + len(written)), 1, True)
    return PastCalls(reading.calls, _bookmark(_name(path), at + reading.done), reading.unreadable, has_more)


def _find(path: Path, name: str) -> Path | None:
    """The file that was begun with ``name`` and is called otherwise by now."""
    others = (other for other in path.parent.glob(f"{path.name}?*") if other.is_file())
    return next((other for other in others if _name(other) == name), None)


def _name(path: Path) -> str:
    """How a file begins: its first call's id; empty for one that is empty or not there."""
    try:
        with path.open("rb") as file:
            return file.read(_NAME_BYTES).partition(b",")[0].hex()
    except FileNotFoundError:
        return ""


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _bookmark(name: str, at: int) -> str:
    return f"{at} {name}"
