"""Two offices with the same people in them, one on the simulator and one on Asterisk, for one suite of promises."""

import asyncio
import contextlib
import secrets
from collections.abc import Iterable
from enum import Enum
from typing import Any, Protocol, TypeVar

from renkei.domain.plan import AgentPlan, GuidancePlan, LinePlan, NumberPlan, RulePlan, RunRule
from renkei.domain.rules import BusyStep, HangUpStep, PlayStep, RingStep
from renkei.speech.media import write_sound
from renkei.telephony.port import AgentRinging, Arrived, Caller, Line, LineEvent, LineUp
from renkei.telephony.simulator import SimulatedLine
from tests import sipp
from tests.asterisk_rig import TRUNK, AsteriskRig
from tests.sipp import CallerLooks, Sipp

NUMBER, DIALLED = "+81312345678", "0312345678"
CALLER = "09012345678"
BUSY_RULE, SPOKEN_RULE, RINGING_RULE = 1, 2, 3
PLAN = LinePlan(
    numbers={NUMBER: NumberPlan(1, NUMBER, "代表", 1, RunRule(BUSY_RULE), BUSY_RULE)},
    rules={
        BUSY_RULE: RulePlan(BUSY_RULE, "ビジー", (BusyStep(),)),
        SPOKEN_RULE: RulePlan(SPOKEN_RULE, "障害時", (PlayStep(1), HangUpStep())),
        RINGING_RULE: RulePlan(RINGING_RULE, "直通", (RingStep((1,), 5), HangUpStep())),
    },
    guidances={1: GuidancePlan(1, "お詫び", "ただいま電話をおつなぎできません。", "guidance/sorry", 0.4)},
    agents={1: AgentPlan(1, "101", "佐藤")},
)
SHORT, LONG = 0.3, 30.0
E = TypeVar("E")


class Manner(Enum):
    """What an agent does when the telephone rings."""

    ANSWERS = "answers"
    DECLINES = "declines"
    IGNORES = "ignores"
    HANGS_UP_SOON = "hangs up soon"


class Customer(Protocol):
    """Somebody who calls."""

    def press(self, digit: str) -> None:
        """Press a key; on Asterisk the keys were told to ``dial``."""

    def hang_up(self) -> None:
        """Hang up."""

    async def was_refused_busy(self) -> bool:
        """Wait for the end; whether the line said busy to an unanswered call."""


class Office(Protocol):
    """A line with people."""

    line: Line
    media: str

    async def dial(self, keys: str = "", *, expects: str = "", **looks: Any) -> Customer:
        """A customer calls; ``keys`` will be pressed one by one, ``expects`` is busy or cancel for unanswered calls."""

    async def phone(self, extension: str, manner: Manner) -> None:
        """Put a telephone on an agent's desk."""

    async def phones_are_free(self) -> bool:
        """Wait until no telephone rings or talks any more."""

    async def close(self) -> None:
        """Everybody goes home."""


