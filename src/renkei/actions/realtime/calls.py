"""A call's life in the database: begin, record what the IVR machine noted, reserve agents. One transaction each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import AsyncConnection
from psycopg.types.json import Jsonb

from renkei.actions.realtime.announcing import Announcements
from renkei.actions.realtime.text import caller_columns, fit, fit_json
from renkei.domain.ivr_words import (
    CloseCommand,
    Note,
    NoteAnswered,
    NoteEnded,
    NoteHeld,
    NoteLabel,
    NoteLinkage,
    NoteRingOver,
    NoteRingsLost,
    NoteStep,
)
from renkei.domain.phone import NoNumber, Telephone
from renkei.domain.stream import EventKind
from renkei.models.statements import calls


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A call as it arrived. ``caller`` is read by domain.phone.read_caller; raw texts are verbatim and hostile.

    ``arrived_at`` is None for a call that arrives now (the database stamps it, D4); a call that arrived while the
    database was away brings the worker's time and ``during_outage``.
    """

    line_id: str
    caller: Telephone | NoNumber
    caller_raw: str
    caller_name: str
    dialled_raw: str
    number_id: int | None
    owner: str
    arrived_at: datetime | None = None
    during_outage: bool = False


@dataclass(frozen=True, slots=True)
class BegunCall:
    """The call's row: its id, the arrival as the database stamped it, and the position of its next IVR step."""

    id: int
    arrived_at: datetime
    steps: int = 0


@dataclass(frozen=True, slots=True)
class Noted:
    """A note of the IVR machine and when it was made."""

    at: datetime
    note: Note


async def begin_call(conn: AsyncConnection[Any], arrival: Arrival) -> BegunCall:
    """Store a call that arrived; again with the same ``line_id`` it returns the same row (D4: first arrival stays)."""
    caller = caller_columns(
        arrival.caller, raw=arrival.caller_raw, name=arrival.caller_name, dialled=arrival.dialled_raw
    )
    params = {
        "line_id": fit(arrival.line_id, 80),
        **caller,
        "number": arrival.number_id,
        "owner": arrival.owner,
        "arrived_at": arrival.arrived_at,
        "during_outage": arrival.during_outage,
    }
    # One statement is a transaction by itself.
    row = await (await conn.execute(calls.BEGIN, params, prepare=True)).fetchone()
    assert row is not None
    return BegunCall(*row)


async def record(conn: AsyncConnection[Any], call_id: int, *, notes: Sequence[Noted]) -> None:
    """Store what the machine noted, in order, and announce it (R133, R45). Doing it twice is harmless."""
    route = _Route()
    others = [noted for noted in notes if not route.takes(noted)]
    if not others:
        # One statement is a transaction by itself.
        await conn.execute(calls.ROUTE_TOLD, route.params(call_id), prepare=True)
        return
    async with conn.transaction():
        recording = _Recording(conn, call_id, is_ending=any(isinstance(noted.note, NoteEnded) for noted in others))
        for noted in others:
            await recording.take(noted)
        await recording.finish(route)


async def reserve_agents(
    conn: AsyncConnection[Any], call_id: int, *, ring_id: str, agent_ids: Sequence[int]
) -> tuple[int, ...]:
    """Keep those of the agents who are 受付可 for this ring and tell them that it rings (R86); returns who they are."""
    async with conn.transaction():
        told = Announcements()
        params = {"call": call_id, "ring_id": fit(ring_id, 80), "agents": list(agent_ids)}
        rows = await (await conn.execute(calls.RESERVE, params, prepare=True)).fetchall()
        for ring, agent in rows:
            told.tell([agent], EventKind.CALL_RINGING, call=call_id, ring=ring)
        told.tell([agent for _, agent in rows], EventKind.PRESENCE)
        await told.send(conn)
    return tuple(agent for _, agent in rows)


class _Route:
    """What a batch says of the way a call went: it touches nothing else, so it is stored together."""

    def __init__(self) -> None:
        self._steps: list[dict[str, object]] = []
        self._labels: list[dict[str, object]] = []
        self._passed_linkage = False

    def takes(self, noted: Noted) -> bool:
        """Take a note that tells of the way, and say whether it does."""
        at = noted.at.isoformat()
        match noted.note:
            case NoteStep(position, kind) as step:
                name, detail = fit(step.ivr_name, 80), fit_json(dict(step.detail))
                self._steps.append(
                    {
                        "position": position,
                        "ivr": step.ivr_id,
                        "ivr_name": name,
                        "kind": kind,
                        "detail": detail,
                        "at": at,
                    }
                )
            case NoteLabel(label_id):
                self._labels.append({"label": label_id, "at": at})
            case NoteLinkage():
                self._passed_linkage = True
            case _:
                return False
        return True

    @property
    def is_changed(self) -> bool:
        """Whether there is anything that those who listen to the call are shown."""
        return bool(self._steps or self._labels)

    def params(self, call_id: int) -> dict[str, Any]:
        """For ROUTE and ROUTE_TOLD."""
        return {
            "call": call_id, "steps": Jsonb(self._steps), "labels": Jsonb(self._labels),
            "passed_linkage": self._passed_linkage, "is_changed": self.is_changed, "kind": EventKind.CALL_ROUTE.value,
        }  # fmt: skip

    def is_empty(self) -> bool:
        """Whether there is nothing to store."""
        return not self.is_changed and not self._passed_linkage


