"""Carries the line's commands out, as ARI calls in the order that Asterisk's traps ask for.

One bridge a call: guidance, music and conversation happen in it, because what plays on a bridge holds no command up,
while a channel that plays answers nothing until it has ended, its own fail-safe included.
"""

import asyncio
import secrets
from collections.abc import Callable
from contextlib import suppress

from renkei.telephony.asterisk.book import Book, CallRecord, RingState, bridge_name, is_leg_of, write_leg
from renkei.telephony.asterisk.client import Ari
from renkei.telephony.asterisk.hearing import Errands, Hearing
from renkei.telephony.asterisk.names import (
    FALLBACK,
    LEG,
    MUSIC,
    NET,
    RUN,
    UnsafeValueError,
    endpoint_of,
    safe_media,
    safe_rule,
)
from renkei.telephony.asterisk.phones import caller_id, header_value
from renkei.telephony.port import (
    Answer,
    CallGoneError,
    Connect,
    Continue,
    EndedBy,
    HangUp,
    HangUpCause,
    Hold,
    LineCommand,
    LineError,
    LineEvent,
    Play,
    Played,
    Ring,
    RingFailure,
    SetFallback,
    SetNet,
    StopPlaying,
    StopRinging,
    Unhold,
)

TALK_NET = 4 * 3600.0
"""Both legs of a conversation carry it, so that a leg nobody adopts still ends (P1)."""
LEG_MARGIN = 15.0
"""What an agent's leg may live beyond its ringing before it is connected."""
_REASONS = {
    HangUpCause.NORMAL: "normal",
    HangUpCause.BUSY: "busy",
    HangUpCause.CONGESTION: "congestion",
    HangUpCause.NO_ANSWER: "no_answer",
}


