"""One turn of the IVR machine: carries a call's tasks out until one has to wait (see ivr.py)."""

from dataclasses import replace

from renkei.domain.ivr_words import (
    CallOutcome,
    CallState,
    IvrCommand,
    LookUp,
    NoteEnded,
    NoteHeld,
    NoteLabel,
    NoteLinkage,
    NoteStep,
    Phase,
    Reserve,
    Say,
    StartTimer,
    StopTimer,
    Task,
)
from renkei.domain.line import (
    Answer,
    EndedBy,
    HangUp,
    HangUpCause,
    Hold,
    Play,
    SetFallback,
    SetNet,
    Sound,
    Unhold,
    speech_key,
)
from renkei.domain.plan import BranchPlan, EnterIvr, IvrPlan, RingAgent, RunRule
from renkei.domain.rules import BusyStep, HangUpStep, PlayStep, RingStep, compiled_name

LOOK_UP_MARGIN = 0.5
"""Seconds the line's net leaves beyond the look-up's budget (P1)."""
LOOK_UP_GRACE = 0.25
"""Seconds after the budget at which we go on without an answer, inside the net."""
WAIT_NET, WAIT_RENEW = 15.0, 5.0
PLAY_MARGIN, PLAY_GRACE = 10.0, 5.0
TALK_NET, TALK_RENEW = 4 * 3600.0, 3600.0
RESERVE_SECONDS = 0.5
RING_GRACE = 3.0
END_SECONDS = 3.0
TRANSFER_SECONDS = 30.0
"""How long a transfer to an extension rings."""
MOST_IVRS = 10
SPOKEN_CHARACTERS_PER_SECOND = 6.0


