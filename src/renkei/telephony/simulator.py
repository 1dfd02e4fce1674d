"""A telephone line without telephones: for rehearsal, the demonstration and tests.

Customers dial, press and hang up through methods; agents answer and decline through methods; everything else goes
through the port. It keeps nets and fallbacks as a real line does: with nobody in command a call runs its fallback rule.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from renkei.domain.plan import LinePlan
from renkei.domain.rules import BusyStep, HangUpStep, PlayStep, RingStep, RuleStep, compiled_name
from renkei.telephony.port import (
    AgentAnswered,
    AgentRefused,
    AgentRinging,
    Answer,
    Arrived,
    Caller,
    CallEvent,
    CallGoneError,
    Connect,
    Continue,
    Ended,
    EndedBy,
    HangUp,
    HangUpCause,
    Hold,
    LineCommand,
    LineDown,
    LineError,
    LineEvent,
    LineLostError,
    LineUp,
    PastCalls,
    Phone,
    Play,
    Played,
    Pressed,
    Ring,
    RingEnded,
    RingFailure,
    SetFallback,
    SetNet,
    Stage,
    StandingCall,
    StopPlaying,
    StopRinging,
    Unhold,
)
from renkei.telephony.timekeeping import Timekeeper, Timer

FIRST_NET_SECONDS = 3.0
"""What the line itself arms before anybody has said anything (P1)."""
KEYS = frozenset("0123456789*#")
CAUSES = {HangUpCause.NORMAL: 16, HangUpCause.BUSY: 17, HangUpCause.CONGESTION: 34, HangUpCause.NO_ANSWER: 19}


@dataclass(slots=True)
class _Call:
    line_id: str
    caller: Caller
    dialled: str
    began: float
    fallback: str = ""
    stage: Stage = Stage.WAITING
    is_answered: bool = False
    is_held: bool = False
    has_left: bool = False
    """The line's own rule has it; nobody commands it any more."""
    net: Timer | None = None
    playing: str | None = None
    play_timer: Timer | None = None
    ring_id: str | None = None
    ringing: list[str] = field(default_factory=list)
    ring_timer: Timer | None = None
    agent: str | None = None
    heard: list[str] = field(default_factory=list)


