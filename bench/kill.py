"""``./renkei bench kill``: seeded kill points of the import on a database of its own; the aim is no violation."""

import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg

from bench.ground import Ground, ground
from renkei.cli.postgres import APP, DATABASE, OWNER

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Verdict:
    """How many points were run, how many broke something, and the first sentences of what was broken."""

    points: int
    broken: int
    found: tuple[str, ...]


def run_points(base: Ground, *, points: int, first: int = 0, seed: int = 1, plant: str = "") -> Verdict:
    """Run the harness in a process of its own, on a fresh copy of the ground's database; the server is restarted at
    once whenever it asks for it."""
    command = [sys.executable, "-m", "bench.kill_points", "--points", str(points), "--seed", str(seed)]
    command += ["--first", str(first)]
    command += ["--plant", plant, "--until-broken"] if plant else []
    found: list[str] = []
    with _harness(base, command, _copy_database(base)) as harness:
        assert harness.stdout is not None
        assert harness.stdin is not None
        for line in harness.stdout:
            told = json.loads(line)
            if told.get("please") == "restart":
                restart(base)
                harness.stdin.write("done\n")
                harness.stdin.flush()
            elif "found" in told:
                found.append(f"point {told['point']}: {'; '.join(told['found'])}")
            elif "broken" in told:
                return Verdict(told["points"], told["broken"], tuple(found[:5]))
    raise RuntimeError("the harness ended early: " + (base.folder / "kill.log").read_text()[-2_000:])


def restart(base: Ground) -> None:
    """An immediate restart: PostgreSQL is given no time to write anything down."""
    child = base.server.child
    assert child is not None
    child.send_signal(signal.SIGQUIT)
    child.wait(30)
    base.server.stop()
    base.server.start()


def _copy_database(base: Ground) -> str:
    """A wrong design changes the tables; nobody after it stands on them."""
    name = f"kill_{secrets.token_hex(4)}"
    with psycopg.connect(base.server.url("postgres", "postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} OWNER {OWNER} TEMPLATE {DATABASE} STRATEGY file_copy")
    return name


@contextlib.contextmanager
def _harness(base: Ground, command: list[str], database: str) -> Iterator["subprocess.Popen[str]"]:
    with (base.folder / "kill.log").open("w") as log:
        harness = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True,
            env={
                **base.environment, "RENKEI_MODE": "test",
                "RENKEI_DATABASE_URL": base.server.url(APP, database),
                "RENKEI_OWNER_DATABASE_URL": base.server.url(OWNER, database),
            },
            cwd=ROOT,
            start_new_session=True,
        )  # fmt: skip
    try:
        yield harness
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(harness.pid, signal.SIGKILL)  # its workers too, those that stand still as well
        harness.communicate()  # closes the pipes too


def main(argv: list[str]) -> int:
    """``--points`` (2 000 by default) and ``--seed``; exit status 1 when anything was broken."""
    import argparse

    parser = argparse.ArgumentParser(prog="renkei bench kill")
    parser.add_argument("--points", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(argv)
    with ground() as base:
        verdict = run_points(base, points=options.points, seed=options.seed)
    sys.stdout.write(f"{verdict.points} kill points, {verdict.broken} with a violation\n")
    for each in verdict.found:
        sys.stdout.write(f"  {each}\n")
    return 1 if verdict.broken else 0
