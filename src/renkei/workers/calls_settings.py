"""The settings a worker goes by: read once, read again soon after a change, told to the line."""

import asyncio
import contextlib
from dataclasses import replace

import structlog

from renkei.actions.realtime.rules_told import note_rules_told
from renkei.domain.plan import LinePlan
from renkei.domain.rules_told import RulesProblem
from renkei.queries.realtime.snapshot import Snapshot, read_snapshot
from renkei.telephony.port import Line, LineError, LineLostError
from renkei.workers.calls_lines import phones_of
from renkei.workers.calls_voice import Voice
from renkei.workers.database import Database, DatabaseAwayError

log = structlog.get_logger(__name__)

DEBOUNCE_SECONDS = 0.1
READ_SECONDS = 5.0
RETRY_SECONDS = 1.0


class CurrentSettings:
    """The last snapshot that could be read; calls under way keep the plan they arrived under."""

    def __init__(self, database: Database, line: Line, *, worker: str, voice: Voice | None = None) -> None:
        """``voice`` for a line that plays files; ``worker`` is under which name it is noted what the line was told."""
        self._worker = worker
        self._read_at = 0.0
        """On the loop's clock."""
        self._has_told = False
        self._database = database
        self._line = line
        self._voice = voice
        self._speaking: asyncio.Task[None] | None = None
        self._snapshot: Snapshot | None = None
        self._is_there = asyncio.Event()
        self._changed = asyncio.Event()
        self._must_read = True
        self._must_tell = False
        self._changed.set()

    @property
    def plan(self) -> LinePlan:
        """The plan for a call that arrives now."""
        plan = self._snapshot.plan if self._snapshot else LinePlan()
        return self._voice.fit(plan) if self._voice else plan

    async def wait(self) -> None:
        """Wait for the first snapshot."""
        await self._is_there.wait()

    def read_again(self) -> None:
        """A setting changed."""
        self._must_read = True
        self._changed.set()

    def tell_line(self) -> None:
        """The line is connected (again): it must learn everything anew."""
        self._must_tell = True
        self._changed.set()

    async def run(self) -> None:
        """Keep the snapshot and the line up to date."""
        while True:
            await self._changed.wait()
            if self._snapshot is not None and self._must_read:
                await asyncio.sleep(DEBOUNCE_SECONDS)
            self._changed.clear()
            try:
                await self._update()
            except Exception as error:
                self._changed.set()
                if not isinstance(error, DatabaseAwayError | LineError):
                    raise
                log.warning("calls: settings not applied yet", error=type(error).__name__)
                self._must_tell = self._must_tell or isinstance(error, LineError)
                await asyncio.sleep(RETRY_SECONDS)

    async def _update(self) -> None:
        before = self._snapshot
        if self._must_read:
            self._must_read = False
            self._read_at = asyncio.get_running_loop().time()
            try:
                self._snapshot = await self._database.run(read_snapshot, seconds=READ_SECONDS)
            except Exception:
                self._must_read = True
                raise
        snapshot = self._snapshot
        if snapshot is None or (snapshot == before and not self._must_tell):
            if self._has_told:
                await self._note(RulesProblem.NONE)
            return
        self._is_there.set()
        self._speak(snapshot.plan)
        try:
            await self._tell(snapshot, before)
        except LineLostError:
            await self._note(RulesProblem.AWAY)
            raise  # the line learns everything anew when it is back
        except LineError as error:
            self._must_tell = True
            is_ours = isinstance(error.__cause__, OSError)
            await self._note(RulesProblem.NOT_WRITTEN if is_ours else RulesProblem.REFUSED)
            raise
        if self._has_told:
            await self._note(RulesProblem.NONE)

    async def _note(self, problem: RulesProblem) -> None:
        """Say on the screen whether the telephone system has the rules; what cannot be said now is said next time."""
        self._has_told = not problem
        age = asyncio.get_running_loop().time() - self._read_at
        with contextlib.suppress(DatabaseAwayError):
            await self._database.run(
                lambda conn: note_rules_told(conn, self._worker, age=age, problem=problem.value), seconds=READ_SECONDS
            )

    async def _tell(self, snapshot: Snapshot, before: Snapshot | None) -> None:
        if before is not None and not self._must_tell:
            await self._line.push_plan(snapshot.plan)
            self._has_told = True
            changed = tuple(device for device in snapshot.devices if device not in before.devices)
            if changed:  # one sign-in changes one telephone, not two hundred
                await self._line.push_phones(phones_of(replace(snapshot, devices=changed)))
            if _extensions(before) - _extensions(snapshot):
                await self._line.keep_phones(sorted(_extensions(snapshot)))
        elif self._must_tell:
            await self._line.push_plan(snapshot.plan)
            self._has_told = True
            await self._line.push_phones(phones_of(snapshot))
            await self._line.keep_phones(sorted(_extensions(snapshot)))
            self._must_tell = False

    def _speak(self, plan: LinePlan) -> None:
        """Give new words their sound, beside the calls; a newer plan takes the place of an older one."""
        if self._voice is None:
            return
        if self._speaking is not None:
            self._speaking.cancel()
        self._speaking = asyncio.create_task(self._voice.prepare(plan))
        self._speaking.add_done_callback(_say_why_not)


def _extensions(snapshot: Snapshot) -> set[str]:
    return {device.extension for device in snapshot.devices}


def _say_why_not(task: "asyncio.Task[None]") -> None:
    if not task.cancelled() and task.exception() is not None:
        log.error("calls: guidance has no sound", error=type(task.exception()).__name__)
