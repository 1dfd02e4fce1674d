"""The kill harness of the import: a warm process that forks workers and kills or freezes them at a chosen statement.

Run by bench/kill.py in a process of its own, on a database of its own. One *point* is: an emptied database, a chat
system with late, edited, repeated, shuffled, open and poisoned chats, one to three jobs processes, pushes and a
person's retry that die or freeze at the nth statement or commit; then one process that is left alone. Afterwards
everything is held against the oracle (tests/actions/imports/oracle.py). ``--plant`` puts a wrong design in, which must
be found.
"""

import argparse
import contextlib
import ctypes
import gc
import hashlib
import importlib
import json
import os
import random
import signal
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import django
import psycopg
from django.conf import settings

from bench.kill_blows import Striking, hook
from bench.kill_plants import PLANTS, STRICT_CURSOR, plant_design
from bench.kill_workers import Told, furnish, push, retry, run_services
from bench.kill_world import (
    AT,
    IMPORT_STATEMENTS,
    OLD,
    PUSH_STATEMENTS,
    REFUSED,
    RETRY_STATEMENTS,
    Blow,
    World,
    draw_blow,
    make_world,
)

PATIENCE_SECONDS = 240.0
"""Of a phase or a recovery, which take a second where nobody else is on the machine."""
_RESULTS = (
    "inboxitem", "outboxevent", "interaction", "interactionmessage", "interactionrevision", "case", "customer",
    "snscustomer", "chattombstone",
)  # fmt: skip
_TABLES = (*_RESULTS, "importrun", "reconciliation", "snscustomerevent", "customerevent", "chatdelivery")
_POISON = """
CREATE TABLE harness_poison (external_id text);
GRANT SELECT ON harness_poison TO PUBLIC;
CREATE FUNCTION harness_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF EXISTS (SELECT FROM harness_poison WHERE external_id = NEW.external_id) THEN
        RAISE EXCEPTION 'poison' USING ERRCODE = 'data_exception';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER harness_refuse BEFORE INSERT ON renkei_interaction FOR EACH ROW EXECUTE FUNCTION harness_refuse();
"""


