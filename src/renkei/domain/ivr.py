"""The IVR machine: ``(state, event) → (state, commands)``. Pure; each call goes through it alone.

Hears the line's events, results of what it asked for, and timers; says what to do next. Every event is defined in
every phase, every wait has a timer or a person behind it, and every call ends in exactly one outcome
(docs/why/ivr-machine.md).
"""

from collections.abc import Callable

from renkei.domain.ivr_tasks import RING_GRACE, TALK_NET, TALK_RENEW, WAIT_NET, WAIT_RENEW, Turn
from renkei.domain.ivr_words import (
    Asked,
    CallOutcome,
    CallState,
    CloseCommand,
    CommandFailed,
    Connected,
    IvrCommand,
    IvrEvent,
    LookUpDone,
    NoteAnswered,
    NoteHeld,
    NoteRingOver,
    NoteRingsLost,
    Phase,
    Reserved,
    StartTimer,
    TimerFired,
)
from renkei.domain.line import (
    AgentAnswered,
    AgentRefused,
    Answer,
    Connect,
    Continue,
    Ended,
    EndedBy,
    HangUp,
    Hold,
    LineCommand,
    Play,
    Played,
    Pressed,
    Ring,
    RingEnded,
    SetFallback,
    SetNet,
    StopRinging,
    Unhold,
)
from renkei.domain.matching import Branch
from renkei.domain.plan import LinePlan
from renkei.domain.rules import compiled_name

NET = "net"
"""The timer that renews the line's fail-safe while a call waits or talks."""

Result = tuple[CallState, tuple[IvrCommand, ...]]

MOST_STEPS_NOTED = 200
"""A caller who leans on a key does not fill the history."""

_WAITING = (Phase.RESERVING, Phase.RINGING, Phase.CONNECTING)


def begin(plan: LinePlan, line_id: str, *, dialled: str, shown_number: str, tag: str) -> Result:
    """Take a call that just arrived: arm the net, name the fallback, start its number's entry."""
    number = plan.find_number(dialled)
    turn = Turn(CallState(plan=plan, line_id=line_id, tag=tag, number=number, shown_number=shown_number))
    return _enter(turn)


def take_over(
    plan: LinePlan,
    line_id: str,
    *,
    dialled: str,
    shown_number: str,
    tag: str,
    steps: int,
    talking_agent: int | None,
    ring_id: str = "",
    is_held: bool = False,
) -> Result:
    """Take a standing call over from a worker that is gone. People who talk go on talking; a call that waited starts
    its number's entry again, for what it waited for is lost. ``steps`` is the number of IVR steps noted so far,
    ``ring_id`` the ring that the talking agent answered: the worker may have gone before it could note so."""
    number = plan.find_number(dialled)
    state = CallState(
        plan=plan, line_id=line_id, tag=tag, number=number, shown_number=shown_number, steps=steps, is_answered=True
    )
    turn = Turn(state)
    turn.note("taken_over", {"talking": talking_agent is not None})
    if talking_agent is None:
        turn.say(NoteRingsLost())
        # Whether the line has picked the call up already is unknown; Answer may be repeated.
        turn.set(is_answered=False)
        return _enter(turn)
    turn.set(phase=Phase.TALKING, agent_id=talking_agent, is_held=is_held)
    if ring_id:
        turn.say(NoteAnswered(ring_id, talking_agent))
    turn.say(SetNet(TALK_NET), StartTimer(NET, TALK_RENEW))
    return turn.result()


def give_up(state: CallState) -> tuple[LineCommand, ...]:
    """What to tell the line when the machine itself failed: the number's fallback rule, run by the line alone. People
    who talk are left alone."""
    if state.phase in (Phase.TALKING, Phase.GONE):
        return ()
    rule = state.number.fallback_rule if state.number else state.plan.busy_rule
    if rule is None:
        return (HangUp(),)
    return (SetNet(None), Continue(compiled_name(rule)))


def decide(state: CallState, event: IvrEvent) -> Result:
    """The next state and what to do now. Once the phase is GONE nothing is said any more, but refusals."""
    turn = Turn(state)
    if isinstance(event, Asked):
        _asked(turn, event)
    elif state.phase is not Phase.GONE:
        _hear(turn, event)
    return turn.result()


