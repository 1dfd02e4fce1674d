"""``renkei doctor``: looks at this machine and installation, one line each; exit code 1 when something is wrong."""

import argparse
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg

from renkei import clock
from renkei.cli.certificates import Pair, fault_of
from renkei.cli.database import check_reachable, named_by
from renkei.cli.home import default_folder
from renkei.cli.needs import TREE, installed_asterisk, missing_packages, missing_python_packages
from renkei.cli.postgres import Postgres
from renkei.cli.postgres_files import is_passable
from renkei.cli.process import Lock
from renkei.cli.refusal import RefusalError
from renkei.domain.asterisk_versions import OLDEST, Holed, TooOld, judge_asterisk
from renkei.queries.settings.voice import has_voice

_ROOM = 2_000_000_000  # bytes that should be free
_CONNECTED = (
    "SELECT name, system FROM renkei_worker WHERE lease_until > clock_timestamp() AND system <> '' ORDER BY name"
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at; `advice` is empty when it is well, and a hint only where it is not `serious`."""

    what: str
    advice: str = ""
    serious: bool = True


def main(argv: list[str]) -> int:
    """Print every finding."""
    parser = argparse.ArgumentParser(prog="renkei doctor")
    parser.add_argument("--data", type=Path, help="the installation's folder")
    options = parser.parse_args(argv)
    given = options.data or os.environ.get("RENKEI_DATA_DIR")
    folders = [Path(given)] if given else [default_folder("demo"), default_folder("empty")]
    findings = [*_machine(), *(finding for folder in folders for finding in _installation(folder.absolute()))]
    for finding in findings:
        mark = "ok     " if not finding.advice else "WRONG  " if finding.serious else "hint   "
        print(f"{mark}{finding.what}{': ' + finding.advice if finding.advice else ''}")
    return 1 if any(finding.advice and finding.serious for finding in findings) else 0


def find_in_asterisk(said: str) -> Finding:
    """What there is to say of the machine's own Asterisk, by what it calls itself. Open to attack is serious."""
    match judge_asterisk(said):
        case TooOld(version):
            advice = f"Renkei needs Asterisk {OLDEST} or newer for real calls"
            return Finding(f"Asterisk {version}", advice, serious=False)
        case Holed(version, fixed, advisory):
            return Finding(f"Asterisk {version}", f"open to attack ({advisory}); install {fixed} or newer")
        case None:
            return Finding(said.strip())


def find_connected(url: str) -> Iterator[Finding]:
    """What there is to say of the Asterisks that this database's calls workers are connected to."""
    try:
        with psycopg.connect(url, connect_timeout=5) as connection:
            systems = connection.execute(_CONNECTED).fetchall()
    except psycopg.Error:
        return  # an empty database has no such table, and a database that cannot be reached was named already
    for worker, said in systems:
        finding = find_in_asterisk(said)
        yield replace(finding, what=f"{finding.what}, which {worker} is connected to")


def _machine() -> Iterator[Finding]:
    yield Finding(f"Python {sys.version.split()[0]}")
    url = os.environ.get("RENKEI_DATABASE_URL") or os.environ.get("DATABASE_URL")
    if url:
        refusal = _refused(url)
        yield Finding(f"the database of {named_by(url)}", refusal)
        if not refusal:
            yield from find_connected(url)
    said = installed_asterisk()
    if said:
        yield find_in_asterisk(said)
    elif not TREE.exists():
        yield Finding("Asterisk", "none here; the simulated line works without one", serious=False)
    if os.environ.get("RENKEI_LINE") == "asterisk" and not has_voice():
        yield Finding("the voice", "not installed, so guidance without a file is silent; “./renkei run” installs it")
    yield Finding("what the tests need", _missing_for_the_tests(), serious=False)


def _missing_for_the_tests() -> str:
    packages, libraries = missing_packages(), missing_python_packages()
    first = ", ".join(libraries[:3]) + (" …" if len(libraries) > 3 else "")
    missing = [f"{len(libraries)} Python packages ({first})"] if libraries else []
    missing += [f"Debian's {', '.join(packages)}"] if packages else []
    return f"{' and '.join(missing)} are not here; “./renkei test” gets them" if missing else ""


def _refused(url: str) -> str:
    try:
        check_reachable(url)
    except RefusalError as refusal:
        return str(refusal)
    return ""


def _installation(folder: Path) -> Iterator[Finding]:
    if not folder.exists():
        yield Finding(f"{folder}", "nothing installed there yet", serious=False)
        return
    yield Finding(f"{folder} can be written", "" if os.access(folder, os.W_OK) else "this account may not write to it")
    free = shutil.disk_usage(folder).free
    yield Finding(f"{free / 1e9:.1f} GB free at {folder}", "" if free > _ROOM else "keep at least 2 GB free")
    if os.geteuid() == 0:
        advice = "" if is_passable(folder) else "a folder above it is closed; the database's user cannot get there"
        yield Finding(f"{folder} can be reached by the database's user", advice)
    for name in ("secrets.json", "postgres/database.json", "tls/server.key", "tls/authority.key"):
        path = folder / name
        if path.exists():
            mode = path.stat().st_mode & 0o777
            yield Finding(f"{path} is closed to others", "" if mode == 0o600 else f"chmod 600 {path}")
    certificate, key = folder / "tls" / "server.crt", folder / "tls" / "server.key"
    if certificate.exists() and key.exists():
        pair = Pair(certificate.read_bytes(), key.read_bytes())
        yield Finding(f"{certificate}", fault_of(pair, clock.now()) or "")
    is_running = _is_held(folder / "instance.lock")
    yield Finding(f"Renkei on {folder} is {'running' if is_running else 'not running'}")
    if is_running and (folder / "postgres" / "database.json").exists() and os.access(folder, os.W_OK):
        yield from find_connected(Postgres(folder / "postgres").app_url)


def _is_held(path: Path) -> bool:
    """Whether somebody holds the lock; looking makes no file."""
    if not path.exists():
        return False
    lock = Lock(path)
    is_free = lock.take()
    lock.release()
    return not is_free
