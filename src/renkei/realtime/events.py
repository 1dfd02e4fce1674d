"""GET /events: one agent's stream to one browser, in order, without a hole (B7).

Each event is ``id: <number>``, ``event: <kind>``, ``data: <ids as JSON>``. Besides them the page is told ``open`` (the
number to begin at: load the state now), ``reload`` (something is missing: load the state anew, its number is the id),
``ended`` (signed out) and ``ping``.
"""

import asyncio
import json
from collections.abc import AsyncIterator

import psycopg
from psycopg_pool import PoolTimeout
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from renkei.queries.realtime.stream import Event, Replay, replay
from renkei.queries.realtime.viewer import StreamReader, read_session
from renkei.realtime.answers import refuse
from renkei.realtime.hub import RIGHT, Hub, Signal, Subscription
from renkei.realtime.locks import locked_by
from renkei.realtime.parts import Parts, parts_of
from renkei.settings import SESSION_COOKIE_NAME

HEARTBEAT_SECONDS = 15
SEND_SECONDS = 30.0
"""A browser that takes nothing for that long is gone."""
AGAIN = {"retry-after": "2"}


@locked_by(RIGHT)
async def events(request: Request) -> Response:
    """Open the stream; ``Last-Event-ID`` or ``?after=`` says what the page has seen."""
    key = request.cookies.get(SESSION_COOKIE_NAME)
    if not key:
        return refuse(401, "sign_in_required")
    try:
        reader = await run_in_threadpool(read_session, key, RIGHT, limits=parts_of(request).hub.limits)
    except Exception:  # the ORM's many ways to say that the database is away
        return refuse(503, "database_away", headers=AGAIN)
    if reader is None:
        return refuse(401, "sign_in_required")
    if not reader.may or reader.agent_id is None:
        return refuse(403, "forbidden" if reader.agent_id else "no_agent")
    return EventSourceResponse(
        _tell(parts_of(request), reader, reader.agent_id, _read_after(request)),
        ping=HEARTBEAT_SECONDS,
        ping_message_factory=_ping,
        send_timeout=SEND_SECONDS,
        sep="\n",
    )


async def _tell(parts: Parts, reader: StreamReader, agent_id: int, after: int | None) -> AsyncIterator[ServerSentEvent]:
    with parts.hub.subscribe(reader, agent_id) as subscription:
        missed = await _replay(parts, agent_id, after)
        if missed is None:
            return  # the browser comes again
        parts.hub.begin_at(agent_id, missed.head)
        if after is None:
            yield _signal("open", missed.head)
        elif not missed.is_whole:
            yield _signal("reload", missed.head)
        for event in missed.events:
            yield _write(event)
        async for line in _follow(parts.hub, subscription, agent_id, missed.head):
            yield line


async def _follow(hub: Hub, subscription: Subscription, agent_id: int, last: int) -> AsyncIterator[ServerSentEvent]:
    while True:
        what = await subscription.queue.get()
        match what:
            case Signal.SIGNED_OUT:
                yield _signal("ended", None)
                return
            case Signal.RELOAD:
                last = max(last, hub.last_number(agent_id))
                yield _signal("reload", last)
            case Event() if what.number == last + 1:
                last = what.number
                yield _write(what)
            case Event() if what.number > last:
                last = max(what.number, hub.last_number(agent_id))
                yield _signal("reload", last)
            case _:
                pass  # it was in the replay


async def _replay(parts: Parts, agent_id: int, after: int | None) -> Replay | None:
    try:
        async with parts.pool.connection() as connection:
            return await replay(connection, agent_id, after=after)
    except (psycopg.Error, PoolTimeout, OSError):
        await asyncio.sleep(1)  # or ten thousand browsers would ask again at once
        return None


def _read_after(request: Request) -> int | None:
    given = request.headers.get("last-event-id") or request.query_params.get("after") or ""
    return int(given) if given.isascii() and given.isdigit() and len(given) <= 18 else None


def _write(event: Event) -> ServerSentEvent:
    return ServerSentEvent(json.dumps(event.refs, separators=(",", ":")), event=event.kind, id=str(event.number))


def _signal(name: str, number: int | None) -> ServerSentEvent:
    return ServerSentEvent("{}", event=name, id=None if number is None else str(number))


def _ping() -> ServerSentEvent:
    return ServerSentEvent("{}", event="ping")
