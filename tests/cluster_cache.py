"""A migrated PostgreSQL cluster kept in .cache/ between runs: migrating takes seconds, copying a tenth of one."""

import hashlib
import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_CACHE = ROOT / ".cache" / "test-database"
_SOURCES = ("src/renkei/migrations", "src/renkei/models")
_FILES = (
    "src/renkei/permissions.py",
    "src/renkei/settings.py",
    "requirements/run.txt",
    "tests/postgres_keeper.py",
    "src/renkei/cli/database.py",
    "src/renkei/cli/postgres.py",
)


def bring_passwords(folder: Path) -> None:
    """The cached cluster's passwords, or none: then new ones are made there."""
    if (_CACHE / "database.json").exists():
        shutil.copy2(_CACHE / "database.json", folder / "database.json")


def bring(folder: Path) -> bool:
    """Copy the cluster these sources make into `folder`; False when it is not kept."""
    kept = _CACHE / _key()
    if not kept.exists() or (_CACHE / "database.json").read_bytes() != (folder / "database.json").read_bytes():
        return False
    shutil.copytree(kept, folder / "data", symlinks=True)
    return True


def keep(folder: Path) -> None:
    """Keep the stopped cluster of `folder`, in place of older ones. A cache that cannot be written is no failure."""
    try:
        shutil.rmtree(_CACHE, ignore_errors=True)
        _CACHE.mkdir(parents=True)
        shutil.copy2(folder / "database.json", _CACHE / "database.json")
        shutil.copytree(folder / "data", _CACHE / "draft", symlinks=True)
        (_CACHE / "draft").rename(_CACHE / _key())
    except OSError:
        shutil.rmtree(_CACHE, ignore_errors=True)


def _key() -> str:
    files = [ROOT / name for name in _FILES]
    files += [path for source in _SOURCES for path in (ROOT / source).rglob("*.py")]
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(str(path.relative_to(ROOT)).encode() + path.read_bytes())
    return digest.hexdigest()[:16]
