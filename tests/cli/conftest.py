"""Folders that the database's own user can reach (pytest's are closed to it), and a look at what still runs."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A short folder under /tmp that others may pass through."""
    folder = Path(tempfile.mkdtemp(prefix="rk-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def processes_of(folder: Path) -> list[int]:
    """The processes that name `folder` in their command line or environment."""
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                said = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
            except OSError:
                continue
            if str(folder).encode() in said:
                found.append(int(process.name))
    return found
