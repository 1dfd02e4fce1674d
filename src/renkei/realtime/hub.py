"""One listening connection for all streams of this process: NOTIFY says which agents, one query says what (B7).

A subscription registers first and reads its replay afterwards; whatever is announced in between waits in its queue.
The hub remembers the last number it read of each agent and reads on from there, so a lost NOTIFY delays an event and
never loses it.
"""

import asyncio
import contextlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import psycopg
import structlog
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from renkei.actions.realtime.desks import note_open_desks
from renkei.domain.sessions import Limits
from renkei.domain.stream import SESSIONS_CHANNEL, SETTINGS_CHANNEL, STREAM_CHANNEL
from renkei.queries.realtime.stream import Event, new_events
from renkei.queries.realtime.viewer import StreamReader, still_signed_in

RIGHT = "desk.view"
QUEUE_LENGTH = 200
RECHECK_SECONDS = 30.0
LOOK_ANYWAY_SECONDS = 20.0
"""How long silence may last before the hub reads all streams without having been told."""
AGENTS_A_READ = 500

# A peer that vanished without a word is noticed within some ten seconds.
_ALIVE: Mapping[str, Any] = {
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10000,
    "connect_timeout": 5,
}

log = structlog.get_logger()


class Signal(Enum):
    """What a subscription is told besides events."""

    RELOAD = "reload"
    """The page fell behind or numbers are missing: it must load its state anew."""
    SIGNED_OUT = "signed_out"


@dataclass(slots=True, eq=False)
class Subscription:
    """One open stream. ``queue`` never grows beyond its length: who reads too slowly loads anew instead."""

    reader: StreamReader
    queue: asyncio.Queue[Event | Signal] = field(default_factory=lambda: asyncio.Queue(QUEUE_LENGTH))

    def tell(self, what: Event | Signal) -> None:
        """Put it in the queue; a full queue is emptied and becomes one request to reload."""
        if self.queue.full():
            while not self.queue.empty():
                self.queue.get_nowait()
            what = what if what is Signal.SIGNED_OUT else Signal.RELOAD
        self.queue.put_nowait(what)


@dataclass(slots=True)
class _Feed:
    """One agent: the last number read, unknown until the first subscription has read the head."""

    last: int | None = None
    subscriptions: set[Subscription] = field(default_factory=set)


