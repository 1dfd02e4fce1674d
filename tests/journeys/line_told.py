"""What a calls worker would write about a call, through the same actions, for desks that are watched without one."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

import psycopg

from renkei import clock
from renkei.actions.realtime.calls import Arrival, BegunCall, Noted, begin_call, record, reserve_agents
from renkei.actions.realtime.chats import receive_chats
from renkei.actions.realtime.links import Asking, link_chat
from renkei.domain.chat import Conversation, Kind, Message, Speaker
from renkei.domain.ivr_words import (
    CallOutcome,
    Note,
    NoteAnswered,
    NoteEnded,
    NoteHeld,
    NoteLabel,
    NoteLinkage,
    NoteRingOver,
    NoteStep,
)
from renkei.domain.line import EndedBy
from renkei.domain.matching import Attempt, LookedUp, Outcome
from renkei.domain.phone import NoNumber, Telephone, show_number

Result = TypeVar("Result")


@dataclass(slots=True)
class Teller:
    """Tells one call's story step by step, each step committed."""

    url: str
    ivr_id: int | None
    number_id: int | None
    label_id: int | None = None
    call: BegunCall | None = None
    steps: int = 0
    caller: Telephone | NoNumber = NoNumber.UNKNOWN

    def arrive(
        self, line_id: str, *, caller: Telephone | NoNumber | None = None, raw: str | None = None, name: str = ""
    ) -> int:
        """The call comes in and enters the linkage IVR."""
        self.caller = caller or self.caller
        raw = raw if raw is not None else self.typed
        arrival = Arrival(
            line_id=line_id, caller=self.caller, caller_raw=raw, caller_name=name, dialled_raw="0312345678",
            number_id=self.number_id, owner="renkei-test",
        )  # fmt: skip
        self.call = self._do(lambda conn: begin_call(conn, arrival))
        self.steps = 0
        if self.ivr_id is not None:
            self.note(NoteLinkage(self.ivr_id))
            self.step("entered", ivr_name="チャット連携IVR")
        return self.id

    @property
    def id(self) -> int:
        """The call's row."""
        assert self.call is not None
        return self.call.id

    @property
    def typed(self) -> str:
        """The caller's number as people write it; empty where there is none."""
        return show_number(self.caller) if isinstance(self.caller, Telephone) else ""

    def link(self, *messages: Message, outcome: Outcome = Outcome.ANSWERED, others: int = 0) -> None:
        """The look-up is done, with a chat of these messages where there are any."""
        assert self.call is not None
        told = (
            [_conversation(f"chat-{self.id}-{n}", self.typed, messages) for n in range(1 + others)] if messages else []
        )
        attempt = Attempt(self.caller, "ch-1", self.call.arrived_at, project_id="pj-1")
        asking = Asking(call_id=self.id, ivr_id=self.ivr_id, connector="standard", attempt=attempt)
        self._do(lambda conn: link_chat(conn, asking, looked_up=LookedUp(outcome), conversations=told))

    def grow(self, *messages: Message) -> None:
        """The provider tells more of the chat that is linked."""
        told = [_conversation(f"chat-{self.id}-0", self.typed, messages)]
        self._do(lambda conn: receive_chats(conn, "standard", conversations=told))

    def ring(self, *agents: int, ring_id: str = "ring-1") -> None:
        """The agents' telephones ring."""
        reserved = self._do(lambda conn: reserve_agents(conn, self.id, ring_id=ring_id, agent_ids=agents))
        assert reserved == agents

    def label(self) -> None:
        """The call receives its business label."""
        assert self.label_id is not None
        self.note(NoteLabel(self.label_id))
        self.step("label", {"label": "チャット流入"})

    def answer(self, agent: int, ring_id: str = "ring-1") -> None:
        """An agent answered."""
        self.note(NoteAnswered(ring_id, agent))

    def hold(self, is_held: bool) -> None:
        """The customer is on hold, or back."""
        self.note(NoteHeld(is_held))

    def take_back(self, why: str, ring_id: str = "ring-1") -> None:
        """The ring is over without an answer."""
        self.note(NoteRingOver(ring_id, why))

    def end(self) -> None:
        """The call is over."""
        self.note(NoteEnded(CallOutcome.ANSWERED, EndedBy.CALLER))

    def step(self, kind: str, detail: dict[str, object] | None = None, *, ivr_name: str = "") -> None:
        """A line of IVR履歴."""
        self.note(NoteStep(self.steps, kind, self.ivr_id, ivr_name, detail or {}))
        self.steps += 1

    def note(self, *notes: Note) -> None:
        """Store notes of the IVR machine."""
        noted: Sequence[Noted] = [Noted(clock.now(), note) for note in notes]
        self._do(lambda conn: record(conn, self.id, notes=noted))

    def _do(self, what: Callable[[psycopg.AsyncConnection[Any]], Awaitable[Result]]) -> Result:
        async def run() -> Result:
            async with await psycopg.AsyncConnection.connect(self.url) as connection:
                return await what(connection)

        return asyncio.run(run())


def said(
    speaker: Speaker, text: str, *, kind: Kind = Kind.TEXT, url: str | None = None, minutes: float = 30
) -> Message:
    """One message, ``minutes`` before now."""
    return Message(speaker, kind, text, clock.now() - timedelta(minutes=minutes), url)


def _conversation(external_id: str, typed: str, messages: tuple[Message, ...]) -> Conversation:
    return Conversation(
        external_id=external_id, project_id="pj-1", channel_id="ch-1", typed_number=typed,
        identified_at=clock.now() - timedelta(minutes=20), messages=messages,
    )  # fmt: skip