class SimulatedLine:
    """The simulator: a ``Line`` in this process. ``heard(line_id)`` tells what the caller has heard so far."""

    def __init__(self, *, time: Timekeeper | None = None) -> None:
        self._time: Timekeeper = time or asyncio.get_running_loop()
        self._calls: dict[str, _Call] = {}
        self._listener: asyncio.Queue[LineEvent | None] | None = None
        self._plan = LinePlan()
        self._is_lost = False

    # ── the port ──

    def events(self) -> AsyncIterator[LineEvent]:
        """Every event from now on; what happened while nobody listened is not told again, as on a real line."""
        self._listener = asyncio.Queue()
        self._listener.put_nowait(LineUp())
        return self._read(self._listener)

    async def _read(self, queue: "asyncio.Queue[LineEvent | None]") -> AsyncIterator[LineEvent]:
        try:
            while (event := await queue.get()) is not None:
                yield event
        finally:
            if self._listener is queue:
                self._listener = None

    async def do(self, line_id: str, command: LineCommand) -> None:
        """Carry one command out."""
        if self._is_lost:
            raise LineLostError
        call = self._calls.get(line_id)
        if call is None or call.has_left:
            raise CallGoneError(line_id)
        self._do(call, command)

    async def standing_calls(self) -> Sequence[StandingCall]:
        """All calls that are up and in somebody's command."""
        if self._is_lost:
            raise LineLostError
        return [self._describe(call) for call in self._calls.values() if not call.has_left]

    async def adopt(self, line_id: str) -> None:
        """Take a call over; a ring that nobody waits for any more is taken back."""
        call = self._calls.get(line_id)
        if call is None or call.has_left:
            raise CallGoneError(line_id)
        if call.stage is Stage.RINGING:
            self._stop_ring(call)

    async def push_phones(self, phones: Sequence[Phone]) -> None:
        """Every extension rings here; there are no devices to know."""

    async def push_plan(self, plan: LinePlan) -> None:
        """Take the rules that run without us."""
        self._plan = plan

    async def keep_phones(self, extensions: Sequence[str]) -> None:
        """There are no devices to forget."""

    async def past_calls(self, bookmark: str) -> PastCalls:
        """The simulator dies with its worker: nothing ever ran without us."""
        return PastCalls((), bookmark)

    async def system(self) -> str:
        """No telephone system: nothing to tell."""
        return ""

    async def close(self) -> None:
        """Leave the line; calls stay."""
        if self._listener is not None:
            self._listener.put_nowait(None)

    # ── the customer ──

    def dial(self, line_id: str, caller: Caller, *, dialled: str) -> None:
        """A customer calls a number of ours."""
        if line_id in self._calls:
            return
        call = _Call(line_id, caller, dialled, began=self._time.time())
        number = self._plan.find_number(dialled)
        call.fallback = compiled_name(number.fallback_rule) if number else ""
        self._calls[line_id] = call
        if self._listener is None:
            self._leave(call, call.fallback)
            return
        self._set_net(call, FIRST_NET_SECONDS)
        self._tell(Arrived(line_id, caller, dialled))

    def press(self, line_id: str, *, digit: str) -> None:
        """The customer presses a key; what is no key does nothing."""
        call = self._standing(line_id)
        if digit in KEYS and not call.has_left:
            self._tell(Pressed(line_id, digit))

    def hang_up(self, line_id: str) -> None:
        """The customer hangs up."""
        self._end(self._standing(line_id), EndedBy.CALLER)

    def heard(self, line_id: str) -> tuple[str, ...]:
        """The words the caller has heard; empty for a call that is over."""
        call = self._calls.get(line_id)
        return tuple(call.heard) if call else ()

    # ── the agent ──

    def answer_ring(self, line_id: str, *, extension: str) -> None:
        """An agent picks up. Raises LineError when this extension is not being rung for this call."""
        call = self._rung(line_id, extension)
        self._stop_ring_timer(call)
        call.ringing, call.agent = [], extension
        if call.has_left:
            call.stage = Stage.TALKING
            return
        assert call.ring_id is not None
        self._tell(AgentAnswered(line_id, call.ring_id, extension))

    def decline_ring(self, line_id: str, *, extension: str) -> None:
        """An agent declines. Raises LineError when this extension is not being rung for this call."""
        self._refuse(self._rung(line_id, extension), extension, RingFailure.DECLINED)

    def hang_up_agent(self, line_id: str, *, extension: str) -> None:
        """The agent's telephone hangs up: the conversation is over."""
        call = self._standing(line_id)
        if call.agent != extension or call.stage is not Stage.TALKING:
            raise LineError("not_talking")
        self._end(call, EndedBy.AGENT)

    # ── a line that fails, for tests ──

    def lose(self) -> None:
        """The line loses its telephone system; nets go on running there."""
        self._is_lost = True
        self._tell(LineDown())

    def regain(self) -> None:
        """The telephone system is back."""
        self._is_lost = False
        self._tell(LineUp())

    # ── commands ──

    def _do(self, call: _Call, command: LineCommand) -> None:
        match command:
            case Answer():
                call.is_answered = True
            case Play():
                self._play(call, command)
            case StopPlaying(play_id) if call.playing == play_id:
                self._played(call, play_id, False)
            case Ring():
                self._ring(call, command)
            case StopRinging(ring_id) if call.ring_id == ring_id:
                self._stop_ring(call)
            case Connect(ring_id):
                self._connect(call, ring_id)
            case Hold():
                call.is_held = True
            case Unhold():
                call.is_held = False
            case SetNet(seconds):
                self._set_net(call, seconds)
            case SetFallback(rule):
                call.fallback = rule
            case Continue(rule):
                self._leave(call, rule, by=EndedBy.SYSTEM)
            case HangUp(cause):
                self._end(call, EndedBy.SYSTEM, CAUSES[cause])

    def _play(self, call: _Call, command: Play) -> None:
        if not call.is_answered:
            raise LineError("not_answered")
        if call.playing is not None:
            self._played(call, call.playing, False)
        call.playing = command.play_id
        call.heard += [sound.words for sound in command.sounds]
        seconds = sum(sound.seconds for sound in command.sounds)
        call.play_timer = self._time.call_later(seconds, self._played, call, command.play_id, True)

    def _played(self, call: _Call, play_id: str, is_whole: bool) -> None:
        if call.playing == play_id:
            call.playing = None
            _cancel(call.play_timer)
            self._tell_call(call, Played(call.line_id, play_id, is_whole))

    def _ring(self, call: _Call, command: Ring) -> None:
        if call.ring_id is not None or call.agent is not None:
            raise LineError("rings_already")
        call.ring_id, call.stage, call.ringing = command.ring_id, Stage.RINGING, list(command.extensions)
        call.ring_timer = self._time.call_later(command.seconds, self._ring_ran_out, call, command.ring_id)
        for extension in command.extensions:
            if self._is_engaged(extension, call):
                self._refuse(call, extension, RingFailure.BUSY)
            else:
                self._tell(AgentRinging(call.line_id, command.ring_id, extension))

    def _is_engaged(self, extension: str, but: _Call) -> bool:
        others = (call for call in self._calls.values() if call is not but)
        return any(extension == call.agent or extension in call.ringing for call in others)

    def _refuse(self, call: _Call, extension: str, why: RingFailure) -> None:
        call.ringing.remove(extension)
        if call.ringing:
            self._tell_call(call, AgentRefused(call.line_id, call.ring_id or "", extension, why))
        else:
            self._ring_over(call, why)

    def _ring_ran_out(self, call: _Call, ring_id: str) -> None:
        if call.ring_id == ring_id and call.ringing:
            self._ring_over(call, RingFailure.NO_ANSWER)

    def _ring_over(self, call: _Call, why: RingFailure) -> None:
        ring_id = call.ring_id
        self._stop_ring(call)
        self._tell_call(call, RingEnded(call.line_id, ring_id or "", why))

    def _stop_ring(self, call: _Call) -> None:
        self._stop_ring_timer(call)
        call.ringing, call.ring_id, call.agent, call.stage = [], None, None, Stage.WAITING

    def _stop_ring_timer(self, call: _Call) -> None:
        _cancel(call.ring_timer)
        call.ring_timer = None

    def _connect(self, call: _Call, ring_id: str) -> None:
        if call.ring_id != ring_id or call.agent is None:
            raise LineError("nobody_answered")
        call.stage = Stage.TALKING

    # ── the net and the rule that runs without us ──

    def _set_net(self, call: _Call, seconds: float | None) -> None:
        _cancel(call.net)
        call.net = None if seconds is None else self._time.call_later(seconds, self._net_caught, call)

    def _net_caught(self, call: _Call) -> None:
        if not call.has_left and call.line_id in self._calls:
            self._leave(call, call.fallback)

    def _leave(self, call: _Call, rule: str, *, by: EndedBy = EndedBy.NET) -> None:
        """The line's own rule takes the call; for whoever commanded it, it is over."""
        self._set_net(call, None)
        self._stop_ring(call)
        _cancel(call.play_timer)
        call.playing = None
        self._tell(Ended(call.line_id, by))
        call.has_left = True
        steps = next((each.steps for each in self._plan.rules.values() if compiled_name(each.id) == rule), ())
        self._run_alone(call, steps)

    def _run_alone(self, call: _Call, steps: tuple[RuleStep, ...]) -> None:
        if call.line_id not in self._calls or call.stage is Stage.TALKING:
            return
        call.ringing = []
        match steps:
            case (PlayStep(guidance_id), *rest) if guidance_id in self._plan.guidances:
                guidance = self._plan.guidances[guidance_id]
                call.heard.append(guidance.words)
                self._time.call_later(guidance.seconds, self._run_alone, call, tuple(rest))
            case (RingStep(agent_ids, seconds), *rest):
                known = [self._plan.agents[agent].extension for agent in agent_ids if agent in self._plan.agents]
                call.ringing = [extension for extension in known if not self._is_engaged(extension, call)]
                self._time.call_later(seconds if call.ringing else 0, self._run_alone, call, tuple(rest))
            case (BusyStep() | HangUpStep(), *_) | ():
                self._end(call, EndedBy.SYSTEM)
            case (_, *rest):
                self._run_alone(call, tuple(rest))

    # ── the end ──

    def _end(self, call: _Call, by: EndedBy, cause: int = 16) -> None:
        self._set_net(call, None)
        self._stop_ring(call)
        _cancel(call.play_timer)
        del self._calls[call.line_id]
        self._tell_call(call, Ended(call.line_id, by, cause))

    # ── small things ──

    def _tell_call(self, call: _Call, event: CallEvent) -> None:
        if not call.has_left:
            self._tell(event)

    def _tell(self, event: LineEvent) -> None:
        if self._listener is not None:
            self._listener.put_nowait(event)

    def _standing(self, line_id: str) -> _Call:
        call = self._calls.get(line_id)
        if call is None:
            raise CallGoneError(line_id)
        return call

    def _rung(self, line_id: str, extension: str) -> _Call:
        call = self._standing(line_id)
        if extension not in call.ringing:
            raise LineError("not_ringing")
        return call

    def _describe(self, call: _Call) -> StandingCall:
        age = timedelta(seconds=self._time.time() - call.began)
        agent = call.agent if call.stage is Stage.TALKING else None
        ring_id = call.ring_id or "" if agent else ""
        return StandingCall(
            call.line_id, call.caller, call.dialled, call.stage, agent, age,
            ring_id=ring_id, is_held=call.is_held, mine=True,
        )  # fmt: skip


def _cancel(timer: Timer | None) -> None:
    if timer is not None:
        timer.cancel()
