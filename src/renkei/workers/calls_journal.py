"""Writes what happened in one call, in order and patiently: the call itself never waits for it (P1)."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import structlog

from renkei import clock
from renkei.actions.realtime.calls import Arrival, BegunCall, Noted, begin_call, record, reserve_agents
from renkei.actions.realtime.links import Asking, link_once
from renkei.domain.exchanges import Exchange
from renkei.domain.ivr_words import Note, NoteLabel, NoteLinkage, NoteRingsLost, NoteStep, Reserve
from renkei.domain.matching import LookedUp
from renkei.workers.database import Database, DatabaseAwayError

log = structlog.get_logger(__name__)

MOST_ENTRIES = 1000
WRITE_SECONDS = 3.0
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 2.0
GATHER_SECONDS = 0.05
"""How long notes of the way a call goes wait for company: one statement writes what otherwise takes three. Whatever an
agent waits for waits for nobody."""


@dataclass(frozen=True, slots=True)
class LostLink:
    """A link attempt that could not be stored in time; it is decided and stored when the database is back.

    ``ask`` makes the attempt once the call's row is known; ``exchanges`` are the requests that were made for it."""

    ask: Callable[[BegunCall], Asking]
    looked_up: LookedUp
    exchanges: Sequence[Exchange] = ()


Entry = Noted | Reserve | LostLink


def is_of_the_way(entry: Entry) -> bool:
    """Whether it only says which way the call went."""
    return isinstance(entry, Noted) and isinstance(entry.note, NoteStep | NoteLabel | NoteLinkage)


class Journal:
    """One call's way into the database. ``begun`` is the call's row, as soon as there is one."""

    def __init__(self, database: Database, arrival: Arrival, *, reserved: Callable[[Reserve, tuple[int, ...]], None]):
        self._database = database
        self._arrival = arrival
        self._arrived_at = clock.now()
        self._reserved = reserved
        self._entries: deque[Entry] = deque()
        self._news = asyncio.Event()
        self._is_closed = False
        self._most_together = MOST_ENTRIES
        self.begun: asyncio.Future[BegunCall] = asyncio.get_running_loop().create_future()

    def take_up(self, begun: BegunCall) -> None:
        """The call has its row already."""
        self.begun.set_result(begun)

    def note(self, *notes: Note) -> None:
        """Write these next, stamped now."""
        for each in notes:
            self.add(Noted(clock.now(), each))

    def add(self, entry: Entry) -> None:
        """Write this next. A journal that grew too long during an outage loses its newest IVR steps only."""
        if len(self._entries) >= MOST_ENTRIES and isinstance(entry, Noted) and isinstance(entry.note, NoteStep):
            return
        self._entries.append(entry)
        self._news.set()

    def close(self) -> None:
        """No more will come."""
        self._is_closed = True
        self._news.set()

    async def run(self) -> None:
        """Write until closed and empty; ends early only by a bug, which is logged."""
        await self._patiently(self._begin)
        while not (self._is_closed and not self._entries):
            if not self._entries:
                self._news.clear()
                await self._news.wait()
                continue
            await self._gather()
            await self._patiently(self._write_next)

    async def _gather(self) -> None:
        loop = asyncio.get_running_loop()
        until = loop.time() + GATHER_SECONDS
        while not self._is_closed and loop.time() < until and all(is_of_the_way(entry) for entry in self._entries):
            self._news.clear()
            timer = loop.call_at(until, self._news.set)
            await self._news.wait()
            timer.cancel()

    async def _patiently(self, deed: Callable[[], Any]) -> None:
        pause = FIRST_PAUSE
        while True:
            try:
                await deed()
                return
            except DatabaseAwayError as error:
                log.warning("calls: the database is away", call=self._arrival.line_id, error=str(error))
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)

    async def _begin(self) -> None:
        if self.begun.done():
            return
        try:
            begun = await self._database.run(lambda conn: begin_call(conn, self._arrival), seconds=1.0)
        except DatabaseAwayError:
            # Stored later, it must not look as if it had arrived then.
            self._arrival = replace(self._arrival, arrived_at=self._arrived_at, during_outage=True)
            raise
        if begun.steps:
            begun = self._come_again(begun)
        self.begun.set_result(begun)

    def _come_again(self, begun: BegunCall) -> BegunCall:
        """A worker had the call before us and lost it: say so before anything of ours, which then goes on behind."""
        step = NoteStep(-1, "taken_over", detail={"talking": False})
        self._entries.extendleft([Noted(clock.now(), NoteRingsLost()), Noted(clock.now(), step)])
        return replace(begun, steps=begun.steps + 1)

    async def _write_next(self) -> None:
        first = self._entries[0]
        match first:
            case Noted():
                await self._write_notes()
            case Reserve():
                await self._reserve(first)
                self._entries.popleft()
            case LostLink():
                await self._link(first)
                self._entries.popleft()

    async def _write_notes(self) -> None:
        """The notes up to the next entry of another kind: one transaction."""
        notes: list[Noted] = []
        for entry in self._entries:
            if not isinstance(entry, Noted) or len(notes) >= self._most_together:
                break
            notes.append(self._place(entry))
        begun = self.begun.result()
        try:
            await self._database.run(lambda conn: record(conn, begun.id, notes=notes), seconds=WRITE_SECONDS)
        except DatabaseAwayError:
            raise
        except Exception:
            if len(notes) > 1:
                # From now on one by one: what cannot be stored must not take its neighbours with it.
                self._most_together = 1
                return
            log.exception("calls: a note could not be stored", call=begun.id, note=type(notes[0].note).__name__)
        for _ in notes:
            self._entries.popleft()

    def _place(self, noted: Noted) -> Noted:
        """Steps go on behind those that an earlier worker wrote, and nothing of a call stands before its arrival, which
        another clock stamped (D4)."""
        begun, note = self.begun.result(), noted.note
        if isinstance(note, NoteStep) and begun.steps:
            note = replace(note, position=note.position + begun.steps)
        return Noted(max(noted.at, begun.arrived_at), note)

    async def _reserve(self, reserve: Reserve) -> None:
        call_id = self.begun.result().id
        agents = await self._database.run(
            lambda conn: reserve_agents(conn, call_id, ring_id=reserve.ring_id, agent_ids=reserve.agent_ids),
            seconds=WRITE_SECONDS,
        )
        self._reserved(reserve, agents)

    async def _link(self, lost: LostLink) -> None:
        asking = lost.ask(self.begun.result())
        with contextlib.suppress(ValueError):
            await self._database.run(
                lambda conn: link_once(conn, asking, looked_up=lost.looked_up, exchanges=lost.exchanges),
                seconds=WRITE_SECONDS,
            )
