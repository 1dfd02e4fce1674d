"""Lets a sample call run through the real IVR machine in virtual time, so that its history is what a call leaves."""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from random import Random

from renkei.domain import ivr
from renkei.domain.ivr_words import (
    Connected,
    IvrCommand,
    IvrEvent,
    LookUp,
    LookUpDone,
    NoteAnswered,
    NoteEnded,
    NoteLabel,
    NoteLinkage,
    NoteRingOver,
    NoteStep,
    Reserve,
    Reserved,
)
from renkei.domain.line import (
    AgentAnswered,
    Connect,
    Ended,
    EndedBy,
    HangUp,
    Play,
    Played,
    Ring,
    RingEnded,
    RingFailure,
)
from renkei.domain.matching import LinkDecision
from renkei.domain.plan import LinePlan


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What happens to one call from outside: the caller's patience, who is free, how long people talk."""

    line_id: str
    dialled: str
    arrived_at: datetime
    decision: LinkDecision | None
    look_up_seconds: float
    patience: float
    answer_after: float | None
    """Seconds of ringing until somebody picks up; None: nobody does."""
    talk_seconds: float
    free: frozenset[int]
    ended_by: EndedBy


@dataclass(slots=True)
class RingTold:
    """An agent was rung."""

    agent_id: int
    ring_id: str
    rang_at: datetime
    ended_at: datetime
    why: str


@dataclass(slots=True)
class Told:
    """What the call left behind."""

    steps: list[tuple[datetime, NoteStep]] = field(default_factory=list)
    labels: list[tuple[datetime, int]] = field(default_factory=list)
    rings: list[RingTold] = field(default_factory=list)
    linkage_ivr: int | None = None
    looked_up_at: datetime | None = None
    answered_at: datetime | None = None
    answered_by: int | None = None
    ended_at: datetime | None = None
    outcome: str = ""


class Rehearsal:
    """One call in virtual time."""

    def __init__(self, plan: LinePlan, story: Story, chance: Random) -> None:
        self._plan, self._story, self._chance = plan, story, chance
        self._now = story.arrived_at
        self._due: list[tuple[datetime, int, IvrEvent]] = []
        self._serial = count()
        self._reserved: tuple[int, ...] = ()
        self.told = Told()

    def run(self) -> Told:
        """Go through the whole call."""
        story = self._story
        state, commands = ivr.begin(
            self._plan, story.line_id, dialled=story.dialled, shown_number="", tag=story.line_id
        )
        self._later(story.patience, Ended(story.line_id, EndedBy.CALLER))
        while self.told.ended_at is None:
            for command in commands:
                self._carry_out(command)
            if self.told.ended_at is None:
                self._now, _, event = heapq.heappop(self._due)
                state, commands = ivr.decide(state, event)
        return self.told

    def _later(self, seconds: float, event: IvrEvent) -> None:
        heapq.heappush(self._due, (self._now + timedelta(seconds=seconds), next(self._serial), event))

    def _carry_out(self, command: IvrCommand) -> None:
        line_id = self._story.line_id
        match command:
            case LookUp():
                self._look_up(command)
            case Play(play_id, sounds):
                self._later(sum(sound.seconds for sound in sounds), Played(line_id, play_id, ok=True))
            case Reserve(ring_id, agent_ids):
                self._reserved = tuple(agent for agent in agent_ids if agent in self._story.free)
                self._later(0.02, Reserved(ring_id, self._reserved))
            case Ring():
                self._ring(command)
            case Connect(ring_id):
                self._later(0.1, Connected(ring_id))
            case HangUp():
                self._later(0.1, Ended(line_id, EndedBy.SYSTEM))
            case _:
                self._note(command)

    def _look_up(self, command: LookUp) -> None:
        decision = self._story.decision
        assert decision is not None
        seconds = self._story.look_up_seconds
        self.told.looked_up_at = self._now + timedelta(seconds=seconds)
        self._later(seconds, LookUpDone(command.look_up_id, decision.branch, decision.reason.value))

    def _ring(self, ring: Ring) -> None:
        end = self._now + timedelta(seconds=ring.seconds)
        for agent in self._reserved:
            self.told.rings.append(RingTold(agent, ring.ring_id, self._now, end, "no_answer"))
        after = self._story.answer_after
        if after is None or after >= ring.seconds:
            self._later(ring.seconds, RingEnded(self._story.line_id, ring.ring_id, RingFailure.NO_ANSWER))
        else:
            extension = self._chance.choice(ring.extensions)
            self._later(after, AgentAnswered(self._story.line_id, ring.ring_id, extension))

    def _note(self, command: IvrCommand) -> None:
        match command:
            case NoteStep():
                self.told.steps.append((self._now, command))
            case NoteLabel(label_id):
                self.told.labels.append((self._now, label_id))
            case NoteLinkage(ivr_id):
                self.told.linkage_ivr = ivr_id
            case NoteRingOver(ring_id, why):
                self._end_rings(ring_id, why)
            case NoteAnswered(ring_id, agent_id):
                self._answered(ring_id, agent_id)
            case NoteEnded(outcome):
                self.told.outcome, self.told.ended_at = outcome.value, self._now
                self._end_rings(None, "taken_back")

    def _answered(self, ring_id: str, agent_id: int) -> None:
        self.told.answered_at, self.told.answered_by = self._now, agent_id
        for ring in self.told.rings:
            if ring.ring_id == ring_id:
                ring.ended_at, ring.why = self._now, "answered" if ring.agent_id == agent_id else "taken_back"
        self._due = []
        self._later(self._story.talk_seconds, Ended(self._story.line_id, self._story.ended_by))

    def _end_rings(self, ring_id: str | None, why: str) -> None:
        for ring in self.told.rings:
            if ring.ended_at > self._now and ring_id in (None, ring.ring_id):
                ring.ended_at, ring.why = self._now, why


def free_agents(busy_until: dict[int, datetime], at_work: Sequence[int], *, now: datetime) -> frozenset[int]:
    """Those of ``at_work`` who are in no call."""
    return frozenset(agent for agent in at_work if agent not in busy_until or busy_until[agent] < now)