def _hear(turn: Turn, event: IvrEvent) -> None:
    match event:
        case Ended():
            _ended(turn, event)
        case LookUpDone(look_up_id=name):
            _if_waiting(turn, Phase.LOOKING_UP, name, lambda: _looked_up(turn, event.branch, event.reason))
        case Played(play_id=name):
            _if_waiting(turn, Phase.PLAYING, name, turn.go_on)
        case Reserved(ring_id=name):
            _if_waiting(turn, Phase.RESERVING, name, lambda: _reserved(turn, event.agent_ids))
        case AgentAnswered():
            _agent_answered(turn, event)
        case AgentRefused(ring_id=name):
            _if_waiting(turn, Phase.RINGING, name, lambda: _agent_refused(turn, event))
        case RingEnded(ring_id=name):
            _if_waiting(turn, Phase.RINGING, name, lambda: _ring_ended(turn, event.why.value))
        case Connected(ring_id=name):
            _if_waiting(turn, Phase.CONNECTING, name, lambda: _connected(turn))
        case Pressed():
            _pressed(turn, event)
        case TimerFired():
            _timer_fired(turn, event.timer)
        case CommandFailed():
            _command_failed(turn, event)
        case _:  # Arrived again, AgentRinging: nothing follows
            return


def _if_waiting(turn: Turn, phase: Phase, name: str, then: Callable[[], None]) -> None:
    """What comes late, for something the call does not wait for any more, changes nothing."""
    if turn.state.phase is phase and turn.state.waiting == name:
        then()


# ── the entry ─────────────────────────────────────────────────────────────────────────────────────────────────


def _enter(turn: Turn) -> Result:
    state = turn.state
    if state.number is None:
        turn.note("unknown_number")
        turn.run_busy()
        return turn.result()
    turn.say(SetFallback(compiled_name(state.number.fallback_rule)))
    turn.set(tasks=(state.number.entry,))
    turn.go_on()
    return turn.result()


# ── the look-up ───────────────────────────────────────────────────────────────────────────────────────────────


def _looked_up(turn: Turn, branch: Branch, reason: str) -> None:
    ivr = turn.ivr()
    turn.note("looked_up", {"reason": reason})
    turn.note("branch", {"condition": branch.value})
    if branch is Branch.REQUEST_ERROR and ivr is not None and ivr.linkage is not None:
        turn.run_rule(ivr.linkage.request_error_rule)
        return
    turn.take_branch(ivr.branches.get(branch) if ivr is not None else None)


# ── ringing ───────────────────────────────────────────────────────────────────────────────────────────────────


def _reserved(turn: Turn, agent_ids: tuple[int, ...]) -> None:
    """Ring those who are free; nobody free means: the next step."""
    state = turn.state
    free = tuple(agent for agent in state.ringing if agent in agent_ids)
    if not free:
        turn.note("nobody_free", {"agents": list(state.ringing)})
        turn.set(ringing=())
        turn.go_on()
        return
    extensions = tuple(state.plan.agents[agent].extension for agent in free)
    turn.note("ring", {"agents": [state.plan.agents[agent].name for agent in free], "seconds": state.ring_seconds})
    turn.set(phase=Phase.RINGING, ringing=free, has_rung=True)
    turn.say(
        Ring(state.waiting, extensions, state.ring_seconds, state.shown_number, ""),
        StartTimer(state.waiting, state.ring_seconds + RING_GRACE),
    )


def _agent_refused(turn: Turn, event: AgentRefused) -> None:
    agent = turn.agent_of(event.extension)
    if agent is not None and agent in turn.state.ringing:
        turn.set(ringing=tuple(each for each in turn.state.ringing if each != agent))
        turn.say(NoteRingOver(event.ring_id, event.why.value, agent))


def _ring_ended(turn: Turn, why: str) -> None:
    turn.say(NoteRingOver(turn.state.waiting, why))
    turn.note("ring_over", {"why": why})
    turn.set(ringing=())
    turn.go_on()


def _ring_failed(turn: Turn) -> None:
    """The line may have begun to ring before it failed."""
    turn.say(StopRinging(turn.state.waiting))
    _ring_ended(turn, "unreachable")


def _agent_answered(turn: Turn, event: AgentAnswered) -> None:
    state = turn.state
    if state.phase is not Phase.RINGING or event.ring_id != state.waiting:
        # Too late: the ring was given up. Another one may run, so only this one is taken back.
        if state.phase is not Phase.ENDING and event.ring_id != state.waiting:
            turn.say(StopRinging(event.ring_id))
        return
    agent = turn.agent_of(event.extension)
    if agent is None:
        turn.say(StopRinging(event.ring_id))
        _ring_ended(turn, "unreachable")
        return
    turn.stop_waiting()
    turn.answer()
    turn.set(phase=Phase.CONNECTING, waiting=event.ring_id, agent_id=agent)
    turn.say(SetNet(TALK_NET), StartTimer(event.ring_id, RING_GRACE), Connect(event.ring_id))


def _connected(turn: Turn) -> None:
    state = turn.state
    assert state.agent_id is not None
    turn.stop_waiting()
    turn.say(NoteAnswered(state.waiting, state.agent_id))
    turn.note("answered", {"agent": state.plan.agents[state.agent_id].name})
    turn.set(phase=Phase.TALKING, waiting="", ringing=(), tasks=())
    # Once more: only now does it reach the agent's leg too.
    turn.say(SetNet(TALK_NET), StartTimer(NET, TALK_RENEW))


