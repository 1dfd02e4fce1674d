"""Bringing an installation to the point where its processes may start: database, tables, rights, sample office."""

import hashlib
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

import renkei
from renkei.cli.database import check_reachable, grant_rights
from renkei.cli.home import Home
from renkei.cli.refusal import RefusalError, tells_full_disk
from renkei.cli.supervisor import renkei as renkei_command
from renkei.cli.supervisor import say

_PACKAGE = Path(renkei.__file__).parent


def prepare_database(home: Home, environment: Mapping[str, str]) -> None:
    """Migrate when this version's tables are not there yet; otherwise touch nothing (and start at once)."""
    app = environment["RENKEI_DATABASE_URL"]
    owner = environment.get("RENKEI_OWNER_DATABASE_URL") or app
    check_reachable(app)
    wanted = fingerprint(_PACKAGE / "migrations", _PACKAGE / "permissions.py", _PACKAGE / "models", said=owner)
    if home.prepared.get("migrated") == wanted:
        return
    check_reachable(owner)
    say("Preparing the database (this version's tables; once) …")
    _run_once("django", "migrate", "--verbosity", "0", environment={**environment, "RENKEI_DATABASE_URL": owner})
    if (role := role_of(app)) != role_of(owner):
        grant_rights(owner, role)
    home.remember(migrated=wanted)


def load_demonstration(home: Home, environment: Mapping[str, str]) -> None:
    """The sample office, once per database and version of it."""
    # The sample settings name the emulator's address, so a new port is a reason to look again.
    said = environment["RENKEI_DATABASE_URL"] + environment.get("RENKEI_EMULATOR_URL", "")
    wanted = fingerprint(_PACKAGE / "cli" / "demo", said=said)
    if home.prepared.get("demonstration") == wanted:
        return
    say("Loading the sample office (once) …")
    said = _run_once("demo", environment=environment)
    home.remember(demonstration=wanted)
    if said:
        say(said)


def make_first_sign_in(home: Home, environment: Mapping[str, str]) -> None:
    """Print the first administrator's one-time sign-in at every start until there is an administrator."""
    wanted = fingerprint(said=environment["RENKEI_DATABASE_URL"])
    if home.prepared.get("signed_in") == wanted:
        return
    said = _run_once("first-sign-in", environment=environment)
    if said:
        say(said)
    else:
        home.remember(signed_in=wanted)


def role_of(url: str) -> str:
    """The database role a libpq URL signs in with; ours when it names none."""
    return unquote(urlsplit(url).username or os.environ.get("PGUSER", ""))


def fingerprint(*paths: Path, said: str = "") -> str:
    """One short digest of files' contents and a word; tells whether something has to be done again."""
    whole = hashlib.sha256(said.encode())
    for path in paths:
        files = [path] if path.is_file() else sorted(path.rglob("*.py"))
        for file in files:
            whole.update(str(file.relative_to(_PACKAGE)).encode() + file.read_bytes())
    return whole.hexdigest()[:32]


def _run_once(*command: str, environment: Mapping[str, str]) -> str:
    """Run one of our commands to its end; returns what it printed, or raises RefusalError with its last line."""
    done = subprocess.run(
        renkei_command(*command), env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode == 0:
        return done.stdout.strip()
    lines = (done.stderr + done.stdout).strip().splitlines() or ["it said nothing"]
    if os.environ.get("RENKEI_DEBUG"):
        say(done.stderr)
    if any(tells_full_disk(line) for line in lines):
        raise RefusalError("The database's disk is full: free some space there, then start again.")
    raise RefusalError(f"“renkei {' '.join(command)}” failed: {lines[-1]} (RENKEI_DEBUG=1 shows all of it)")