class _Recording:
    """One batch of notes on its way into the database."""

    def __init__(self, conn: AsyncConnection[Any], call_id: int, *, is_ending: bool) -> None:
        """``is_ending``: the call's end is among the notes, so no state before it needs to be written."""
        self._conn = conn
        self._call = call_id
        self._is_ending = is_ending
        self._told = Announcements()

    async def take(self, noted: Noted) -> None:
        """Store one note."""
        note, at = noted.note, noted.at
        match note:
            case NoteRingOver():
                await self._ring_over(note, at)
            case NoteRingsLost():
                await self._end_rings(at, why="worker_gone")
                await self._wait_again()
            case NoteAnswered():
                await self._answered(note, at)
            case NoteHeld(is_held):
                rows = await self._run(calls.HELD, is_held=is_held)
                self._told.tell(_firsts(rows), EventKind.CALL_HELD, call=self._call)
            case NoteEnded():
                await self._ended(note, at)
            case CloseCommand(command_id, error_code):
                rows = await self._run(calls.CLOSE_COMMAND, command=command_id, error=error_code)
                tell_commands(self._told, rows, error_code)

    async def finish(self, route: _Route) -> None:
        """Store the way the call went; announce what changed."""
        if not route.is_empty():
            rows = await self._run(calls.ROUTE, **route.params(self._call))
            if route.is_changed:
                self._told.tell(rows[0][0] or (), EventKind.CALL_ROUTE, call=self._call)
        await self._told.send(self._conn)

    async def _run(self, statement: str, **params: Any) -> list[Any]:
        cursor = await self._conn.execute(statement, {"call": self._call, **params}, prepare=True)
        return await cursor.fetchall() if cursor.description else []

    async def _wait_again(self) -> None:
        if not self._is_ending:
            await self._run(calls.CALL_WAITS_AGAIN)

    async def _ring_over(self, note: NoteRingOver, at: datetime) -> None:
        rows = await self._run(calls.RING_OVER, ring_id=note.ring_id, why=note.why, agent=note.agent_id, at=at)
        # Who did not answer, or whose telephone is not there, gets no further calls until they say they are back.
        state = "offline" if note.why in ("no_answer", "unreachable") else "available"
        await self._take_back(rows, why=note.why, state=state)
        await self._wait_again()

    async def _end_rings(self, at: datetime, *, why: str) -> None:
        """Every ring of the call that still rings is over."""
        rings = await self._run(calls.ALL_RINGS_OVER, why=why, at=at)
        await self._take_back(rings, why=why, state="available")

    async def _take_back(self, rings: Sequence[Any], *, why: str, state: str) -> None:
        """Tell the agents of these rings that they are over, and let them go."""
        for ring, agent in rings:
            self._told.tell([agent], EventKind.CALL_TAKEN_BACK, call=self._call, ring=ring, why=why)
        agents = [agent for _, agent in rings]
        if agents:
            freed = await self._run(calls.FREE_AGENTS, agents=agents, state=state)
            self._told.tell(_firsts(freed), EventKind.PRESENCE)

    async def _answered(self, note: NoteAnswered, at: datetime) -> None:
        params = {"agent": note.agent_id, "at": at}
        await self._run(calls.RING_ANSWERED, ring_id=note.ring_id, **params)
        await self._end_rings(at, why="taken_back")
        if await self._run(calls.ANSWERED, **params):
            await self._run(calls.AGENT_TALKS, agent=note.agent_id)
            self._told.tell([note.agent_id], EventKind.CALL_ANSWERED, call=self._call)
            self._told.tell([note.agent_id], EventKind.PRESENCE)

    async def _ended(self, note: NoteEnded, at: datetime) -> None:
        params = {"outcome": note.outcome.value, "at": at, "why": "taken_back", "error": "call_gone"}
        agent, rings, commands = (await self._run(calls.ENDED, **params))[0]
        await self._take_back(rings or (), why="taken_back", state="available")
        if agent is not None:
            self._told.tell([agent], EventKind.CALL_ENDED, call=self._call)
            self._told.tell(_firsts(await self._run(calls.AFTER_CALL, agent=agent)), EventKind.PRESENCE)
        tell_commands(self._told, commands or (), "call_gone")


def tell_commands(told: Announcements, rows: Sequence[Any], error_code: str) -> None:
    """Tell the agents who asked what became of their commands; rows are id, call, agent."""
    for command, call, agent in rows:
        refs = {"command": command, "call": call} | ({"error": error_code} if error_code else {})
        told.tell([agent], EventKind.COMMAND_DONE, **refs)


def _firsts(rows: Sequence[Any]) -> list[int]:
    return [row[0] for row in rows if row[0] is not None]