class Ear:
    """Listens to a line and lets a test wait for what it tells, in order."""

    def __init__(self, line: Line) -> None:
        self._queue: asyncio.Queue[LineEvent] = asyncio.Queue()
        self.all: list[LineEvent] = []
        self._task = asyncio.create_task(self._listen(line))

    async def _listen(self, line: Line) -> None:
        async for event in line.events():
            self.all.append(event)
            self._queue.put_nowait(event)

    async def next(self, *kinds: type[E], seconds: float = 10) -> E:
        """The next event of these kinds; others are passed over."""
        async with asyncio.timeout(seconds):
            while True:
                event = await self._queue.get()
                if isinstance(event, kinds):
                    return event

    def of(self, line_id: str) -> list[LineEvent]:
        """Every event of a call so far."""
        return [event for event in self.all if getattr(event, "line_id", None) == line_id]

    async def stop(self) -> None:
        """Stop listening."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


# ── the simulator ─────────────────────────────────────────────────────────────────────────────────────────────


class SimulatedCustomer:
    """A customer on the simulator."""

    def __init__(self, line: SimulatedLine, line_id: str) -> None:
        self._line, self.line_id = line, line_id

    def press(self, digit: str) -> None:
        self._line.press(self.line_id, digit=digit)

    def hang_up(self) -> None:
        self._line.hang_up(self.line_id)

    async def was_refused_busy(self) -> bool:
        await asyncio.sleep(0)
        return not self._line.heard(self.line_id)


class SimulatedOffice:
    """Agents who act as soon as the simulator tells that they ring."""

    media = "guidance/short"

    def __init__(self) -> None:
        self.line: Line
        self._simulator = SimulatedLine()
        self.line = self._simulator
        self._manners: dict[str, Manner] = {}
        self._tell = self._simulator._tell
        self._simulator._tell = self._watch  # type: ignore[method-assign]  # the agents hear it as their telephones would

    def _watch(self, event: LineEvent) -> None:
        self._tell(event)
        if isinstance(event, AgentRinging):
            asyncio.get_running_loop().call_soon(self._act, event)

    def _act(self, event: AgentRinging) -> None:
        manner = self._manners.get(event.extension, Manner.IGNORES)
        act = self._simulator.decline_ring if manner is Manner.DECLINES else self._simulator.answer_ring
        if manner is not Manner.IGNORES:
            with contextlib.suppress(Exception):  # somebody else was quicker
                act(event.line_id, extension=event.extension)
        if manner is Manner.HANGS_UP_SOON:
            loop = asyncio.get_running_loop()
            loop.call_later(SHORT, lambda: self._simulator.hang_up_agent(event.line_id, extension=event.extension))

    async def dial(self, keys: str = "", *, expects: str = "", withheld: bool = False, **_: Any) -> Customer:
        line_id = f"sim-{secrets.token_hex(6)}"
        self._simulator.dial(line_id, Caller(CALLER, "", withheld), dialled=DIALLED)
        return SimulatedCustomer(self._simulator, line_id)

    async def phone(self, extension: str, manner: Manner) -> None:
        self._manners[extension] = manner

    async def phones_are_free(self) -> bool:
        return all(not call.ringing for call in self._simulator._calls.values())

    async def close(self) -> None:
        await self.line.close()


# ── Asterisk ──────────────────────────────────────────────────────────────────────────────────────────────────


class SippCustomer:
    """A customer played by SIPp; every act is a step that waits for us."""

    def __init__(self, sipp_: Sipp) -> None:
        self.sipp = sipp_

    def press(self, digit: str) -> None:
        self.sipp.go_on()

    def hang_up(self) -> None:
        self.sipp.go_on()

    async def was_refused_busy(self) -> bool:
        return await self.sipp.wait()


class AsteriskOffice:
    """Customers and agents played by SIPp on a real Asterisk."""

    media = "guidance/short"

    def __init__(self, rig: AsteriskRig) -> None:
        self.rig = rig
        self.line: Line = rig.line()
        self.sipps: list[Sipp] = []
        self.phones: list[Sipp] = []
        write_sound(rig.media_dir, "guidance/short", _tone(0.4))
        write_sound(rig.media_dir, "guidance/long", _tone(8))
        write_sound(rig.media_dir, "guidance/sorry", _tone(0.4))

    async def dial(self, keys: str = "", *, expects: str = "", withheld: bool = False, **_: Any) -> Customer:
        looks = CallerLooks(privacy="id" if withheld else "")
        if expects == "busy":
            scenario = sipp.refused_scenario(DIALLED, looks, 486)
        elif expects == "cancel":
            scenario = sipp.cancelling_scenario(DIALLED, looks)
        else:
            pressing = [step for key in keys for step in (sipp.WAIT, f"press:{key}")]
            scenario = sipp.caller_scenario(DIALLED, looks, [*pressing, sipp.WAIT, sipp.HANG_UP])
        return SippCustomer(self._start(scenario, host=TRUNK, remote=f"127.0.0.1:{self.rig.sip_port}"))

    async def phone(self, extension: str, manner: Manner) -> None:
        scenario = {
            Manner.ANSWERS: sipp.phone_scenario(),
            Manner.DECLINES: sipp.phone_scenario(refuse="603 Decline"),
            Manner.IGNORES: sipp.phone_scenario(answer_ms=None),
            Manner.HANGS_UP_SOON: sipp.phone_scenario(talk_ms=300),
        }[manner]
        phone = self._start(scenario, host="127.0.0.1")
        self.phones.append(phone)
        await self.rig.add_plain_phone(extension, phone.port)

    async def phones_are_free(self) -> bool:
        return all([await phone.wait() for phone in self.phones])

    async def close(self) -> None:
        await self.line.close()
        for each in self.sipps:
            each.close()
        await self.rig.clear()

    def _start(self, scenario: str, *, host: str, remote: str = "") -> Sipp:
        self.sipps.append(Sipp(scenario, host=host, remote=remote))
        return self.sipps[-1]


def _tone(seconds: float) -> bytes:
    """A square tone of 400 Hz."""
    period = b"\x00\x10" * 10 + b"\x00\xf0" * 10
    return period * int(seconds * 400)


def is_last(events: Iterable[LineEvent], kind: type[LineEvent]) -> bool:
    """Whether the last event is of this kind, and no other one is."""
    all_ = list(events)
    return isinstance(all_[-1], kind) and sum(isinstance(event, kind) for event in all_) == 1


__all__ = ["Arrived", "LineUp"]
