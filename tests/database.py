"""This worker's database: copied from the migrated template, and copied anew after a test that committed."""

import fcntl
import os
import subprocess
import sys
import time

import psycopg
from psycopg import sql

from renkei.cli.postgres import OWNER
from tests.environment import DATABASE, RUN, TEMPLATE, server

_keepers: list[subprocess.Popen[bytes]] = []
"""Held so that nobody takes their outliving us for a forgotten child."""


def start_server_once() -> None:
    """The first of all workers to come here starts the keeper; everyone waits until it is ready."""
    with (RUN / "starting").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        if (RUN / "ready").exists():
            return
        (RUN / "started").touch()
        first = int(os.environ["RENKEI_TEST_PID"])
        with (RUN / "keeper.log").open("wb") as log:
            keeper = subprocess.Popen(
                [sys.executable, "-m", "tests.postgres_keeper", str(RUN), str(first)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            )  # fmt: skip
        _keepers.append(keeper)
        deadline = time.monotonic() + 180  # migrating the template takes its time on a machine that is busy otherwise
        while not (RUN / "ready").exists():
            if keeper.poll() is not None or time.monotonic() > deadline:
                said = (RUN / "keeper.log").read_text() if RUN.exists() else "see above"
                raise RuntimeError(f"The tests' PostgreSQL did not start:\n{said}")
            time.sleep(0.02)


def renew_database() -> None:
    """The worker's database as the migrations left it, whatever was in it before."""
    name = sql.Identifier(DATABASE)
    make = sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {} STRATEGY file_copy")
    with psycopg.connect(server.url("postgres", "postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
        connection.execute(make.format(name, sql.Identifier(OWNER), sql.Identifier(TEMPLATE)))


def let_go_of_connections() -> None:
    """Close Django's own connections and pools."""
    from django.db import connections

    for connection in connections.all(initialized_only=True):
        connection.close()
        close_pool = getattr(connection, "close_pool", None)
        if close_pool is not None:
            close_pool()
