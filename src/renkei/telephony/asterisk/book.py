"""What the line remembers of the calls in its hands, and how an ARI channel is read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from renkei.telephony.asterisk.names import CALLED, LEG, PRESENTATION, PRIVACY
from renkei.telephony.port import Arrived, Caller, CallGoneError, EndedBy, RingFailure

_HIDING = frozenset({"id", "user", "header"})
"""The wishes of RFC 3323 and 3325 that hide who calls."""


@dataclass(slots=True)
class RingState:
    """A ring under way: the legs that still ring, by channel id, with their extensions."""

    ring_id: str
    legs: dict[str, str]
    ends_at: float
    """On the loop's clock."""
    refusals: list[RingFailure] = field(default_factory=list)
    winner: str | None = None
    is_over: bool = False


@dataclass(slots=True)
class CallRecord:
    """A customer's call; its id is the caller's channel id."""

    line_id: str
    caller: Caller
    dialled: str
    bridge: str | None = None
    agent: str | None = None
    """The connected agent's leg."""
    rings: dict[str, RingState] = field(default_factory=dict)
    plays: dict[str, str] = field(default_factory=dict)
    """Playback id of each play id that runs."""
    stopped: set[str] = field(default_factory=set)
    """Playback ids that we stopped."""
    has_music: bool = False
    is_held: bool = False
    is_answered: bool = False
    ending: EndedBy | None = None
    cause: int | None = None


@dataclass(slots=True)
class Book:
    """All calls in our hands, and whose every leg and playback is."""

    calls: dict[str, CallRecord] = field(default_factory=dict)
    legs: dict[str, tuple[str, str]] = field(default_factory=dict)
    """(line id, ring id) of an agent's channel."""
    playbacks: dict[str, tuple[str, str]] = field(default_factory=dict)
    """(line id, play id) of a playback."""

    def call(self, line_id: str) -> CallRecord:
        """The call, or CallGoneError."""
        try:
            return self.calls[line_id]
        except KeyError:
            raise CallGoneError(line_id) from None

    def forget(self, line_id: str) -> CallRecord | None:
        """Strike a call out with everything that was its."""
        call = self.calls.pop(line_id, None)
        self.legs = {leg: owner for leg, owner in self.legs.items() if owner[0] != line_id}
        self.playbacks = {playback: owner for playback, owner in self.playbacks.items() if owner[0] != line_id}
        return call


# ── reading a channel ─────────────────────────────────────────────────────────────────────────────────────────


def variable(channel: Mapping[str, Any], name: str) -> str:
    """One of the variables that Asterisk tells with every channel; empty when it is not set."""
    return str((channel.get("channelvars") or {}).get(name) or "")


def read_caller(channel: Mapping[str, Any]) -> Caller:
    """The caller, verbatim. Asterisk has taken the number from the trunk's P-Asserted-Identity, where there was one."""
    caller = channel.get("caller") or {}
    wishes = {wish.strip().lower() for wish in variable(channel, PRIVACY).replace(",", ";").split(";")}
    is_withheld = variable(channel, PRESENTATION).startswith("prohib") or bool(wishes & _HIDING)
    return Caller(str(caller.get("number") or ""), str(caller.get("name") or ""), is_withheld)


def read_arrival(channel: Mapping[str, Any]) -> Arrived:
    """A customer's channel as it came."""
    diverted = str(channel.get("caller_rdnis") or "")
    headers = {"diversion": diverted} if diverted else {}
    return Arrived(str(channel["id"]), read_caller(channel), variable(channel, CALLED), headers)


def read_leg(channel: Mapping[str, Any]) -> tuple[str, str, str] | None:
    """(line id, ring id, extension) when the channel is an agent's leg of ours."""
    parts = variable(channel, LEG).split(",")
    return (parts[2], parts[0], parts[1]) if len(parts) == 3 else None


def write_leg(line_id: str, ring_id: str, extension: str) -> str:
    """The value of LEG; read_leg reads it."""
    return f"{ring_id},{extension},{line_id}"


def is_leg_of(channel: Mapping[str, Any], line_id: str) -> bool:
    """Whether the channel is an agent's leg of this call."""
    leg = read_leg(channel)
    return leg is not None and leg[0] == line_id


def bridge_name(line_id: str) -> str:
    """How the names of a call's bridges begin."""
    return f"renkei-{line_id}-"


def is_up(channel: Mapping[str, Any]) -> bool:
    """Whether the channel is answered."""
    return channel.get("state") == "Up"


def is_with_us(channel: Mapping[str, Any]) -> bool:
    """Whether the channel is inside an application, ours or a fellow's, and not in the dialplan."""
    return (channel.get("dialplan") or {}).get("app_name") == "Stasis"


def born_at(channel: Mapping[str, Any]) -> datetime:
    """When the channel began."""
    return datetime.strptime(str(channel["creationtime"]), "%Y-%m-%dT%H:%M:%S.%f%z")