def _not_connected(turn: Turn) -> None:
    """The agent picked up, but the line could not put them through: the next step."""
    ring_id = turn.state.waiting
    turn.stop_waiting()
    turn.set(agent_id=None, waiting=ring_id)
    turn.say(StopRinging(ring_id))
    _ring_ended(turn, "unreachable")


# ── keys, timers, failures ────────────────────────────────────────────────────────────────────────────────────


def _pressed(turn: Turn, event: Pressed) -> None:
    """Noted before a conversation only: what is keyed to an agent may be a card number."""
    before = (Phase.LOOKING_UP, Phase.PLAYING, Phase.RESERVING, Phase.RINGING)
    if turn.state.phase in before and turn.state.steps < MOST_STEPS_NOTED:
        turn.note("key", {"digit": event.digit})


def _timer_fired(turn: Turn, timer: str) -> None:
    state = turn.state
    if timer == NET:
        _renew_net(turn)
        return
    if timer != state.waiting:
        return
    match state.phase:
        case Phase.LOOKING_UP:
            _looked_up(turn, Branch.REQUEST_ERROR, "request_error")
        case Phase.PLAYING:
            turn.go_on()
        case Phase.RESERVING:
            # Who is free is unknown: routing fails open (P1), a busy telephone refuses by itself.
            _reserved(turn, state.ringing)
        case Phase.RINGING:
            turn.say(StopRinging(state.waiting))
            _ring_ended(turn, "no_answer")
        case Phase.CONNECTING:
            _not_connected(turn)
        case Phase.ENDING:
            _end_again(turn)


def _renew_net(turn: Turn) -> None:
    if turn.state.phase is Phase.TALKING:
        turn.say(SetNet(TALK_NET), StartTimer(NET, TALK_RENEW))
    elif turn.state.phase in _WAITING:
        turn.say(SetNet(WAIT_NET), StartTimer(NET, WAIT_RENEW))


def _command_failed(turn: Turn, event: CommandFailed) -> None:
    state = turn.state
    if event.is_gone:
        if state.phase is not Phase.ENDING:
            turn.lose()
        return
    match event.command:
        case Play(play_id=name):
            _if_waiting(turn, Phase.PLAYING, name, turn.go_on)
        case Ring(ring_id=name):
            _if_waiting(turn, Phase.RINGING, name, lambda: _ring_failed(turn))
        case Connect(ring_id=name):
            _if_waiting(turn, Phase.CONNECTING, name, lambda: _not_connected(turn))
        case Hold() | Unhold() if state.phase is Phase.TALKING:
            is_held = isinstance(event.command, Unhold)
            turn.set(is_held=is_held)
            turn.say(NoteHeld(is_held))
        case Answer():
            turn.set(is_answered=False)


# ── the end ───────────────────────────────────────────────────────────────────────────────────────────────────


def _end_again(turn: Turn) -> None:
    """The line did not confirm the end: say it again, then call it ended; the net ends the call on the line."""
    state = turn.state
    if state.outcome is not None and state.end_tries < 3:
        turn.hang_up(state.outcome)
    else:
        by = EndedBy.AGENT if state.is_hung_up_by_agent else EndedBy.SYSTEM
        turn.finish(state.outcome or CallOutcome.FALLBACK, by)


def _ended(turn: Turn, event: Ended) -> None:
    state = turn.state
    # The line calls everything that we ended the system's; an agent's button is the agent.
    by = EndedBy.AGENT if state.is_hung_up_by_agent and event.by is EndedBy.SYSTEM else event.by
    turn.finish(state.outcome or _guess_outcome(state.phase, by), by)


def _guess_outcome(phase: Phase, by: EndedBy) -> CallOutcome:
    if phase is Phase.TALKING:
        return CallOutcome.ANSWERED
    return CallOutcome.ABANDONED if by is EndedBy.CALLER else CallOutcome.FALLBACK


# ── what agents ask ───────────────────────────────────────────────────────────────────────────────────────────


def _asked(turn: Turn, event: Asked) -> None:
    state = turn.state
    if state.phase in (Phase.GONE, Phase.ENDING):
        turn.say(CloseCommand(event.command_id, "call_gone"))
        return
    if state.phase is not Phase.TALKING or event.agent_id != state.agent_id:
        turn.say(CloseCommand(event.command_id, "not_your_call"))
        return
    match event.kind:
        case "hang_up":
            turn.set(is_hung_up_by_agent=True)
            turn.hang_up(CallOutcome.ANSWERED)
        case "hold":
            turn.hold(True)
        case "unhold":
            turn.hold(False)
        case _:
            turn.say(CloseCommand(event.command_id, "bad_command"))
            return
    turn.say(CloseCommand(event.command_id))
