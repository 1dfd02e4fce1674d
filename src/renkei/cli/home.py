"""An installation's folder: its secrets, what has been prepared in it, its logs, and the lock on it."""

import base64
import contextlib
import json
import os
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

from renkei.cli.kept import keep_once
from renkei.cli.process import Lock
from renkei.cli.refusal import RefusalError, because_of

_LOG_LIMIT = 20_000_000  # bytes a log may have before the next start puts it aside


@dataclass(frozen=True, slots=True)
class Secrets:
    """What signs cookies and what encrypts fields; without them sessions end and stored secrets are unreadable."""

    secret_key: str
    field_keys: str

    @classmethod
    def make(cls) -> "Secrets":
        """New ones."""
        return cls(secrets.token_urlsafe(50), base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())


def default_folder(mode: str) -> Path:
    """Where an installation lives when nobody says; the demonstration and a real one never share."""
    if os.geteuid() == 0:
        base = Path("/var/lib/renkei")
    else:
        base = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "renkei"
    return base / ("demonstration" if mode == "demo" else "office")


class Home:
    """The folder of one installation, held by one process at a time from `open` to `close`."""

    def __init__(self, folder: Path, mode: str) -> None:
        self.folder = folder.absolute()
        self.mode = mode
        self._lock = Lock(self.folder / "instance.lock")
        self._made: list[Path] = []
        """The folders that were missing when we came, the outermost first."""
        self._found: set[str] | None = None
        """What was in the folder when we came; None until it is ours."""

    def open(self) -> None:
        """Make the folder where needed and take hold of it; raises RefusalError with one sentence."""
        lock_was_there = (self.folder / "instance.lock").exists()
        try:
            self._make_folder()
            if not self._lock.take():
                raise RefusalError(
                    f"Renkei is already running on {self.folder}: stop it first, or choose another folder with --data."
                )
            found = {entry.name for entry in self.folder.iterdir()}
            self._found = found if lock_was_there else found - {"instance.lock"}
            self._refuse_another_mode()
            self.logs.mkdir(exist_ok=True, mode=0o700)
            (self.folder / "static").mkdir(exist_ok=True)
            self.remember(mode=self.mode)
        except OSError as error:
            self.leave_as_found()
            raise because_of(error, self.folder) from None
        except RefusalError:
            self.leave_as_found()
            raise

    def _make_folder(self) -> None:
        missing = [path for path in (self.folder, *self.folder.parents) if not path.exists()]
        for path in reversed(missing):
            path.mkdir(exist_ok=True)
            self._made.append(path)
        self.folder.mkdir(exist_ok=True)  # says so where a file is in the way

    def _refuse_another_mode(self) -> None:
        kept = self.prepared.get("mode", self.mode)
        if kept != self.mode:
            kinds = {"demo": "the demonstration", "empty": "a real installation"}
            raise RefusalError(
                f"{self.folder} holds {kinds.get(kept, kept)}, not {kinds[self.mode]}: choose another with --data."
            )

    def leave_as_found(self) -> None:
        """Take away what a refused start has made, and let the next one in.

        Nothing goes once there are tables that need these secrets, and nothing of a start that left a log to read.
        """
        if self._found is not None and "migrated" not in self.prepared:
            ours = [entry for entry in self.folder.iterdir() if entry.name not in self._found]
            if not any(_says_something(entry) for entry in ours):
                for entry in ours:
                    _take_away(entry)
        for folder in reversed(self._made):
            with contextlib.suppress(OSError):  # not empty: it stays
                folder.rmdir()
        self.close()

    def close(self) -> None:
        """Let the next one in."""
        self._lock.release()

    @property
    def logs(self) -> Path:
        """The folder of the processes' logs."""
        return self.folder / "log"

    def log_of(self, name: str) -> Path:
        """The log of one process; a long one is put aside first, the one before that is dropped."""
        path = self.logs / f"{name}.log"
        if path.exists() and path.stat().st_size > _LOG_LIMIT:
            shutil.move(path, path.with_suffix(".log.1"))
        return path

    # -- what has been done here -------------------------------------------------------------------

    @property
    def prepared(self) -> dict[str, str]:
        """What `remember` was told, over restarts."""
        try:
            return dict(json.loads((self.folder / "prepared.json").read_text(encoding="utf-8")))
        except (OSError, ValueError):
            return {}

    def remember(self, **facts: str) -> None:
        """Keep facts over restarts, whole or not at all."""
        known = self.prepared
        if known == {**known, **facts}:
            return
        draft = self.folder / "prepared.draft"
        try:
            draft.write_text(json.dumps({**known, **facts}, indent=1), encoding="utf-8")
            draft.replace(self.folder / "prepared.json")
        except OSError as error:
            raise because_of(error, self.folder) from None

    # -- secrets -------------------------------------------------------------------------------------

    def secrets(self) -> Secrets:
        """The installation's secrets; made at the first call, readable for this account alone."""
        return keep_once(self.folder / "secrets.json", Secrets, Secrets.make, needed_for="stored secrets need it")


def _says_something(entry: Path) -> bool:
    return any(log.stat().st_size for log in ([entry] if entry.is_file() else entry.rglob("*")) if log.suffix == ".log")


def _take_away(entry: Path) -> None:
    if entry.is_dir() and not entry.is_symlink():
        shutil.rmtree(entry, ignore_errors=True)
    else:
        entry.unlink(missing_ok=True)
