"""``renkei backup``: the database and the secrets that belong to it, in one folder, while Renkei runs or not.

For the database of our own, with the tools of its own version: the distribution's are usually older than the server.
"""

import argparse
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

from renkei import __version__
from renkei.cli.home import Home, default_folder
from renkei.cli.postgres import Postgres
from renkei.cli.postgres_files import Servant, binaries_for
from renkei.cli.process import Lock
from renkei.cli.refusal import RefusalError, because_of, tells_full_disk

DUMP, SECRETS, ABOUT = "renkei.dump", "secrets.json", "backup.json"


def main(argv: list[str]) -> int:
    """Write the folder, complete or not at all; returns the exit code."""
    parser = argparse.ArgumentParser(prog="renkei backup", description="Back this installation up.")
    parser.add_argument("to", type=Path, help="the folder to make")
    parser.add_argument("--data", type=Path, help="the installation's folder")
    options = parser.parse_args(argv)
    data = (options.data or Path(os.environ.get("RENKEI_DATA_DIR") or default_folder("empty"))).absolute()
    to = options.to.absolute()
    if not (data / "postgres" / "data").exists():
        raise RefusalError(
            f"There is no database of our own in {data}: name the installation's folder with --data. Back a database "
            "of your own up with its own pg_dump, and keep secrets.json with it."
        )
    if to.exists():
        raise RefusalError(f"{to} is there already: choose another folder for the backup.")
    draft = to.with_name(f".{to.name}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    try:
        draft.mkdir(parents=True, mode=0o700)
        _write(data, draft)
        draft.rename(to)
    except OSError as error:
        raise because_of(error, to) from None
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    print(f"The backup is in {to}: keep it where nobody else reads. “./renkei restore {to}” brings it back.")
    return 0


def _write(data: Path, draft: Path) -> None:
    with _reachable(data) as server:
        run_tool(server, "pg_dump", "--format=custom", f"--file={draft / DUMP}")
    for path in (draft / DUMP, Path(shutil.copy(data / SECRETS, draft / SECRETS))):
        path.chmod(0o600)
    about = {"mode": Home(data, "").prepared.get("mode", "empty"), "version": __version__}
    (draft / ABOUT).write_text(json.dumps(about), encoding="utf-8")


@contextmanager
def _reachable(data: Path) -> Iterator[Postgres]:
    """The database's server: the one of a running Renkei, else started for as long as we need it."""
    server = Postgres(data / "postgres")
    lock = Lock(data / "instance.lock")
    if not lock.take():
        yield server
        return
    try:
        with server:
            yield server
    finally:
        lock.release()


def run_tool(server: Postgres, program: str, *arguments: str) -> None:
    """One of PostgreSQL's programs on `server`, as the owner of its tables; raises RefusalError with its last words."""
    there = conninfo_to_dict(server.owner_url)
    environment = {  # a command line is seen by everybody
        **os.environ, "PGHOST": str(there["host"]), "PGUSER": str(there["user"]),
        "PGPASSWORD": str(there["password"]), "PGDATABASE": str(there["dbname"]),
    }  # fmt: skip
    binaries = binaries_for(Servant(None, None), server.folder)
    done = subprocess.run(
        [binaries / "bin" / program, *arguments], env=environment, stdin=subprocess.DEVNULL, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        if tells_full_disk(done.stderr):
            raise RefusalError("The disk is full: free some space there, then start again.")
        raise RefusalError(f"{program} failed: {last}")
