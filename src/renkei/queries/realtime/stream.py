"""What an agent's stream holds: the hub and a reconnecting browser ask here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from psycopg import AsyncConnection

from renkei.models.statements import stream as sql

MOST_REPLAYED = 500
"""A reader that far behind loads its page anew; that is cheaper than replaying."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event of one agent: kind and ids, never text. ``number`` counts without gaps."""

    number: int
    kind: str
    refs: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Replay:
    """What a reader at ``after`` has missed: ``head`` is the newest number, ``events`` all after it.

    ``is_whole`` is False when some of them are gone (purged, or too many): the reader must load its state anew.
    """

    head: int
    events: tuple[Event, ...]
    is_whole: bool


async def replay(connection: AsyncConnection[Any], agent_id: int, *, after: int | None) -> Replay:
    """The agent's events after that number; None reads the head alone."""
    if after is None:
        after = 2**62
        is_fresh = True
    else:
        is_fresh = False
    params = {"agent": agent_id, "after": after, "most": MOST_REPLAYED + 1}
    rows = await (await connection.execute(sql.HEAD_AND_EVENTS, params, prepare=True)).fetchall()
    head = rows[0][0]
    events = tuple(Event(number, kind, refs) for _, number, kind, refs in rows if number is not None)
    whole = is_fresh or _follows_whole(after, head, events)
    return Replay(head=head, events=events if whole else (), is_whole=whole)


async def new_events(connection: AsyncConnection[Any], after: Mapping[int, int]) -> tuple[tuple[int, Event], ...]:
    """For many agents at once (agent id → last number read) what came since, each agent's in order."""
    params = {"agents": list(after.keys()), "after": list(after.values())}
    rows = await (await connection.execute(sql.NEW_EVENTS, params, prepare=True)).fetchall()
    return tuple((agent, Event(number, kind, refs)) for agent, number, kind, refs in rows)


def _follows_whole(after: int, head: int, events: tuple[Event, ...]) -> bool:
    """Every number from after + 1 to head is there; a reader ahead of us comes from another database's life."""
    if len(events) > MOST_REPLAYED or after > head:
        return False
    return [event.number for event in events] == list(range(after + 1, head + 1))
