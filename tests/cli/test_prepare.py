"""What goes wrong while an installation is prepared is one sentence."""

import sys
from pathlib import Path

import pytest

from renkei.cli import prepare
from renkei.cli.home import Home
from renkei.cli.refusal import RefusalError


@pytest.mark.parametrize(
    ("says", "sentence"),
    [
        ("could not extend file: No space left on device\nHINT:  Check free disk space.", "disk is full"),
        ("could not extend file: wrote only 4096 of 8192 bytes\nHINT:  Check free disk space.", "disk is full"),
        ("Traceback …\nValueError: odd", r"^“renkei demo” failed: ValueError: odd \(RENKEI_DEBUG=1"),
        ("", "it said nothing"),
    ],
)
def test_a_step_that_fails_ends_with_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, says: str, sentence: str
) -> None:
    monkeypatch.setattr(prepare, "renkei_command", lambda *names: [sys.executable, "-c", f"raise SystemExit({says!r})"])
    with pytest.raises(RefusalError, match=sentence) as refused:
        prepare.load_demonstration(Home(tmp_path, "demo"), {"RENKEI_DATABASE_URL": "postgresql:///x"})
    assert "\n" not in str(refused.value)
    assert not (tmp_path / "prepared.json").exists()