class Commands(Errands):
    """The line's commands on one Asterisk."""

    def __init__(self, ari: Ari, book: Book, *, app: str, media_dir: str, tell: Callable[[LineEvent], None]) -> None:
        self._ari, self._book, self._app, self._media_dir, self._tell = ari, book, app, media_dir, tell
        self.hearing: Hearing

    async def do(self, line_id: str, command: LineCommand) -> None:
        """Carry one command out."""
        call = self._book.call(line_id)
        match command:
            case Answer():
                await self._answer(call)
            case Play():
                await self._play(call, command)
            case StopPlaying(play_id):
                await self._stop_playing(call, play_id)
            case Ring():
                await self._ring(call, command)
            case StopRinging(ring_id):
                await self._stop_ringing(call, ring_id)
            case Connect(ring_id):
                await self._connect(call, ring_id)
            case Hold():
                await self._hold(call)
            case Unhold():
                await self._unhold(call)
            case SetNet(seconds):
                await self._set_net(call, seconds or 0.0)
            case SetFallback(rule):
                await self._ari.set_variable(line_id, FALLBACK, safe_rule(rule))
            case Continue(rule):
                await self._continue(call, rule)
            case HangUp(cause):
                call.ending = call.ending or EndedBy.SYSTEM
                await self._ari.hang_up(line_id, _REASONS[cause])

    # ── answering, guidance ──

    async def _answer(self, call: CallRecord) -> None:
        await self._ari.answer(call.line_id)
        call.is_answered = True
        await self._bridge(call)

    async def _bridge(self, call: CallRecord) -> str:
        """The call's bridge, with the caller in it."""
        if call.bridge is None:
            # Ours before it is there: while it is empty it would pass for something that a dead fellow left behind.
            call.bridge = bridge_name(call.line_id) + secrets.token_hex(3)
            try:
                await self._ari.make_bridge(call.bridge)
            except LineError:
                call.bridge = None
                raise
            await self._ari.add(call.bridge, call.line_id)
        return call.bridge

    async def _play(self, call: CallRecord, play: Play) -> None:
        if play.play_id in call.plays:
            return
        if not call.is_answered:
            raise LineError("not answered yet")
        try:
            media = [f"sound:{self._media_dir}/{safe_media(sound.media)}" for sound in play.sounds]
        except UnsafeValueError:
            media = []
        if not media:
            self._tell(Played(call.line_id, play.play_id, False))
            return
        for running in list(call.plays):
            await self._stop_playing(call, running)
        bridge = await self._bridge(call)
        await self._quiet(call, bridge)
        playback = secrets.token_hex(12)
        call.plays[play.play_id] = playback
        self._book.playbacks[playback] = (call.line_id, play.play_id)
        try:
            await self._ari.play(bridge, playback, media)
        except LineError:
            call.plays.pop(play.play_id, None)
            self._book.playbacks.pop(playback, None)
            raise

    async def _stop_playing(self, call: CallRecord, play_id: str) -> None:
        playback = call.plays.get(play_id)
        if playback is None:
            return
        call.stopped.add(playback)
        with suppress(CallGoneError):  # it has just ended by itself
            await self._ari.stop_playing(playback)

    async def _quiet(self, call: CallRecord, bridge: str) -> None:
        """Music off; it would be mixed over every voice."""
        if call.has_music:
            call.has_music = False
            await self._ari.stop_bridge_music(bridge)

    # ── ringing ──

    async def _ring(self, call: CallRecord, command: Ring) -> None:
        if command.ring_id in call.rings:
            return
        if any(not ring.is_over for ring in call.rings.values()) or call.agent is not None:
            raise LineError("rings already")
        seconds = max(1, round(command.seconds))
        ends_at = asyncio.get_running_loop().time() + seconds
        legs = {f"renkei-{secrets.token_hex(8)}": extension for extension in dict.fromkeys(command.extensions)}
        ring = RingState(command.ring_id, legs, ends_at)
        call.rings[command.ring_id] = ring
        self._book.legs |= dict.fromkeys(legs, (call.line_id, command.ring_id))
        await self._entertain(call)
        await asyncio.gather(*(self._originate(call, ring, leg, command, seconds) for leg in list(legs)))

    async def _entertain(self, call: CallRecord) -> None:
        """An unanswered caller hears ringing, an answered one music."""
        if not call.is_answered:
            await self._ari.ring(call.line_id)
        elif not call.has_music:
            bridge = await self._bridge(call)
            call.has_music = True
            await self._ari.start_bridge_music(bridge, MUSIC)

    async def _originate(self, call: CallRecord, ring: RingState, leg: str, command: Ring, seconds: int) -> None:
        extension = ring.legs[leg]
        variables = {NET: str(seconds + LEG_MARGIN), LEG: write_leg(call.line_id, ring.ring_id, extension)}
        for name, value in {"Call": call.line_id, **command.context}.items():
            variables[f"PJSIP_HEADER(add,X-Renkei-{name.title()})"] = header_value(value)
        try:
            query = {
                "endpoint": f"PJSIP/{endpoint_of(extension)}",
                "app": self._app,
                "appArgs": "agent",
                "callerId": caller_id(command.caller_name, command.caller_number),
                "timeout": str(seconds),
            }
            await self._ari.originate(leg, query, variables)
        except LineError:  # nobody registered there, or no such telephone
            self.hearing.refused(call, ring, leg, RingFailure.UNREACHABLE)

    async def _stop_ringing(self, call: CallRecord, ring_id: str) -> None:
        ring = call.rings.pop(ring_id, None)
        if ring is None or (ring.winner is not None and ring.winner == call.agent):
            return
        ring.is_over = True
        legs = list(ring.legs)
        for leg in legs:
            self._book.legs.pop(leg, None)
        await self.end_legs(legs, "normal")

    # ── talking ──

    async def _connect(self, call: CallRecord, ring_id: str) -> None:
        ring = call.rings.get(ring_id)
        if ring is None or ring.winner is None or ring.winner not in self._book.legs:
            raise LineError("no agent has answered this ring")
        if call.agent == ring.winner:
            return
        if not call.is_answered:
            await self._answer(call)
        bridge = await self._bridge(call)
        await self._quiet(call, bridge)
        await self._ari.add(bridge, ring.winner)
        call.agent = ring.winner
        await self._set_net(call, TALK_NET)

    async def _hold(self, call: CallRecord) -> None:
        if call.agent is None or call.bridge is None:
            raise LineError("nobody to hold")
        if not call.is_held:
            call.is_held = True
            await self._ari.remove(call.bridge, call.line_id)
            await self._ari.start_music(call.line_id, MUSIC)

    async def _unhold(self, call: CallRecord) -> None:
        if call.is_held and call.bridge is not None:
            await self._ari.stop_music(call.line_id)
            await self._ari.add(call.bridge, call.line_id)
            call.is_held = False

    async def _set_net(self, call: CallRecord, seconds: float) -> None:
        """Arm the absolute timer, on both legs while people talk."""
        await self._ari.set_variable(call.line_id, NET, f"{seconds:.1f}")
        if call.agent is not None:
            with suppress(CallGoneError):  # its end is on its way to us
                await self._ari.set_variable(call.agent, NET, f"{seconds:.1f}")

    async def _continue(self, call: CallRecord, rule: str) -> None:
        await self._ari.set_variable(call.line_id, FALLBACK, safe_rule(rule))
        # The timer stays armed across a continue and would cut the rule.
        await self._ari.set_variable(call.line_id, NET, "0")
        call.ending = call.ending or EndedBy.SYSTEM
        await self._ari.continue_at(call.line_id, RUN)

    # ── errands ──

    async def end_legs(self, legs: list[str], reason: str) -> None:
        """Hang these channels up; one that is gone already is no error."""
        for leg in legs:
            with suppress(CallGoneError):
                await self._ari.hang_up(leg, reason)

    async def end_strays(self, line_id: str) -> None:
        """Take away what a worker that lost this call to us has left behind: telephones that ring on, empty bridges.
        It runs beside the call's own commands: what we make meanwhile is spared."""
        legs = [str(channel["id"]) for channel in await self._ari.channels() if is_leg_of(channel, line_id)]
        await self.end_legs([leg for leg in legs if leg not in self._book.legs], "normal")
        for bridge in await self._ari.bridges():
            call = self._book.calls.get(line_id)
            is_ours = call is not None and bridge["id"] == call.bridge
            if bridge["id"].startswith(bridge_name(line_id)) and not bridge["channels"] and not is_ours:
                with suppress(CallGoneError):
                    await self._ari.delete_bridge(bridge["id"])

    async def is_with_a_fellow(self, leg: str) -> bool:
        """Whether a channel that left us is alive in another worker's application."""
        return leg in await self._with_fellows()

    async def _with_fellows(self) -> set[str]:
        """The channels in other workers' applications. Ours goes on naming a leg that it called, wherever it is."""
        others = (app for app in await self._ari.applications() if app["name"] != self._app)
        return {channel for app in others for channel in app["channel_ids"]}

    async def clear_up(self, call: CallRecord, legs: list[str], *, was_caught: bool) -> None:
        """Take the agents' legs and the bridge away. When the net caught the call, or we woke from a freeze and hear of
        it late, a fellow worker may have taken the conversation over: what is not ours any more is left alone."""
        if was_caught:
            elsewhere = await self._with_fellows()
            if call.agent in elsewhere:
                return
            legs = [leg for leg in legs if leg not in elsewhere]
        await self.end_legs(legs, "normal")
        if call.bridge is not None:
            with suppress(CallGoneError):
                await self._ari.delete_bridge(call.bridge)
