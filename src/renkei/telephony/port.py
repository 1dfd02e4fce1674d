"""What a telephone line tells us and what we tell it, in our own words, never a vendor's.

Two twins stand behind this port and are held to one suite of promises: ``simulator.py`` (a product feature:
rehearsal, demonstration, tests) and ``asterisk/`` (ARI). A line reports ``LineEvent`` values in order per call and
takes ``LineCommand`` values; commands are idempotent where a repeat can happen, and a command to a call that is
gone raises ``CallGoneError``, never anything vendor-specific. The values themselves stand in domain/line.py.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Protocol

from renkei.domain.line import (
    AgentAnswered,
    AgentRefused,
    AgentRinging,
    Answer,
    Arrived,
    Caller,
    CallEvent,
    Connect,
    Continue,
    Ended,
    EndedBy,
    HangUp,
    HangUpCause,
    Hold,
    LineCommand,
    LineDown,
    LineEvent,
    LineUp,
    Play,
    Played,
    Pressed,
    Ring,
    RingEnded,
    RingFailure,
    SetFallback,
    SetNet,
    Sound,
    StopPlaying,
    StopRinging,
    Unhold,
)
from renkei.domain.past_calls import PastCall
from renkei.domain.plan import LinePlan

__all__ = [
    "AgentAnswered",
    "AgentRefused",
    "AgentRinging",
    "Answer",
    "Arrived",
    "CallEvent",
    "CallGoneError",
    "Caller",
    "Connect",
    "Continue",
    "Ended",
    "EndedBy",
    "HangUp",
    "HangUpCause",
    "Hold",
    "Line",
    "LineCommand",
    "LineDown",
    "LineError",
    "LineEvent",
    "LineLostError",
    "LineTakenError",
    "LineUp",
    "PastCall",
    "PastCalls",
    "Phone",
    "Play",
    "Played",
    "Pressed",
    "Ring",
    "RingEnded",
    "RingFailure",
    "SetFallback",
    "SetNet",
    "Sound",
    "Stage",
    "StandingCall",
    "StopPlaying",
    "StopRinging",
    "Unhold",
]


class LineError(Exception):
    """The line refused or failed a command; the call may still be alive."""


class CallGoneError(LineError):
    """The call the command is for no longer exists."""


class LineLostError(LineError):
    """The line itself (the telephone system) cannot be reached."""


class LineTakenError(LineError):
    """Somebody else is connected to the telephone system under our name: this worker must stop."""


class Stage(StrEnum):
    """Where a standing call is, seen from the line alone."""

    WAITING = "waiting"
    RINGING = "ringing"
    TALKING = "talking"


@dataclass(frozen=True, slots=True)
class StandingCall:
    """A call that is alive on the line, found after a (re)start or reconnect."""

    line_id: str
    caller: Caller
    dialled: str
    stage: Stage
    agent_extension: str | None
    age: timedelta
    ring_id: str = field(default="", kw_only=True)
    """The ring that the talking agent answered."""
    is_held: bool = field(default=False, kw_only=True)
    mine: bool
    """True when this worker's own line application holds it already; False: ``adopt`` it first."""


@dataclass(frozen=True, slots=True)
class Phone:
    """An extension's device as the line must know it: pushed on every connection.

    ``password`` is ours, random, renewed at each sign-in; never shown to a person."""

    extension: str
    display_name: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class PastCalls:
    """Calls that the telephone system recorded, where to read on, how many records were unreadable, is there more."""

    calls: tuple[PastCall, ...]
    bookmark: str
    unreadable: int = 0
    has_more: bool = False


class Line(Protocol):
    """A telephone line: events out, commands in."""

    def events(self) -> AsyncIterator[LineEvent]:
        """Every event, per call in order; ends only when the line is closed."""
        ...

    async def do(self, line_id: str, command: LineCommand) -> None:
        """Carry one command out. Raises CallGoneError, LineLostError or LineError."""
        ...

    async def standing_calls(self) -> Sequence[StandingCall]:
        """All calls alive on the line, ours or a dead fellow worker's."""
        ...

    async def adopt(self, line_id: str) -> None:
        """Take a standing call over; its events come here from now on, its audio is not interrupted."""
        ...

    async def push_phones(self, phones: Sequence[Phone]) -> None:
        """Make these extensions known to the telephone system (idempotent)."""
        ...

    async def push_plan(self, plan: LinePlan) -> None:
        """Give the line the rules that it must be able to run without us, and each number's own (idempotent).

        Raises LineError when they could not be put in place."""
        ...

    async def keep_phones(self, extensions: Sequence[str]) -> None:
        """Let the telephone system forget every telephone of ours but these; a call in progress goes on."""
        ...

    async def past_calls(self, bookmark: str) -> PastCalls:
        """What the telephone system recorded by itself since ``bookmark``; the first time (empty) only where to begin.

        Raises LineError when its record cannot be read."""
        ...

    async def system(self) -> str:
        """What the telephone system calls itself, with its version; empty for the simulator.

        Raises LineError when it does not say."""
        ...

    async def close(self) -> None:
        """Leave the line; calls stay as they are."""
        ...
