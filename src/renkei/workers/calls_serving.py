"""The calls a worker serves, each with its queue and its journal, and what all of them share."""

import asyncio
import contextlib
import secrets
from collections.abc import Awaitable

import structlog

from renkei.actions.realtime.calls import Arrival, BegunCall
from renkei.connectors.providers import Providers
from renkei.domain import ivr
from renkei.domain.line import Arrived, Caller
from renkei.domain.phone import NoNumber, Telephone, read_caller, show_number
from renkei.domain.plan import LinePlan
from renkei.outbound import AllowList
from renkei.settings import Config, LineKind
from renkei.telephony.port import CallEvent, Line, LineError
from renkei.telephony.timekeeping import Timekeeper
from renkei.workers.calls_journal import Journal
from renkei.workers.calls_lease import Lease
from renkei.workers.calls_lines import open_line
from renkei.workers.calls_live import LiveCall, Tools
from renkei.workers.calls_look_up import LookingUp
from renkei.workers.calls_settings import CurrentSettings
from renkei.workers.calls_voice import Voice
from renkei.workers.database import Database

log = structlog.get_logger(__name__)


class Serving:
    """``line`` and ``time`` are given by tests; otherwise the settings decide."""

    def __init__(self, config: Config, *, line: Line | None = None, time: Timekeeper | None = None) -> None:
        self.config = config
        self.name = config.worker_name
        self.line = line or open_line(config)
        self.time: Timekeeper = time or asyncio.get_running_loop()
        self.database = Database(config.database_url.get_secret_value())
        self.providers = Providers(allow=AllowList.of(config.destinations))
        self.lease = Lease(self.database, self.name, line=config.line.value)
        voice = Voice(config.data_dir / "media") if config.line is LineKind.ASTERISK else None
        self.settings = CurrentSettings(self.database, self.line, worker=self.name, voice=voice)
        self.live: dict[str, LiveCall] = {}
        self.journals: dict[str, Journal] = {}
        self.tasks: set[asyncio.Task[None]] = set()
        self.is_up = asyncio.Event()
        """Set while the line is connected."""

    def arrived(self, event: Arrived) -> None:
        """A call came in. One that came while we slept may be with a fellow worker by now, or over."""
        if self.lease.has_just_woken():
            self.spawn(self._receive_late(event))
        else:
            self._receive(event)

    async def _receive_late(self, event: Arrived) -> None:
        with contextlib.suppress(LineError):
            standing = await self.line.standing_calls()
            if any(call.line_id == event.line_id and call.mine for call in standing):
                self._receive(event)

    def _receive(self, event: Arrived) -> None:
        if event.line_id in self.live:
            return
        plan = self.settings.plan
        caller = read_caller(event.caller.number, event.caller.name, event.caller.withheld)
        begun = ivr.begin(
            plan, event.line_id, dialled=event.dialled, shown_number=name_caller(caller), tag=secrets.token_hex(4)
        )
        self.serve(begun, plan, event.caller, caller, dialled=event.dialled)
        log.info("calls: arrived", call=event.line_id)

    def tell(self, event: CallEvent) -> None:
        """Something happened to a call; of one that is not ours nothing is made."""
        call = self.live.get(event.line_id)
        if call is not None:
            call.hear(event)

    def serve(
        self,
        begun: ivr.Result,
        plan: LinePlan,
        raw: Caller,
        caller: Telephone | NoNumber,
        *,
        dialled: str,
        row: BegunCall | None = None,
    ) -> LiveCall:
        """Serve a call from now on; ``row`` is its row when it has one."""
        line_id, number = begun[0].line_id, begun[0].number
        arrival = Arrival(
            line_id=line_id,
            caller=caller,
            caller_raw=raw.number,
            caller_name=raw.name,
            dialled_raw=dialled,
            number_id=number.id if number else None,
            owner=self.name,
        )
        journal = Journal(self.database, arrival, reserved=lambda *args: call.reserved(*args))
        if row is not None:
            journal.take_up(row)
        looking_up = LookingUp(self.database, self.providers, journal, plan, caller)
        tools = Tools(self.line, self.time, looking_up.run, self.lease.claim(journal.begun))
        call = LiveCall(tools, journal, begun=begun)
        self.live[line_id], self.journals[line_id] = call, journal
        self.spawn(self._write(line_id, journal))
        self.spawn(self._serve(line_id, call))
        return call

    async def _serve(self, line_id: str, call: LiveCall) -> None:
        try:
            try:
                await call.run()
            finally:
                if self.live.get(line_id) is call:
                    del self.live[line_id]
            await call.settle()
        finally:
            call.close()

    async def _write(self, line_id: str, journal: Journal) -> None:
        try:
            await journal.run()
        finally:
            if self.journals.get(line_id) is journal:
                del self.journals[line_id]

    def spawn(self, work: Awaitable[None]) -> None:
        """Do something beside, with its own guard."""

        async def guard() -> None:
            try:
                await work
            except Exception:
                log.exception("calls: something beside failed")

        task = asyncio.create_task(guard())
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)


def name_caller(caller: Telephone | NoNumber) -> str:
    """What an agent's telephone may show of a caller: digits we made ourselves, never the caller's own text."""
    return show_number(caller) if isinstance(caller, Telephone) else caller.value