class Turn:
    """The state under change and what has been said in this turn."""

    def __init__(self, state: CallState) -> None:
        self.state = state
        self._said: list[IvrCommand] = []

    def result(self) -> tuple[CallState, tuple[IvrCommand, ...]]:
        """The new state and everything said, in order."""
        return self.state, tuple(self._said)

    def say(self, *commands: IvrCommand) -> None:
        """Say these next."""
        self._said.extend(commands)

    def set(self, **changes: object) -> None:
        """Change the state."""
        self.state = replace(self.state, **changes)  # type: ignore[arg-type]  # replace checks the names itself

    def note(self, kind: str, detail: dict[str, object] | None = None) -> None:
        """Write the next line of the IVR history."""
        ivr = self.ivr()
        name = ivr.name if ivr else ""
        self.say(NoteStep(self.state.steps, kind, self.state.ivr_id, name, detail or {}))
        self.set(steps=self.state.steps + 1)

    def ivr(self) -> IvrPlan | None:
        """The IVR the call is in."""
        return self.state.plan.ivrs.get(self.state.ivr_id) if self.state.ivr_id is not None else None

    def agent_of(self, extension: str) -> int | None:
        """Which of those being rung has this extension."""
        agents = self.state.plan.agents
        return next((agent for agent in self.state.ringing if agents[agent].extension == extension), None)

    # ── going on ──

    def go_on(self) -> None:
        """Stop waiting and carry out what is left to do, until something has to be waited for."""
        self.stop_waiting()
        self.set(waiting="")
        while self.state.tasks:
            task, rest = self.state.tasks[0], self.state.tasks[1:]
            self.set(tasks=rest)
            if self._begin(task):
                return
        self.end_for_want_of_steps()

    def _begin(self, task: Task) -> bool:
        """Begin a task; True when the call now waits for it."""
        match task:
            case EnterIvr(ivr_id):
                return self._enter_ivr(ivr_id)
            case RunRule(rule_id):
                self._open_rule(rule_id)
                return False
            case RingAgent(agent_id):
                self.set(tasks=(RingStep((agent_id,), TRANSFER_SECONDS), *self._busy()))
                return False
            case PlayStep(guidance_id):
                return self._play_guidance(guidance_id)
            case Say(words):
                return self._say_words(words)
            case RingStep(agent_ids, seconds):
                return self._reserve(agent_ids, seconds)
            case BusyStep():
                self.hang_up(CallOutcome.MISSED if self.state.has_rung else CallOutcome.BUSY)
                return True
            case HangUpStep():
                self.end_for_want_of_steps()
                return True

    def _enter_ivr(self, ivr_id: int) -> bool:
        state = self.state
        ivr = state.plan.ivrs.get(ivr_id)
        if ivr is None or ivr_id in state.visited or len(state.visited) >= MOST_IVRS:
            self.note("missing" if ivr is None else "loop", {"ivr": ivr_id})
            self.run_fallback()
            return False
        self.set(ivr_id=ivr_id, visited=state.visited | {ivr_id})
        self.note("entered")
        if ivr.linkage is None:
            # A standard IVR without a menu has no way of its own.
            self.run_fallback()
            return False
        name = self._wait(Phase.LOOKING_UP, "look")
        seconds = state.plan.budget_seconds
        self.say(
            SetNet(seconds + LOOK_UP_MARGIN),
            LookUp(name, ivr_id, ivr.linkage, seconds),
            SetFallback(compiled_name(ivr.linkage.request_error_rule)),
            StartTimer(name, seconds + LOOK_UP_GRACE),
            NoteLinkage(ivr_id),
        )
        return True

    def take_branch(self, branch: BranchPlan | None) -> None:
        """Do what a response condition says: label, guidance, then the way (R45 to R55)."""
        branch = branch or BranchPlan()
        if branch.label_id is not None:
            self.say(NoteLabel(branch.label_id))
            self.note("label", {"label": self.state.plan.labels.get(branch.label_id, "")})
        spoken: tuple[Task, ...] = ()
        if branch.speech:
            spoken = (Say(branch.speech),)
        elif branch.guidance_id is not None:
            spoken = (PlayStep(branch.guidance_id),)
        self.set(tasks=(*spoken, *((branch.way,) if branch.way is not None else self._busy())))
        self.go_on()

    def run_rule(self, rule_id: int) -> None:
        """Run an incoming rule instead of anything else."""
        self.set(tasks=(RunRule(rule_id),))
        self.go_on()

    def run_busy(self) -> None:
        """Run the built-in rule ビジー (R56)."""
        self.set(tasks=self._busy())
        self.go_on()

    def run_fallback(self) -> None:
        """Let the number's 障害時の動作 be what is left to do."""
        number = self.state.number
        self.note("fallback")
        self.set(tasks=(RunRule(number.fallback_rule),) if number else self._busy())

    def _busy(self) -> tuple[Task, ...]:
        rule = self.state.plan.busy_rule
        return (RunRule(rule),) if rule in self.state.plan.rules and rule is not None else (BusyStep(),)

    def _open_rule(self, rule_id: int) -> None:
        rule = self.state.plan.rules.get(rule_id)
        self.note("rule", {"rule": rule.name if rule else "", "id": rule_id})
        self.set(tasks=rule.steps if rule else (BusyStep(),))

    # ── guidance ──

    def answer(self) -> None:
        """Pick the call up, unless it is."""
        if not self.state.is_answered:
            self.say(Answer())
            self.set(is_answered=True)

    def _play_guidance(self, guidance_id: int) -> bool:
        guidance = self.state.plan.guidances.get(guidance_id)
        if guidance is None:
            self.note("missing", {"guidance": guidance_id})
            return False
        self.note("guidance", {"guidance": guidance.id, "name": guidance.name, "words": guidance.words})
        self._play(Sound(guidance.media, guidance.seconds, guidance.words))
        return True

    def _say_words(self, words: str) -> bool:
        self.note("speech", {"words": words})
        key = speech_key(words)
        guessed = max(1.0, len(words) / SPOKEN_CHARACTERS_PER_SECOND)
        self._play(Sound(key, self.state.plan.speech_seconds.get(key, guessed), words))
        return True

    def _play(self, sound: Sound) -> None:
        # The net goes first: while Asterisk plays, every command to the channel waits for the end.
        self.answer()
        name = self._wait(Phase.PLAYING, "play")
        self.set(has_played=True)
        self.say(
            SetNet(sound.seconds + PLAY_MARGIN),
            Play(name, (sound,)),
            StartTimer(name, sound.seconds + PLAY_GRACE),
        )

    # ── ringing ──

    def _reserve(self, agent_ids: tuple[int, ...], seconds: float) -> bool:
        known = tuple(agent for agent in agent_ids if agent in self.state.plan.agents)
        if not known:
            self.note("nobody_free", {"agents": list(agent_ids)})
            return False
        name = self._wait(Phase.RESERVING, "ring")
        self.set(ringing=known, ring_seconds=seconds)
        self.say(
            SetNet(WAIT_NET),
            StartTimer("net", WAIT_RENEW),
            Reserve(name, known),
            StartTimer(name, RESERVE_SECONDS),
        )
        return True

    # ── a conversation ──

    def hold(self, is_held: bool) -> None:
        """Put the customer on hold or take them back; saying it twice is harmless."""
        if self.state.is_held is not is_held:
            self.set(is_held=is_held)
            self.say(Hold() if is_held else Unhold(), NoteHeld(is_held))

    # ── the end ──

    def end_for_want_of_steps(self) -> None:
        """The call has come to the end of its steps."""
        if self.state.has_rung:
            self.hang_up(CallOutcome.MISSED)
        else:
            self.hang_up(CallOutcome.GUIDANCE if self.state.has_played else CallOutcome.BUSY)

    def hang_up(self, outcome: CallOutcome) -> None:
        """End the call on the line; its Ended is waited for a while."""
        cause = HangUpCause.NORMAL
        if not self.state.is_answered:
            cause = HangUpCause.NO_ANSWER if outcome is CallOutcome.MISSED else HangUpCause.BUSY
        name = self._wait(Phase.ENDING, "end")
        self.set(outcome=outcome, tasks=(), end_tries=self.state.end_tries + 1)
        self.say(HangUp(cause), StartTimer(name, END_SECONDS))

    def lose(self) -> None:
        """The call left our hands without a word: wait a moment for the line to tell how."""
        outcome = CallOutcome.ANSWERED if self.state.phase is Phase.TALKING else None
        name = self._wait(Phase.ENDING, "end")
        self.set(outcome=outcome, tasks=(), end_tries=3)
        self.say(StartTimer(name, END_SECONDS))

    def finish(self, outcome: CallOutcome, by: EndedBy) -> None:
        """The call is over."""
        self.stop_waiting()
        self.set(phase=Phase.GONE, waiting="", tasks=(), outcome=outcome, ringing=())
        self.note("left", {"outcome": outcome.value, "by": by.value})
        self.say(NoteEnded(outcome, by))

    # ── waiting ──

    def stop_waiting(self) -> None:
        """Forget the timer of what was waited for."""
        if self.state.waiting:
            self.say(StopTimer(self.state.waiting))

    def _wait(self, phase: Phase, kind: str) -> str:
        """Wait for something new; its name is unique between calls and workers."""
        self.stop_waiting()
        name = f"{kind}-{self.state.tag}-{self.state.serial}"
        self.set(phase=phase, waiting=name, serial=self.state.serial + 1)
        return name