class Owner:
    """The harness's own connection, as the tables' owner; it comes back after a restart."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: psycopg.Connection[Any] | None = None

    def ask(self, statement: str) -> list[tuple[Any, ...]]:
        """Run one statement; its rows."""
        deadline = time.monotonic() + 30
        while True:
            try:
                if self._connection is None:
                    self._connection = psycopg.connect(self._url, autocommit=True)
                done = self._connection.execute(statement)
                return done.fetchall() if done.description else []
            except psycopg.OperationalError:
                self._connection = None
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)


class Harness:
    """Runs points on the database of the environment."""

    def __init__(self, plant: str, owner: Owner, told: Told, restart: Callable[[], None]) -> None:
        self._owner, self._told, self._restart = owner, told, restart
        self._broken: list[str] = []
        self._stored: set[str] = set()
        self._begin(plant)

    def _begin(self, plant: str) -> None:
        """Make the chat setting and the person who retries; Django's connections are closed before anybody forks."""
        from django.db import connections

        from renkei.actions.services.snapshot import take_snapshot
        from renkei.models import ImportService
        from renkei.permissions import ADMINISTRATOR
        from tests.actions.imports.source import make_importing
        from tests.sample_centre import make_person

        importing = make_importing("破壊試験")
        self._setting = int(importing.setting.pk)
        self._people = (importing.default_agent.pk, {"A-1": importing.other_agent.pk})
        self._person = make_person(ADMINISTRATOR)
        if plant == STRICT_CURSOR:
            importing.setting.overlap_minutes = 0
            importing.setting.save()
        ImportService.objects.update(snapshot=take_snapshot(importing.setting))
        connections.close_all()
        self._owner.ask(_POISON)

    def run(self, point: int, seed: int) -> list[str]:
        """One point; what was broken in it."""
        chance = random.Random(f"{seed}:{point}")
        self._broken, self._stored = [], set()
        self._clear()
        world = make_world(chance)
        for is_late in (False, True):
            self._phase(chance, world, is_late, restarts=is_late and point % 20 == 19)
        if not self._broken:
            self._recover(world)
        return self._broken

    # ── one phase ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _phase(self, chance: random.Random, world: World, is_late: bool, *, restarts: bool) -> None:
        began = self._ask_run(is_night=chance.random() < 0.4)
        draw = partial(draw_blow, chance)
        workers = [
            self._fork_services(world, is_late, draw(IMPORT_STATEMENTS, may_freeze=True), is_moody=True)
            for _ in range(chance.choices((1, 2, 3), weights=(5, 3, 2))[0])
        ]
        others = []
        if is_late:
            others = [
                self._fork(partial(push, self._setting, chat, self._told), draw(PUSH_STATEMENTS))
                for chat in world.pushed
            ]
            if chance.random() < 0.5:
                others.append(self._fork(partial(retry, self._setting, self._person), draw(RETRY_STATEMENTS)))
        if restarts:
            self._restart()
        frozen = self._wait(workers, others, began)
        if frozen:
            self._thaw(frozen, world, is_late)
        if lost := self._stored - {key for (key,) in self._owner.ask("SELECT external_id FROM renkei_inboxitem")}:
            self._broken.append(f"acknowledged and not stored: {sorted(lost)}")

    def _thaw(self, frozen: list[int], world: World, is_late: bool) -> None:
        """Somebody else takes over; then the frozen go on, and must change nothing."""
        began = self._ask_run(is_night=False)
        self._wait([self._fork_services(world, is_late, None)], [], began)
        before = self._digest(("importrun", "reconciliation", *_RESULTS), is_service=True)
        for pid in frozen:
            os.kill(pid, signal.SIGCONT)
        self._wait([], frozen, began)
        if self._digest(("importrun", "reconciliation", *_RESULTS), is_service=True) != before:
            self._broken.append("a worker without a lease has changed rows")

    def _recover(self, world: World) -> None:
        """Leave one process alone, cure what can be cured, and hold everything against the oracle."""
        worker = self._fork_services(world, True, None)
        for _ in range(2):  # the first may go on with a listing that was begun early
            self._settle(self._ask_run(is_night=False), worker)
        self._judge(world, refused=frozenset({REFUSED}), but=frozenset({OLD}))
        self._owner.ask("TRUNCATE harness_poison")
        self._wait([], [self._fork(partial(retry, self._setting, self._person), None)], "")
        self._settle(self._ask_run(is_night=True), worker)
        self._judge(world)
        before = self._digest(_RESULTS)
        self._settle(self._ask_run(is_night=False), worker)
        if self._digest(_RESULTS) != before:
            self._broken.append("another run over an unchanged source changed rows")
        self._end([worker])

    # ── children ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _fork_services(self, world: World, is_late: bool, blow: Blow | None, *, is_moody: bool = False) -> int:
        striking = Striking(blow)
        return self._fork(partial(run_services, world, is_late, striking, is_moody=is_moody), blow, striking)

    def _fork(self, work: Callable[[], int], blow: Blow | None, striking: Striking | None = None) -> int:
        pid = os.fork()
        if pid:
            return pid
        code = 1
        _die_with_parent()
        try:
            hook(striking or Striking(blow))
            code = work()
        except BaseException:
            traceback.print_exc()
        os._exit(code)

    def _wait(self, workers: list[int], others: list[int], began: str) -> list[int]:
        """Wait until all have ended or stand still; services that have nothing left to do are told to end. The pids of
        those that stand still."""
        frozen, alive, has_told = [], {*workers, *others}, False
        deadline = time.monotonic() + PATIENCE_SECONDS
        while alive:
            for pid in list(alive):
                ended, status = os.waitpid(pid, os.WNOHANG | os.WUNTRACED)
                if not ended:
                    continue
                alive.discard(pid)
                if os.WIFSTOPPED(status):
                    frozen.append(pid)
                else:
                    self._note_end(status, was_told=has_told)
            if alive and not has_told and alive <= set(workers) and self._is_settled(began):
                has_told = True
                for pid in alive:
                    os.kill(pid, signal.SIGTERM)
            if time.monotonic() > deadline:
                self._give_up(alive)
                break
            time.sleep(0.004)
        self._hear()
        return frozen

    def _note_end(self, status: int, *, was_told: bool) -> None:
        code = os.waitstatus_to_exitcode(status)
        # Who is told to end before it is ready to hear it, ends of it.
        if code not in {0, -signal.SIGKILL} and not (was_told and code == -signal.SIGTERM):
            self._broken.append(f"a process ended with {code}")

    def _settle(self, began: str, worker: int) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self._is_settled(began):
            if time.monotonic() > deadline or os.waitpid(worker, os.WNOHANG)[0]:
                self._broken.append(f"recovery does not come to an end: {self._describe()}")
                return
            time.sleep(0.004)
        self._hear()

    def _end(self, workers: list[int]) -> None:
        for pid in workers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
                self._note_end(os.waitpid(pid, 0)[1], was_told=True)
        self._hear()

    def _give_up(self, alive: set[int]) -> None:
        self._broken.append(f"a phase does not come to an end: {self._describe()}")
        for pid in alive:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)

    def _hear(self) -> None:
        for line in self._told.heard():
            if line.startswith("stored "):
                self._stored.add(line.removeprefix("stored "))
            else:
                self._broken.append(line)

    # ── the database ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _clear(self) -> None:
        self._owner.ask("TRUNCATE harness_poison, " + ", ".join(f"renkei_{table}" for table in _TABLES) + " CASCADE")
        self._owner.ask(f"INSERT INTO harness_poison VALUES ('{REFUSED}')")
        self._owner.ask(
            "UPDATE renkei_importservice SET cursor_at = NULL, bookmark = NULL, lease_until = NULL, is_halted = false,"
            " problem = '', failures = 0, run_asked_at = NULL, next_run_at = NULL, ran_at = NULL"
        )

    def _ask_run(self, *, is_night: bool) -> str:
        """What the button and the clock do; when it was, as SQL. The night is due where the last comparison is old."""
        self._owner.ask(f"UPDATE renkei_reconciliation SET at = '{AT.isoformat()}'")
        since = f"'{AT.isoformat()}'" if is_night else "clock_timestamp()"
        ((began,),) = self._owner.ask(
            f"UPDATE renkei_importservice SET run_asked_at = clock_timestamp(), snapshot_at = {since}, next_run_at ="
            " clock_timestamp() + interval '1 hour', failures = 0 RETURNING clock_timestamp()::text"
        )
        self._is_night = is_night
        self._owner.ask(f"SELECT pg_notify('renkei_imports', '{self._setting}')")
        return str(began)

    def _is_settled(self, began: str) -> bool:
        """Whether the run that was asked for has ended well, the night's comparison too, and nothing waits."""
        night = f"AND EXISTS (SELECT FROM renkei_reconciliation WHERE at > '{began}')" if self._is_night else ""
        ((is_settled,),) = self._owner.ask(
            "SELECT run_asked_at IS NULL AND bookmark IS NULL AND failures = 0 AND ran_at IS NOT NULL AND NOT EXISTS"
            f" (SELECT FROM renkei_inboxitem WHERE state = 'pending') {night} FROM renkei_importservice"
        )
        return bool(is_settled)

    def _describe(self) -> str:
        """Where the service stands, for the sentence that says that it stands still."""
        columns = "run_asked_at, bookmark, failures, problem, ran_at, is_halted, lease_until, clock_timestamp()"
        service = self._owner.ask(f"SELECT {columns} FROM renkei_importservice")
        return f"{service} {self._owner.ask('SELECT state, count(*) FROM renkei_inboxitem GROUP BY state')}"

    def _digest(self, tables: Sequence[str], *, is_service: bool = False) -> str:
        digest = hashlib.sha256()
        for table in tables:
            rows = self._owner.ask(f"SELECT md5(string_agg(row::text, '|' ORDER BY row::text)) FROM renkei_{table} row")
            digest.update(str(rows).encode())
        if is_service:
            columns = "cursor_at, bookmark, epoch, failures, problem, run_asked_at, next_run_at, ran_at, is_halted"
            digest.update(str(self._owner.ask(f"SELECT {columns} FROM renkei_importservice")).encode())
        return digest.hexdigest()

    def _judge(self, world: World, *, refused: frozenset[str] = frozenset(), but: frozenset[str] = frozenset()) -> None:
        from tests.actions.imports.oracle import Told as Shown
        from tests.actions.imports.oracle import find_broken

        default_agent, agents = self._people
        there = {key for (key,) in self._owner.ask("SELECT external_id FROM renkei_inboxitem")}
        shown = [*world.early, *world.late, *(each for each in world.pushed if each["id"] in there)]
        told = Shown(self._setting, default_agent, agents, shown, refused)
        self._broken += find_broken(self._owner.ask, told, but=but)


