"""What the IVR machine hears and says beside the line's own words, and the state of one call."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from renkei.domain.line import CallEvent, EndedBy, LineCommand
from renkei.domain.matching import Branch
from renkei.domain.plan import LinePlan, Linkage, NumberPlan, Way
from renkei.domain.rules import RuleStep

# ── heard ─────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class LookUpDone:
    """The chat was looked up, whatever came of it; ``reason`` is D2's."""

    look_up_id: str
    branch: Branch
    reason: str


@dataclass(frozen=True, slots=True)
class Reserved:
    """These agents were free and are now kept for the ring ``ring_id``."""

    ring_id: str
    agent_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class TimerFired:
    """A timer that we started ran out."""

    timer: str


@dataclass(frozen=True, slots=True)
class Connected:
    """The line carried Connect out."""

    ring_id: str


@dataclass(frozen=True, slots=True)
class CommandFailed:
    """The line could not carry ``command`` out; ``is_gone``: the call is not in our hands any more."""

    command: LineCommand
    is_gone: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """An agent asked something of the call: hang_up, hold or unhold."""

    command_id: int
    agent_id: int
    kind: str


IvrEvent = CallEvent | LookUpDone | Reserved | TimerFired | Connected | CommandFailed | Asked

# ── said ──────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class LookUp:
    """Look the caller's chat up, within ``seconds`` altogether; answered by LookUpDone."""

    look_up_id: str
    ivr_id: int
    linkage: Linkage
    seconds: float


@dataclass(frozen=True, slots=True)
class Reserve:
    """Keep those of the agents who are free for a ring; answered by Reserved."""

    ring_id: str
    agent_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class StartTimer:
    """Answer with TimerFired after ``seconds``; a running timer of that name begins anew."""

    timer: str
    seconds: float


@dataclass(frozen=True, slots=True)
class StopTimer:
    """Forget a timer."""

    timer: str


@dataclass(frozen=True, slots=True)
class NoteStep:
    """A line of IVR履歴 (R133). ``detail`` holds names and ids as they were."""

    position: int
    kind: str
    ivr_id: int | None = None
    ivr_name: str = ""
    detail: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NoteLabel:
    """The call received a business label (R45)."""

    label_id: int


@dataclass(frozen=True, slots=True)
class NoteLinkage:
    """The call entered a chatbot-linkage IVR (R76, R107)."""

    ivr_id: int


@dataclass(frozen=True, slots=True)
class NoteRingOver:
    """A ring is over without an answer, for one agent or (None) for all it still rang."""

    ring_id: str
    why: str
    agent_id: int | None = None


@dataclass(frozen=True, slots=True)
class NoteRingsLost:
    """The worker that rang agents for this call is gone, and its rings with it."""


@dataclass(frozen=True, slots=True)
class NoteAnswered:
    """The agent and the customer are connected."""

    ring_id: str
    agent_id: int


@dataclass(frozen=True, slots=True)
class NoteHeld:
    """The call was put on hold, or taken back."""

    is_held: bool


class CallOutcome(StrEnum):
    """How a call ended; the values are those of the call's row."""

    ANSWERED = "answered"
    ABANDONED = "abandoned"
    MISSED = "missed"
    BUSY = "busy"
    GUIDANCE = "guidance"
    FALLBACK = "fallback"


@dataclass(frozen=True, slots=True)
class NoteEnded:
    """The call is over; the last note of every call, once."""

    outcome: CallOutcome
    by: EndedBy


@dataclass(frozen=True, slots=True)
class CloseCommand:
    """Tell who asked: done, or refused with a message code."""

    command_id: int
    error_code: str = ""


Note = (
    NoteStep
    | NoteLabel
    | NoteLinkage
    | NoteRingOver
    | NoteRingsLost
    | NoteAnswered
    | NoteHeld
    | NoteEnded
    | CloseCommand
)
IvrCommand = LineCommand | LookUp | Reserve | StartTimer | StopTimer | Note

# ── the state of a call ───────────────────────────────────────────────────────────────────────────────────────


class Phase(StrEnum):
    """What the call waits for."""

    LOOKING_UP = "looking_up"
    PLAYING = "playing"
    RESERVING = "reserving"
    RINGING = "ringing"
    CONNECTING = "connecting"
    TALKING = "talking"
    ENDING = "ending"
    """We ended it, or the line says it is gone; the line's Ended is still to come."""
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Say:
    """Words to synthesise."""

    words: str


Task = Way | RuleStep | Say


@dataclass(frozen=True, slots=True, kw_only=True)
class CallState:
    """One call. ``tasks`` is what is left to do; ``waiting`` is the id of what it waits for, a timer's name too.

    ``tag`` makes ids unique between calls and workers. ``shown_number`` is what an agent's telephone may show.
    """

    plan: LinePlan
    line_id: str
    tag: str
    number: NumberPlan | None = None
    shown_number: str = ""
    phase: Phase = Phase.ENDING
    tasks: tuple[Task, ...] = ()
    waiting: str = ""
    serial: int = 0
    steps: int = 0
    is_answered: bool = False
    has_rung: bool = False
    has_played: bool = False
    is_held: bool = False
    is_hung_up_by_agent: bool = False
    ivr_id: int | None = None
    visited: frozenset[int] = frozenset()
    ringing: tuple[int, ...] = ()
    ring_seconds: float = 0.0
    agent_id: int | None = None
    outcome: CallOutcome | None = None
    end_tries: int = 0
