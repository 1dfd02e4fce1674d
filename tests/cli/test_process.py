"""The lock on a folder, when its file comes and goes."""

import fcntl
from pathlib import Path

import pytest

from renkei.cli.process import Lock


def test_a_lock_whose_file_was_taken_away_meanwhile_is_no_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A refused start takes its file away: who had opened it by then must not hold what nobody else can see."""
    path = tmp_path / "lock"
    flock = fcntl.flock
    taken_away: list[bool] = []

    def flock_late(handle: int, how: int) -> None:
        if not taken_away:
            path.unlink()
            taken_away.append(True)
        flock(handle, how)

    monkeypatch.setattr(fcntl, "flock", flock_late)
    first, second = Lock(path), Lock(path)
    assert first.take()
    assert path.exists()
    assert not second.take()
    first.release()
    assert second.take()
    second.release()
