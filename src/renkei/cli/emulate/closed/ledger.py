"""The chats of one emulated desk and the order they are listed in. Large numbers of them are made up when asked for."""

import itertools
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from heapq import merge
from random import Random

from renkei.cli.emulate.closed.chats import Chat, Line, cut_to_milliseconds, make_up
from renkei.cli.emulate.office import TooMuchError

MOST_CHATS = 20_000
MOST_BULK = 1_000_000
Key = tuple[datetime, str]


@dataclass(slots=True)
class DeskClock:
    """The desk's own clock: ``ahead`` of ours, and running ``speed`` times as fast; a negative speed runs it
    backwards."""

    tell: Callable[[], datetime]
    ahead: timedelta = timedelta()
    speed: float = 1.0
    since: datetime | None = None

    def now(self) -> datetime:
        """What the desk believes the time to be."""
        real = self.tell()
        began = self.since or real
        return cut_to_milliseconds(began + (real - began) * self.speed + self.ahead)

    def put(self, *, ahead: timedelta, speed: float) -> None:
        """Put the clock wrong, or right again."""
        self.ahead, self.speed, self.since = ahead, speed, self.tell()


@dataclass(frozen=True, slots=True, kw_only=True)
class Bulk:
    """``count`` chats of ``length`` messages, one every ``step`` from ``begins`` on; made up when they are read."""

    name: str
    count: int
    length: int
    begins: datetime
    step: timedelta

    def key(self, place: int) -> Key:
        """The place in the listing of one of them."""
        return (self.begins + self.step * place, f"{self.name}-{place:07d}")

    def make(self, place: int) -> Chat:
        """One of them."""
        closed_at, chat_id = self.key(place)
        return make_up(Random(f"{self.name} {place}"), chat_id=chat_id, closed_at=closed_at, length=self.length)

    def find(self, since: datetime | None, until: datetime | None) -> range:
        """The places whose moment is at or after ``since`` and before ``until``."""
        places = range(self.count)
        first = 0 if since is None else bisect_left(places, (since, ""), key=self.key)
        end = self.count if until is None else bisect_left(places, (until, ""), key=self.key)
        return range(first, max(first, end))


@dataclass(slots=True)
class Ledger:
    """All chats of a desk; ``shown`` are the ids that a listing or a push has told (bulk chats are only counted)."""

    clock: DeskClock
    chats: dict[str, Chat] = field(default_factory=dict)
    bulks: list[Bulk] = field(default_factory=list)
    shown: set[str] = field(default_factory=set)

    def keep(self, chat: Chat) -> Chat:
        """Add a chat, or put one in the place of another with its id."""
        if chat.id not in self.chats and len(self.chats) >= MOST_CHATS:
            raise TooMuchError
        self.chats[chat.id] = chat
        return chat

    def add_bulk(self, bulk: Bulk) -> None:
        """Add many chats at once; they cannot be changed."""
        if bulk.count > MOST_BULK or sum(each.count for each in self.bulks) + bulk.count > MOST_BULK:
            raise TooMuchError
        self.bulks.append(bulk)

    # -- what happens to a chat --------------------------------------------------------------------------

    def close(self, chat: Chat) -> None:
        """The conversation is completed, or completed again."""
        now = self.clock.now()
        chat.status, chat.closed_at, chat.updated_at = "closed", now, now
        chat.closings += 1

    def reopen(self, chat: Chat) -> None:
        """The customer writes again: open, and in the listing no more."""
        chat.status, chat.updated_at = "reopened", self.clock.now()

    def say(self, chat: Chat, text: str, *, speaker: str = "customer") -> None:
        """One more message; a closed chat is thereby edited after its closing."""
        now = self.clock.now()
        author = chat.operator.number if speaker == "operator" and chat.operator is not None else ""
        chat.lines.append(Line(speaker, text, now, author=author))
        chat.updated_at = now

    def rewrite(self, chat: Chat, place: int, text: str) -> None:
        """A message is changed after the fact."""
        chat.lines[place].text = text
        chat.updated_at = self.clock.now()

    def delete(self, chat: Chat) -> None:
        """The chat is gone over there."""
        self.chats.pop(chat.id, None)

    # -- the listing -------------------------------------------------------------------------------------

    def window(self, since: datetime | None, until: datetime | None, *, with_open: bool = False) -> "Window":
        """The chats a listing shows, by their last change: from ``since`` on and before ``until``."""
        now = self.clock.now()
        listed = [
            chat
            for chat in self.chats.values()
            if (with_open or chat.status == "closed")
            and (chat.listed_from is None or chat.listed_from <= now)
            and (since is None or chat.updated_at >= since)
            and (until is None or chat.updated_at < until)
        ]
        listed.sort(key=lambda chat: chat.key)
        return Window(listed, [(bulk, bulk.find(since, until)) for bulk in self.bulks])


@dataclass(frozen=True, slots=True)
class Window:
    """A listing at one moment."""

    listed: list[Chat]
    bulks: list[tuple[Bulk, range]]

    def __len__(self) -> int:
        return len(self.listed) + sum(len(places) for _, places in self.bulks)

    def after(self, key: Key | None, most: int) -> list[Chat]:
        """The next chats behind a place in the order."""
        listed = (
            self.listed if key is None else self.listed[bisect_right(self.listed, key, key=lambda each: each.key) :]
        )
        runs: list[Iterator[tuple[Key, Callable[[], Chat]]]] = [_run_listed(listed)]
        for bulk, places in self.bulks:
            start = 0 if key is None else bisect_right(places, key, key=bulk.key)
            runs.append(_run_bulk(bulk, places[start:]))
        return _make(runs, 0, most)

    def at(self, offset: int, most: int) -> list[Chat]:
        """The chats from a place on, counted from the beginning."""
        if not self.bulks:
            return self.listed[offset : offset + most]
        if len(self.bulks) == 1 and not self.listed:
            bulk, places = self.bulks[0]
            return [bulk.make(place) for place in places[offset : offset + most]]
        runs = [_run_listed(self.listed), *(_run_bulk(bulk, places) for bulk, places in self.bulks)]
        return _make(runs, offset, most)


def _run_listed(listed: list[Chat]) -> Iterator[tuple[Key, Callable[[], Chat]]]:
    return ((chat.key, partial(_itself, chat)) for chat in listed)


def _run_bulk(bulk: Bulk, places: range) -> Iterator[tuple[Key, Callable[[], Chat]]]:
    return ((bulk.key(place), partial(bulk.make, place)) for place in places)


def _itself(chat: Chat) -> Chat:
    return chat


def _make(runs: list[Iterator[tuple[Key, Callable[[], Chat]]]], offset: int, most: int) -> list[Chat]:
    ordered = merge(*runs, key=lambda each: each[0])
    return [make() for _, make in itertools.islice(ordered, offset, offset + most)]
