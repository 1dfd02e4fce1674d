"""Turns ARI's events into the line's, call by call and in order. Nothing here waits: what must be done is handed on.

An event changes the book at once and is told at once; the commands that follow from it (take the other rings back, end
the other leg) run behind it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from renkei.telephony.asterisk.book import Book, CallRecord, RingState, is_up, read_arrival, read_leg
from renkei.telephony.port import (
    AgentAnswered,
    AgentRefused,
    AgentRinging,
    Ended,
    EndedBy,
    LineEvent,
    Played,
    Pressed,
    RingEnded,
    RingFailure,
)

HEARD = (
    "StasisStart",
    "StasisEnd",
    "ChannelHangupRequest",
    "ChannelDestroyed",
    "ChannelStateChange",
    "ChannelDtmfReceived",
    "PlaybackFinished",
    "ApplicationReplaced",
)
"""The kinds of events that we let come."""

NORMAL_CLEARING = 16
_BUSY, _NO_RESPONSE, _NO_ANSWER, _REJECTED = 17, 18, 19, 21
_UNREACHABLE = frozenset({1, 3, 20, 27, 34, 38, 41, 58})
_EARLY = 0.7
"""Seconds before its end at which a ring that stops "unanswered" was in truth declined: browsers decline with 480."""

Errand = Callable[[], Awaitable[None]]


class Hearing:
    """Hears ARI's events into the book, tells the line's, and sends errands."""

    def __init__(
        self, book: Book, *, tell: Callable[[LineEvent], None], send: Callable[[Errand], None], errands: "Errands"
    ) -> None:
        self._book, self._tell, self._send, self._errands = book, tell, send, errands
        self._leaving: set[str] = set()
        """Agents' legs that have been hung up and not gone yet."""

    def hear(self, event: Mapping[str, Any]) -> None:
        """Take one event in."""
        channel = event.get("channel") or {}
        match event.get("type"):
            case "StasisStart":
                self._entered(channel, list(event.get("args") or []))
            case "StasisEnd":
                self._left(channel)
            case "ChannelHangupRequest":
                self._hung_up(channel, event)
            case "ChannelDestroyed":
                self._destroyed(channel, event)
            case "ChannelStateChange":
                self._changed(channel)
            case "ChannelDtmfReceived":
                self._pressed(channel, str(event.get("digit", "")))
            case "PlaybackFinished":
                self._played(event.get("playback") or {})

    # ── the customer's leg ──

    def _entered(self, channel: Mapping[str, Any], args: list[str]) -> None:
        kind = args[0] if args else ""
        if kind == "inbound":
            arrived = read_arrival(channel)
            self._book.forget(arrived.line_id)
            self._book.calls[arrived.line_id] = CallRecord(arrived.line_id, arrived.caller, arrived.dialled)
            self._book.calls[arrived.line_id].is_answered = is_up(channel)
            self._tell(arrived)
            if args[1:] not in ([], ["1"]):  # not the first worker that the dialplan gave it to
                self._send(lambda: self._errands.end_strays(arrived.line_id))
        elif kind == "agent":
            self.answered(channel)

    def _left(self, channel: Mapping[str, Any]) -> None:
        name = str(channel["id"])
        if name in self._book.calls:
            self.end(name)
        elif name in self._leaving:
            self.leg_ended(name, NORMAL_CLEARING)
        elif name in self._book.legs:
            self._send(lambda: self._leg_left(name))

    async def _leg_left(self, leg: str) -> None:
        """An agent's leg has gone without being hung up: to a fellow worker who adopted it, or it is no more."""
        was_adopted = await self._errands.is_with_a_fellow(leg)
        if leg not in self._book.legs:
            return
        if was_adopted:
            del self._book.legs[leg]
        else:
            self.leg_ended(leg, NORMAL_CLEARING)

    def end(self, line_id: str) -> None:
        """The customer's call is not in our hands any more, for whatever reason."""
        call = self._book.calls[line_id]
        by = call.ending or (EndedBy.CALLER if call.cause is not None else EndedBy.NET)
        legs = [leg for leg, owner in self._book.legs.items() if owner[0] == line_id]
        self._book.forget(line_id)
        self._tell(Ended(line_id, by, NORMAL_CLEARING if call.cause is None else call.cause))
        self._send(lambda: self._errands.clear_up(call, legs, was_caught=by is EndedBy.NET))

    def _hung_up(self, channel: Mapping[str, Any], event: Mapping[str, Any]) -> None:
        name = str(channel["id"])
        if name in self._book.legs:
            self._leaving.add(name)
        call = self._book.calls.get(name)
        if call is not None and call.cause is None:
            call.cause = int(event.get("cause") or NORMAL_CLEARING)

    def _destroyed(self, channel: Mapping[str, Any], event: Mapping[str, Any]) -> None:
        name = str(channel["id"])
        cause = int(event.get("cause") or 0)
        if name in self._book.calls:
            self._book.calls[name].cause = cause
            self.end(name)
        elif name in self._book.legs:
            self.leg_ended(name, cause)

    def _pressed(self, channel: Mapping[str, Any], digit: str) -> None:
        name = str(channel["id"])
        if name in self._book.calls and len(digit) == 1 and digit in "0123456789*#":
            self._tell(Pressed(name, digit))

    def _played(self, playback: Mapping[str, Any]) -> None:
        name = str(playback.get("id"))
        line_id, play_id = self._book.playbacks.pop(name, ("", ""))
        call = self._book.calls.get(line_id)
        if call is None or call.plays.get(play_id) != name:
            return
        del call.plays[play_id]
        was_stopped = name in call.stopped
        call.stopped.discard(name)
        self._tell(Played(line_id, play_id, playback.get("state") == "done" and not was_stopped))

    # ── the agents' legs ──

    def _changed(self, channel: Mapping[str, Any]) -> None:
        found = self._ring_of(str(channel["id"]))
        if found is not None and channel.get("state") == "Ringing":
            call, ring, extension = found
            self._tell(AgentRinging(call.line_id, ring.ring_id, extension))

    def answered(self, channel: Mapping[str, Any]) -> None:
        """An agent picked up: the first one wins, a later one is sent away."""
        name = str(channel["id"])
        if self._is_answered(name):
            return
        found = self._ring_of(name)
        if found is None:
            if read_leg(channel) is not None:
                self._send(lambda: self._errands.end_legs([name], "answered_elsewhere"))
            return
        call, ring, extension = found
        others = [leg for leg in ring.legs if leg != name]
        ring.winner, ring.is_over = name, True
        for leg in others:
            self._book.legs.pop(leg, None)
        self._tell(AgentAnswered(call.line_id, ring.ring_id, extension))
        self._send(lambda: self._errands.end_legs(others, "answered_elsewhere"))

    def leg_ended(self, name: str, cause: int) -> None:
        """An agent's leg is over: a refusal while it rang, the end of the call once it was answered."""
        self._leaving.discard(name)
        if name not in self._book.legs:
            return
        line_id, ring_id = self._book.legs.pop(name)
        call = self._book.calls.get(line_id)
        ring = call.rings.get(ring_id) if call is not None else None
        if call is None or ring is None:
            return
        if name in (ring.winner, call.agent):
            call.ending = call.ending or EndedBy.AGENT
            self._send(lambda: self._errands.end_legs([line_id], "normal"))
        elif not ring.is_over:
            self.refused(call, ring, name, self._why(cause, ring))

    def refused(self, call: CallRecord, ring: RingState, leg: str, why: RingFailure) -> None:
        """One device gave up; the last one ends the ring."""
        extension = ring.legs.pop(leg, None)
        self._book.legs.pop(leg, None)
        if extension is None or ring.is_over:
            return
        ring.refusals.append(why)
        if ring.legs:
            self._tell(AgentRefused(call.line_id, ring.ring_id, extension, why))
            return
        ring.is_over = True
        del call.rings[ring.ring_id]
        self._tell(RingEnded(call.line_id, ring.ring_id, min(ring.refusals, key=_TELLING.index)))

    def _is_answered(self, name: str) -> bool:
        line_id, ring_id = self._book.legs.get(name, ("", ""))
        call = self._book.calls.get(line_id)
        return call is not None and ring_id in call.rings and call.rings[ring_id].winner == name

    def _ring_of(self, name: str) -> tuple[CallRecord, RingState, str] | None:
        line_id, ring_id = self._book.legs.get(name, ("", ""))
        call = self._book.calls.get(line_id)
        ring = call.rings.get(ring_id) if call is not None else None
        if call is None or ring is None or ring.is_over or name not in ring.legs:
            return None
        return call, ring, ring.legs[name]

    def _why(self, cause: int, ring: RingState) -> RingFailure:
        if cause == _BUSY:
            return RingFailure.BUSY
        if cause == _REJECTED:
            return RingFailure.DECLINED
        if cause in _UNREACHABLE:
            return RingFailure.UNREACHABLE
        is_early = asyncio.get_running_loop().time() < ring.ends_at - _EARLY
        return RingFailure.DECLINED if is_early and cause in (_NO_RESPONSE, _NO_ANSWER) else RingFailure.NO_ANSWER


_TELLING = (RingFailure.NO_ANSWER, RingFailure.DECLINED, RingFailure.BUSY, RingFailure.UNREACHABLE)
"""Which of several devices' reasons is told for the whole ring: the one a person had most to do with."""


class Errands:
    """What follows from an event and has to be asked of Asterisk; see commands.py."""

    async def end_legs(self, legs: list[str], reason: str) -> None:
        """Hang these channels up; one that is gone already is no error."""
        raise NotImplementedError

    async def is_with_a_fellow(self, leg: str) -> bool:
        """Whether a channel that left us is alive in another worker's application."""
        raise NotImplementedError

    async def end_strays(self, line_id: str) -> None:
        """Take away what a worker that lost this call to us has left behind."""
        raise NotImplementedError

    async def clear_up(self, call: CallRecord, legs: list[str], *, was_caught: bool) -> None:
        """Take away what a call that is over has left behind."""
        raise NotImplementedError
