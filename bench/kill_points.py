"""The kill harness of the import: a warm process that forks workers and kills or freezes them at a chosen statement.

Run by bench/kill.py in a process of its own, on a database of its own. One *point* is: an emptied database, a chat
system with late, edited, repeated, shuffled, open and poisoned chats, one to three workers (and pushes) that die or
freeze at the nth statement or commit, of Django's cursor or of the asynchronous connection; then one that is left
alone. Afterwards everything is held against an oracle. ``--plant`` puts a wrong design in, which must be found.
"""

import argparse
import asyncio
import contextlib
import hashlib
import importlib
import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import django
import psycopg
from django.conf import settings

STATEMENTS = 70
"""A run makes about so many; a point's death lies somewhere in them."""
PAGE = 3
LEASE_SECONDS = 0.05
LOST, BUSY = 3, 4
"""Exit codes of a worker: its lease or its database was taken away; nobody gave it a lease."""

PLANTS = ("cursor_first", "strict_cursor", "no_key", "check_then_insert", "many_commits", "no_fence")

AT = datetime(2025, 1, 31, 5, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Blow:
    """What happens to a worker at its nth statement: before it or after it, death or freezing."""

    at: int
    side: str
    what: signal.Signals


@dataclass(slots=True)
class World:
    """The chat system of one point. ``early`` is what it shows first, ``late`` what it shows in the end."""

    early: list[dict[str, Any]]
    late: list[dict[str, Any]]
    pushed: list[dict[str, Any]] = field(default_factory=list)
    order: int = 0

    def shown(self, is_late: bool) -> list[dict[str, Any]]:
        """Everything in the order of this point."""
        found = list(self.late if is_late else self.early)
        random.Random(self.order).shuffle(found)
        return found


def make_world(chance: random.Random) -> World:
    """Ten chats over several days: some late, some edited, some repeated, one poisoned, one open, one without an id."""
    from tests.actions.imports.source import record

    early, late = [], []
    for place in range(10):
        days = chance.randrange(0, 6) * 1_440
        minutes = days + place  # no two contents of one chat have one version
        texts = [f"{place}番", *chance.choices(["解約", "料金", "配送"], k=chance.randrange(0, 3))]
        first = record(
            None if place == 9 else f"c-{place}",
            texts=texts,
            version=minutes,
            agent=chance.choice(["", "A-1", "A-9"]),
            customer=chance.choice(["", "K-1", "K-2"]),
            phone=chance.choice(["", "090-1111-2222"]),
            is_open=place == 7,
            is_broken=place == 8,
        )
        if chance.random() < 0.7:
            early.append(first)
        late.append(first)
        if place < 7 and chance.random() < 0.4:
            late.append({**first, "version": minutes + 600, "texts": [*texts, "追記"]})
        if chance.random() < 0.2:
            late.append(dict(first))
    # What is shown late is never older than the overlap: later than that only the nightly comparison finds it.
    newest = max((each["version"] for each in early), default=0)
    held = [each for each in late if each in early or each["version"] >= newest - 1_000]
    pushed = [record(f"p-{place}", texts=["送信"], version=place, customer="K-1") for place in range(3)]
    return World(early, held, pushed, chance.randrange(1_000))


class Harness:
    """Runs points on the database of the environment."""

    def __init__(self, plant: str, ask: Callable[[str], None]) -> None:
        self.plant = plant
        self._ask = ask
        self._setting = 0

    def run(self, point: int, seed: int) -> list[str]:
        """One point; what was broken in it."""
        chance = random.Random(f"{seed}:{point}")
        self._clear()
        world = make_world(chance)
        broken: list[str] = []
        for is_late in (False, True):
            broken += self._phase(chance, world, is_late, restarts=is_late and point % 20 == 19)
        for _ in range(2):
            if not self._recover(world):
                return [*broken, "recovery does not come to an end"]
        return broken + self._judge(world)

    # ── one phase ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _phase(self, chance: random.Random, world: World, is_late: bool, *, restarts: bool) -> list[str]:
        blows = [self._draw(chance) for _ in range(chance.randrange(1, 4))]
        workers = [self._fork(partial(self._import, world, is_late, blow)) for blow in blows]
        chats = world.pushed if is_late else []
        pushes = [self._fork(partial(self._push, chat, self._draw(chance, most=8))) for chat in chats]
        if restarts:
            self._ask("restart")
        frozen = [pid for pid in workers if self._wait(pid)]
        acknowledged = [chat["id"] for chat, pid in zip(world.pushed, pushes, strict=False) if self._is_done(pid)]
        broken = self._thaw(frozen, world, is_late)
        if is_late:
            missing = set(acknowledged) - self._inbox()
            broken += [f"acknowledged and not stored: {sorted(missing)}"] if missing else []
        return broken

    def _thaw(self, frozen: list[int], world: World, is_late: bool) -> list[str]:
        """Somebody else takes over; then the frozen go on, and must change nothing."""
        if not frozen:
            return []
        if not self._recover(world, is_late=is_late):
            return ["nobody could take over from a frozen worker"]
        before = self._digest()
        for pid in frozen:
            os.kill(pid, signal.SIGCONT)
        for pid in frozen:
            os.waitpid(pid, 0)
        return [] if self._digest() == before else ["a worker without a lease has changed rows"]

    def _draw(self, chance: random.Random, *, most: int = STATEMENTS) -> Blow | None:
        if chance.random() < 0.15:
            return None
        what = signal.SIGSTOP if most == STATEMENTS and chance.random() < 0.25 else signal.SIGKILL
        return Blow(chance.randrange(1, most), chance.choice(["before", "after"]), what)

    def _recover(self, world: World, *, is_late: bool = True) -> bool:
        """Let one worker through that nobody harms."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            pid = self._fork(lambda: self._import(world, is_late, None))
            _, status = os.waitpid(pid, 0)
            if os.waitstatus_to_exitcode(status) == 0:
                return True
        return False

    # ── what a child does ────────────────────────────────────────────────────────────────────────────────────────────

    def _fork(self, work: Callable[[], int]) -> int:
        from django.db import connections

        connections.close_all()
        pid = os.fork()
        if pid:
            return pid
        code = 1
        with contextlib.suppress(BaseException):
            code = work()
        os._exit(code)

    def _import(self, world: World, is_late: bool, blow: Blow | None) -> int:
        from django.db import Error

        from renkei.actions.imports.fence import StaleLeaseError, take_lease
        from renkei.actions.imports.runs import read_duty
        from renkei.connectors.contract import ClosedPage, ClosedQuestion, ClosedRecord
        from renkei.workers import imports_run
        from tests.actions.imports.source import parse

        imports_run.BATCH = PAGE

        async def fetch(question: ClosedQuestion) -> ClosedPage:
            # A token belongs to the listing it was given in, as with a chat system that pages steadily.
            began_late, _, place_text = (question.page or f"{int(is_late)}:0").partition(":")
            since, place = question.since, int(place_text)
            listed = world.shown(began_late == "1")
            found = [each for each in listed if since is None or _version_of(each) >= since]
            records = tuple(ClosedRecord(each, each["id"] or "") for each in found[place : place + PAGE])
            following = f"{began_late}:{place + PAGE}" if place + PAGE < len(found) else None
            return ClosedPage(records, following)

        is_death = blow is None or blow.what is signal.SIGKILL
        _strike_django(blow if is_death else None)
        try:
            deadline = time.monotonic() + 5
            while (lease := take_lease(self._setting, f"w{os.getpid()}", seconds=LEASE_SECONDS)) is None:
                if time.monotonic() > deadline:
                    return BUSY
                time.sleep(0.005)
            # Who froze before it had a lease would take one afterwards, and rightly.
            _strike_django(None if is_death else blow)
            executor = ThreadPoolExecutor(1)
            duty = read_duty(lease)
            source = imports_run.Source(fetch=fetch, parse=parse)
            snapshot, rules = self._snapshot()
            run = imports_run.ImportRun(lease, snapshot, rules, source, executor=executor)
            asyncio.run(run.carry_out(duty, "timer"))
        except (StaleLeaseError, Error):
            return LOST
        return 0

    def _push(self, chat: dict[str, Any], blow: Blow | None) -> int:
        from renkei.actions.realtime.closed_chats import receive_closed
        from renkei.settings import config
        from tests.actions.imports.source import show

        async def deliver() -> None:
            url = config.database_url.get_secret_value()
            async with await psycopg.AsyncConnection.connect(url, autocommit=True) as conn:
                _strike_psycopg(blow)
                name = str(chat["id"])
                await receive_closed(conn, self._setting, "standard", delivery_id=name, shown=[show(chat)])

        try:
            asyncio.run(deliver())
        except psycopg.Error:
            return LOST
        return 0

    def _snapshot(self) -> Any:
        from renkei.domain.importing import ImportRules
        from renkei.models import ChatSetting
        from renkei.queries.services.snapshot import freeze

        setting = ChatSetting.objects.get(pk=self._setting)
        rules = ImportRules(
            setting_id=setting.pk, setting_name=setting.name, group_id=setting.business_group_id,
            default_agent_id=setting.default_agent_id,
        )  # fmt: skip
        return freeze(setting), rules

    # ── the parent's looks ───────────────────────────────────────────────────────────────────────────────────────────

    def _wait(self, pid: int) -> bool:
        """Wait until a worker has ended or stands still; whether it stands still."""
        _, status = os.waitpid(pid, os.WUNTRACED)
        return os.WIFSTOPPED(status)

    def _is_done(self, pid: int) -> bool:
        _, status = os.waitpid(pid, 0)
        return os.waitstatus_to_exitcode(status) == 0

    def _clear(self) -> None:
        from django.db import connection

        from renkei.models import ImportService

        tables = (
            "inboxitem importrun outboxevent interactionmessage interactionrevision interaction case snscustomer "
            "snscustomerevent customer customerevent chatdelivery chattombstone"
        )
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE " + ", ".join(f"renkei_{table}" for table in tables.split()) + " CASCADE")
        if not self._setting:
            self._setting = self._make()
        ImportService.objects.update(
            cursor_at=None, bookmark=None, lease_until=None, is_halted=False, problem="", failures=0, run_asked_at=None,
            next_run_at=None,
        )  # fmt: skip

    def _make(self) -> int:
        from renkei.actions.services.snapshot import take_snapshot
        from renkei.models import ImportService
        from tests.actions.imports.source import make_importing

        setting = make_importing("破壊試験").setting
        if self.plant == "strict_cursor":
            setting.overlap_minutes = 0
            setting.save()
        ImportService.objects.update(snapshot=take_snapshot(setting), snapshot_at=AT)
        return int(setting.pk)

    def _inbox(self) -> set[str]:
        from renkei.models import InboxItem

        return set(InboxItem.objects.values_list("external_id", flat=True))

    def _digest(self) -> str:
        from django.db import connection

        digest = hashlib.sha256()
        with connection.cursor() as cursor:
            for table in ("inboxitem", "importrun", "outboxevent", "interaction", "interactionmessage", "customer"):
                cursor.execute(f"SELECT md5(string_agg(row::text, '|' ORDER BY row::text)) FROM renkei_{table} row")
                digest.update(str(cursor.fetchone()).encode())
            cursor.execute("SELECT cursor_at, bookmark, epoch, failures, problem FROM renkei_importservice")
            digest.update(str(cursor.fetchall()).encode())
        connection.close()
        return digest.hexdigest()

    def _judge(self, world: World) -> list[str]:
        """Hold everything against the oracle."""
        from renkei.models import ChatSetting, InboxItem, Interaction
        from tests.actions.imports.source import Importing, expected, find_broken_invariants

        setting = ChatSetting.objects.get(pk=self._setting)
        agent = setting.default_agent
        importing = Importing(setting, agent, agent)
        broken = find_broken_invariants(importing)
        pushed = [each for each in world.pushed if each["id"] in self._inbox()]
        shown = [*world.early, *world.late]
        wanted = expected([*shown, *pushed], self._setting)
        found = importing.contents()
        if found != wanted:
            broken.append(f"contents differ: {sorted(set(found.items()) ^ set(wanted.items()))}"[:300])
        if Interaction.objects.count() != len(wanted):
            broken.append("a chat has several interactions, or none")
        aside = InboxItem.objects.filter(state="quarantined").exists()
        if aside != any(each["broken"] for each in shown):
            broken.append("the poisoned chat is not set aside")
        if InboxItem.objects.filter(state="pending").exists():
            broken.append("a chat still waits")
        before = self._digest_of_results()
        self._recover(world)
        if self._digest_of_results() != before:
            broken.append("another run over an unchanged source changed rows")
        return broken

    def _digest_of_results(self) -> list[Any]:
        from renkei.models import InboxItem, Interaction, InteractionMessage, OutboxEvent

        tables = (Interaction, InteractionMessage, InboxItem, OutboxEvent)
        return [sorted(map(repr, table.objects.values_list())) for table in tables]


def _version_of(each: dict[str, Any]) -> datetime:
    return AT + timedelta(minutes=30 + each["version"])


class _Striking:
    """Counts statements and commits; at the chosen one the process dies or freezes."""

    def __init__(self, blow: Blow) -> None:
        self._blow = blow
        self._count = 0

    @contextlib.contextmanager
    def around(self) -> Iterator[None]:
        self._count += 1
        is_it = self._count == self._blow.at
        if is_it and self._blow.side == "before":
            os.kill(os.getpid(), self._blow.what)
        yield
        if is_it and self._blow.side == "after":
            os.kill(os.getpid(), self._blow.what)

    def __call__(self, execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
        with self.around():
            return execute(sql, params, many, context)


def _strike_django(blow: Blow | None) -> None:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.backends.signals import connection_created

    if blow is None:
        return
    striking = _Striking(blow)
    connection_created.connect(
        lambda connection, **_: connection.execute_wrappers.append(striking), weak=False, dispatch_uid="strike"
    )
    commit = BaseDatabaseWrapper._commit  # type: ignore[attr-defined]  # Django's own, without a stub

    def struck(self: Any) -> Any:
        with striking.around():
            return commit(self)

    BaseDatabaseWrapper._commit = struck  # type: ignore[attr-defined]


def _strike_psycopg(blow: Blow | None) -> None:
    if blow is None:
        return
    striking = _Striking(blow)
    execute, leave = psycopg.AsyncConnection.execute, psycopg.AsyncTransaction.__aexit__

    async def struck(self: Any, *args: Any, **kwargs: Any) -> Any:
        with striking.around():
            return await execute(self, *args, **kwargs)

    async def left(self: Any, *told: Any) -> Any:
        with striking.around():
            return await leave(self, *told)

    psycopg.AsyncConnection.execute = struck  # type: ignore[method-assign]
    setattr(psycopg.AsyncTransaction, "__aexit__", left)  # noqa: B010


def plant_design(name: str) -> None:
    """Put a wrong design in the right one's place, to see that it is found."""
    from django.db import connection, transaction

    from renkei.actions.imports import apply, fence, quarantine, runs, store_page
    from renkei.models.statements import imports

    @contextlib.contextmanager
    def unfenced(lease: Any) -> Iterator[Any]:
        with transaction.atomic():
            row = fence.run_one(
                "SELECT cursor_at FROM renkei_importservice WHERE setting_id = %(s)s", s=lease.setting_id
            )
            yield None if row is None else row[0]

    @contextlib.contextmanager
    def uncommitted(lease: Any) -> Iterator[Any]:
        row = fence.run_one(imports.FENCE, setting=lease.setting_id, epoch=lease.epoch)
        if row is None:
            raise fence.StaleLeaseError
        yield row[0]

    def drop_key() -> None:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE renkei_interaction DROP CONSTRAINT IF EXISTS one_interaction_per_chat")
        connection.close()

    match name:
        case "cursor_first":
            original = store_page.store_page

            def hasty(lease: Any, listing: Any, *, shown: Any, **more: Any) -> Any:
                newest = max((each.chat.version_at for each in shown if each.chat is not None), default=None)
                with fence.fenced(lease):
                    fence.run(imports.MOVE_CURSOR, setting=lease.setting_id, epoch=lease.epoch, cursor=newest)
                return original(lease, listing, shown=shown, **more)

            from renkei.workers import imports_run

            setattr(imports_run, "store_page", hasty)  # noqa: B010
        case "no_key":
            drop_key()
            setattr(apply, "_find_interactions", lambda plan, rules: {})  # noqa: B010
        case "check_then_insert":
            drop_key()
            for module in (apply, store_page, quarantine, runs):
                setattr(module, "fenced", unfenced)  # noqa: B010
            imports.LOCK_ITEMS = imports.LOCK_ITEMS.replace("FOR UPDATE OF item", "")
            imports.INTERACTIONS = imports.INTERACTIONS.replace("FOR UPDATE", "")
        case "many_commits":
            setattr(apply, "fenced", uncommitted)  # noqa: B010
        case "no_fence":
            for module in (apply, store_page, quarantine, runs):
                setattr(module, "fenced", unfenced)  # noqa: B010
        case _:
            return


def warm_up() -> None:
    """Load in the parent what the children need: importing takes longer than a whole point."""
    for name in (
        "renkei.actions.imports.runs",
        "renkei.actions.realtime.closed_chats",
        "renkei.actions.services.snapshot",
        "renkei.queries.services.snapshot",
        "renkei.workers.imports_run",
        "tests.actions.imports.source",
    ):
        importlib.import_module(name)


def main() -> int:
    """Run points, one JSON line for each that broke something, and one at the end."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--points", type=int, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--plant", default="", choices=("", *PLANTS))
    parser.add_argument("--until-broken", action="store_true")
    options = parser.parse_args()
    database = settings.DATABASES["default"]
    database["OPTIONS"].pop("pool", None)  # its threads would not survive a fork
    database["OPTIONS"]["options"] = (
        "-c statement_timeout=5000 -c lock_timeout=2000 -c idle_in_transaction_session_timeout=300"
    )
    django.setup()
    warm_up()
    from renkei.workers.logs import set_logs_up

    set_logs_up()  # to stderr: stdout is for the verdict
    plant_design(options.plant)
    broken = _run(options)
    sys.stdout.write(json.dumps({"points": options.points, "broken": broken}) + "\n")
    return 0


def _run(options: argparse.Namespace) -> int:
    from django.db import connections

    def ask(what: str) -> None:
        connections.close_all()
        sys.stdout.write(json.dumps({"please": what}) + "\n")
        sys.stdout.flush()
        sys.stdin.readline()

    harness = Harness(options.plant, ask)
    count = 0
    for point in range(options.points):
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
