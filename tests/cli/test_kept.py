"""Secrets that are made once."""

from pathlib import Path

import pytest

from renkei.cli.home import Secrets
from renkei.cli.kept import keep_once
from renkei.cli.refusal import RefusalError

NEEDED = "stored secrets need it"


def test_secrets_are_made_once_and_are_for_this_account_alone(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    first = keep_once(path, Secrets, Secrets.make, needed_for=NEEDED)
    assert keep_once(path, Secrets, Secrets.make, needed_for=NEEDED) == first
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_draft_of_a_start_that_was_killed_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "secrets.draft").write_text('{"secret_key"', encoding="utf-8")
    keep_once(tmp_path / "secrets.json", Secrets, Secrets.make, needed_for=NEEDED)
    assert [path.name for path in tmp_path.iterdir()] == ["secrets.json"]


@pytest.mark.parametrize("damage", [b"", b"{", b"[1]", b'"x"', b'{"secret_key": "a"}', b'{"other": 1}', b"\xff\xfe"])
def test_a_damaged_file_is_refused_and_left_as_it_is(tmp_path: Path, damage: bytes) -> None:
    """New secrets would make everything stored under the old ones unreadable."""
    path = tmp_path / "secrets.json"
    path.write_bytes(damage)
    with pytest.raises(RefusalError, match="is damaged: restore it from a backup, stored secrets need it"):
        keep_once(path, Secrets, Secrets.make, needed_for=NEEDED)
    assert path.read_bytes() == damage