class Hub:
    """All open streams of this process."""

    def __init__(self, pool: AsyncConnectionPool[Any], url: str, *, limits: Limits) -> None:
        self._pool = pool
        self._url = url
        self.limits = limits
        self._feeds: dict[int, _Feed] = {}
        self._dirty: set[int] = set()
        self._suspects: set[int] = set()
        self._something = asyncio.Event()
        self._suspicion = asyncio.Event()
        self.listening = asyncio.Event()
        self.settings_version = 0
        """Rises with each change of the line's settings; caches compare it."""

    # -- subscriptions --------------------------------------------------------------------------

    @contextlib.contextmanager
    def subscribe(self, reader: StreamReader, agent_id: int) -> Iterator[Subscription]:
        """Register, then read the replay inside: the other order loses what is announced in between."""
        subscription = Subscription(reader)
        feed = self._feeds.setdefault(agent_id, _Feed())
        feed.subscriptions.add(subscription)
        try:
            yield subscription
        finally:
            feed.subscriptions.discard(subscription)
            if not feed.subscriptions:
                self._feeds.pop(agent_id, None)
                self._dirty.discard(agent_id)

    def begin_at(self, agent_id: int, head: int) -> None:
        """A subscription has read up to ``head``: the feed goes on from there, unless it was there before."""
        feed = self._feeds[agent_id]
        if feed.last is None:
            feed.last = head
            self._something.set()

    def last_number(self, agent_id: int) -> int:
        """The newest number the hub has read for an agent whose stream is open."""
        feed = self._feeds.get(agent_id)
        return (feed.last if feed else None) or 0

    @property
    def open_streams(self) -> int:
        """How many streams are open in this process."""
        return sum(len(feed.subscriptions) for feed in self._feeds.values())

    # -- the three loops ------------------------------------------------------------------------

    async def run(self) -> None:
        """Listen, read and re-check until cancelled; a database that is away is waited for."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._listen())
            group.create_task(self._read())
            group.create_task(self._recheck())

    async def _listen(self) -> None:
        pause = 0.1
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(self._url, autocommit=True, **_ALIVE) as connection:
                    for channel in (STREAM_CHANNEL, SESSIONS_CHANNEL, SETTINGS_CHANNEL):
                        await connection.execute(f"LISTEN {channel}".encode())
                    log.info("stream.listening", streams=self.open_streams)
                    self.listening.set()
                    pause = 0.1
                    while True:
                        # What was announced while nobody listened, or told to a connection that died silently.
                        self._mark(self._feeds)
                        self.settings_version += 1
                        async for notify in connection.notifies(timeout=LOOK_ANYWAY_SECONDS):
                            self._hear(notify.channel, notify.payload)
                        await connection.execute("SELECT 1")
            except (psycopg.Error, OSError) as error:
                self.listening.clear()
                log.warning("stream.listening_lost", error=type(error).__name__, again_in=pause)
                await asyncio.sleep(pause)
                pause = min(pause * 2, 2.0)

    def _hear(self, channel: str, payload: str) -> None:
        if channel == SETTINGS_CHANNEL:
            self.settings_version += 1
        elif channel == SESSIONS_CHANNEL:
            _, _, user = payload.partition(":")
            if user.isdigit():
                self._suspects.add(int(user))
                self._suspicion.set()
        elif payload == "*":
            self._mark(self._feeds)
        else:
            self._mark(int(agent) for agent in payload.split(",") if agent.isdigit())

    def _mark(self, agents: Iterable[int]) -> None:
        self._dirty.update(agent for agent in agents if agent in self._feeds)
        if self._dirty:
            self._something.set()

    async def _read(self) -> None:
        while True:
            await self._something.wait()
            self._something.clear()
            wanted = self._take_dirty()
            if not wanted:
                continue
            try:
                async with self._pool.connection() as connection:
                    events = await new_events(connection, wanted)
            except (psycopg.Error, PoolTimeout, OSError) as error:
                log.warning("stream.read_failed", error=type(error).__name__, agents=len(wanted))
                self._mark(wanted)
                await asyncio.sleep(0.25)
                continue
            for agent_id, event in events:
                self._pass_on(agent_id, event)

    def _take_dirty(self) -> dict[int, int]:
        """Agents to read for, with their last number; those whose first subscription still reads stay dirty."""
        wanted: dict[int, int] = {}
        for agent_id in list(self._dirty):
            feed = self._feeds.get(agent_id)
            if feed is not None and feed.last is None:
                continue
            self._dirty.discard(agent_id)
            if feed is not None and feed.last is not None:
                wanted[agent_id] = feed.last
            if len(wanted) >= AGENTS_A_READ:
                self._something.set()
                break
        return wanted

    def _pass_on(self, agent_id: int, event: Event) -> None:
        feed = self._feeds.get(agent_id)
        if feed is None or feed.last is None or event.number <= feed.last:
            return
        is_next = event.number == feed.last + 1
        feed.last = event.number
        for subscription in feed.subscriptions:
            subscription.tell(event if is_next else Signal.RELOAD)

    async def _recheck(self) -> None:
        """Every 30 s all readers, and at once those of whom somebody said that a session ended."""
        loop = asyncio.get_running_loop()
        all_due = loop.time() + RECHECK_SECONDS
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(all_due):
                    await self._suspicion.wait()
            self._suspicion.clear()
            suspects, self._suspects = self._suspects, set()
            if is_for_all := loop.time() >= all_due:  # however many sign-outs came meanwhile
                all_due = loop.time() + RECHECK_SECONDS
            chosen = [s for s in self._all() if is_for_all or s.reader.user_id in suspects]
            if not chosen:
                continue
            try:
                async with self._pool.connection() as connection:
                    good = await still_signed_in(connection, [s.reader for s in chosen], RIGHT, limits=self.limits)
                    if is_for_all:
                        await note_open_desks(connection, self._feeds)
            except (psycopg.Error, PoolTimeout, OSError) as error:
                log.warning("stream.recheck_failed", error=type(error).__name__, streams=len(chosen))
                self._suspects |= suspects
                continue
            for subscription in chosen:
                if subscription.reader.session_key not in good:
                    subscription.tell(Signal.SIGNED_OUT)

    def _all(self) -> list[Subscription]:
        return [subscription for feed in self._feeds.values() for subscription in feed.subscriptions]