def _die_with_parent() -> None:
    """Who ends the harness ends its processes too, however it is ended (PR_SET_PDEATHSIG of prctl(2))."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def warm_up() -> None:
    """Load in the parent what the children need: importing takes longer than a whole point."""
    for name in (
        "renkei.actions.imports.runs",
        "renkei.connectors.registry",
        "renkei.queries.services.snapshot",
        "renkei.realtime.closed_webhooks",
        "renkei.workers.imports",
        "tests.actions.imports.oracle",
        "tests.actions.imports.source",
        "tests.sample_centre",
    ):
        importlib.import_module(name)


def main() -> int:
    """Run points, one JSON line for each that broke something, and one at the end."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--points", type=int, required=True)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--plant", default="", choices=("", *PLANTS))
    parser.add_argument("--until-broken", action="store_true")
    options = parser.parse_args()
    _die_with_parent()
    database = settings.DATABASES["default"]
    database["OPTIONS"].pop("pool", None)  # its threads would not survive a fork; the children have their own
    database["OPTIONS"]["options"] = (
        "-c statement_timeout=5000 -c lock_timeout=2000 -c idle_in_transaction_session_timeout=700"
    )
    django.setup()
    warm_up()
    told = Told()
    furnish(told)
    owner = Owner(os.environ["RENKEI_OWNER_DATABASE_URL"])
    plant_design(options.plant, owner.ask)
    harness = Harness(options.plant, owner, told, _restart)
    gc.collect()
    gc.freeze()  # a child that collects would copy every page of ours
    broken = _run(harness, options)
    sys.stdout.write(json.dumps({"points": options.points, "broken": broken}) + "\n")
    return 0


def _restart() -> None:
    """Ask bench/kill.py for an immediate restart of the database, and wait until it has begun again."""
    sys.stdout.write(json.dumps({"please": "restart"}) + "\n")
    sys.stdout.flush()
    sys.stdin.readline()


def _run(harness: Harness, options: argparse.Namespace) -> int:
    count = 0
    for point in range(options.first, options.first + options.points):
        found = harness.run(point, options.seed)
        if found:
            count += 1
            sys.stdout.write(json.dumps({"point": point, "found": found}, ensure_ascii=False) + "\n")
            sys.stdout.flush()
            if options.until_broken:
                break
    return count


if __name__ == "__main__":
    sys.exit(main())
