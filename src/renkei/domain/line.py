"""The words between us and a telephone line: what it tells us and what we tell it, never a vendor's.

``telephony/port.py`` is the port that speaks them; ``domain/ivr.py`` decides in them.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

# ── what the line tells us ────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Caller:
    """The caller as the line knows them: raw, hostile, unnormalised (telephone identity is domain/phone.py).

    ``number`` and ``name`` are verbatim; ``withheld`` is True when presentation was forbidden (Privacy: id,
    CALLERID(pres)) even where the trunk still delivered the number.
    """

    number: str
    name: str = ""
    withheld: bool = False


@dataclass(frozen=True, slots=True)
class Arrived:
    """A customer's call came in and waits for the first command. ``line_id`` is the line's own id of the call,
    unique for ever (Asterisk: channel id; simulator: sim-…). ``dialled`` is the number dialled, verbatim."""

    line_id: str
    caller: Caller
    dialled: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Pressed:
    """The caller pressed a key: one of 0-9, * and #."""

    line_id: str
    digit: str


@dataclass(frozen=True, slots=True)
class Played:
    """A Play command came to its end (``ok``) or failed or was stopped (not ``ok``). ``play_id`` is the command's."""

    line_id: str
    play_id: str
    ok: bool


@dataclass(frozen=True, slots=True)
class AgentRinging:
    """The agent's device has begun to ring."""

    line_id: str
    ring_id: str
    extension: str


@dataclass(frozen=True, slots=True)
class AgentAnswered:
    """An agent picked up the ring ``ring_id``; ``extension`` says which."""

    line_id: str
    ring_id: str
    extension: str


class RingFailure(StrEnum):
    """Why one extension did not answer."""

    NO_ANSWER = "no_answer"
    DECLINED = "declined"
    BUSY = "busy"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class RingEnded:
    """Nobody answered the ring ``ring_id``: all its devices failed or its seconds ran out; not sent after an answer."""

    line_id: str
    ring_id: str
    why: RingFailure


@dataclass(frozen=True, slots=True)
class AgentRefused:
    """One of several extensions of ring ``ring_id`` gave up (declined, busy, unreachable); the others ring on.

    Sent by lines that can tell; the last one's end is told by RingEnded alone."""

    line_id: str
    ring_id: str
    extension: str
    why: RingFailure


class EndedBy(StrEnum):
    """Who ended the call, as far as the line can tell."""

    CALLER = "caller"
    AGENT = "agent"
    SYSTEM = "system"
    NET = "net"
    """The line's own net caught the call: its fallback rule has it now, out of our hands."""


@dataclass(frozen=True, slots=True)
class Ended:
    """The customer's call is over on the line; always the last event of a call."""

    line_id: str
    by: EndedBy
    cause: int = 16


@dataclass(frozen=True, slots=True)
class LineDown:
    """The line lost its telephone system; calls may be alive there. Followed by LineUp."""


@dataclass(frozen=True, slots=True)
class LineUp:
    """The line is (again) connected: ask ``standing_calls()`` for what was missed."""


CallEvent = Arrived | Pressed | Played | AgentRinging | AgentAnswered | AgentRefused | RingEnded | Ended
LineEvent = CallEvent | LineDown | LineUp


# ── what we tell the line ─────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Sound:
    """One piece of guidance: a stored media key (``guidance/12-3``, no extension), with its length in seconds.

    The words are what the simulator shows and a transcript keeps; the line plays the media."""

    media: str
    seconds: float
    words: str = ""


def speech_key(words: str) -> str:
    """The media key of synthesised words (R49)."""
    return "speech/" + hashlib.sha256(words.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Answer:
    """Pick the customer's call up (before any sound)."""


@dataclass(frozen=True, slots=True)
class Play:
    """Play sounds one after the other; ends with Played. A pressed key does not stop it; StopPlaying does."""

    play_id: str
    sounds: tuple[Sound, ...]


@dataclass(frozen=True, slots=True)
class StopPlaying:
    """Stop the running Play, if it still runs."""

    play_id: str


@dataclass(frozen=True, slots=True)
class Ring:
    """Ring the given extensions at once for ``seconds``; the caller hears ringing or music.

    ``caller_number``/``caller_name`` are what the agent's device shows. ``context`` travels to the device
    (Asterisk: X-Renkei-Call header)."""

    ring_id: str
    extensions: tuple[str, ...]
    seconds: float
    caller_number: str
    caller_name: str
    context: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StopRinging:
    """Take a ring back."""

    ring_id: str


@dataclass(frozen=True, slots=True)
class Connect:
    """Put the customer and the agent who answered ``ring_id`` through to each other."""

    ring_id: str


@dataclass(frozen=True, slots=True)
class Hold:
    """The customer hears music; the agent hears nothing."""


@dataclass(frozen=True, slots=True)
class Unhold:
    """Back to the conversation."""


@dataclass(frozen=True, slots=True)
class SetNet:
    """Arm the line's own fail-safe: unless renewed within ``seconds`` the line takes the call to its fallback
    by itself (P1). None takes the net away. The simulator keeps it too."""

    seconds: float | None


@dataclass(frozen=True, slots=True)
class SetFallback:
    """Name the compiled rule that runs when the net catches the call (RENKEI_FALLBACK)."""

    rule: str


@dataclass(frozen=True, slots=True)
class Continue:
    """Give the call to the line's own compiled rule ``rule`` now; it leaves our hands (Ended follows when it is over
    only if the line can tell)."""

    rule: str


class HangUpCause(StrEnum):
    """How to end a call: plain, or refusing it before it was answered."""

    NORMAL = "normal"
    BUSY = "busy"
    CONGESTION = "congestion"
    NO_ANSWER = "no_answer"


@dataclass(frozen=True, slots=True)
class HangUp:
    """End the call; unanswered calls get the cause as their refusal."""

    cause: HangUpCause = HangUpCause.NORMAL


LineCommand = (
    Answer
    | Play
    | StopPlaying
    | Ring
    | StopRinging
    | Connect
    | Hold
    | Unhold
    | SetNet
    | SetFallback
    | Continue
    | HangUp
)
