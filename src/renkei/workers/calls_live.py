"""One call in a worker: a queue of its own; hear → domain.ivr → do. Whatever goes wrong here stays in this call."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

import structlog

from renkei.domain import ivr
from renkei.domain.ivr_words import (
    CallOutcome,
    CallState,
    CloseCommand,
    CommandFailed,
    Connected,
    IvrCommand,
    IvrEvent,
    LookUp,
    LookUpDone,
    NoteAnswered,
    NoteEnded,
    NoteHeld,
    NoteLabel,
    NoteLinkage,
    NoteRingOver,
    NoteRingsLost,
    NoteStep,
    Phase,
    Reserve,
    Reserved,
    StartTimer,
    StopTimer,
    TimerFired,
)
from renkei.domain.line import Connect, Ended, EndedBy, LineCommand, Ring
from renkei.telephony.port import CallGoneError, Line, LineError
from renkei.telephony.timekeeping import Timekeeper, Timer
from renkei.workers.calls_journal import Journal
from renkei.workers.calls_lease import Claim

log = structlog.get_logger(__name__)

COMMAND_SECONDS = 10.0
"""No command of a line takes longer; one that does has failed."""
FELLOW_SECONDS = 0.5
"""How long a fellow worker, to whom the net took a call of ours, is given to say in the database that it has it."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What a call works with. ``claim`` says whether the call is ours: who woke from a freeze must ask first."""

    line: Line
    time: Timekeeper
    look_up: Callable[[LookUp], Awaitable[LookUpDone]]
    claim: Claim


class LiveCall:
    """A call that this worker serves."""

    def __init__(self, tools: Tools, journal: Journal, *, begun: ivr.Result) -> None:
        self._tools = tools
        self.journal = journal
        self.state: CallState = begun[0]
        self._first = begun[1]
        self._events: asyncio.Queue[IvrEvent] = asyncio.Queue()
        self._timers: dict[str, Timer] = {}
        self._errands: set[asyncio.Task[None]] = set()

    def hear(self, event: IvrEvent) -> None:
        """Something happened to this call."""
        self._events.put_nowait(event)

    def reserved(self, reserve: Reserve, agent_ids: tuple[int, ...]) -> None:
        """Agents were kept for a ring."""
        self.hear(Reserved(reserve.ring_id, agent_ids))

    async def run(self) -> None:
        """Serve the call until it is over or somebody else's. Never raises but for its cancellation."""
        try:
            await self._do(self._first)
            while self.state.phase is not Phase.GONE:
                event = await self._events.get()
                if not await self._is_ours(event):
                    raise _NotOursError
                self.state, commands = ivr.decide(self.state, event)
                await self._do(commands)
        except _NotOursError:
            log.warning("calls: lost to another worker", call=self.state.line_id)
            self._cancel_errands()
        except Exception:
            log.exception("calls: the machine failed", call=self.state.line_id)
            await self._give_up()
        finally:
            for name in list(self._timers):
                self._stop_timer(name)

    async def settle(self) -> None:
        """After the end: a look-up under way leaves its result and its requests behind, within its own budget."""
        if self._errands:
            await asyncio.wait(self._errands)

    def close(self) -> None:
        """Nothing more will be written."""
        self._cancel_errands()
        self.journal.close()

    async def _is_ours(self, event: IvrEvent) -> bool:
        """Asked before anything is decided, for what is decided is written into the call's history too."""
        if not isinstance(event, Ended) or event.by is not EndedBy.NET:
            return await self._tools.claim.is_ours()
        # The net took the call away from us: to its rule, where we write its end, or to a fellow worker.
        await asyncio.sleep(FELLOW_SECONDS)
        return await self._tools.claim.is_ours_still()

    # ── doing ──

    async def _do(self, commands: tuple[IvrCommand, ...]) -> None:
        failed: CommandFailed | None = None
        for command in commands:
            match command:
                case StartTimer(timer, seconds):
                    self._start_timer(timer, seconds)
                case StopTimer(timer):
                    self._stop_timer(timer)
                case LookUp():
                    self._run_errand(self._look_up(command))
                case Reserve():
                    self.journal.add(command)
                case CloseCommand(command_id, "") if failed is not None:
                    self.journal.note(CloseCommand(command_id, "call_gone" if failed.is_gone else "line_lost"))
                case (
                    NoteStep() | NoteLabel() | NoteLinkage() | NoteRingOver() | NoteRingsLost() | NoteAnswered()
                    | NoteHeld() | NoteEnded() | CloseCommand()
                ):  # fmt: skip
                    self.journal.note(command)
                case _:
                    failed = await self._command(command) or failed

    async def _command(self, command: LineCommand) -> CommandFailed | None:
        if not await self._tools.claim.is_ours():
            raise _NotOursError
        try:
            async with asyncio.timeout(COMMAND_SECONDS):
                await self._tools.line.do(self.state.line_id, self._with_context(command))
        except CallGoneError:
            failed = CommandFailed(command, is_gone=True)
        except (LineError, TimeoutError) as error:
            name = type(command).__name__
            log.warning("calls: command failed", call=self.state.line_id, command=name, error=type(error).__name__)
            failed = CommandFailed(command, is_gone=False)
        else:
            if isinstance(command, Connect):
                self.hear(Connected(command.ring_id))
            return None
        self.hear(failed)
        return failed

    def _with_context(self, command: LineCommand) -> LineCommand:
        """The agent's telephone learns which call it is, so that the page can tell them apart."""
        begun = self.journal.begun
        if isinstance(command, Ring) and begun.done():
            return replace(command, context={"call": str(begun.result().id)})
        return command

    async def _look_up(self, command: LookUp) -> None:
        self.hear(await self._tools.look_up(command))

    async def _give_up(self) -> None:
        for command in ivr.give_up(self.state):
            try:
                await self._tools.line.do(self.state.line_id, command)
            except LineError:
                log.warning("calls: not even given up", call=self.state.line_id)
        if self.state.phase is not Phase.TALKING:
            self.journal.note(NoteEnded(CallOutcome.FALLBACK, EndedBy.SYSTEM))

    # ── timers and errands ──

    def _start_timer(self, name: str, seconds: float) -> None:
        self._stop_timer(name)
        self._timers[name] = self._tools.time.call_later(seconds, self._fire, name)

    def _fire(self, name: str) -> None:
        self._timers.pop(name, None)
        self.hear(TimerFired(name))

    def _stop_timer(self, name: str) -> None:
        timer = self._timers.pop(name, None)
        if timer is not None:
            timer.cancel()

    def _run_errand(self, errand: Awaitable[None]) -> None:
        task = asyncio.ensure_future(errand)
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)

    def _cancel_errands(self) -> None:
        for errand in self._errands:
            errand.cancel()


class _NotOursError(Exception):
    """Another worker has adopted this call meanwhile."""
