"""``renkei run`` on a disk that is really full: a small file system of our own, in a mount name space of our own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from renkei.cli.refusal import tells_full_disk
from tests.cli.test_run import environment_for

pytestmark = pytest.mark.timeout(180)

AS_OURSELVES = ["--user", "--map-current-user", "--keep-caps"]
"""How somebody who is not root may mount: in a name space of users, as who they are."""
PLACE = 'mount -t tmpfs -o "size=$1,mode=755" tmpfs "$2" && shift 2 && exec "$@"'


def run_on_a_disk_of(size: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    """``renkei run --empty`` with its data on a fresh file system of this size."""
    name_space = ["unshare", "--mount", *([] if os.geteuid() == 0 else AS_OURSELVES)]
    if subprocess.run([*name_space, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("only root may mount a disk here (no user name spaces, as in a chroot)")
    command = [sys.executable, "-m", "renkei.cli", "run", "--empty", "--port", "0", "--data", f"{folder}/data"]
    return subprocess.run(
        [*name_space, "sh", "-c", PLACE, "sh", size, str(folder), *command],
        env=environment_for(folder), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=150, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    "size", ["16k", "20m", "46m"], ids=["at the first file", "while PostgreSQL is made", "while the tables are made"]
)
def test_a_full_disk_is_one_clear_sentence(size: str, open_folder: Path) -> None:
    """What happened and what to do, as the last line; no traceback, and no process goes on."""
    done = run_on_a_disk_of(size, open_folder)
    said = (done.stdout + done.stderr).splitlines()
    assert done.returncode == 1, said
    assert "full: free some space there, then start again." in said[-1], said
    assert said[-1].startswith("renkei: ")
    assert [line for line in said[:-1] if not line.startswith("Preparing the database")] == []


@pytest.mark.parametrize(
    ("said", "is_full"),
    [
        ('FATAL:  could not extend file "base/1/2691": No space left on device', True),
        (
            'FATAL:  could not extend file "base/1/2691": wrote only 4096 of 8192 bytes\nHINT:  Check free disk space.',
            True,
        ),
        ("FATAL:  could not create shared memory segment", False),
    ],
)
def test_a_full_disk_is_known_by_what_postgresql_says(said: str, is_full: bool) -> None:
    assert tells_full_disk(said) == is_full
