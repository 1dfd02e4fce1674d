"""An installation's folder: its secrets, what has been prepared in it, its logs, and the lock on it."""

import base64
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

    def open(self) -> None:
        """Make the folder where needed and take hold of it; raises RefusalError with one sentence."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.logs.mkdir(exist_ok=True, mode=0o700)
            (self.folder / "static").mkdir(exist_ok=True)
        except OSError as error:
            raise because_of(error, self.folder) from None
        if not self._lock.take():
            raise RefusalError(
                f"Renkei is already running on {self.folder}: stop it first, or choose another folder with --data."
            )
        kept = self.prepared.get("mode", self.mode)
        if kept != self.mode:
            kinds = {"demo": "the demonstration", "empty": "a real installation"}
            self.close()
            raise RefusalError(
                f"{self.folder} holds {kinds.get(kept, kept)}, not {kinds[self.mode]}: choose another with --data."
            )
        self.remember(mode=self.mode)

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
