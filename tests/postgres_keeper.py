"""Keeps the tests' PostgreSQL running until the test run's first process has gone, by whatever end.

Run as ``python -m tests.postgres_keeper RUN PID``: says ready by a file, waits for PID, takes the folder away.
"""

import os
import select
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psycopg

from renkei.cli.database import grant_rights
from renkei.cli.postgres import APP, FAST_AND_FORGETFUL, OWNER, Postgres
from tests import cluster_cache
from tests.environment import TEMPLATE


def keep(run: Path, pid: int) -> None:
    """Start, migrate the template, tell it is ready, and stay until process `pid` is gone."""
    gone = os.pidfd_open(pid)
    server = Postgres(run / "pg", settings=FAST_AND_FORGETFUL)
    try:
        if not cluster_cache.bring(run / "pg"):
            with server:
                make_template(server)
            cluster_cache.keep(run / "pg")
        with server:
            (run / "ready").touch()
            select.select([gone], [], [])
    finally:
        shutil.rmtree(run, ignore_errors=True)


def make_template(server: Postgres) -> None:
    """A migrated database that each worker's own is copied from."""
    with psycopg.connect(server.url("postgres", "postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {TEMPLATE} OWNER {OWNER}")
    owner = server.url(OWNER, TEMPLATE)
    environment = {**os.environ, "RENKEI_DATABASE_URL": owner, "RENKEI_OWNER_DATABASE_URL": owner}
    migrated = subprocess.run(
        [sys.executable, "-m", "django", "migrate", "--verbosity", "0"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if migrated.returncode != 0:
        raise RuntimeError(f"The migrations failed:\n{migrated.stderr}")
    grant_rights(owner, APP)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is meant for pytest; its end is ours
    keep(Path(sys.argv[1]), int(sys.argv[2]))
